// Runs a handler once, as Lambda's runtime does: with the event and the context, and its error as Lambda reports it.
import { format, types } from 'node:util';
import { DoneMessage, InvokeMessage } from './runtime-protocol';
import { FunctionTime } from '../time/function-time';

export type Handler = (event: unknown, context: unknown) => unknown;

/** @param writeError writes to the function's log. The real runtime logs an error as well. */
export async function runHandler(
  handler: Handler,
  message: InvokeMessage,
  time: FunctionTime,
  environment: NodeJS.ProcessEnv,
  writeError: (text: string) => void,
): Promise<DoneMessage> {
  try {
    const result = await handler(JSON.parse(message.event), lambdaContext(message, time, environment));
    return { kind: 'done', payload: JSON.stringify(result) ?? 'null' };
  } catch (thrown) {
    const error = types.isNativeError(thrown) ? thrown : new Error(String(thrown));
    const described = { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') };
    writeError(`Invoke Error ${JSON.stringify(described)}\n`);
    return { kind: 'done', error: described };
  }
}

/**
 * `console` as Lambda's runtime has it: time, request and level stand before each text. So what is printed with it is
 * never a JSON document by itself, such as one of metrics; `process.stdout.write` writes the text alone.
 * https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html
 */
export function lambdaConsole(write: (text: string) => void, now: () => number, requestId: () => string | undefined) {
  const print = (level: string) => (...texts: unknown[]) => {
    const time = new Date(Math.floor(now())).toISOString();
    write(`${[time, requestId() ?? 'undefined', level, format(...texts)].join('\t')}\n`);
  };
  return {
    log: print('INFO'), info: print('INFO'), debug: print('DEBUG'), warn: print('WARN'), error: print('ERROR'),
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
function lambdaContext(
  { requestId, functionArn, deadline }: InvokeMessage, time: FunctionTime, environment: NodeJS.ProcessEnv,
) {
  return {
    awsRequestId: requestId,
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: functionArn,
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(deadline - time.now())),
  };
}

/** The file and the name of the export, from `file.export` as Lambda writes a handler. */
export function splitHandler(handler: string): [file: string, name: string] {
  const dot = handler.lastIndexOf('.');
  return [handler.slice(0, dot), handler.slice(dot + 1)];
}

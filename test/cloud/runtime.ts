// What runs in a function's own process: the cloud's clock and DNS around the handler, and the invocations that come over IPC.
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import timersPromises from 'node:timers/promises';
import { resolveThrough } from './behind-nat';
import { Clock } from './clock';
import { Nat } from './dns/nat';
import { DoneMessage, END_OF_LOG, InitMessage, InvokeMessage, MessageFromRuntime, MessageToRuntime } from './runtime-protocol';

type Handler = (event: unknown, context: unknown) => unknown;

const clock = new Clock();
let nat: Nat = {};
let handler: Handler;

process.on('message', (message: MessageToRuntime) => {
  switch (message.kind) {
    case 'init': return init(message);
    case 'clock': return clock.set(message.state);
    case 'invoke': return void invoke(message);
  }
});
process.on('disconnect', () => process.exit());

function init(message: InitMessage): void {
  clock.set(message.clock);
  followClock();
  resolveThrough(message.resolver, () => nat);
  syncBuiltinESMExports();
  handler = load(message.taskRoot, message.handler);
  send({ kind: 'ready' });
}

async function invoke(message: InvokeMessage): Promise<void> {
  nat = message.nat;
  const done = await run(message);
  for (const stream of [process.stdout, process.stderr]) stream.write(`${END_OF_LOG}\n`);
  send(done);
}

async function run(message: InvokeMessage): Promise<DoneMessage> {
  try {
    const result = await handler(JSON.parse(message.event), lambdaContext(message));
    return { kind: 'done', payload: JSON.stringify(result) ?? 'null' };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const described = { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') };
    process.stderr.write(`Invoke Error ${JSON.stringify(described)}\n`); // the real runtime writes it to the log, too
    return { kind: 'done', error: described };
  }
}

function lambdaContext(message: InvokeMessage) {
  return {
    awsRequestId: message.requestId,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: message.functionArn,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(message.deadline - clock.now())),
  };
}

function load(taskRoot: string, name: string): Handler {
  const dot = name.lastIndexOf('.');
  const loaded = createRequire(join(taskRoot, 'runtime.js'))(join(taskRoot, name.slice(0, dot)));
  const found = loaded[name.slice(dot + 1)];
  if (typeof found !== 'function') throw new Error(`Runtime.HandlerNotFound: ${name} in ${taskRoot} is not a function`);
  return found;
}

/** `Date` and the promised `setTimeout` follow the cloud. The callback `setTimeout` stays real: the SDK's socket time-outs use it. */
function followClock(): void {
  const RealDate = Date;
  const now = () => Math.floor(clock.now());
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => key === 'now' ? now : Reflect.get(target, key),
  });
  timersPromises.setTimeout = async <T>(ms = 1, value?: T, options: { signal?: AbortSignal } = {}): Promise<T> => {
    await clock.sleep(ms, options.signal).catch((cause) => {
      throw Object.assign(new Error('The operation was aborted', { cause }), { name: 'AbortError', code: 'ABORT_ERR' });
    });
    return value as T;
  };
}

function send(message: MessageFromRuntime): void {
  process.send?.(message);
}

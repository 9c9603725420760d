// The Lambda service: functions that run in processes of their own, the Invoke API, asynchronous invocation with its two repeats.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { Concurrency } from './concurrency';
import { DnsWorld } from './dns';
import { Call, CloudContext, HttpService, Reply, Request } from './http-service';
import { FunctionConfiguration, functionEnvironment } from './lambda-environment';
import { InvocationResult, LambdaProcess } from './lambda-process';
import { partitionOf } from './partition';
import { ServiceError } from './service-error';

export type { FunctionConfiguration } from './lambda-environment';

interface EventInvokeConfiguration {
  readonly maximumRetryAttempts?: number;
  /** Seconds. */
  readonly maximumEventAge?: number;
}

/** One run of a function, for tests. */
interface InvocationRecord {
  readonly functionName: string;
  readonly requestId: string;
  /** 1 for the first, 2 and 3 for the repeats of an asynchronous one. */
  readonly attempt: number;
  readonly processId: string;
  readonly at: number;
  readonly event: string;
  result?: InvocationResult;
}

interface LambdaSettings {
  /** How many runs an account and Region may have at once; tests may change it. @default 10, what a new account gets */
  concurrency: number;
}

/** The network that the functions are in. */
interface FunctionNetwork {
  /** The public DNS: its resolver, and where its name servers really listen. */
  readonly dns: Pick<DnsWorld, 'resolverAddress' | 'natOfFunctions'>;
  /** The endpoint variables of the cloud. */
  readonly endpointEnvironment: () => Record<string, string>;
}

interface LambdaFunction {
  configuration: FunctionConfiguration;
  eventInvoke: EventInvokeConfiguration;
  readonly arn: string;
  readonly idle: LambdaProcess[];
}

const RETRIES = 2;
const MAXIMUM_EVENT_AGE = 6 * 3600;
/** Of an asynchronous event: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAXIMUM_EVENT_BYTES = 1024 * 1024;

export class Lambda extends HttpService {
  readonly settings: LambdaSettings = { concurrency: 10 };
  /** Every run of every function, oldest first. */
  readonly invocations: InvocationRecord[] = [];
  private readonly functions = new Map<string, LambdaFunction>();
  /** Also of functions that are deleted while they run. */
  private readonly processes = new Set<LambdaProcess>();
  private readonly concurrency = new Map<string, Concurrency>();
  private readonly logLines = new Map<string, string[]>();
  private readonly stopped = new AbortController();
  private readonly stopWatching: () => void;

  constructor(context: CloudContext, private readonly network: FunctionNetwork) {
    super('lambda', context);
    this.stopWatching = context.clock.watch((state) => {
      for (const process of this.processes) process.send({ kind: 'clock', state });
    });
  }

  /** Creates the function or changes it; changed code or configuration starts with new processes. Returns its ARN. */
  putFunction(configuration: FunctionConfiguration): string {
    if (!existsSync(configuration.assetPath)) throw new Error(`No code for function ${configuration.name}: ${configuration.assetPath} does not exist`);
    const arn = functionArn(configuration);
    const known = this.functions.get(arn);
    if (!known) {
      this.functions.set(arn, { configuration, arn, eventInvoke: {}, idle: [] });
      return arn;
    }
    known.configuration = configuration;
    for (const process of known.idle.splice(0)) process.kill();
    return arn;
  }

  /** What is running comes to its end. */
  deleteFunction(arn: string): void {
    const found = this.functions.get(arn);
    this.functions.delete(arn);
    for (const process of found?.idle ?? []) process.kill();
  }

  putEventInvokeConfig(arn: string, configuration: EventInvokeConfiguration): void {
    this.find(arn).eventInvoke = configuration;
  }

  /** Runs it and waits for the result. */
  async invoke(arn: string, event: string): Promise<InvocationResult> {
    const target = this.find(arn);
    const concurrency = this.concurrencyOf(target);
    if (concurrency.full) throw this.throttled();
    return concurrency.run(() => this.run(target, randomUUID(), event, 1));
  }

  /** Takes the event and returns the request id; the function runs later, and again after 1 and 2 minutes when it fails. */
  invokeAsync(arn: string, event: string): string {
    this.find(arn);
    if (Buffer.byteLength(event) > MAXIMUM_EVENT_BYTES) {
      throw new ServiceError('RequestTooLargeException', 413, `Request must be smaller than ${MAXIMUM_EVENT_BYTES} bytes for the InvokeFunction operation`);
    }
    const requestId = randomUUID();
    this.deliver(arn, requestId, event).catch((error) => {
      if (!this.stopped.signal.aborted) this.log(arn.split(':')[6], `the local Lambda broke: ${error.stack}`);
    });
    return requestId;
  }

  /** What the function with that name wrote to stdout and stderr, also after it was deleted. */
  logs(functionName: string): string[] {
    return [...this.logLines.get(functionName) ?? []];
  }

  /** Names of all functions that there are or were. */
  functionNames(): string[] {
    return [...this.logLines.keys()];
  }

  /** Kills one process, as when its sandbox dies. */
  kill(processId: string): void {
    for (const process of this.processes) {
      if (process.id === processId) process.kill();
    }
  }

  async stop(): Promise<void> {
    this.stopped.abort(new Error('the local cloud was stopped'));
    this.stopWatching();
    const processes = [...this.processes];
    for (const process of processes) process.kill();
    await Promise.all(processes.map((process) => process.ended));
    await super.stop();
  }

  protected operationOf(request: Request): string {
    return request.method === 'POST' && invocationPath(request.path) ? 'Invoke' : `${request.method} ${request.path}`;
  }

  protected async handle(call: Call): Promise<Reply> {
    const target = invocationPath(call.path);
    if (!target) throw new ServiceError('UnknownOperationException', 404, `The local Lambda has no ${call.operation}`);
    const arn = target.startsWith('arn:') ? target : functionArn({ account: call.principal.account, region: call.region, name: target });
    this.context.authorize(call.principal, 'lambda:InvokeFunction', arn);
    const event = call.body.toString('utf8') || '{}';
    switch (call.headers['x-amz-invocation-type'] ?? 'RequestResponse') {
      case 'DryRun':
        this.find(arn);
        return { status: 204, body: '' };
      case 'Event':
        return { status: 202, headers: { 'x-amzn-requestid': this.invokeAsync(arn, event) }, body: '' };
      default:
        return synchronousReply(await this.invoke(arn, event));
    }
  }

  protected renderError(error: ServiceError): Reply {
    return {
      status: error.status,
      headers: { 'content-type': 'application/json', 'x-amzn-errortype': error.code },
      body: JSON.stringify({ Type: error.status < 500 ? 'User' : 'Service', Message: error.message }),
    };
  }

  protected throttled(): ServiceError {
    return new ServiceError('TooManyRequestsException', 429, 'Rate exceeded');
  }

  private find(arn: string): LambdaFunction {
    const found = this.functions.get(arn);
    if (!found) throw new ServiceError('ResourceNotFoundException', 404, `Function not found: ${arn}`);
    return found;
  }

  private concurrencyOf({ configuration: { account, region } }: LambdaFunction): Concurrency {
    const key = `${account}/${region}`;
    const concurrency = this.concurrency.get(key) ?? new Concurrency(() => this.settings.concurrency);
    this.concurrency.set(key, concurrency);
    return concurrency;
  }

  private async deliver(arn: string, requestId: string, event: string): Promise<void> {
    const since = this.context.clock.now();
    for (let attempt = 1; ; attempt++) {
      const target = this.functions.get(arn);
      if (!target) return;
      const { error } = await this.concurrencyOf(target).run(() => this.run(target, requestId, event, attempt));
      const { maximumRetryAttempts = RETRIES, maximumEventAge = MAXIMUM_EVENT_AGE } = target.eventInvoke;
      if (!error || attempt > maximumRetryAttempts) return;
      await this.context.clock.sleep(attempt * 60_000, this.stopped.signal);
      if (this.context.clock.now() - since > maximumEventAge * 1000) return;
    }
  }

  private async run(target: LambdaFunction, requestId: string, event: string, attempt: number): Promise<InvocationResult> {
    const { configuration } = target;
    const { clock } = this.context;
    const process = this.idleProcess(target) ?? this.startProcess(target);
    const record: InvocationRecord = {
      functionName: configuration.name, requestId, attempt, processId: process.id, at: clock.now(), event,
    };
    this.invocations.push(record);
    const finished = new AbortController();
    try {
      await process.started();
      const deadline = clock.now() + configuration.timeout * 1000;
      const outOfTime = clock.sleep(deadline - clock.now(), finished.signal).then((): InvocationResult => ({
        error: { errorType: 'Sandbox.Timedout', errorMessage: `RequestId: ${requestId} Error: Task timed out after ${configuration.timeout}.00 seconds` },
      }));
      outOfTime.catch(() => undefined); // aborted when the function was faster
      const result = process.invoke({
        kind: 'invoke', requestId, functionArn: target.arn, event, deadline, nat: this.network.dns.natOfFunctions(),
      });
      result.catch(() => undefined); // it dies when it is killed for being out of time
      record.result = await Promise.race([result, outOfTime]);
      if (record.result.error?.errorType === 'Sandbox.Timedout') await this.end(process);
    } catch (error) {
      record.result = { error: { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: ${(error as Error).message}` } };
    } finally {
      finished.abort();
    }
    this.release(target, configuration, process);
    return record.result;
  }

  private idleProcess(target: LambdaFunction): LambdaProcess | undefined {
    let process = target.idle.pop();
    while (process && !process.alive) process = target.idle.pop();
    return process;
  }

  private release(target: LambdaFunction, configuration: FunctionConfiguration, process: LambdaProcess): void {
    if (!process.alive) return;
    if (this.functions.get(target.arn)?.configuration === configuration) target.idle.push(process);
    else process.kill();
  }

  private async end(process: LambdaProcess): Promise<void> {
    process.kill();
    await process.ended;
  }

  private startProcess(target: LambdaFunction): LambdaProcess {
    const { configuration } = target;
    const id = randomUUID();
    const process = new LambdaProcess({
      id,
      environment: functionEnvironment(configuration, {
        credentials: this.context.credentials.issue({ account: configuration.account, roleArn: configuration.roleArn, processId: id }),
        logStream: `${this.context.clock.date().toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${id.replaceAll('-', '')}`,
        endpoints: this.network.endpointEnvironment(),
      }),
      init: {
        kind: 'init',
        taskRoot: configuration.assetPath,
        handler: configuration.handler,
        clock: this.context.clock.state,
        resolver: this.network.dns.resolverAddress,
      },
      log: (line) => this.log(configuration.name, line),
    });
    this.processes.add(process);
    void process.ended.then(() => this.processes.delete(process));
    return process;
  }

  private log(functionName: string, line: string): void {
    const lines = this.logLines.get(functionName) ?? [];
    this.logLines.set(functionName, lines);
    lines.push(line);
  }
}

export function functionArn({ account, region, name }: Pick<FunctionConfiguration, 'account' | 'region' | 'name'>): string {
  return `arn:${partitionOf(region)}:lambda:${region}:${account}:function:${name}`;
}

/** Name or ARN of the function in the Invoke API's path. */
function invocationPath(path: string): string | undefined {
  const match = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(path);
  return match ? decodeURIComponent(match[1]) : undefined;
}

function synchronousReply({ payload, error }: InvocationResult): Reply {
  const headers: Record<string, string> = { 'content-type': 'application/json', 'x-amz-executed-version': '$LATEST' };
  if (error) headers['x-amz-function-error'] = 'Unhandled';
  return { status: 200, headers, body: error ? JSON.stringify(error) : payload! };
}

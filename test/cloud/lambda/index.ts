// The Lambda service: functions, the Invoke API, and the queue of asynchronous events with its repeats and back-off.
import { existsSync } from 'node:fs';
import { Concurrency } from './concurrency';
import { FunctionConfiguration, functionEnvironment } from './environment';
import { FunctionInstance, InvocationResult, Simulation } from './function-instance';
import { FunctionProcess } from './function-process';
import { Permissions, ServiceCaller } from './permissions';
import { Call, CloudContext, HttpService, Reply, Request } from '../http-service';
import { partitionOf } from '../partition';
import { ServiceError } from '../service-error';
import { FunctionDns, InProcessFunction } from './in-process/in-process-function';
import { pooledCrypto } from './in-process/pooled-crypto';
import { randomUuid } from '../time/random';

export type { FunctionConfiguration } from './environment';
export type { Simulation } from './function-instance';
export type { Permission, ServiceCaller } from './permissions';

interface EventInvokeConfiguration {
  readonly maximumRetryAttempts?: number;
  /** Seconds. */
  readonly maximumEventAge?: number;
}

/** One run of a function, for tests. */
export interface InvocationRecord {
  readonly functionName: string;
  readonly requestId: string;
  /** 1 for the first, 2 and 3 for the repeats of an asynchronous one. */
  readonly attempt: number;
  /** How many runs of functions, each started by the one before, lead to this one. */
  readonly chain: number;
  readonly processId: string;
  readonly at: number;
  readonly event: string;
  result?: InvocationResult;
}

/** A line that a function has written, and when the log got it. */
export interface LogEvent {
  readonly at: number;
  readonly line: string;
}

/** How the service behaves; tests may change it at any time. */
interface LambdaSettings {
  /** How many runs an account and Region may have at once. @default 10, what a new account gets */
  concurrency: number;
  /** Milliseconds from an event to its first run, when a place is free. @default 50 */
  eventDelay: number;
  /**
   * Milliseconds until an event that found no place is tried again: at first, and at most. It doubles each time.
   * @default 1 second and 5 minutes: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
   */
  backOff: { first: number; longest: number };
  /**
   * How many runs a chain of functions that start each other may have:
   * https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
   * @default 16
   */
  longestChain: number;
  /**
   * How often each asynchronous event comes, at the same moment. AWS promises at least once:
   * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
   * @default 1
   */
  deliveries: number;
}

/** How functions run. One seed gives both ways the same calls. */
export type FunctionMode =
  /** Each in a process of its own, with real HTTP and DNS. It can be killed. */
  | 'process'
  /** In the test's own process, with HTTP and DNS in memory. It is ten times as fast. */
  | 'in-process';

interface LambdaFunction {
  configuration: FunctionConfiguration;
  eventInvoke: EventInvokeConfiguration;
  readonly arn: string;
  readonly idle: FunctionInstance[];
}

/** What every function of the cloud needs. */
interface FunctionSurroundings {
  readonly simulation: Simulation;
  readonly mode: FunctionMode;
  readonly dns: FunctionDns;
  /** The endpoint variables of the cloud. */
  readonly endpointEnvironment: () => Record<string, string>;
}

interface Run {
  readonly requestId: string;
  readonly event: string;
  readonly attempt: number;
  readonly chain: number;
}

const RETRIES = 2;
const MAXIMUM_EVENT_AGE = 6 * 3600;
/** Of an asynchronous event: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAXIMUM_EVENT_BYTES = 1024 * 1024;

export class Lambda extends HttpService {
  readonly settings: LambdaSettings = {
    concurrency: 10, eventDelay: 50, backOff: { first: 1_000, longest: 300_000 }, longestChain: 16, deliveries: 1,
  };
  /** Every run of every function, oldest first. */
  readonly invocations: InvocationRecord[] = [];
  readonly permissions = new Permissions();
  private readonly functions = new Map<string, LambdaFunction>();
  /** Also those of deleted functions that still run. */
  private readonly instances = new Map<string, FunctionInstance>();
  private readonly chainsAtWork = new Map<string, number>();
  private readonly concurrency = new Map<string, Concurrency>();
  private readonly logLines = new Map<string, LogEvent[]>();
  private readonly stopped = new AbortController();
  private readonly crypto = pooledCrypto();
  private instancesMade = 0;

  constructor(context: CloudContext, private readonly surroundings: FunctionSurroundings) {
    super('lambda', context);
  }

  /** Creates or changes the function. A change starts new processes. Returns the ARN. */
  putFunction(configuration: FunctionConfiguration): string {
    if (!existsSync(configuration.assetPath)) {
      throw new Error(`No code for function ${configuration.name}: ${configuration.assetPath} does not exist`);
    }
    const arn = functionArn(configuration);
    this.checkReservation(arn, configuration);
    const known = this.functions.get(arn);
    if (!known) {
      this.functions.set(arn, { configuration, arn, eventInvoke: {}, idle: [] });
      return arn;
    }
    known.configuration = configuration;
    for (const instance of known.idle.splice(0)) instance.kill();
    return arn;
  }

  /** Runs that have begun continue to their end. */
  deleteFunction(arn: string): void {
    const found = this.functions.get(arn);
    this.functions.delete(arn);
    this.permissions.removeAll(arn);
    for (const instance of found?.idle ?? []) instance.kill();
  }

  putEventInvokeConfig(arn: string, configuration: EventInvokeConfiguration): void {
    this.find(arn).eventInvoke = configuration;
  }

  /** Throws unless the function is there and its policy lets the service invoke it. */
  authorizeService(caller: ServiceCaller, arn: string): void {
    if (this.functions.has(arn) && this.permissions.allow(caller, arn)) return;
    throw new ServiceError('AccessDeniedException', 403,
      `User: ${caller.service} is not authorized to perform: lambda:InvokeFunction on resource: ${arn}`);
  }

  hasFunction(arn: string): boolean {
    return this.functions.has(arn);
  }

  /** Runs the function once for a service that waits for the result. Throws when no place is free. */
  async call(arn: string, event: string): Promise<InvocationResult> {
    return this.runOnce(arn, event);
  }

  /** Runs the function and waits for the result. Time moves meanwhile. */
  invoke(arn: string, event: string): Promise<InvocationResult> {
    return this.surroundings.simulation.clock.drive(`a run of ${arn}`, () => this.runOnce(arn, event));
  }

  /**
   * Puts the event into the queue and returns the request id. The function runs later.
   * When it fails, it runs again after one minute and after two more.
   * @param chain how many runs in a row, each started by the one before, have led to this one
   */
  invokeAsync(arn: string, event: string, chain = 1): string {
    this.find(arn);
    if (Buffer.byteLength(event) > MAXIMUM_EVENT_BYTES) {
      throw new ServiceError(
        'RequestTooLargeException',
        413,
        `Request must be smaller than ${MAXIMUM_EVENT_BYTES} bytes for the InvokeFunction operation`,
      );
    }
    const requestId = randomUuid(this.context.random);
    if (chain > this.settings.longestChain) {
      this.log(arn.split(':')[6], `Lambda has stopped a chain of ${chain} runs`);
      return requestId;
    }
    for (let count = 0; count < this.settings.deliveries; count++) {
      this.deliver(arn, requestId, event, chain).catch((error) => {
        if (!this.stopped.signal.aborted) this.log(arn.split(':')[6], `the local Lambda broke: ${error.stack}`);
      });
    }
    return requestId;
  }

  /** What the function with that name wrote to stdout and stderr, also after it was deleted. */
  logs(functionName: string): string[] {
    return this.logEvents(functionName).map(({ line }) => line);
  }

  logEvents(functionName: string): readonly LogEvent[] {
    return this.logLines.get(functionName) ?? [];
  }

  /** Names of all functions that there are or were. */
  functionNames(): string[] {
    return [...this.logLines.keys()];
  }

  /** Kills the process of a function, as when its execution environment dies. */
  kill(processId: string): void {
    this.instances.get(processId)?.kill();
  }

  /** See `FunctionInstance.abandonConnection`. */
  abandonConnection(processId: string, port: number): void {
    this.instances.get(processId)?.abandonConnection(port);
  }

  async stop(): Promise<void> {
    this.stopped.abort(new Error('the local cloud was stopped'));
    const instances = [...this.instances.values()];
    for (const instance of instances) instance.kill();
    await Promise.all(instances.map((instance) => instance.ended));
    await super.stop();
  }

  protected operationOf(request: Request): string {
    return request.method === 'POST' && invocationPath(request.path) ? 'Invoke' : `${request.method} ${request.path}`;
  }

  protected async handle(call: Call): Promise<Reply> {
    const target = invocationPath(call.path);
    if (!target) throw new ServiceError('UnknownOperationException', 404, `The local Lambda has no ${call.operation}`);
    const arn = target.startsWith('arn:')
      ? target
      : functionArn({ account: call.principal.account, region: call.region, name: target });
    this.context.authorize(call.principal, 'lambda:InvokeFunction', arn);
    const event = call.body.toString('utf8') || '{}';
    switch (call.headers['x-amz-invocation-type'] ?? 'RequestResponse') {
      case 'DryRun':
        this.find(arn);
        return { status: 204, body: '' };
      case 'Event': {
        const chain = (this.chainsAtWork.get(call.principal.processId ?? '') ?? 0) + 1;
        return { status: 202, headers: { 'x-amzn-requestid': this.invokeAsync(arn, event, chain) }, body: '' };
      }
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

  private async runOnce(arn: string, event: string): Promise<InvocationResult> {
    const target = this.find(arn);
    const run = { requestId: randomUuid(this.context.random), event, attempt: 1, chain: 1 };
    const result = this.concurrencyOf(target).run(() => this.run(target, run));
    if (!result) throw this.throttled();
    return result;
  }

  private concurrencyOf({ arn, configuration }: LambdaFunction): Concurrency {
    const { account, region, reservedConcurrency } = configuration;
    const isReserved = reservedConcurrency !== undefined;
    const key = isReserved ? `${arn} ${reservedConcurrency}` : `${account}/${region}`;
    const maximum = () => reservedConcurrency ?? this.settings.concurrency - this.reserved(configuration);
    const concurrency = this.concurrency.get(key) ?? new Concurrency(maximum);
    this.concurrency.set(key, concurrency);
    return concurrency;
  }

  /** What the other functions of the account have reserved in the Region. */
  private reserved({ account, region }: FunctionConfiguration, except?: string): number {
    return [...this.functions.values()]
      .filter(({ arn, configuration }) =>
        arn !== except && configuration.account === account && configuration.region === region)
      .reduce((sum, { configuration }) => sum + (configuration.reservedConcurrency ?? 0), 0);
  }

  /** So much has to be left for functions without a reservation: 100, or all that the account has. */
  private checkReservation(arn: string, configuration: FunctionConfiguration): void {
    if (configuration.reservedConcurrency === undefined) return;
    const { concurrency } = this.settings;
    const least = Math.min(100, concurrency);
    if (concurrency - this.reserved(configuration, arn) - configuration.reservedConcurrency >= least) return;
    throw new Error('Specified ReservedConcurrentExecutions for function decreases account\'s '
      + `UnreservedConcurrentExecution below its minimum value of [${least}].`);
  }

  /** The event stays in the queue until a run succeeds, too many runs have failed, or the event is too old. */
  private async deliver(arn: string, requestId: string, event: string, chain: number): Promise<void> {
    const { clock } = this.context;
    const since = clock.now();
    // The sender may be this very function. After this pause it is idle, so it does not depend on the machine whether
    // its process is free.
    await clock.sleep(this.settings.eventDelay, this.stopped.signal);
    let attempt = 1;
    for (let refusals = 0; ;) {
      const target = this.functions.get(arn);
      if (!target) return;
      const { maximumRetryAttempts = RETRIES, maximumEventAge = MAXIMUM_EVENT_AGE } = target.eventInvoke;
      if (clock.now() - since > maximumEventAge * 1000) return;
      const run = this.concurrencyOf(target).run(() => this.run(target, { requestId, event, attempt, chain }));
      if (!run) {
        await clock.sleep(this.backOff(refusals++), this.stopped.signal);
        continue;
      }
      const { error } = await run;
      if (!error || attempt > maximumRetryAttempts) return;
      await clock.sleep(attempt++ * 60_000, this.stopped.signal);
    }
  }

  /** A random moment in the second half of the back-off. Without it, events throttled together would be so again. */
  private backOff(refusals: number): number {
    const { first, longest } = this.settings.backOff;
    const most = Math.min(longest, first * 2 ** refusals);
    return most / 2 + this.context.random() * most / 2;
  }

  private async run(target: LambdaFunction, { requestId, event, attempt, chain }: Run): Promise<InvocationResult> {
    const { configuration } = target;
    const { clock } = this.context;
    const instance = this.idleInstance(target) ?? this.startInstance(target);
    const record: InvocationRecord = {
      functionName: configuration.name, requestId, attempt, chain, processId: instance.id, at: clock.now(), event,
    };
    this.invocations.push(record);
    this.chainsAtWork.set(instance.id, chain);
    const finished = new AbortController();
    try {
      await instance.started();
      const deadline = clock.now() + configuration.timeout * 1000;
      const outOfTime = clock.sleep(configuration.timeout * 1000, finished.signal).then((): InvocationResult => ({
        error: {
          errorType: 'Sandbox.Timedout',
          errorMessage: `RequestId: ${requestId} Error: Task timed out after ${configuration.timeout}.00 seconds`,
        },
      }));
      outOfTime.catch(() => undefined); // aborted when the function was faster
      const result = instance.invoke({
        requestId, functionArn: target.arn, event, deadline, nat: this.surroundings.dns.natOfFunctions(),
      });
      result.catch(() => undefined); // it rejects when the function is killed after its time-out
      record.result = await Promise.race([result, outOfTime]);
      if (record.result.error?.errorType === 'Sandbox.Timedout') {
        instance.kill();
        await instance.ended;
      }
    } catch (error) {
      record.result = {
        error: {
          errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: ${(error as Error).message}`,
        },
      };
    } finally {
      finished.abort('the run has ended'); // without a reason, Node makes an error each time
    }
    this.release(target, configuration, instance);
    return record.result;
  }

  private idleInstance(target: LambdaFunction): FunctionInstance | undefined {
    let instance = target.idle.pop();
    while (instance && !instance.alive) instance = target.idle.pop();
    return instance;
  }

  private release(target: LambdaFunction, configuration: FunctionConfiguration, instance: FunctionInstance): void {
    this.chainsAtWork.delete(instance.id);
    if (!instance.alive) return;
    if (this.functions.get(target.arn)?.configuration === configuration) target.idle.push(instance);
    else instance.kill();
  }

  private startInstance({ configuration }: LambdaFunction): FunctionInstance {
    const { simulation, mode, dns, endpointEnvironment } = this.surroundings;
    const { account, roleArn, assetPath, handler, name } = configuration;
    const id = randomUuid(this.context.random);
    const day = this.context.clock.date().toISOString().slice(0, 10);
    const options = {
      id,
      environment: functionEnvironment(configuration, {
        credentials: this.context.credentials.issue({
          account, roleArn, processId: id, functionArn: functionArn(configuration),
        }),
        logStream: `${day.replaceAll('-', '/')}/[$LATEST]${id.replaceAll('-', '')}`,
        endpoints: endpointEnvironment(),
      }),
      taskRoot: assetPath,
      handler,
      stream: `function ${++this.instancesMade}`,
      resolver: dns.resolverAddress,
      log: (line: string) => this.log(name, line),
      simulation,
    };
    const instance = mode === 'process' ? new FunctionProcess(options) : new InProcessFunction(options, dns, this.crypto);
    this.instances.set(id, instance);
    void instance.ended.then(() => this.instances.delete(id));
    return instance;
  }

  private log(functionName: string, line: string): void {
    const lines = this.logLines.get(functionName) ?? [];
    this.logLines.set(functionName, lines);
    lines.push({ at: this.context.clock.now(), line });
  }
}

export function functionArn(
  { account, region, name }: Pick<FunctionConfiguration, 'account' | 'region' | 'name'>,
): string {
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

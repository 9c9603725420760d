// Runs a Lambda function in the test's own process, with HTTP and DNS in memory: ten times as fast as a process.
//
// The code is the unchanged bundle. It is compiled as a JavaScript function, and `require`, `process`, `Date`,
// the timers and so on are its parameters. So it has its own, and the test's stay as they are.
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import { memoryDns } from './memory-dns';
import { memoryFetch, memoryHttp } from './memory-http';
import { memoryDgram, memoryNet, MessageDns } from './memory-sockets';
import { requireFor } from './modules';
import { DnsWorld } from '../../dns';
import { FunctionTime } from '../../time/function-time';
import { seededRandom } from '../../time/random';
import { Participant } from '../../time/simulated-clock';
import { FunctionInstance, InstanceOptions, InvocationResult } from '../function-instance';
import { Handler, lambdaConsole, runHandler, splitHandler } from '../invocation';
import { InvokeMessage } from '../runtime-protocol';

const PARAMETERS = [
  'exports', 'require', 'module', '__filename', '__dirname',
  'process', 'console', 'Math', 'Date', 'setTimeout', 'clearTimeout', 'AbortSignal', 'fetch',
];

/** The DNS world, as far as a function sees it. */
export type FunctionDns = MessageDns & Pick<DnsWorld, 'answer' | 'resolverAddress'>;

type Compiled = Map<string, ReturnType<typeof compileFunction>>;

declare global {
  /** By file and its time. All deployments of all test files have the same code, and compiling takes longest. */
  var COMPILED_FUNCTIONS: Compiled | undefined;
}

const compiled: Compiled = globalThis.COMPILED_FUNCTIONS ??= new Map();

export class InProcessFunction implements FunctionInstance, Participant {
  readonly id: string;
  readonly ended: Promise<string>;
  alive = true;
  /** Always true. What the function has begun in memory ends before the clock's next step. */
  readonly idle = true;
  private readonly time: FunctionTime;
  private readonly environment: NodeJS.ProcessEnv;
  private readonly handler: Promise<Handler>;
  private event?: string;
  private requestId?: string;
  private die!: (reason: string) => void;

  constructor(
    private readonly options: InstanceOptions, dns: FunctionDns, private readonly crypto: object,
  ) {
    const { id, environment, stream, simulation: { clock, seed, latency } } = options;
    this.id = id;
    this.environment = { ...environment };
    this.time = new FunctionTime(clock.now(), seededRandom(seed, `${stream}/latency`), latency);
    const leave = clock.join(this);
    this.ended = new Promise((resolve) => {
      this.die = (reason) => {
        this.alive = false;
        leave();
        resolve(reason);
      };
    });
    this.handler = this.load(dns);
    this.handler.catch((error: Error) => {
      options.log(String(error.stack));
      this.die('exit status 1');
    });
  }

  /** Between two invocations Lambda freezes it, with its timers. */
  get wakesAt(): number | undefined {
    return this.event === undefined ? undefined : this.time.wakesAt;
  }

  wake(now: number): void {
    this.time.wake(now);
  }

  describe(): string {
    const doing = this.event === undefined ? 'has no invocation' : `has the event ${this.event.slice(0, 200)}`;
    return `${this.environment.AWS_LAMBDA_FUNCTION_NAME} ${doing}${this.wakesAt === undefined ? '' : ' and waits'}`;
  }

  async started(): Promise<void> {
    await this.orDies(this.handler);
  }

  async invoke(invocation: Omit<InvokeMessage, 'kind' | 'now'>): Promise<InvocationResult> {
    this.event = invocation.event;
    this.requestId = invocation.requestId;
    const now = this.options.simulation.clock.now();
    this.time.set(now);
    const message: InvokeMessage = { kind: 'invoke', now, ...invocation };
    try {
      const handler = await this.handler;
      const { payload, error } = await this.orDies(runHandler(handler, message, this.time, this.environment, (text) =>
        this.write(text)));
      return { payload, error };
    } finally {
      this.event = undefined;
    }
  }

  abandonConnection(): void {
    // A request in memory is no open connection.
  }

  kill(): void {
    this.die('signal: SIGKILL');
  }

  private orDies<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.ended.then((reason): never => {
      throw new Error(`Runtime exited with error: ${reason}`);
    })]);
  }

  private async load(dns: FunctionDns): Promise<Handler> {
    const { taskRoot, handler, stream, simulation: { network, seed } } = this.options;
    const [fileName, exported] = splitHandler(handler);
    const sandbox = { network, time: this.time, isAlive: () => this.alive };
    const output = { write: (text: string) => this.write(text) };
    const { Date, setTimeout, clearTimeout, AbortSignal } = this.time.globals();
    const ownProcess = Object.create(process, {
      env: { value: this.environment }, stdout: { value: output }, stderr: { value: output },
    });
    const own = {
      'crypto': this.crypto,
      'http': memoryHttp(sandbox),
      'dns': memoryDns(dns, this.time),
      'dgram': memoryDgram(dns, this.time),
      'net': memoryNet(dns, this.time),
      'process': ownProcess,
      'timers/promises': { setTimeout: this.time.promisedTimeout.bind(this.time) },
    };
    const console = lambdaConsole(output.write, () => this.time.now(), () => this.requestId);
    const ownMath = Object.create(Math, { random: { value: seededRandom(seed, `${stream}/random`) } });
    const fetch = memoryFetch(sandbox);
    const modules = new Map<string, { exports: Record<string, Handler> }>();
    const load = (file: string): Record<string, Handler> => {
      const known = modules.get(file);
      if (known) return known.exports;
      const module = { exports: {} };
      modules.set(file, module);
      codeOf(file)(
        module.exports, requireFor(file, own, load), module, file, dirname(file),
        ownProcess, console, ownMath, Date, setTimeout, clearTimeout, AbortSignal, fetch,
      );
      return module.exports;
    };
    return load(join(taskRoot, `${fileName}.js`))[exported];
  }

  private write(text: string): void {
    for (const line of text.split('\n')) if (line) this.options.log(line);
  }
}

function codeOf(file: string): ReturnType<typeof compileFunction> {
  const key = `${file} ${statSync(file).mtimeMs}`;
  const code = compiled.get(key) ?? compileFunction(readFileSync(file, 'utf8'), PARAMETERS, { filename: file });
  compiled.set(key, code);
  return code;
}

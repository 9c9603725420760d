// Runs a Lambda function in a process of its own, with real sockets. The process can be killed.
//
// LOCAL_CLOUD_NODE names the Node that functions run on, such as the version of Lambda.
// The default is the Node of the tests.
import { ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buildSync } from 'esbuild';
import { FunctionInstance, InstanceOptions, InvocationResult } from './function-instance';
import { END_OF_LOG, IdleMessage, InvokeMessage, MessageFromRuntime, MessageToRuntime } from './runtime-protocol';
import { Participant, SimulatedClock } from '../time/simulated-clock';

export class FunctionProcess implements FunctionInstance, Participant {
  readonly id: string;
  readonly ended: Promise<string>;
  private readonly clock: SimulatedClock;
  private readonly child: ChildProcess;
  private readonly ready: Promise<void>;
  private readonly outputs: OutputLines[];
  private exitReason?: string;
  private sent = 0;
  private lastIdle?: IdleMessage;
  private event?: string;

  constructor(private readonly options: InstanceOptions) {
    const { id, environment, taskRoot, handler, stream, resolver, log, simulation: { clock, seed, latency } } = options;
    this.id = id;
    this.clock = clock;
    this.child = spawn(process.env.LOCAL_CLOUD_NODE ?? process.execPath, ['--eval', runtimeProgram()], {
      cwd: taskRoot, env: environment, stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.outputs = [this.child.stdout!, this.child.stderr!].map((output) => new OutputLines(output, log));
    const leave = clock.join(this);
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => {
      this.exitReason = signal ? `signal: ${signal}` : `exit status ${code}`;
      leave();
      resolve(this.exitReason);
    }));
    this.child.on('message', (message: MessageFromRuntime) => message.kind === 'idle' && this.noteIdle(message));
    this.ready = this.message('ready').then(() => undefined);
    this.ready.catch(() => undefined); // `started` reports it
    this.send({ kind: 'init', taskRoot, handler, now: clock.now(), seed, stream, latency, resolver });
  }

  get alive(): boolean {
    return this.exitReason === undefined && !this.child.killed;
  }

  /** A killed process counts as working until its end, as its last messages may still arrive. */
  get idle(): boolean {
    return this.alive && this.lastIdle?.seen === this.sent;
  }

  /** Between two invocations Lambda freezes it, with its timers. */
  get wakesAt(): number | undefined {
    return this.event === undefined ? undefined : this.lastIdle?.wakesAt;
  }

  wake(now: number): void {
    this.send({ kind: 'wake', now });
  }

  describe(): string {
    const doing = this.event === undefined ? 'has no invocation' : `has the event ${this.event.slice(0, 200)}`;
    const state = !this.alive
      ? 'is dying'
      : this.idle ? `waits${this.wakesAt === undefined ? ' for nobody' : ''}` : 'works';
    return `${this.options.environment.AWS_LAMBDA_FUNCTION_NAME} ${doing} and ${state}`;
  }

  async started(): Promise<void> {
    await this.ready;
  }

  async invoke(invocation: Omit<InvokeMessage, 'kind' | 'now'>): Promise<InvocationResult> {
    const logged = this.outputs.map((output) => output.endOfInvocation());
    const done = this.message('done');
    this.event = invocation.event;
    this.send({ kind: 'invoke', now: this.clock.now(), ...invocation });
    try {
      const { payload, error } = await done;
      await this.clock.hold('the end of a log', () => Promise.race([Promise.all(logged), this.ended]));
      return { payload, error };
    } finally {
      this.event = undefined;
    }
  }

  abandonConnection(port: number): void {
    this.send({ kind: 'abandon-connection', port });
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private send(message: MessageToRuntime): void {
    if (!this.alive || !this.child.connected) return;
    this.sent++;
    this.child.send(message, () => undefined); // no error when the process has just ended
  }

  private noteIdle(message: IdleMessage): void {
    this.lastIdle = message;
    this.clock.considerStep();
  }

  /** The next message of that kind. Rejects when the process ends first. */
  private message<K extends MessageFromRuntime['kind']>(kind: K): Promise<Extract<MessageFromRuntime, { kind: K }>> {
    return new Promise((resolve, reject) => {
      const listener = (message: MessageFromRuntime) => {
        if (message.kind !== kind) return;
        this.child.off('message', listener);
        resolve(message as Extract<MessageFromRuntime, { kind: K }>);
      };
      this.child.on('message', listener);
      void this.ended.then((reason) => reject(new Error(`Runtime exited with error: ${reason}`)));
    });
  }
}

/** Reads an output stream line by line. */
class OutputLines {
  private rest = '';
  private ended?: () => void;

  constructor(stream: Readable, private readonly log: (line: string) => void) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => this.read(text));
    stream.on('end', () => this.rest && this.log(this.rest));
  }

  endOfInvocation(): Promise<void> {
    return new Promise((resolve) => {
      this.ended = resolve;
    });
  }

  private read(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop()!;
    for (const line of lines) {
      if (!line.endsWith(END_OF_LOG)) {
        this.log(line);
        continue;
      }
      const unfinished = line.slice(0, -END_OF_LOG.length);
      if (unfinished) this.log(unfinished);
      this.ended?.();
    }
  }
}

let program: string | undefined;

/** runtime.ts as one plain script. The process starts twice as fast as with a TypeScript loader. */
function runtimeProgram(): string {
  program ??= buildSync({
    entryPoints: [join(__dirname, 'runtime.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    write: false,
  }).outputFiles[0].text;
  return program;
}

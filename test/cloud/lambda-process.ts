// One process of a Lambda function: starts it with the environment that Lambda gives, sends it one event at a time, reads its log.
// LOCAL_CLOUD_NODE can name another Node than the tests' own, so that functions run on the version that Lambda has.
import { ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buildSync } from 'esbuild';
import { END_OF_LOG, InitMessage, InvocationError, InvokeMessage, MessageFromRuntime, MessageToRuntime } from './runtime-protocol';

interface ProcessOptions {
  readonly id: string;
  /** All of its environment: nothing of this process is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  readonly init: InitMessage;
  /** Called with each line of stdout and stderr. */
  readonly log: (line: string) => void;
}

/** What an invocation ended with. */
export interface InvocationResult {
  /** JSON of what the handler returned. */
  readonly payload?: string;
  readonly error?: InvocationError;
}

export class LambdaProcess {
  readonly id: string;
  /** Resolves when the process and its output have ended. */
  readonly ended: Promise<string>;
  private readonly child: ChildProcess;
  private readonly ready: Promise<void>;
  private readonly outputs: OutputLines[];
  private exitReason?: string;

  constructor(options: ProcessOptions) {
    this.id = options.id;
    this.child = spawn(process.env.LOCAL_CLOUD_NODE ?? process.execPath, ['--eval', runtimeProgram()], {
      cwd: options.init.taskRoot,
      env: options.environment,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.outputs = [this.child.stdout!, this.child.stderr!].map((stream) => new OutputLines(stream, options.log));
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => {
      this.exitReason = signal ? `signal: ${signal}` : `exit status ${code}`;
      resolve(this.exitReason);
    }));
    this.ready = this.message('ready').then(() => undefined);
    this.ready.catch(() => undefined); // whoever invokes it gets to know
    this.send(options.init);
  }

  get alive(): boolean {
    return this.exitReason === undefined && !this.child.killed;
  }

  /** Resolves when the handler is loaded: Lambda's time-out does not count that. */
  async started(): Promise<void> {
    await this.ready;
  }

  async invoke(invocation: InvokeMessage): Promise<InvocationResult> {
    const logged = this.outputs.map((output) => output.endOfInvocation());
    const done = this.message('done');
    this.send(invocation);
    const { payload, error } = await done;
    await Promise.race([Promise.all(logged), this.ended]);
    return { payload, error };
  }

  send(message: MessageToRuntime): void {
    if (this.alive && this.child.connected) this.child.send(message, () => undefined); // it may end at any time
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** The next message of that kind; rejects when the process ends without it. */
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

/** An output stream, line by line. */
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

/** runtime.ts as one plain script: the process then starts in half the time that it takes with a TypeScript loader. */
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

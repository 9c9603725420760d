// Starts processes in groups of their own, so that neither they nor their children are left behind.
import { ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';

export interface Start {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment. The process inherits nothing else. */
  readonly environment: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** Gets each line of the output as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface Ended {
  /** The exit code. Undefined if the process was killed, or could not be started. */
  readonly code?: number;
  /** stdout and stderr in the order in which they came. */
  readonly output: string;
}

/** Time between SIGTERM and SIGKILL. */
const GRACE_MS = 3_000;

export class Children {
  /** Whether a signal has interrupted the run. Failures after that say nothing. */
  interrupted = false;
  private readonly running = new Set<Child>();

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => void this.interrupt(signal));
    }
    process.on('exit', () => this.running.forEach((child) => child.signal('SIGKILL')));
  }

  start(what: Start): Child {
    if (this.interrupted) throw new Error('the run was interrupted');
    const child = new Child(what);
    this.running.add(child);
    return child;
  }

  /** Runs a process to its end, or kills it after this time. */
  async run(what: Start, seconds: number): Promise<Ended> {
    const child = this.start(what);
    const timer = setTimeout(() => child.giveUp(seconds), seconds * 1000);
    try {
      return await child.ended;
    } finally {
      clearTimeout(timer);
      await this.stop(child);
    }
  }

  /** Stops a process and all its children. */
  async stop(child: Child): Promise<void> {
    child.signal('SIGTERM');
    await Promise.race([child.ended, new Promise((resolve) => setTimeout(resolve, GRACE_MS).unref())]);
    child.signal('SIGKILL');
    await child.ended;
    this.running.delete(child);
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.running].map((child) => this.stop(child)));
  }

  private async interrupt(signal: NodeJS.Signals): Promise<void> {
    this.interrupted = true;
    await this.stopAll();
    process.exit(128 + constants.signals[signal]);
  }
}

export class Child {
  readonly ended: Promise<Ended>;
  private readonly process: ChildProcess;
  private output = '';

  constructor({ command, args, environment, directory, onLine = () => undefined }: Start) {
    this.process = spawn(command, args, {
      env: environment,
      cwd: directory,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout!, this.process.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => { this.output += text; });
      createInterface(stream).on('line', onLine);
    }
    this.ended = new Promise((resolve) => {
      this.process.once('error', (error) => resolve({ output: error.message }));
      this.process.once('close', (code) => resolve({ code: code ?? undefined, output: this.output }));
    });
  }

  get outputSoFar(): string {
    return this.output;
  }

  giveUp(seconds: number): void {
    this.output += `\nkilled after ${seconds} seconds`;
    this.signal('SIGKILL');
  }

  /** Signals the whole group, which can live longer than its first process. */
  signal(signal: NodeJS.Signals): void {
    if (this.process.pid === undefined) return;
    try {
      process.kill(-this.process.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

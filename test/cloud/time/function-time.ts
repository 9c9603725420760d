// The time of one Lambda function: dates and timers of JavaScript that follow the cloud's clock.
//
// A timer is a plain object here, and Node does not know of it. So Node sees a function that only sleeps as idle.
import { Random } from './random';

/** How many milliseconds a call takes: any number between the two, all equally likely. */
export interface Latency {
  readonly least: number;
  readonly most: number;
}

export const DEFAULT_LATENCY: Latency = { least: 20, most: 200 };

interface Sleeper {
  readonly wakesAt: number;
  readonly wake: () => void;
  /** Whether time moves on to wake it. It does not for an unreferenced timer, such as those in Node's `fetch`. */
  movesTime: boolean;
}

/** What `setTimeout` returns. */
export class FunctionTimer {
  private id: number;
  private movesTime = true;

  constructor(private readonly time: FunctionTime, private readonly ms: number, private readonly wake: () => void) {
    this.id = time.add(ms, wake);
  }

  refresh(): this {
    this.time.remove(this.id);
    this.id = this.time.add(this.ms, this.wake, this.movesTime);
    return this;
  }

  ref(): this {
    return this.setMovesTime(true);
  }

  unref(): this {
    return this.setMovesTime(false);
  }

  private setMovesTime(movesTime: boolean): this {
    this.movesTime = movesTime;
    this.time.setMovesTime(this.id, movesTime);
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.id;
  }
}

export class FunctionTime {
  private time: number;
  private readonly sleepers = new Map<number, Sleeper>();
  private lastId = 0;

  constructor(start: number, private readonly random: Random, private readonly latency: Latency) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  /** Sets the time to that of the cloud. */
  set(now: number): void {
    this.time = now;
  }

  /** When the first sleeper is due, of those that time moves on for. */
  get wakesAt(): number | undefined {
    return this.first(({ movesTime }) => movesTime)?.[1].wakesAt;
  }

  /** Wakes the first of those sleepers. Unreferenced timers that are due by then come before it. */
  wake(now: number): void {
    this.time = now;
    for (;;) {
      const other = this.first(({ movesTime, wakesAt }) => !movesTime && wakesAt <= now);
      if (!other) break;
      this.wakeOne(other);
    }
    this.wakeOne(this.first(({ movesTime }) => movesTime)!);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        this.remove(id);
        reject(signal!.reason);
      };
      const id = this.add(ms, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /**
   * Waits for as long as one call takes. The call is sent afterwards, and its answer takes no time. So two functions
   * never call at the same moment, and the order of their calls depends on the seed alone.
   */
  delayCall(): Promise<void> {
    const { least, most } = this.latency;
    return this.sleep(least + this.random() * (most - least));
  }

  /** `Date`, `setTimeout` and so on, to put in the place of JavaScript's own. */
  globals() {
    const now = () => Math.floor(this.time);
    const SimulatedDate = new Proxy(Date, {
      construct: (target, args, newTarget) => Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
      apply: (target) => new target(now()).toString(),
      get: (target, key) => key === 'now' ? now : Reflect.get(target, key),
    });
    const setTimeout = (callback: (...args: unknown[]) => void, ms = 1, ...args: unknown[]) =>
      new FunctionTimer(this, ms, () => callback(...args));
    const clearTimeout = (timer: unknown) => this.remove(Number(timer));
    const SimulatedAbortSignal = new Proxy(AbortSignal, {
      get: (target, key) => key === 'timeout' ? (ms: number) => this.timeoutSignal(ms) : Reflect.get(target, key),
    });
    return { Date: SimulatedDate, setTimeout, clearTimeout, AbortSignal: SimulatedAbortSignal };
  }

  /** `setTimeout` of `node:timers/promises`. */
  async promisedTimeout<T>(ms = 1, value?: T, { signal }: { signal?: AbortSignal } = {}): Promise<T> {
    await this.sleep(ms, signal).catch((cause) => {
      throw Object.assign(new Error('The operation was aborted', { cause }), { name: 'AbortError', code: 'ABORT_ERR' });
    });
    return value as T;
  }

  private timeoutSignal(ms: number): AbortSignal {
    const controller = new AbortController();
    this.add(ms, () => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')));
    return controller.signal;
  }

  add(ms: number, wake: () => void, movesTime = true): number {
    const id = ++this.lastId;
    this.sleepers.set(id, { wakesAt: this.time + Math.max(0, ms), wake, movesTime });
    return id;
  }

  remove(id: number): void {
    this.sleepers.delete(id);
  }

  setMovesTime(id: number, movesTime: boolean): void {
    const sleeper = this.sleepers.get(id);
    if (sleeper) sleeper.movesTime = movesTime;
  }

  private wakeOne([id, sleeper]: [number, Sleeper]): void {
    this.sleepers.delete(id);
    sleeper.wake();
  }

  /** The sleeper that is due first. Of several that are due at one moment, the one that fell asleep first. */
  private first(counts: (sleeper: Sleeper) => boolean): [number, Sleeper] | undefined {
    let first: [number, Sleeper] | undefined;
    for (const entry of this.sleepers) {
      if (counts(entry[1]) && (!first || entry[1].wakesAt < first[1].wakesAt)) first = entry;
    }
    return first;
  }
}

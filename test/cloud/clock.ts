// The cloud's clock: runs at a chosen speed, and tests can move it.
import { setTimeout as realTimer } from 'node:timers';

/** Enough to rebuild the same clock in another process: both share the machine's real time. */
export interface ClockState {
  readonly realBase: number;
  readonly virtualBase: number;
  readonly speed: number;
}

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
  timer?: NodeJS.Timeout;
}

const RealDate = Date;

export class Clock {
  /** A clock that starts at the real time and runs `speed` times as fast. */
  static running(speed: number): Clock {
    const now = RealDate.now();
    return new Clock({ realBase: now, virtualBase: now, speed });
  }

  private readonly sleepers = new Set<Sleeper>();
  private readonly watchers = new Set<(state: ClockState) => void>();

  constructor(private current: ClockState = { realBase: RealDate.now(), virtualBase: RealDate.now(), speed: 1 }) {}

  /** Milliseconds since 1970 in the cloud. */
  now(): number {
    const { realBase, virtualBase, speed } = this.current;
    return virtualBase + (RealDate.now() - realBase) * speed;
  }

  date(): Date {
    return new RealDate(this.now());
  }

  get state(): ClockState {
    return this.current;
  }

  /** Jump forward; whoever sleeps until then wakes up. */
  advance(ms: number): void {
    this.set({ realBase: RealDate.now(), virtualBase: this.now() + ms, speed: this.current.speed });
  }

  /** From now on run `speed` times as fast as real time. */
  setSpeed(speed: number): void {
    this.set({ realBase: RealDate.now(), virtualBase: this.now(), speed });
  }

  /** Take over the time of another process's clock. */
  set(state: ClockState): void {
    this.current = state;
    for (const sleeper of this.sleepers) this.arm(sleeper);
    for (const watcher of this.watchers) watcher(state);
  }

  /** Called on every change, so that child processes can follow; returns how to stop it. */
  watch(watcher: (state: ClockState) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** Resolves when that much time has passed in the cloud; rejects when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper: Sleeper = { due: this.now() + ms, wake: resolve };
      signal?.addEventListener('abort', () => {
        clearTimeout(sleeper.timer);
        this.sleepers.delete(sleeper);
        reject(signal.reason);
      }, { once: true });
      if (signal?.aborted) return reject(signal.reason);
      this.sleepers.add(sleeper);
      this.arm(sleeper);
    });
  }

  private arm(sleeper: Sleeper): void {
    clearTimeout(sleeper.timer);
    const wait = Math.max(0, (sleeper.due - this.now()) / this.current.speed);
    sleeper.timer = realTimer(() => {
      this.sleepers.delete(sleeper);
      sleeper.wake();
    }, wait);
  }
}

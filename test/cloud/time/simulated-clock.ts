// The clock of the local cloud: time stands still while anything works, and jumps to the next sleeper when all wait.
//
// So no test waits in real time, and its outcome does not depend on how fast the machine is. The rules:
// 1. Time moves only while a *driver* waits. A driver is a test that deploys, deletes, invokes or lets time pass.
// 2. Time moves only when nothing works: no `hold` is open, and every function is idle.
// 3. The clock wakes one sleeper at a time, the first that is due. Of several at one moment, the seed chooses one.
// 4. When all wait and nobody sleeps, the drivers fail at once. The error says who waits for what. A schedule that has
//    no end counts as nobody, but for a test that waits for a condition: that one gives up by itself.
import { setMaxListeners } from 'node:events';
import { setImmediate } from 'node:timers';
import { Clock } from './clock';
import { Random, randomInt } from './random';

/** A Lambda function, which has sleepers of its own. */
export interface Participant {
  readonly id?: string;
  /** False while it works. */
  readonly idle: boolean;
  /** When its first sleeper is due. Undefined when it has none. */
  readonly wakesAt?: number;
  /** Wakes one sleeper. */
  wake(now: number): void;
  /** What it is and what it does, for the message of a test that fails. */
  describe(): string;
}

interface Sleeper {
  readonly wakesAt: number;
  /** It wakes after all others of its moment. */
  readonly isLast?: boolean;
  /** After it another one comes, and so on for ever. */
  readonly isEndless?: boolean;
  wake(now: number): void;
}

/** A test that waits for some work to end. Time moves meanwhile. */
interface Driver {
  readonly what: string;
  readonly fail: (error: Error) => void;
  /** Set when the work has ended: resolves or rejects the test's promise. */
  finish?: () => void;
}

/** What a test waits for. */
interface Condition {
  readonly what: string;
  /** When the test gives up. */
  readonly end: number;
  readonly isMet: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A Monday morning. Always the same one, so that two runs have the same dates in names and signatures. */
const START = Date.UTC(2026, 0, 5, 9);

export class SimulatedClock implements Clock {
  private time = START;
  private readonly sleepers = new Set<Sleeper>();
  private readonly participants = new Set<Participant>();
  private readonly drivers = new Set<Driver>();
  private readonly holds = new Set<{ readonly what: string }>();
  private readonly conditions = new Set<Condition>();
  private readonly watchers = new Set<() => void>();
  private stepIsComing = false;
  private lastWoken?: Sleeper | Participant;

  /** @param random chooses among sleepers that are due at the same moment */
  constructor(private readonly random: Random) {}

  now(): number {
    return this.time;
  }

  date(): Date {
    return new Date(this.time);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.fallAsleep(ms, false, signal);
  }

  sleepUntilDue(ms: number, signal?: AbortSignal): Promise<void> {
    return this.fallAsleep(ms, true, signal);
  }

  private fallAsleep(ms: number, isEndless: boolean, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (signal) setMaxListeners(0, signal); // many sleepers may share one signal
      const stop = () => {
        this.sleepers.delete(sleeper);
        reject(signal!.reason);
      };
      const sleeper: Sleeper = {
        wakesAt: this.time + Math.max(0, ms),
        isEndless,
        wake: () => {
          this.sleepers.delete(sleeper);
          signal?.removeEventListener('abort', stop);
          resolve();
        },
      };
      signal?.addEventListener('abort', stop, { once: true });
      this.sleepers.add(sleeper);
      this.considerStep();
    });
  }

  async hold<T>(what: string, work: () => T | Promise<T>): Promise<T> {
    const taken = { what };
    this.holds.add(taken);
    try {
      return await work();
    } finally {
      this.holds.delete(taken);
      this.considerStep();
    }
  }

  /**
   * Lets time move until the work has ended and all are idle. A function may work on after its answer. If the test
   * continued at once, it would depend on the machine whether it finds the function busy.
   */
  drive<T>(what: string, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const driver: Driver = { what, fail: reject };
      this.drivers.add(driver);
      const end = (finish: () => void) => {
        driver.finish = finish;
        this.considerStep();
      };
      // A failure at once is a failure as well.
      Promise.resolve().then(work).then((result) => end(() => resolve(result)), (error) => end(() => reject(error)));
      this.considerStep();
    });
  }

  /** Lets that much time pass. What is due at its last moment comes before its end. */
  pass(ms: number): Promise<void> {
    return this.drive(`${ms / 1000} s to pass`, () => new Promise((resolve) => {
      const end: Sleeper = {
        wakesAt: this.time + ms,
        isLast: true,
        wake: () => {
          this.sleepers.delete(end);
          resolve();
        },
      };
      this.sleepers.add(end);
      this.considerStep();
    }));
  }

  /**
   * Lets time move until the condition is true. Fails at once when it can never become true, and otherwise after
   * `within` milliseconds: SES looks in DNS every few minutes, so there is always a sleeper that moves time.
   */
  until(what: string, condition: () => boolean, within = 86_400_000): Promise<void> {
    return this.drive(what, () => new Promise<void>((resolve, reject) => {
      this.conditions.add({ what, end: this.time + within, isMet: condition, resolve, reject });
    }));
  }

  /** Calls the watcher whenever all are idle, before time moves. Returns a function that ends this. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** Time waits for the participant from now on. Returns a function that ends this. */
  join(participant: Participant): () => void {
    this.participants.add(participant);
    return () => {
      this.participants.delete(participant);
      this.considerStep();
    };
  }

  /** Fails all tests that still wait. */
  stop(why: string): void {
    this.failDrivers(new Error(why));
  }

  /** The id of the function that is at work: one step at a time, so it is the one that was woken last. */
  get atWork(): string | undefined {
    return this.lastWoken && 'id' in this.lastWoken ? this.lastWoken.id : undefined;
  }

  /** Something became idle, so perhaps time can move. */
  considerStep(): void {
    if (this.stepIsComing) return;
    this.stepIsComing = true;
    // Not at once: code that waits for a promise which was just resolved has still to run. It may begin new work.
    setImmediate(() => {
      this.stepIsComing = false;
      this.step();
    });
  }

  /** Who works, who waits and who sleeps, for the message of a test that fails. */
  describe(): string {
    const lines = (title: string, texts: string[]) =>
      texts.length > 0 ? [`${title}:`, ...texts.map((text) => `  ${text}`)] : [];
    return [
      `The cloud's time is ${this.date().toISOString()}.`,
      ...lines('Waited for', [...this.drivers].map(({ what }) => what)),
      ...lines('At work', [...this.holds].map(({ what }) => what)),
      ...lines('Functions', [...this.participants].map((each) => each.describe())),
      `${this.sleepers.size} services sleep.`,
    ].join('\n');
  }

  private step(): void {
    if (!this.isIdle()) return;
    for (const watcher of this.watchers) watcher();
    if (!this.isIdle()) return; // a watcher has begun something
    // The tests that waited for this continue first. Time moves when all are idle again.
    if (this.endConditions() || this.endDrivers()) return this.considerStep();
    const next = this.nextSleeper();
    if (!next || this.movesForNobody()) return this.failDrivers(this.nobodySleeps());
    this.time = Math.max(this.time, next.wakesAt);
    this.lastWoken = next;
    next.wake(this.time);
    this.considerStep();
  }

  /** True when a driver has ended. */
  private endDrivers(): boolean {
    const ended = [...this.drivers].filter(({ finish }) => finish);
    for (const driver of ended) {
      this.drivers.delete(driver);
      driver.finish!();
    }
    return ended.length > 0;
  }

  /** True when a condition was met, or has failed. */
  private endConditions(): boolean {
    let ended = false;
    for (const condition of this.conditions) {
      try {
        if (condition.isMet()) {condition.resolve();} else if (this.time > condition.end) {
          condition.reject(
            new Error(`Waited in vain for ${condition.what}.\n${this.describe()}`),
          );
        } else {continue;}
      } catch (error) {
        condition.reject(error as Error);
      }
      this.conditions.delete(condition);
      ended = true;
    }
    return ended;
  }

  private isIdle(): boolean {
    return this.drivers.size > 0 && this.holds.size === 0 && [...this.participants].every(({ idle }) => idle);
  }

  private nextSleeper(): Sleeper | undefined {
    let first: Sleeper[] = [];
    for (const each of [...this.sleepers, ...this.participants]) {
      if (each.wakesAt === undefined) continue;
      const earliest = first[0]?.wakesAt ?? Infinity;
      if (each.wakesAt < earliest) first = [each as Sleeper];
      else if (each.wakesAt === earliest) first.push(each as Sleeper);
    }
    const others = first.filter(({ isLast }) => !isLast);
    return others.length > 1 ? others[randomInt(this.random, others.length)] : others[0] ?? first[0];
  }

  /** Only schedules without an end are left, and no test would ever give up. */
  private movesForNobody(): boolean {
    return this.conditions.size === 0 && [...this.sleepers].every(({ isEndless }) => isEndless)
      && [...this.participants].every(({ wakesAt }) => wakesAt === undefined);
  }

  private nobodySleeps(): Error {
    return new Error(`All wait, and nobody sleeps: what is waited for can never come.\n${this.describe()}`);
  }

  private failDrivers(error: Error): void {
    for (const { fail } of this.drivers) fail(error);
    this.drivers.clear();
    this.conditions.clear();
  }
}

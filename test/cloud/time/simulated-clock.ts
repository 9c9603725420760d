// The clock of the local cloud: time stands still while anything works, and jumps to the next sleeper when all wait.
//
// So nothing is waited for in real time, and what happens does not depend on how fast the machine is. The rules:
// 1. Time moves only while a *driver* waits: a test that lets time pass, deploys, deletes or
//    invokes. Between tests it stands.
// 2. Time moves only when nobody works: no hold is taken and every participant (a function) is idle.
// 3. One sleeper is woken at a time, the first that is due. Among several of the same moment the seed chooses.
// 4. When all wait and nobody sleeps, the drivers fail at once and say who waits for what.
import { setMaxListeners } from 'node:events';
import { setImmediate } from 'node:timers';
import { Clock } from './clock';
import { Random, randomInt } from './random';

/** Has sleepers of its own: a function. */
export interface Participant {
  /** False while it works. */
  readonly idle: boolean;
  /** When its first sleeper is due. Undefined when it has none. */
  readonly wakesAt?: number;
  /** Wakes one sleeper. */
  wake(now: number): void;
  /** What it is and what it does, for whoever waits for it. */
  describe(): string;
}

interface Sleeper {
  readonly wakesAt: number;
  wake(now: number): void;
}

/** Waits for an end, and lets time move meanwhile. */
interface Driver {
  readonly what: string;
  readonly fail: (error: Error) => void;
  /** Set when the end has come. */
  goOn?: () => void;
}

/** What a test waits to become true. */
interface Condition {
  readonly what: string;
  /** When it is no longer waited for. */
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

  /** @param random chooses among sleepers that are due at the same moment */
  constructor(private readonly random: Random) {}

  now(): number {
    return this.time;
  }

  date(): Date {
    return new Date(this.time);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (signal) setMaxListeners(0, signal); // any number may sleep until one end
      const stop = () => {
        this.sleepers.delete(sleeper);
        reject(signal!.reason);
      };
      const sleeper: Sleeper = {
        wakesAt: this.time + Math.max(0, ms),
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
   * Lets time move until the work is done, and all have come to rest. A function may still be at
   * work when its answer is there, and a test that goes on at once would find it busy or free as
   * the machine has it.
   */
  drive<T>(what: string, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const driver: Driver = { what, fail: reject };
      this.drivers.add(driver);
      const end = (goOn: () => void) => {
        driver.goOn = goOn;
        this.considerStep();
      };
      // A failure at once is a failure as well.
      Promise.resolve().then(work).then((result) => end(() => resolve(result)), (error) => end(() => reject(error)));
      this.considerStep();
    });
  }

  /** Lets that much time pass. */
  pass(ms: number): Promise<void> {
    return this.drive(`${ms / 1000} s to pass`, () => this.sleep(ms));
  }

  /**
   * Lets time move until this has become true. Fails when it never can, or has not after that much
   * time of the cloud: SES looks in DNS every few minutes, so somebody always sleeps.
   */
  until(what: string, condition: () => boolean, within = 86_400_000): Promise<void> {
    return this.drive(what, () => new Promise<void>((resolve, reject) => {
      this.conditions.add({ what, end: this.time + within, isMet: condition, resolve, reject });
    }));
  }

  /** Called whenever all have come to rest, before time moves on. Returns how to end it. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** A participant joins. Returns how to leave. */
  join(participant: Participant): () => void {
    this.participants.add(participant);
    return () => {
      this.participants.delete(participant);
      this.considerStep();
    };
  }

  /** Whoever still waits is told why it is in vain. */
  stop(why: string): void {
    this.failDrivers(new Error(why));
  }

  /** Something has come to rest: perhaps all have. */
  considerStep(): void {
    if (this.stepIsComing) return;
    this.stepIsComing = true;
    // Not at once: what was just resolved still runs, and may take a hold or send a message.
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
    if (!this.isAtRest()) return;
    for (const watcher of this.watchers) watcher();
    // Who has waited for this goes on first. Time moves when all are at rest again.
    if (this.endConditions() || this.endDrivers()) return this.considerStep();
    const next = this.nextSleeper();
    if (!next) return this.failDrivers(this.nobodySleeps());
    this.time = Math.max(this.time, next.wakesAt);
    next.wake(this.time);
    this.considerStep();
  }

  /** True when one has reached its end. */
  private endDrivers(): boolean {
    const ended = [...this.drivers].filter(({ goOn }) => goOn);
    for (const driver of ended) {
      this.drivers.delete(driver);
      driver.goOn!();
    }
    return ended.length > 0;
  }

  /** True when one has been met, or has failed. */
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

  private isAtRest(): boolean {
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
    return first.length > 1 ? first[randomInt(this.random, first.length)] : first[0];
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

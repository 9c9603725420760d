// The clock of the machine, for a service that works with programs outside of the local cloud.
import { setTimeout } from 'node:timers/promises';
import { Clock } from './clock';

export class RealClock implements Clock {
  now(): number {
    return Date.now();
  }

  date(): Date {
    return new Date();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return setTimeout(ms, undefined, { signal });
  }

  sleepUntilDue(ms: number, signal?: AbortSignal): Promise<void> {
    return this.sleep(ms, signal);
  }

  async hold<T>(_what: string, work: () => T | Promise<T>): Promise<T> {
    return work();
  }
}

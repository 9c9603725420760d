// A clock that is the machine's, for a double that works beside programs which know no other time.
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

  async hold<T>(_what: string, work: () => T | Promise<T>): Promise<T> {
    return work();
  }
}

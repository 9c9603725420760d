// Faults that a test sets for single calls: throttled, refused, failed, stale, cut off, or the caller killed.
import { ServiceError } from './service-error';

export type FaultKind =
  /** The service answers that it is called too often, and does nothing. */
  | 'throttle'
  /** The service answers with status 500, and does nothing. */
  | 'error'
  /** The same with status 503. */
  | 'unavailable'
  /** The service answers that the caller has no permission, as with an IAM policy that is not in effect yet. */
  | 'access-denied'
  /** The service never answers; the connection stays open. */
  | 'hang'
  /** The service does what the call asks for, and never answers. */
  | 'hang-after'
  /** The connection drops before the service does anything. */
  | 'cut-before'
  /** The service does what the call asks for. The connection drops before the answer. */
  | 'cut-after'
  /** The calling function's process dies before the service does anything. */
  | 'kill-before'
  /** The service does what the call asks for. Then the calling function's process dies. */
  | 'kill-after'
  /** A read shows what was so `STALE_MS` ago. Other calls are not changed. */
  | 'stale'
  /** The service answers with this error, and does nothing. */
  | ServiceError;

/** How old a stale answer is. Nobody says how old one can be; seconds are what is seen. */
export const STALE_MS = 10_000;

export interface Fault {
  readonly service: string;
  /** @default any operation */
  readonly operation?: string;
  /** Of the call. @default any Region */
  readonly region?: string;
  readonly kind: FaultKind;
  /** How many calls fail. @default 1 */
  readonly times?: number;
  /** All calls fail for so long after the first that did, in ms of the cloud's clock. In place of `times`. */
  readonly forMs?: number;
  /** How many calls succeed before. A call that fails for another reason does not count. @default 0 */
  readonly skip?: number;
  /** Which call is the first to fail, from 1, whatever came of those before. In place of `skip`. */
  readonly nth?: number;
}

/** The fault of one call, if any. */
interface FaultOfCall {
  readonly kind?: FaultKind;
  /** To be called when the call failed for another reason: it was none of those that succeed before. */
  readonly refused: () => void;
}

interface ActiveFault {
  readonly fault: Fault;
  skip: number;
  left: number;
  until: number;
}

export class Faults {
  private readonly active: ActiveFault[] = [];

  add(fault: Fault): void {
    const { skip = 0, nth = skip + 1, forMs, times = forMs === undefined ? 1 : Infinity } = fault;
    this.active.push({ fault, skip: nth - 1, left: times, until: Infinity });
  }

  clear(): void {
    this.active.length = 0;
  }

  /** The fault of the next call, which is then used up once. `now` is the cloud's time. */
  next(service: string, operation: string, now: number, region?: string): FaultOfCall {
    const skipped: { skip: number }[] = [];
    const refused = () => skipped.forEach((entry) => entry.skip++);
    for (const entry of this.active) {
      if (entry.left <= 0 || now >= entry.until || entry.fault.service !== service) continue;
      if (entry.fault.operation !== undefined && entry.fault.operation !== operation) continue;
      if (entry.fault.region !== undefined && entry.fault.region !== region) continue;
      if (entry.skip > 0) {
        entry.skip--;
        if (entry.fault.nth === undefined) skipped.push(entry);
        continue;
      }
      entry.left--;
      entry.until = Math.min(entry.until, now + (entry.fault.forMs ?? Infinity));
      return { kind: entry.fault.kind, refused };
    }
    return { refused };
  }
}

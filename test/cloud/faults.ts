// Faults that a test sets for single calls: throttled, refused, failed, cut off, or the caller killed.
import { ServiceError } from './service-error';

export type FaultKind =
  /** The service answers that it is called too often, and does nothing. */
  | 'throttle'
  /** The service answers with status 500, and does nothing. */
  | 'error'
  /** The service answers that the caller has no permission, as with an IAM policy that is not in effect yet. */
  | 'access-denied'
  /** The service never answers; the connection stays open. */
  | 'hang'
  /** The connection drops before the service does anything. */
  | 'cut-before'
  /** The service does what the call asks for. The connection drops before the answer. */
  | 'cut-after'
  /** The calling function's process dies before the service does anything. */
  | 'kill-before'
  /** The service does what the call asks for. Then the calling function's process dies. */
  | 'kill-after'
  /** The service answers with this error, and does nothing. */
  | ServiceError;

export interface Fault {
  readonly service: string;
  /** @default any operation */
  readonly operation?: string;
  readonly kind: FaultKind;
  /** How many calls fail. @default 1 */
  readonly times?: number;
  /** How many calls succeed before. A call that fails for another reason does not count. @default 0 */
  readonly skip?: number;
}

/** The fault of one call, if any. */
interface FaultOfCall {
  readonly kind?: FaultKind;
  /** To be called when the call failed for another reason: it was none of those that succeed before. */
  readonly refused: () => void;
}

export class Faults {
  private readonly active: { fault: Fault; skip: number; left: number }[] = [];

  add(fault: Fault): void {
    this.active.push({ fault, skip: fault.skip ?? 0, left: fault.times ?? 1 });
  }

  clear(): void {
    this.active.length = 0;
  }

  /** The fault of the next call, which is then used up once. */
  next(service: string, operation: string): FaultOfCall {
    const skipped: { skip: number }[] = [];
    const refused = () => skipped.forEach((entry) => entry.skip++);
    for (const entry of this.active) {
      if (entry.left <= 0 || entry.fault.service !== service) continue;
      if (entry.fault.operation !== undefined && entry.fault.operation !== operation) continue;
      if (entry.skip > 0) {
        entry.skip--;
        skipped.push(entry);
        continue;
      }
      entry.left--;
      return { kind: entry.fault.kind, refused };
    }
    return { refused };
  }
}

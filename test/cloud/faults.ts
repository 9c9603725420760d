// Faults that tests switch on for single calls: throttled, refused, broken, cut off, or the caller killed.
import { ServiceError } from './service-error';

export type FaultKind =
  /** The service says it is busy; nothing happens. */
  | 'throttle'
  /** 500 and nothing happened. */
  | 'error'
  /** The service says the caller may not (fresh IAM). */
  | 'access-denied'
  /** The service never answers; the connection stays open. */
  | 'hang'
  /** The connection drops before the service does anything. */
  | 'cut-before'
  /** The service does it; the connection drops before the answer. */
  | 'cut-after'
  /** The calling function's process dies before the service does anything. */
  | 'kill-before'
  /** The service does it, and the calling function's process dies. */
  | 'kill-after'
  /** Anything else a service can answer. */
  | ServiceError;

export interface Fault {
  readonly service: string;
  /** @default any operation */
  readonly operation?: string;
  readonly kind: FaultKind;
  /** How many calls it hits. @default 1 */
  readonly times?: number;
  /** How many matching calls go well first. One that is refused does not count: it comes again. @default 0 */
  readonly skip?: number;
}

/** What one call has to suffer. */
interface Taken {
  readonly kind?: FaultKind;
  /** The call did not go well, so it was none of those that go well first. */
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

  /** What this call has to suffer, if anything. Each call uses up one time. */
  take(service: string, operation: string): Taken {
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

// The log: one JSON line per decision, of the fields named here only, with keys taken out of every text.
import { Redactor } from './redaction';

/** What may be written. A private key, a ResponseURL or a whole event has no field to be in. */
export interface LogFields {
  readonly requestType?: string;
  readonly requestId?: string;
  readonly stackId?: string;
  readonly logicalResourceId?: string;
  readonly physicalResourceId?: string;
  readonly method?: string;
  readonly selector?: string;
  readonly publicKeySha256?: string;
  readonly hostedZoneId?: string;
  readonly records?: readonly string[];
  readonly status?: string;
  readonly errorType?: string;
  readonly errorName?: string;
  readonly message?: string;
  readonly call?: string;
  readonly attempt?: number;
  readonly seconds?: number;
}

/** As a record, so that the compiler notices a field that is missing here. */
const ALLOWED: Readonly<Record<keyof LogFields, true>> = {
  requestType: true,
  requestId: true,
  stackId: true,
  logicalResourceId: true,
  physicalResourceId: true,
  method: true,
  selector: true,
  publicKeySha256: true,
  hostedZoneId: true,
  records: true,
  status: true,
  errorType: true,
  errorName: true,
  message: true,
  call: true,
  attempt: true,
  seconds: true,
};

export const LOG_FIELDS: readonly string[] = Object.keys(ALLOWED);

const MAX_TEXT = 1000;
const MAX_ITEMS = 20;

export type Log = (decision: string, fields?: LogFields) => void;

/** A log that writes lines to `write` with `common` in each. */
export function logTo(write: (line: string) => void, redactor: Redactor, common: LogFields = {}): Log {
  /** Values come from events, DNS and services. JSON escapes line breaks, so nobody can forge a line. */
  const render = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(render);
    return typeof value === 'number' ? value : redactor.redact(String(value)).slice(0, MAX_TEXT);
  };
  return (decision, fields = {}) => {
    const allowed = Object.entries({ ...common, ...fields })
      .filter(([name, value]) => Object.hasOwn(ALLOWED, name) && value !== undefined);
    write(`${JSON.stringify({ decision, ...Object.fromEntries(allowed.map(([name, value]) => [name, render(value)])) })}\n`);
  };
}

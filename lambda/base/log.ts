// The log: one JSON line per decision, of the fields named here only, with keys taken out of every text.
import { Redactor } from './redaction';

const TEXTS = [
  'requestType', 'requestId', 'stackId', 'logicalResourceId', 'physicalResourceId', 'method', 'selector',
  'publicKeySha256', 'secretArn', 'hostedZoneId', 'status', 'errorType', 'errorName', 'message', 'call',
] as const;

/** What may be written. A private key, a ResponseURL or a whole event has no field to be in. */
export interface LogFields extends Readonly<Partial<Record<typeof TEXTS[number], string>>> {
  readonly records?: readonly string[];
  readonly attempt?: number;
  readonly seconds?: number;
}

export const LOG_FIELDS: readonly (keyof LogFields)[] = [...TEXTS, 'records', 'attempt', 'seconds'];

const ALLOWED: ReadonlySet<string> = new Set(LOG_FIELDS);
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
      .filter(([name, value]) => ALLOWED.has(name) && value !== undefined)
      .map(([name, value]) => [name, render(value)]);
    write(`${JSON.stringify({ decision, ...Object.fromEntries(allowed) })}\n`);
  };
}

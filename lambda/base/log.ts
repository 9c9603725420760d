// The log: one JSON line per decision, and only from the fields named here, so that nothing gets in by accident.

/** What may be written. A private key, a ResponseURL or a whole event has no field to be in. */
export interface LogFields {
  readonly requestType?: string;
  readonly requestId?: string;
  readonly stackId?: string;
  readonly logicalResourceId?: string;
  readonly physicalResourceId?: string;
  readonly identity?: string;
  readonly region?: string;
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

const ALLOWED: ReadonlySet<string> = new Set<keyof LogFields>([
  'requestType', 'requestId', 'stackId', 'logicalResourceId', 'physicalResourceId', 'identity', 'region', 'method', 'selector', 'publicKeySha256',
  'hostedZoneId', 'records', 'status', 'errorType', 'errorName', 'message', 'call', 'attempt', 'seconds',
]);

const MAX_TEXT = 1000;

export type Log = (decision: string, fields?: LogFields) => void;

/** A log that writes lines to `write` with `common` in each. */
export function logTo(write: (line: string) => void, common: LogFields = {}): Log {
  return (decision, fields = {}) => {
    const allowed = Object.entries({ ...common, ...fields }).filter(([name, value]) => ALLOWED.has(name) && value !== undefined);
    write(JSON.stringify({ decision, ...Object.fromEntries(allowed.map(([name, value]) => [name, short(value)])) }) + '\n');
  };
}

/** Values come from events, DNS and services: they are cut, and JSON escapes line breaks, so that nobody can forge a line. */
function short(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 20).map(short);
  return typeof value === 'number' ? value : String(value).slice(0, MAX_TEXT);
}

/**
 * A message of a service, safe to show. AWS validation messages quote the value that they refuse, which can be the private key; so runs
 * of base64 that are longer than any name or id are taken out, and of `key`, where it is known, shorter pieces too.
 */
export function withoutKeys(message: string, key = ''): string {
  return message
    .replace(/[A-Za-z0-9+/=_-]{64,}/g, '[removed]')
    .replace(/[A-Za-z0-9+/]{16,}/g, (run) => key.includes(run) ? '[removed]' : run);
}

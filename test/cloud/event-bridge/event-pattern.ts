// Whether an event fits the pattern of a rule.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html

type Matcher = (value: unknown) => boolean;

const text = (fits: (value: string) => boolean): Matcher => (value) => typeof value === 'string' && fits(value);

/** What stands in a list of a pattern as an object with one key. */
const FILTERS: Record<string, (wanted: any) => Matcher> = {
  'prefix': (wanted: string) => text((value) => value.startsWith(wanted)),
  'suffix': (wanted: string) => text((value) => value.endsWith(wanted)),
  'equals-ignore-case': (wanted: string) => text((value) => value.toLowerCase() === wanted.toLowerCase()),
  'wildcard': (wanted: string) => {
    const parts = wanted.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    const pattern = new RegExp(`^${parts.join('.*')}$`, 's');
    return text((value) => pattern.test(value));
  },
  // It says nothing of a field that is not there.
  'anything-but': (wanted: unknown) => {
    const refused = isObject(wanted) ? [filter(wanted)] : [wanted].flat().map((each) => filter(each));
    return (value) => value !== undefined && !refused.some((fits) => fits(value));
  },
  'exists': (wanted: boolean) => (value) => (value !== undefined) === wanted,
};

/** Throws for a filter that is not known here: a rule that silently never fits would hide a mistake. */
export function checkPattern(pattern: object): void {
  matchesPattern(pattern, {});
}

/** All fields of the pattern have to fit, each with one of its values. What it does not name may be anything. */
export function matchesPattern(pattern: object, event: unknown): boolean {
  const fits = Object.entries(pattern).map(([field, wanted]) => {
    if (field === '$or') return (wanted as object[]).map((each) => matchesPattern(each, event)).some(Boolean);
    const value = isObject(event) ? event[field] : undefined;
    if (!Array.isArray(wanted)) {
      if (isObject(wanted)) return matchesPattern(wanted, value);
      throw new Error(`Event pattern is not valid. Reason: "${field}" must be an object or an array`);
    }
    // Of a list in the event, one value has to fit.
    const values = Array.isArray(value) && value.length > 0 ? value : [Array.isArray(value) ? undefined : value];
    return wanted.map((each) => filter(each)).some((matcher) => values.some(matcher));
  });
  return fits.every(Boolean);
}

function filter(wanted: unknown): Matcher {
  if (!isObject(wanted)) return (value) => value === wanted;
  const [[name, argument], ...others] = Object.entries(wanted);
  const known = FILTERS[name];
  if (!known || others.length > 0) {
    throw new Error(`The local EventBridge does not know the filter ${JSON.stringify(wanted)}`);
  }
  return known(argument);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

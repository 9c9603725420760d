// Names of record sets as Route 53 treats them: lower case, trailing dot, octal escapes, sorted from the root down.

/**
 * A label has at most 63 bytes and a name 255 as it goes over the wire (RFC 1035 2.3.4). There each label has a byte
 * for its length, and the root has one too, so 253 characters are left when the name is written with dots.
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
 */
const MAX_LABEL = 63;
const MAX_NAME = 253;

/** As Route 53 stores and lists it: `\052.example.com.` for `*.Example.com`. */
export function canonicalName(name: string): string {
  const plain = plainName(name);
  return `${plain.replace(/[^a-z0-9_.-]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)}.`;
}

/** As DNS has it: lower case, no escapes, no trailing dot. */
export function plainName(name: string): string {
  const character = (octal: string) => String.fromCharCode(parseInt(octal, 8)).toLowerCase();
  return name.toLowerCase().replace(/\\([0-3][0-7]{2})/g, (_, octal: string) => character(octal)).replace(/\.$/, '');
}

/** The canonical name without trailing dot, as the IAM condition key for normalized record names has it. */
export function normalizedName(name: string): string {
  return canonicalName(name).replace(/\.$/, '');
}

/** What Route 53 refuses in a name, in its words. */
export function recordNameProblems(name: string): string[] {
  const plain = plainName(name);
  const labels = plain.split('.');
  const problems = [
    ...labels.some((label) => label.length > MAX_LABEL) ? ['DomainLabelTooLong (Domain label is too long)'] : [],
    ...labels.includes('') ? ['DomainLabelEmpty (Domain label is empty)'] : [],
    ...plain.length > MAX_NAME ? ['DomainNameTooLong (Domain name is too long)'] : [],
  ];
  return problems.map((problem) => `FATAL problem: ${problem} encountered with '${name}'`);
}

/**
 * The order of ListResourceRecordSets: labels reversed, with a trailing dot that takes part in the comparison.
 * https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
 */
export function compareNames(a: string, b: string): number {
  return compareText(sortingKey(a), sortingKey(b));
}

/** A zone is sorted after each change, and most of its names are those of before. */
const sortingKeys = new Map<string, string>();

function sortingKey(name: string): string {
  const key = sortingKeys.get(name) ?? `${normalizedName(name).split('.').reverse().join('.')}.`;
  sortingKeys.set(name, key);
  return key;
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

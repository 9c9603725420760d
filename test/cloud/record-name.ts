// Names of record sets as Route 53 treats them: lower case, trailing dot, octal escapes, sorted from the root down.

/** As Route 53 stores and lists it: `\052.example.com.` for `*.Example.com`. */
export function canonicalName(name: string): string {
  const plain = plainName(name);
  return `${plain.replace(/[^a-z0-9_.-]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)}.`;
}

/** As DNS has it: lower case, no escapes, no trailing dot. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\\([0-3][0-7]{2})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)).toLowerCase())
    .replace(/\.$/, '');
}

/** As the IAM condition key route53:ChangeResourceRecordSetsNormalizedRecordNames has it: like the canonical name, without trailing dot. */
export function normalizedName(name: string): string {
  return canonicalName(name).replace(/\.$/, '');
}

/**
 * The order of ListResourceRecordSets: labels reversed, with a trailing dot that takes part in the comparison.
 * https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
 */
export function compareNames(a: string, b: string): number {
  const key = (name: string) => `${normalizedName(name).split('.').reverse().join('.')}.`;
  return compareText(key(a), key(b));
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

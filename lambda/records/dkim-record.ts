// The DKIM records: how they are written, and when a record that is there says the same. Pure.
import { canonicalName, quote, unquote } from '../base/dns-text';

export type RecordType = 'TXT' | 'CNAME';

/** A record that a domain's signing needs. */
export interface DkimRecord {
  /** Fully qualified, lower case, no trailing dot. */
  readonly name: string;
  readonly type: RecordType;
  /** Target of the CNAME, or the text of the TXT in one piece. */
  readonly value: string;
  /** The value as Route 53 and zone files write it. */
  readonly data: string;
}

/** Everything that DKIM has in DNS for a domain is below this name (RFC 6376 section 7.4). */
export function domainKeyName(domain: string): string {
  return `_domainkey.${domain}`;
}

export function txtRecord(domain: string, selector: string, publicKey: string): DkimRecord {
  const value = `v=DKIM1; k=rsa; p=${publicKey}`;
  return { name: `${selector}.${domainKeyName(domain)}`, type: 'TXT', value, data: quote(value) };
}

export function cnameRecords(domain: string, tokens: readonly string[], signingHostedZone: string): DkimRecord[] {
  return tokens.map((token) => {
    const value = `${token}.${signingHostedZone}`.toLowerCase();
    return { name: `${token}.${domainKeyName(domain)}`.toLowerCase(), type: 'CNAME' as const, value, data: value };
  });
}

/** True when a record with these values (in Route 53's form) does what the wanted record does. */
export function saysTheSame(wanted: DkimRecord, type: string, values: readonly string[]): boolean {
  if (type !== wanted.type || values.length !== 1) return false;
  return wanted.type === 'TXT' ? sameKey(unquote(values[0]), wanted.value) : canonicalName(values[0]) === wanted.value;
}

/**
 * Two key records are the same when a verifier reads the same key from them. `p=` alone means what
 * `v=DKIM1; k=rsa; p=` means, and white space inside `p=` is ignored (RFC 6376 3.6.1). A note changes nothing. Any
 * other tag (t=y, s=, h=) can make mail fail, and so does a version that is not the first tag: not the same.
 */
export function sameKey(text: string, wanted: string): boolean {
  const have = tags(text);
  const want = tags(wanted);
  if (!have || !want) return false;
  return have.get('p') === want.get('p')
    && (have.get('v') ?? 'DKIM1') === 'DKIM1' && [...have.keys()].indexOf('v') <= 0
    && (have.get('k') ?? 'rsa') === 'rsa'
    && [...have.keys()].every((tag) => ['v', 'k', 'p', 'n'].includes(tag));
}

function tags(text: string): Map<string, string> | undefined {
  const found = new Map<string, string>();
  for (const part of text.split(';')) {
    if (part.trim() === '') continue;
    const equals = part.indexOf('=');
    const tag = part.slice(0, equals).trim();
    // Not a tag list, or a tag twice: verifiers refuse it (RFC 6376 3.2).
    if (equals < 1 || found.has(tag)) return undefined;
    found.set(tag, tag === 'p' ? part.slice(equals + 1).replace(/\s+/g, '') : part.slice(equals + 1).trim());
  }
  return found;
}

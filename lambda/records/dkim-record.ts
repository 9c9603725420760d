// The DKIM records: how they are written, and when a record that is there says the same. Pure.
import { flawOf, hasKey, keyText } from './key-record';
import { DesiredState, placeOf } from '../base/desired-state';
import { canonicalName, quote, unquote } from '../base/dns-text';
import { RecordSet } from '../base/ports';

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

/** The name of the record with that first label: a selector, a token, or the label of an owner. */
export function recordName(label: string, domain: string): string {
  return `${label}.${domainKeyName(domain)}`;
}

export function txtRecord(domain: string, selector: string, publicKey: string): DkimRecord {
  const value = keyText(publicKey);
  return { name: recordName(selector, domain), type: 'TXT', value, data: quote(value) };
}

/** The record as it is in the zone: where CNAMEs lead into the zone, it has another name there. */
export function placed(record: DkimRecord, wanted: Pick<DesiredState, 'domain' | 'zone'>): DkimRecord {
  return { ...record, name: record.name.slice(0, -wanted.domain.length) + placeOf(wanted) };
}

export function cnameRecords(domain: string, tokens: readonly string[], signingHostedZone: string): DkimRecord[] {
  return tokens.map((token) => {
    const value = canonicalName(`${token}.${signingHostedZone}`);
    return { name: canonicalName(recordName(token, domain)), type: 'CNAME' as const, value, data: value };
  });
}

/** True when a record with these values (in Route 53's form) does what the wanted record does. */
export function saysTheSame(wanted: DkimRecord, type: string, values: readonly string[]): boolean {
  if (type !== wanted.type || values.length !== 1) return false;
  return wanted.type === 'TXT' ? sameKey(unquote(values[0]), wanted.value) : canonicalName(values[0]) === wanted.value;
}

/** Two key records are the same when verifiers take a signature of SES by the one as by the other. Ours has no flaw. */
export function sameKey(text: string, wanted: string): boolean {
  return text === wanted || (hasKey(wanted, [text]) && flawOf([text]) === undefined);
}

/** True when a record that is there will do, itself or by what it leads to. */
export function serves(wanted: DkimRecord, record: RecordSet): boolean {
  return saysTheSame(wanted, record.type, record.values)
    || (record.leadsTo !== undefined && saysTheSame(wanted, 'TXT', record.leadsTo));
}

/** True when a record holds the wanted key, also where it is not as verifiers want it. */
export function holdsTheKey({ type, value }: DkimRecord, record: RecordSet): boolean {
  return type === 'TXT' && hasKey(value, textsOf(record));
}

/** The texts that a verifier reads by way of a record. */
export function textsOf({ type, values, leadsTo }: RecordSet): string[] {
  return (leadsTo ?? (type === 'TXT' ? values : [])).map(unquote);
}

/** The records that answer for a name: its own, or those of the wildcard beside it when nothing has the name. */
export function recordsAt(name: string, records: readonly RecordSet[]): RecordSet[] {
  const exists = records.some((record) => record.name === name || record.name.endsWith(`.${name}`));
  const answering = exists ? name : name.replace(/^[^.]+/, '*');
  return records.filter((record) => record.name === answering);
}

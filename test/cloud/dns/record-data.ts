// Record values in zone-file form, turned into what the DNS message library encodes.
import type { RecordType } from 'dns-packet';
import { parseCharacterStrings } from './character-strings';
import type { RecordAnswer } from './dns-server';

/** The records of one name and type in a zone. */
export interface ZoneRecord {
  /** Lower case, no trailing dot, no escapes. */
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  /** In zone-file form. */
  readonly values: readonly string[];
}

/** The types that the name servers of the local cloud answer for. */
const SERVED_TYPES = ['A', 'AAAA', 'CAA', 'CNAME', 'DNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const;
type ServedType = typeof SERVED_TYPES[number];

/** Nothing for a type that is not served. */
export function toAnswers({ name, type, ttl, values }: ZoneRecord): RecordAnswer[] {
  return isServed(type) ? values.map((value) => toAnswer(name, type, ttl, value)) : [];
}

function isServed(type: string): type is ServedType & RecordType {
  return (SERVED_TYPES as readonly string[]).includes(type);
}

function toAnswer(name: string, type: ServedType, ttl: number, value: string): RecordAnswer {
  const fields = value.trim().split(/\s+/);
  switch (type) {
    case 'A':
    case 'AAAA':
      return { name, type, ttl, data: fields[0] };
    case 'CNAME':
    case 'DNAME':
    case 'NS':
    case 'PTR':
      return { name, type, ttl, data: host(fields[0]) };
    case 'MX':
      return { name, type, ttl, data: { preference: Number(fields[0]), exchange: host(fields[1]) } };
    case 'SRV': {
      const [priority, weight, port] = fields.map(Number);
      return { name, type, ttl, data: { priority, weight, port, target: host(fields[3]) } };
    }
    case 'CAA': {
      const text = fields[2].replace(/^"|"$/g, '');
      return { name, type, ttl, data: { flags: Number(fields[0]), tag: fields[1] as 'issue', value: text } };
    }
    case 'SOA': {
      const [mname, rname] = fields.map(host);
      return { name, type, ttl, data: { mname, rname, ...soaNumbers(fields.slice(2).map(Number)) } };
    }
    case 'TXT':
      return { name, type, ttl, data: parseCharacterStrings(value) };
  }
}

function soaNumbers([serial, refresh, retry, expire, minimum]: number[]) {
  return { serial, refresh, retry, expire, minimum };
}

/** A domain name without its trailing dot, as the message library wants it. */
export function host(name: string): string {
  return name.replace(/\.$/, '');
}

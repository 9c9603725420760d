// Record values in zone-file form, turned into what the DNS message library encodes.
import type { Answer, RecordType } from 'dns-packet';
import { parseCharacterStrings } from './character-strings';

/** The types that the name servers of the local cloud answer for. */
const SERVED_TYPES = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const;
type ServedType = typeof SERVED_TYPES[number];

export function isServed(type: string): type is ServedType & RecordType {
  return (SERVED_TYPES as readonly string[]).includes(type);
}

export function toAnswer(name: string, type: ServedType, ttl: number, value: string): Answer {
  const fields = value.trim().split(/\s+/);
  const number = (index: number) => Number(fields[index]);
  switch (type) {
    case 'A':
    case 'AAAA':
      return { name, type, ttl, data: fields[0] };
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return { name, type, ttl, data: host(fields[0]) };
    case 'MX':
      return { name, type, ttl, data: { preference: number(0), exchange: host(fields[1]) } };
    case 'SRV':
      return { name, type, ttl, data: { priority: number(0), weight: number(1), port: number(2), target: host(fields[3]) } };
    case 'CAA':
      return { name, type, ttl, data: { flags: number(0), tag: fields[1] as 'issue', value: fields[2].replace(/^"|"$/g, '') } };
    case 'SOA':
      return { name, type, ttl, data: { mname: host(fields[0]), rname: host(fields[1]), ...soaNumbers(fields.slice(2).map(Number)) } };
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

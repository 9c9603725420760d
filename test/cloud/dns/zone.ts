// One zone as an authoritative server sees it: what it holds under its apex, and what it answers for a name and type.
import type { Answer } from 'dns-packet';
import { host, isServed, toAnswer } from './record-data';

export interface ZoneRecord {
  /** Lower case, no trailing dot, no escapes. */
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  /** In zone-file form. */
  readonly values: readonly string[];
}

type Finding =
  | { readonly kind: 'records'; readonly records: Answer[] }
  /** An alias to look up next. */
  | { readonly kind: 'alias'; readonly record: Answer; readonly target: string }
  /** The name lies in a zone that this one delegates: its NS records. */
  | { readonly kind: 'referral'; readonly nameServers: Answer[] }
  | { readonly kind: 'no-data' }
  | { readonly kind: 'no-name' };

export class Zone {
  /**
   * @param apex lower case, without trailing dot
   * @param contents asked anew for every question, as a change becomes visible when its time has come
   */
  constructor(readonly apex: string, private readonly contents: () => readonly ZoneRecord[]) {}

  holds(name: string): boolean {
    return isWithin(name, this.apex);
  }

  /** @param name lower case, within the zone */
  find(name: string, type: string): Finding {
    const records = this.contents();
    const nameServers = this.delegation(records, name);
    if (nameServers) return { kind: 'referral', nameServers: answers(nameServers.name, nameServers) };

    const owner = this.ownerOf(records, name);
    if (owner === undefined) return { kind: 'no-name' };
    const found = records.find((each) => each.name === owner && each.type === type);
    if (found) return { kind: 'records', records: answers(name, found) };
    const alias = records.find((each) => each.name === owner && each.type === 'CNAME');
    if (alias) return { kind: 'alias', record: answers(name, alias)[0], target: host(alias.values[0]).toLowerCase() };
    return { kind: 'no-data' };
  }

  /** The SOA record that goes with every answer that says no. */
  startOfAuthority(): Answer[] {
    return this.contents().filter((each) => each.name === this.apex && each.type === 'SOA').flatMap((each) => answers(each.name, each));
  }

  /** The NS records of the highest zone cut between apex and name. */
  private delegation(records: readonly ZoneRecord[], name: string): ZoneRecord | undefined {
    return records.filter((each) => each.type === 'NS' && each.name !== this.apex && isWithin(name, each.name))
      .sort((a, b) => a.name.length - b.name.length)[0];
  }

  /** The name whose records answer: its own, or the wildcard below its closest ancestor that exists (RFC 4592). */
  private ownerOf(records: readonly ZoneRecord[], name: string): string | undefined {
    // A name also exists when there is only something below it (RFC 8020), as `_domainkey` usually is.
    const exists = (candidate: string) => records.some((each) => isWithin(each.name, candidate));
    if (exists(name)) return name;
    const ancestors = name.split('.').map((_, index, labels) => labels.slice(index + 1).join('.'));
    const wildcard = `*.${ancestors.find(exists)}`;
    return records.some((each) => each.name === wildcard) ? wildcard : undefined;
  }
}

export function isWithin(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}

function answers(owner: string, record: ZoneRecord): Answer[] {
  const { type } = record;
  return isServed(type) ? record.values.map((value) => toAnswer(owner, type, record.ttl, value)) : [];
}

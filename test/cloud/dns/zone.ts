// One zone as an authoritative server sees it: what it holds under its apex, and what it answers for a name and type.
import type { RecordAnswer } from './dns-server';
import { host, toAnswers, ZoneRecord } from './record-data';

export type { ZoneRecord } from './record-data';

type Finding =
  | { readonly kind: 'records'; readonly records: RecordAnswer[] }
  /** An alias to look up next: a CNAME, or what a DNAME makes of the name. */
  | { readonly kind: 'alias'; readonly records: RecordAnswer[]; readonly target: string }
  /** The name lies in a zone that this one delegates: its NS records. What else this zone has there, nobody sees. */
  | { readonly kind: 'referral'; readonly nameServers: ZoneRecord }
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

  /**
   * @param name lower case, within the zone
   * @param delegatedElsewhere NS records below this zone that do not stand in it
   */
  find(name: string, type: string, delegatedElsewhere: readonly ZoneRecord[] = []): Finding {
    const records = [...this.contents(), ...delegatedElsewhere];
    const nameServers = this.delegation(records, name);
    if (nameServers) return { kind: 'referral', nameServers };

    const redirection = records.find((each) => each.type === 'DNAME' && each.name !== name && isWithin(name, each.name));
    if (redirection) {
      // RFC 6672: the name servers add a CNAME, for who does not know DNAME.
      const target = name.slice(0, -redirection.name.length) + host(redirection.values[0]).toLowerCase();
      const cname = { name, type: 'CNAME', ttl: redirection.ttl, values: [target] };
      return { kind: 'alias', records: [...toAnswers(redirection), ...toAnswers(cname)], target };
    }

    const owner = this.ownerOf(records, name);
    if (owner === undefined) return { kind: 'no-name' };
    const found = records.find((each) => each.name === owner && each.type === type);
    if (found) return { kind: 'records', records: toAnswers({ ...found, name }) };
    const alias = records.find((each) => each.name === owner && each.type === 'CNAME');
    if (alias) {
      return { kind: 'alias', records: toAnswers({ ...alias, name }), target: host(alias.values[0]).toLowerCase() };
    }
    return { kind: 'no-data' };
  }

  /** The SOA record that goes with every answer that says no. */
  startOfAuthority(): RecordAnswer[] {
    return this.contents().filter((each) => each.name === this.apex && each.type === 'SOA').flatMap(toAnswers);
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

/** Every name is within the root, whose name is empty. */
export function isWithin(name: string, domain: string): boolean {
  return domain === '' || name === domain || name.endsWith(`.${domain}`);
}

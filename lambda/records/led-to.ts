// What CNAMEs and aliases lead to: a key that is reached through them is the key of their name.
import { recordName, recordsAt } from './dkim-record';
import { valuesFrom } from './public-answer';
import { canonicalName } from '../base/dns-text';
import { OpenZone, PublicDns, RecordSet } from '../base/ports';

/** Resolvers give up after about as many. */
const MAX_STEPS = 8;

/** The same zone, whose list says of the records that answer for this name what they lead to. */
export function followed(zone: OpenZone, name: string, dns: PublicDns): OpenZone {
  return {
    change: (changes) => zone.change(changes),
    list: async (below) => {
      const records = await zone.list(below);
      const answering = recordsAt(name, records);
      return Promise.all(records.map(async (record) => {
        const target = answering.includes(record) ? targetOf(record) : undefined;
        return target === undefined ? record : { ...record, leadsTo: await textsAt(target, records, below, dns) };
      }));
    },
  };
}

/** The name that a CNAME or an alias leads to. */
export function targetOf({ type, values, aliasOf }: RecordSet): string | undefined {
  return type === 'CNAME' && values.length === 1 ? canonicalName(values[0]) : aliasOf;
}

/** The names of these selectors, and those that they lead to in the zone: mail signed so needs their records. */
export function namesFrom(selectors: readonly string[], domain: string, records: readonly RecordSet[]): string[] {
  const names = selectors.map((selector) => recordName(selector, domain));
  for (const each of names) { // which grows meanwhile
    const next = recordsAt(each, records).flatMap((record) => targetOf(record) ?? []);
    names.push(...next.filter((target) => !names.includes(target)));
  }
  return names;
}

/** From the zone itself as far as it was listed, as it need not be public yet; else from public DNS. */
async function textsAt(
  start: string, records: readonly RecordSet[], below: string, dns: PublicDns,
): Promise<readonly string[]> {
  let name = start;
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const isListed = name.endsWith(`.${below}`);
    if (!isListed) return valuesFrom(name, await dns.ask(name));
    const there = recordsAt(name, records);
    const next = there.flatMap((record) => targetOf(record) ?? []).at(0);
    if (next === undefined) return there.flatMap(({ type, values }) => type === 'TXT' ? values : []);
    name = next;
  }
  return [];
}

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

/** The name that a CNAME leads to, or an alias that answers for texts. */
export function targetOf({ type, values, aliasOf }: RecordSet): string | undefined {
  if (type === 'CNAME' && values.length === 1) return canonicalName(values[0]);
  return type === 'CNAME' || type === 'TXT' ? aliasOf : undefined;
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

/**
 * From the zone itself as far as it was listed, as it need not be public yet; else from public DNS. A name can lead to
 * several others, of which a routing policy chooses.
 */
async function textsAt(
  start: string, records: readonly RecordSet[], below: string, dns: PublicDns,
): Promise<readonly string[]> {
  const isListed = (name: string) => name.endsWith(`.${below}`);
  const texts: string[] = [];
  let names = [start];
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    for (const name of names) if (!isListed(name)) texts.push(...valuesFrom(name, await dns.ask(name)));
    const there = names.filter(isListed).flatMap((name) => recordsAt(name, records));
    texts.push(...there.flatMap(({ type, values }) => type === 'TXT' ? values : []));
    names = [...new Set(there.flatMap((record) => targetOf(record) ?? []))];
  }
  return [...new Set(texts)];
}

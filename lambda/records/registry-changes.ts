// Changes of registry records: written with what they have to say, rewritten for another owner, or only touched. Pure.
import { digestOf, Entry, Registry, renderRegistry } from './registry';
import { OtherOwner, registryName, ZoneView } from './zone-view';
import { Change, RecordSet } from '../base/ports';

/** A day. The TTL of a touched registry record stays below it. */
const TTL_LIMIT = 86_400;

export function create(record: RecordSet): Change {
  return { action: 'CREATE', record };
}

export function remove(record: RecordSet): Change {
  return { action: 'DELETE', record };
}

/** Makes the owner's registry record say this. Nothing when it does. */
export function changeOwnRegistry({ owner, ownRegistryRecords }: ZoneView, registry: Registry, ttl: number): Change[] {
  const values = renderRegistry(registry);
  const [only] = ownRegistryRecords;
  const saysIt = ownRegistryRecords.length === 1 && only.type === 'TXT'
    && digestOf('TXT', only.values) === digestOf('TXT', values);
  if (saysIt) return [];
  return [...ownRegistryRecords.map(remove), create({ name: registryName(owner), type: 'TXT', ttl, values })];
}

export function changeOther({ record, registry }: OtherOwner, entries: readonly Entry[]): Change[] {
  return touch(record, renderRegistry({ ...registry, entries }));
}

/**
 * Touches the registry records of other owners that list one of these records.
 *
 * Two owners of one record can work at the same time: one lets go while the other adopts, or both let go. What a plan
 * reads in the other's registry record has to be true still when the batch is carried out. So the batch touches that
 * record. Route 53 then refuses a batch of the other owner that was planned before, and the other plans again.
 */
export function touchOthers(view: ZoneView, records: readonly RecordSet[], others = view.others): Change[] {
  return others
    .filter(({ registry }) => records.some((record) => view.entryIn(registry, record)))
    .flatMap(({ record }) => touch(record));
}

/**
 * Writes a registry record anew, with a TTL that it has not had for long. With one that it had a moment ago, a plan
 * from before that moment would fit again. Nobody looks the record up by way of a cache, so its TTL means nothing else.
 */
export function touch(record: RecordSet, values = record.values): Change[] {
  const { name, type, ttl = 0 } = record;
  return [remove(record), create({ name, type, values, ttl: (ttl + 1) % TTL_LIMIT })];
}

// Changes of registry records: what they have to say is written, goes to a further page, or is only touched. Pure.
import { charactersOf, isOneBatch, MAX_CHARACTERS } from './batch';
import { recordName } from './dkim-record';
import { digestOf, Entry, parseRegistry, Registry, renderRegistry } from './registry';
import { Page, registryName, ZoneView } from './zone-view';
import { isRegistryLabel, pageLabel } from '../base/owner';
import { Change, RecordSet } from '../base/ports';

/** A day. The TTL of a registry record that is written again stays below it. */
const TTL_LIMIT = 86_400;

/**
 * When a registry record is longer, what it lists as superseded goes to a further page. Each change of an owner has it
 * in a batch twice, and so has each other owner that adopts one of its records. So it is short.
 */
const PAGE_CHARACTERS = 700;

export function create(record: RecordSet): Change {
  return { action: 'CREATE', record };
}

export function remove(record: RecordSet): Change {
  return { action: 'DELETE', record };
}

/** Makes the owner's own registry record say this. Nothing when it does. */
export function changeOwnRegistry(view: ZoneView, { entries }: Registry, ttl = 0): Change[] {
  const { owner, ownRegistryRecords: existing } = view;
  const registry = { region: owner.region, entries };
  const values = renderRegistry(registry);
  const [only] = existing;
  const saysIt = existing.length === 1 && only.type === 'TXT'
    && digestOf('TXT', only.values) === digestOf('TXT', values);
  if (saysIt) return [];
  const isLong = charactersOf(values) > PAGE_CHARACTERS;
  const kept = registry.entries.filter(({ until }) => !isLong || !until);
  const turnedOver = registry.entries.filter((entry) => !kept.includes(entry));
  const head: RecordSet = {
    name: registryName(owner),
    type: 'TXT',
    ttl: only ? ttlAfter(only) : ttl,
    values: renderRegistry({ ...registry, entries: kept }),
  };
  return [
    ...existing.map(remove), create(head),
    ...turnedOver.length > 0 ? [create(newPage(view, owner.label, turnedOver, head))] : [],
  ];
}

/** Makes a page list these. One that lists nothing goes, which only a further page comes to. */
export function changePage({ record, registry }: Page, entries: readonly Entry[]): Change[] {
  const values = renderRegistry({ ...registry, entries });
  return [remove(record), ...entries.length > 0 ? [create({ ...anew(record), values })] : []];
}

/** Takes entries out of the owner's registry. With the last of them the registry goes. */
export function dropEntries(view: ZoneView, dropped: readonly Entry[]): Change[] {
  const { ownRegistryRecords, ownPages, entries } = view;
  if (dropped.length < entries.length) return changeEntries(view, new Map(dropped.map((entry) => [entry, []])));
  return [...ownPages.map(({ record }) => record), ...ownRegistryRecords].map(remove);
}

/** Puts others in the place of entries of the owner's registry, wherever it lists them. */
export function changeEntries(view: ZoneView, changed: ReadonlyMap<Entry, readonly Entry[]>): Change[] {
  const isChanged = ({ entries }: Registry) => entries.some((entry) => changed.has(entry));
  const after = ({ entries }: Registry) => entries.flatMap((entry) => changed.get(entry) ?? [entry]);
  const { ownPages, head } = view;
  return [
    ...ownPages.flatMap((page) => isChanged(page.registry) ? changePage(page, after(page.registry)) : []),
    ...isChanged(head) ? changeOwnRegistry(view, { ...head, entries: after(head) }) : [],
  ];
}

function newPage(view: ZoneView, of: string, entries: readonly Entry[], { ttl }: RecordSet): RecordSet {
  let page = 1;
  while (view.recordsNamed(pageLabel(of, page)).length > 0) page++;
  const name = recordName(pageLabel(of, page), view.owner.domain);
  return { name, type: 'TXT', ttl, values: renderRegistry({ of, entries }) };
}

/**
 * Touches, for each of these records, a registry record of another owner that lists it.
 *
 * Two owners of one record can work at the same time: one lets go while the other adopts, or both let go. What a plan
 * reads in the other's registry record has to be true still when the batch is carried out. So the batch touches that
 * record. Route 53 then refuses a batch of the other owner that was planned before, and the other plans again.
 *
 * One of several is enough. Only the last owner that lists a record deletes it. Whoever came or went since a plan was
 * made has touched one that stood in that plan, or one that came after it and has touched one itself
 * (docs/adr/0019-several-batches.md).
 */
export function touchOthers(view: ZoneView, records: readonly RecordSet[], changed: readonly Page[] = []): Change[] {
  const touched = new Set<Page>();
  for (const record of records) {
    const writers = view.writersOf(record);
    const pages = writers.length > 0 ? writers : view.listersOf(record);
    if (pages.some((page) => touched.has(page) || changed.includes(page))) continue;
    const [shortest] = [...pages].sort((a, b) => charactersOf(a.record.values) - charactersOf(b.record.values));
    if (shortest) touched.add(shortest);
  }
  return [...touched].flatMap(({ record }) => touch(record));
}

/** Writes a registry record again, with the same values. */
export function touch(record: RecordSet): Change[] {
  return [remove(record), create(anew(record))];
}

function anew(record: RecordSet): RecordSet {
  const { name, type, values } = record;
  return { name, type, values, ttl: ttlAfter(record) };
}

/**
 * A TTL that the record has not had for long. With one that it had a moment ago, a plan from before that moment would
 * fit again. Nobody looks a registry record up by way of a cache, so its TTL means nothing else.
 */
function ttlAfter({ ttl = 0 }: RecordSet): number {
  return (ttl + 1) % TTL_LIMIT;
}

/**
 * The changes, if one batch holds them. If not, what makes room first: of the records that would go, the longest. Half
 * of what a registry record lists goes to a further page, which changes nothing of what it says. Older versions of this
 * library have written long ones. Somebody else's record, which OVERWRITE replaces, goes before its successor comes.
 */
export function makeRoom(view: ZoneView, changes: Change[], room = MAX_CHARACTERS): Change[] {
  if (isOneBatch(changes, room)) return changes;
  const [longest] = changes.flatMap(({ action, record }) => action === 'DELETE' ? [record] : [])
    .sort((a, b) => charactersOf(b.values) - charactersOf(a.values));
  if (!longest || view.isOurs(longest)) return changes;
  const label = view.labelOf(longest.name);
  if (!isRegistryLabel(label)) return [remove(longest)];
  const registry = parseRegistry(longest.values);
  const entries = [...registry.entries].sort((a, b) => Number(Boolean(a.until)) - Number(Boolean(b.until)));
  if (entries.length < 2) return changes;
  const half = Math.ceil(entries.length / 2);
  return [
    ...changePage({ record: longest, registry }, entries.slice(0, half)),
    create(newPage(view, registry.of ?? label, entries.slice(half), longest)),
  ];
}

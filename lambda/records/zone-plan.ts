// What has to change in a hosted zone, decided from what is in it. Pure; every plan is one atomic batch of CREATE and DELETE.
//
// There is no UPSERT on purpose: CREATE fails when somebody made the record meanwhile, DELETE fails when somebody changed it, and then
// the batch does nothing and the plan is made again from what is there. So no record is ever overwritten unseen.
import { DkimRecord, domainKeyName, saysTheSame } from './dkim-record';
import { digestOf, Entry, Origin, parseRegistry, Registry, renderRegistry } from './registry';
import { unquote } from '../base/dns-text';
import { isRegistryLabel, Owner } from '../base/owner';
import { Change, RecordSet } from '../base/ports';

export interface Publication {
  /** The records that have to be there. Empty: only the registry record, for the time before Easy DKIM's tokens are known. */
  readonly wanted: readonly DkimRecord[];
  /** Region in which the owner sets how the identity signs. */
  readonly signs?: string;
  readonly ttl: number;
  readonly overwrite: boolean;
  /** ISO time until which what is superseded now must stay. Absent: nothing is superseded yet. */
  readonly supersededUntil?: string;
  /** ISO time. */
  readonly now: string;
}

/** A selector is wanted again, with another key than the one whose record has to stay for the mail on its way. */
export class SelectorInUseError extends Error {
  constructor(wanted: DkimRecord, until: string) {
    super(`The record ${wanted.name} holds the key of mail that is still on its way, and has to stay as it is until ${until}. `
      + 'Give the key a new selector, or pin the version of the secret that has the old key (versionId).');
  }
}

/** A record of a wanted name says something else, and it is not ours to change. */
export class RecordConflictError extends Error {
  constructor(readonly wanted: DkimRecord, readonly existing: readonly RecordSet[]) {
    const has = existing.map(({ type, values }) => {
      const plain = values.map((value) => type === 'TXT' ? unquote(value) : value).join(' | ');
      return `${type} ${plain.slice(0, 600) || '(alias)'}`;
    }).join(', ');
    super(`The record ${wanted.name} exists and was not written by this construct: it has ${has}; needed is ${wanted.type} ${wanted.value}. `
      + 'Remove it, choose another selector, or set recordConflict to OVERWRITE.');
  }
}

/** Makes the wanted records hold, keeps what is superseded, and writes down whose they are. */
export function planPublication(zone: readonly RecordSet[], owner: Owner, publication: Publication): Change[] {
  const own = readRegistry(zone, owner);
  const others = otherRegistries(zone, owner);
  const changes: Change[] = [];
  const entries: Entry[] = [];
  const adopted: RecordSet[] = [];
  for (const wanted of publication.wanted) {
    const existing = zone.filter((record) => record.name === wanted.name && excludeEachOther(record.type, wanted.type));
    const target: RecordSet = { name: wanted.name, type: wanted.type, ttl: publication.ttl, values: [wanted.data] };
    const [only] = existing;
    let origin: Origin = 'ours';
    let record = target;
    if (existing.length === 0) {
      changes.push({ action: 'CREATE', record: target });
    } else if (existing.length === 1 && saysTheSame(wanted, only.type, only.values)) {
      origin = originOf(only, own, others, owner);
      if (origin === 'ours' && only.ttl !== publication.ttl && !listedByAnother(only, others, owner)) {
        changes.push({ action: 'DELETE', record: only }, { action: 'CREATE', record: { ...target, values: only.values } });
      }
      record = only;
      if (!entryFor(only, own, owner)) adopted.push(only);
    } else {
      if (!publication.overwrite && !existing.every((one) => isOurs(one, own, owner) && !listedByAnother(one, others, owner))) {
        throw new RecordConflictError(wanted, existing);
      }
      const until = existing.map((one) => entryFor(one, own, owner)?.until).find((time) => time !== undefined && time > publication.now);
      if (until) throw new SelectorInUseError(wanted, until);
      changes.push(...existing.map((one) => ({ action: 'DELETE' as const, record: one })), { action: 'CREATE', record: target });
    }
    entries.push({ label: labelOf(wanted.name, owner), type: wanted.type, origin, digest: digestOf(record.type, record.values) });
  }
  const registry: Registry = {
    ...(publication.signs ? { signs: publication.signs } : {}),
    entries: [...entries, ...superseded(zone, own, entries, owner, publication.supersededUntil)],
  };
  return [...changes, ...restamp(zone, adopted, owner), ...registryChanges(zone, owner, registry, publication.ttl)];
}

/**
 * What is ours, still says what we wrote and is needed by nobody else goes, with the registry record. What SES signs with in a Region that another
 * owner sets (`inUse`) becomes that owner's: it is superseded there with the next change, and goes with the last.
 */
export function planRelease(
  zone: readonly RecordSet[], owner: Owner, inUse: { readonly names: readonly string[]; readonly region: string } = { names: [], region: '' },
): Change[] {
  const own = readRegistry(zone, owner);
  const others = otherRegistries(zone, owner);
  const ours = zone.filter((record) => isOurs(record, own, owner));
  const shared = ours.filter((record) => listedByAnother(record, others, owner));
  const handed = ours.filter((record) => inUse.names.includes(record.name) && !shared.includes(record));
  const gone = [...ours.filter((record) => !shared.includes(record) && !handed.includes(record)), ...registryRecord(zone, owner)];
  const heir = zone.find((record) => isOtherRegistry(record, owner) && parseRegistry(record.values).signs === inUse.region);
  return [
    ...gone.map((record) => ({ action: 'DELETE' as const, record })),
    ...restamp(zone.filter((record) => handed.length === 0 || record !== heir), shared, owner),
    ...(heir && handed.length > 0 ? bequeath(heir, handed.map((record) => entryFor(record, own, owner)!)) : []),
  ];
}

function bequeath(heir: RecordSet, inherited: readonly Entry[]): Change[] {
  const registry = parseRegistry(heir.values);
  const values = renderRegistry({ ...registry, entries: [...registry.entries, ...inherited] });
  return [{ action: 'DELETE', record: heir }, { action: 'CREATE', record: { name: heir.name, type: heir.type, ttl: heir.ttl, values } }];
}

/** What the owner's registry record says of the record of that name. */
export function originOfRecord(zone: readonly RecordSet[], owner: Owner, name: string): Origin | undefined {
  const own = readRegistry(zone, owner);
  return zone.filter((record) => record.name === name).map((record) => entryFor(record, own, owner)?.origin).find((origin) => origin !== undefined);
}

/**
 * Only the registry record goes: what was ours is the user's from now on. So it is no longer the library's for another owner either, who would
 * delete it in the end.
 */
export function planRetention(zone: readonly RecordSet[], owner: Owner): Change[] {
  const own = readRegistry(zone, owner);
  const kept = zone.filter((record) => isOurs(record, own, owner));
  const speaksOf = (entry: Entry) => kept.some((one) => entryFor(one, { entries: [entry] }, owner));
  const disowned = zone.filter((record) => isOtherRegistry(record, owner)).flatMap((record): Change[] => {
    const registry = parseRegistry(record.values);
    if (!registry.entries.some(speaksOf)) return [];
    const entries = registry.entries.map((entry): Entry => speaksOf(entry) ? { ...entry, origin: 'found' } : entry);
    const { name, type, ttl } = record;
    return [{ action: 'DELETE', record }, { action: 'CREATE', record: { name, type, ttl, values: renderRegistry({ ...registry, entries }) } }];
  });
  return [...registryRecord(zone, owner).map((record) => ({ action: 'DELETE' as const, record })), ...disowned];
}

/**
 * Two owners of one record can work at the same time: one lets go while the other one adopts, or both let go. What a plan takes from the
 * other's registry record has to hold still when the batch is carried out. So the batch writes that record anew, with the same values and
 * another TTL: a batch of the other owner that was planned before this one is refused, and planned again from what is there then.
 */
function restamp(zone: readonly RecordSet[], relied: readonly RecordSet[], owner: Owner): Change[] {
  return zone
    .filter((record) => isOtherRegistry(record, owner) && relied.some((one) => entryFor(one, parseRegistry(record.values), owner)))
    .flatMap(writtenAnew);
}

/** A change that means nothing: the registry record written anew. */
export function planReaffirmation(zone: readonly RecordSet[], owner: Owner): Change[] {
  return registryRecord(zone, owner).flatMap(writtenAnew);
}

/**
 * The same values with a TTL that it has not had for long: with one that it had a moment ago, a plan from before that moment would fit again.
 * Nobody looks the registry record up by way of a cache, so its TTL means nothing else.
 */
function writtenAnew(record: RecordSet): Change[] {
  const { name, type, values, ttl = 0 } = record;
  return [{ action: 'DELETE', record }, { action: 'CREATE', record: { name, type, values, ttl: (ttl + 1) % 86_400 } }];
}

/** Marks everything as superseded, in a zone that the owner no longer uses. Records stay: mail on its way was signed with them. */
export function planLeaving(zone: readonly RecordSet[], owner: Owner, publication: Omit<Publication, 'wanted' | 'signs'>): Change[] {
  const own = readRegistry(zone, owner);
  if (!zone.some((record) => isOurs(record, own, owner))) return planRelease(zone, owner); // nothing to mark
  return planPublication(zone, owner, { ...publication, wanted: [] });
}

/** True when another owner has set how the identity signs in that Region, so that it is not ours to set back. */
export function signsForAnother(zone: readonly RecordSet[], owner: Owner, region: string): boolean {
  return otherRegistries(zone, owner).some((registry) => registry.signs === region);
}

/** A CNAME stands alone; other types may share a name. */
function excludeEachOther(type: string, other: string): boolean {
  return type === other || type === 'CNAME' || other === 'CNAME';
}

function originOf(record: RecordSet, own: Registry, others: readonly Registry[], owner: Owner): Origin {
  const entry = entryFor(record, own, owner);
  if (entry) return entry.origin;
  // What another owner of this library wrote stays the library's: it goes with the last that needs it.
  return others.some((registry) => entryFor(record, registry, owner)?.origin === 'ours') ? 'ours' : 'found';
}

function isOurs(record: RecordSet, own: Registry, owner: Owner): boolean {
  return entryFor(record, own, owner)?.origin === 'ours';
}

function listedByAnother(record: RecordSet, others: readonly Registry[], owner: Owner): boolean {
  return others.some((registry) => entryFor(record, registry, owner) !== undefined);
}

/** The entry that speaks of this very record: same name and type, and the value that was written down. */
function entryFor(record: RecordSet, registry: Registry, owner: Owner): Entry | undefined {
  const label = labelOf(record.name, owner);
  return registry.entries.find((entry) =>
    entry.label === label && entry.type === record.type && entry.digest === digestOf(record.type, record.values));
}

/** Records that are ours and no longer wanted. What was found, has gone or was changed by somebody is no longer our business. */
function superseded(zone: readonly RecordSet[], own: Registry, wanted: readonly Entry[], owner: Owner, until: string | undefined): Entry[] {
  return own.entries
    .filter((entry) => entry.origin === 'ours' && !wanted.some(({ label }) => label === entry.label))
    .filter((entry) => zone.some((record) => entryFor(record, { entries: [entry] }, owner)))
    .map((entry) => ({ ...entry, until: entry.until ?? until }));
}

function registryChanges(zone: readonly RecordSet[], owner: Owner, registry: Registry, ttl: number): Change[] {
  const existing = registryRecord(zone, owner);
  const values = renderRegistry(registry);
  const same = existing.length === 1 && existing[0].type === 'TXT' && digestOf('TXT', existing[0].values) === digestOf('TXT', values);
  if (same) return [];
  const record: RecordSet = { name: registryName(owner), type: 'TXT', ttl, values };
  return [...existing.map((old) => ({ action: 'DELETE' as const, record: old })), { action: 'CREATE', record }];
}

function registryRecord(zone: readonly RecordSet[], owner: Owner): readonly RecordSet[] {
  return zone.filter((record) => record.name === registryName(owner));
}

function readRegistry(zone: readonly RecordSet[], owner: Owner): Registry {
  return parseRegistry(registryRecord(zone, owner).flatMap((record) => record.values));
}

function otherRegistries(zone: readonly RecordSet[], owner: Owner): Registry[] {
  return zone.filter((record) => isOtherRegistry(record, owner)).map((record) => parseRegistry(record.values));
}

function isOtherRegistry(record: RecordSet, owner: Owner): boolean {
  return record.type === 'TXT' && record.name !== registryName(owner) && isRegistryLabel(labelOf(record.name, owner));
}

export function registryName(owner: Owner): string {
  return `${owner.label}.${domainKeyName(owner.domain)}`;
}

function labelOf(name: string, owner: Owner): string {
  return name.slice(0, -domainKeyName(owner.domain).length - 1);
}

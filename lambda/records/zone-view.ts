// What is in a zone, as one owner sees it: which records are ours, which were found, which other owners list. Pure.
import { charactersOf, MAX_CHARACTERS } from './batch';
import { domainKeyName, recordName } from './dkim-record';
import { targetOf } from './led-to';
import { digestOf, Entry, Origin, parseRegistry, Registry } from './registry';
import { isRegistryLabel, Owner } from '../base/owner';
import { RecordSet } from '../base/ports';

/**
 * No batch can write a longer registry record again. So no version of this library has made one, and it is not
 * believed: what it lists could not be let go. A batch counts it twice, with some room for what else is in it.
 */
const LONGEST = MAX_CHARACTERS / 2 - 100;

/** A registry record: an owner's own one, or a further page of it. */
export interface Page {
  readonly record: RecordSet;
  readonly registry: Registry;
}

export class ZoneView {
  readonly ownRegistryRecords: readonly RecordSet[];
  /** What the owner's own registry record says, without its further pages. */
  readonly head: Registry;
  /** The owner's further pages. */
  readonly ownPages: readonly Page[];
  /** All that the owner lists. */
  readonly entries: readonly Entry[];
  readonly others: readonly Page[];

  private readonly entriesByLabel: ReadonlyMap<string, readonly Entry[]>;
  private readonly othersByLabel: ReadonlyMap<string, readonly Page[]>;
  private readonly recordsByName: ReadonlyMap<string, readonly RecordSet[]>;

  constructor(readonly records: readonly RecordSet[], readonly owner: Owner) {
    // What has another type beside it is somebody else's. A CNAME stands alone.
    this.ownRegistryRecords = records.filter(({ name, type }) =>
      name === registryName(owner) && (type === 'TXT' || type === 'CNAME'));
    this.head = parseRegistry(this.ownRegistryRecords.flatMap(({ values }) => values));
    const pages = records
      .filter(({ name, type, values }) => type === 'TXT' && name !== registryName(owner)
        && isRegistryLabel(this.labelOf(name)) && charactersOf(values) <= LONGEST)
      .map((record) => ({ record, registry: parseRegistry(record.values) }));
    this.ownPages = pages.filter(({ registry }) => registry.of === owner.label);
    this.others = pages.filter(({ registry }) => registry.of !== owner.label);
    this.entries = [...this.ownPages.flatMap(({ registry }) => registry.entries), ...this.head.entries];
    this.entriesByLabel = grouped(this.entries.map((entry) => [entry.label, entry]));
    // Once each, as anybody who may write to the zone can list a label in hundreds of lines.
    this.othersByLabel = grouped(this.others.flatMap((page) =>
      [...new Set(page.registry.entries.map(({ label }) => label))].map((label) => [label, page] as const)));
    this.recordsByName = grouped(records.map((record) => [record.name, record]));
  }

  labelOf(name: string): string {
    return name.slice(0, -domainKeyName(this.owner.domain).length - 1);
  }

  recordsNamed(label: string): readonly RecordSet[] {
    return this.recordsByName.get(recordName(label, this.owner.domain)) ?? [];
  }

  /** The owner's entry for this very record. */
  entryFor(record: RecordSet): Entry | undefined {
    return this.entriesByLabel.get(this.labelOf(record.name))?.find((entry) => this.speaksOf(entry, record));
  }

  /** The entry that speaks of this very record: same name and type, and the value that was written down. */
  entryIn(registry: Registry, record: RecordSet): Entry | undefined {
    return registry.entries.find((entry) => this.speaksOf(entry, record));
  }

  speaksOf(entry: Entry, { name, type, values }: RecordSet): boolean {
    return entry.label === this.labelOf(name) && entry.type === type && entry.digest === digestOf(type, values);
  }

  /** The record that an entry speaks of, if it is there and as it was written down. */
  recordOf(entry: Entry): RecordSet | undefined {
    return this.recordsNamed(entry.label).find((record) => this.speaksOf(entry, record));
  }

  /** One of several that a routing policy chooses from is nobody's of this library, though owners may use it. */
  isOurs(record: RecordSet): boolean {
    return !record.isRouted && this.entryFor(record)?.origin === 'ours';
  }

  /** The pages of other owners that list this very record. */
  listersOf(record: RecordSet): readonly Page[] {
    return (this.othersByLabel.get(this.labelOf(record.name)) ?? [])
      .filter(({ registry }) => this.entryIn(registry, record) !== undefined);
  }

  /** The label of the owner that a registry record, or a further page of it, is of. */
  ownerLabelOf({ record: { name }, registry }: Page): string {
    return registry.of ?? this.labelOf(name);
  }

  /** `leaving`: owners that do not count any more. */
  isListedByAnother(record: RecordSet, leaving: readonly string[] = []): boolean {
    return this.listersOf(record).some((page) => !leaving.includes(this.ownerLabelOf(page)));
  }

  /**
   * The names that others lead to, by a CNAME or an alias, also over several steps, where mail is signed under one of
   * those: another owner lists it, or it is one of these.
   */
  ledTo(names: readonly string[] = [], leaving: readonly string[] = []): ReadonlySet<string> {
    const found = new Set<string>();
    const follow = (record: RecordSet) => {
      const target = targetOf(record);
      if (target !== undefined) found.add(target);
    };
    this.records.filter((record) => targetOf(record) !== undefined
      && (names.includes(record.name) || this.isListedByAnother(record, leaving))).forEach(follow);
    for (const each of found) this.recordsByName.get(each)?.forEach(follow); // it grows meanwhile
    return found;
  }

  /**
   * A record that another owner wrote is ours too: the last owner that needs it deletes it. The same is true for a
   * record that was found here, was then removed by somebody, and was made again by another owner.
   */
  originOf(record: RecordSet): Origin {
    return this.isOurs(record) || this.writersOf(record).length > 0 ? 'ours' : 'found';
  }

  /** The pages of other owners in which it is the library's. */
  writersOf(record: RecordSet): readonly Page[] {
    if (record.isRouted) return [];
    return this.listersOf(record).filter(({ registry }) => this.entryIn(registry, record)?.origin === 'ours');
  }
}

function grouped<T>(pairs: readonly (readonly [string, T])[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const [key, item] of pairs) {
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(item);
  }
  return groups;
}

export function registryName({ label, domain }: Owner): string {
  return recordName(label, domain);
}

/** The owner's entries for these labels, whatever has become of the records. */
export function entriesNamed(
  records: readonly RecordSet[], owner: Owner, labels: readonly string[],
): readonly Entry[] {
  return new ZoneView(records, owner).entries.filter(({ label }) => labels.includes(label));
}

/** The owner's entries for records of these labels, as they are there. */
export function entriesOf(records: readonly RecordSet[], owner: Owner, labels: readonly string[]): readonly Entry[] {
  const view = new ZoneView(records, owner);
  return view.entries.filter((entry) => labels.includes(entry.label) && view.recordOf(entry) !== undefined);
}

/**
 * The label of another owner that lists a record of one of these names, if there is one.
 *
 * @param region only owners of identities there count, and those that do not say where
 */
export function otherListing(
  records: readonly RecordSet[], owner: Owner, names: readonly string[], region?: string,
): string | undefined {
  const view = new ZoneView(records, owner);
  const elsewhere = view.others.filter(({ registry }) => region && registry.region && registry.region !== region)
    .map((page) => view.ownerLabelOf(page));
  return listersOf(view, names).map((page) => view.ownerLabelOf(page)).find((label) => !elsewhere.includes(label));
}

/** The names of registry records of others that list one of these, as it is there. */
export function namesOfListers(records: readonly RecordSet[], owner: Owner, names: readonly string[]): string[] {
  return listersOf(new ZoneView(records, owner), names).map(({ record }) => record.name);
}

function listersOf(view: ZoneView, names: readonly string[]): readonly Page[] {
  return view.records.flatMap((record) => names.includes(record.name) ? view.listersOf(record) : []);
}

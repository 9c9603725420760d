// What is in a zone, as one owner sees it: which records are ours, which were found, which other owners list. Pure.
import { domainKeyName } from './dkim-record';
import { digestOf, Entry, Origin, parseRegistry, Registry } from './registry';
import { isRegistryLabel, Owner } from '../base/owner';
import { RecordSet } from '../base/ports';

export interface OtherOwner {
  readonly record: RecordSet;
  readonly registry: Registry;
}

export class ZoneView {
  readonly own: Registry;
  readonly ownRegistryRecords: readonly RecordSet[];
  readonly others: readonly OtherOwner[];

  constructor(readonly records: readonly RecordSet[], readonly owner: Owner) {
    this.ownRegistryRecords = records.filter(({ name }) => name === registryName(owner));
    this.own = parseRegistry(this.ownRegistryRecords.flatMap(({ values }) => values));
    this.others = records
      .filter(({ name, type }) => type === 'TXT' && name !== registryName(owner) && isRegistryLabel(this.labelOf(name)))
      .map((record) => ({ record, registry: parseRegistry(record.values) }));
  }

  labelOf(name: string): string {
    return name.slice(0, -domainKeyName(this.owner.domain).length - 1);
  }

  /** The owner's entry for this very record. */
  entryFor(record: RecordSet): Entry | undefined {
    return this.entryIn(this.own, record);
  }

  /** The entry that speaks of this very record: same name and type, and the value that was written down. */
  entryIn(registry: Registry, record: RecordSet): Entry | undefined {
    return registry.entries.find((entry) => this.speaksOf(entry, record));
  }

  speaksOf(entry: Entry, { name, type, values }: RecordSet): boolean {
    return entry.label === this.labelOf(name) && entry.type === type && entry.digest === digestOf(type, values);
  }

  isOurs(record: RecordSet): boolean {
    return this.entryFor(record)?.origin === 'ours';
  }

  /** `leaving`: owners that do not count any more. */
  isListedByAnother(record: RecordSet, leaving: readonly string[] = []): boolean {
    return this.others.some(({ record: { name }, registry }) =>
      !leaving.includes(this.labelOf(name)) && this.entryIn(registry, record) !== undefined);
  }

  /** What another owner of this library wrote stays the library's: it goes with the last owner that needs it. */
  originOf(record: RecordSet): Origin {
    const entry = this.entryFor(record);
    if (entry) return entry.origin;
    return this.others.some(({ registry }) => this.entryIn(registry, record)?.origin === 'ours') ? 'ours' : 'found';
  }
}

export function registryName({ label, domain }: Owner): string {
  return `${label}.${domainKeyName(domain)}`;
}

/** What the owner's registry record says of the record of that name. */
export function originOfRecord(records: readonly RecordSet[], owner: Owner, recordName: string): Origin | undefined {
  const view = new ZoneView(records, owner);
  const named = records.filter(({ name }) => name === recordName);
  return named.flatMap((record) => view.entryFor(record) ?? []).at(0)?.origin;
}

/** True when another owner sets how the identity signs in that Region, so that it is not ours to reset. */
export function signsForAnother(records: readonly RecordSet[], owner: Owner, region: string): boolean {
  return new ZoneView(records, owner).others.some(({ registry }) => registry.signs === region);
}

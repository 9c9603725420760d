// Prints the records of a zone and who wrote them. The registry record of the library says so.
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { recordSets, Zone } from './account';
import { printTable, shortened } from './print';
import { unquote } from '../../lambda/base/dns-text';
import { isRegistryLabel } from '../../lambda/base/owner';
import { Entry, parseRegistry } from '../../lambda/records/registry';
import type { LocalCloud } from '../../test/cloud';

export function printRecords(cloud: LocalCloud, zones: readonly Zone[]): void {
  printTable(['NAME', 'TYPE', 'VALUE', 'WRITTEN BY'], zones.flatMap((zone) => {
    const entries = registryEntries(cloud, zone);
    return recordSets(cloud, zone.id)
      .filter(({ Type }) => Type !== 'NS' && Type !== 'SOA')
      .map((record) => [
        shortened(nameIn(zone, record), 28),
        record.Type!,
        shortened(plainValues(record).join(' | '), 21),
        writerOf(record, zone, entries),
      ]);
  }));
}

/** The entries of the registry records in the zone. */
export function registryEntries(cloud: LocalCloud, zone: Zone): Entry[] {
  return recordSets(cloud, zone.id)
    .filter((record) => isRegistryLabel(labelOf(record)))
    .flatMap((record) => [...parseRegistry(valuesOf(record)).entries]);
}

function writerOf(record: ResourceRecordSet, { before }: Zone, entries: readonly Entry[]): string {
  if (before.some(({ Name, Type }) => Name === record.Name && Type === record.Type)) return 'somebody, before';
  if (isRegistryLabel(labelOf(record))) return 'its registry';
  const entry = entries.find(({ label, type }) => label === labelOf(record) && type === record.Type);
  if (entry?.origin !== 'ours') return 'unknown';
  return entry.until ? `until ${entry.until.slice(0, 10)}` : 'cdk-ses-dkim';
}

function labelOf({ Name }: ResourceRecordSet): string {
  return Name!.split('.')[0];
}

/** The domain itself, or what is below it without its end. */
function nameIn({ domain }: Zone, { Name }: ResourceRecordSet): string {
  return Name === `${domain}.` ? domain : `  ${Name!.slice(0, -`.${domain}.`.length)}`;
}

function plainValues(record: ResourceRecordSet): string[] {
  return record.Type === 'TXT' ? valuesOf(record).map(unquote) : valuesOf(record);
}

function valuesOf({ ResourceRecords = [] }: ResourceRecordSet): string[] {
  return ResourceRecords.map(({ Value }) => Value!);
}

// Refuses records that nobody can look up: at or below NS records, with which a zone delegates a part of itself.
import { isWithin } from '../base/dns-text';
import { HandlerError } from '../base/errors';
import { RecordSet } from '../base/ports';

/** Throws when the hosted zone delegates the name, or a name above it, to others. */
export function refuseCut(name: string, records: readonly RecordSet[], zoneId: string): void {
  const cut = records.find((record) => record.type === 'NS' && isWithin(name, record.name));
  if (!cut) return;
  const isBelowDomain = cut.name.split('.').includes('_domainkey'); // its zone is not that of the domain
  const itsZone = isBelowDomain ? 'Leave'
    : `Use the hosted zone of ${cut.name} that those name servers serve. Without one of Route 53, leave`;
  throw new HandlerError(
    `The hosted zone ${zoneId} delegates ${cut.name} to other name servers (NS ${cut.values.join(', ').slice(0, 600)})`
    + ', so nobody ever sees what it has at or below that name. Nothing was written there',
    `${itsZone} hostedZone out, and publish the records there`);
}

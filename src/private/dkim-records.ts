// The records that must be in DNS, as a construct gives them.
import { RecordType } from 'aws-cdk-lib/aws-route53';
import { placeIn, ResourceAttributes } from './contract';
import { Delegation, SigningConfig } from './signing-config';
import type { DkimRecord } from '../dkim-record';

/** The CNAMEs that somebody publishes once where the DNS of the domain is. */
export function cnamesOf({ slots, zoneName }: Delegation, domain: string): DkimRecord[] {
  return slots.map(slot => {
    const value = `${slot}._domainkey.${placeIn(zoneName, domain)}`;
    return { name: `${slot}._domainkey.${domain}.`, type: RecordType.CNAME, value, data: value };
  });
}

/** Those of the handler, which are known at deployment. */
export function writtenRecords(
  { count, type }: SigningConfig['records'], attribute: (name: keyof ResourceAttributes) => string,
): DkimRecord[] {
  return Array.from({ length: count }, (_, index) => index + 1).map(number => ({
    name: `${attribute(`RecordName${number}`)}.`,
    type,
    value: attribute(`RecordValue${number}`),
    data: attribute(`RecordData${number}`),
  }));
}

// Refuses a first record below a domain whose mail arrives by a wildcard only: from then on it would not.
import { HandlerError } from '../base/errors';
import { RecordSet } from '../base/ports';

/**
 * A name below which there is a record exists, and no wildcard answers for a name that exists
 * (https://www.rfc-editor.org/rfc/rfc4592#section-2.2). So nobody would find where mail to the domain goes.
 *
 * A wildcard that leads to a web site is usual, and is not meant for a domain that sends mail.
 *
 * @param wildcard its records, if it answers for the domain now
 */
export function refuseToHide(wildcard: readonly RecordSet[], domain: string, zoneId: string): void {
  const mx = wildcard.find(({ type }) => type === 'MX');
  if (!mx) return;
  throw new HandlerError(
    `The hosted zone ${zoneId} answers for ${domain} by its wildcard MX ${mx.name}. With a record below ${domain}, it would no `
    + 'longer, and mail to the domain would be lost. Nothing was written there',
    `Give ${domain} an MX record of its own first, with what else it needs of the wildcard`);
}

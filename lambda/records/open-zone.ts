// Looks at a hosted zone before anything is written to it.
import { domainKeyName } from './dkim-record';
import { ZoneProperties } from '../base/desired';
import { isAccessDenied } from '../base/patience';
import { HostedZone, OpenZone, RecordSet, ZoneGoneError } from '../base/ports';

/**
 * Throws, with the way out, when the zone is not one that can hold the domain's records. They are listed too, while others look at the key and
 * the identity.
 */
export async function openZone(zone: HostedZone, { id, roleArn }: ZoneProperties, domain: string): Promise<OpenZone> {
  try {
    const [{ name, privateZone }, records] = await Promise.all([zone.describe(), zone.list(domainKeyName(domain))]);
    if (privateZone) throw new Error(`The hosted zone ${id} (${name}) is private. SES and receivers look in public DNS: use the public zone.`);
    if (domain !== name && !domain.endsWith(`.${name}`)) {
      throw new Error(`The hosted zone ${id} is for ${name}, and ${domain} is not in it. Use the zone of the domain or of a parent of it.`);
    }
    return alreadyListed(zone, records);
  } catch (error) {
    if (isAccessDenied(error)) {
      throw new Error(`The function has no access to the hosted zone ${id}: ${(error as Error).message}. A zone of another account needs hostedZoneRole; `
        + 'in this account, a permission boundary or service control policy forbids the call.');
    }
    if (!(error instanceof ZoneGoneError)) throw error;
    throw new Error(`${error.message} Use the id of a hosted zone in ${roleArn ? `the account of ${roleArn}` : 'this account, or set hostedZoneRole'}.`);
  }
}

/** The first to list gets what is known. If it is no longer so, Route 53 refuses the change that is planned from it. */
export function alreadyListed(zone: OpenZone, records: RecordSet[]): OpenZone {
  let known: RecordSet[] | undefined = records;
  return {
    change: (changes) => zone.change(changes),
    async list(below) {
      const found = known ?? await zone.list(below);
      known = undefined;
      return found;
    },
  };
}

// Looks at a hosted zone before anything is written to it.
import { isAccessDenied } from './patience';
import { HostedZone, ZoneGoneError } from './ports';
import { ZoneProperties } from './properties';

/** Throws, with the way out, when the zone is not one that can hold the domain's records. */
export async function openZone(zone: HostedZone, { id, roleArn }: ZoneProperties, domain: string): Promise<HostedZone> {
  try {
    const { name, privateZone } = await zone.describe();
    if (privateZone) throw new Error(`The hosted zone ${id} (${name}) is private. SES and receivers look in public DNS: use the public zone.`);
    if (domain !== name && !domain.endsWith(`.${name}`)) {
      throw new Error(`The hosted zone ${id} is for ${name}, and ${domain} is not in it. Use the zone of the domain or of a parent of it.`);
    }
    return zone;
  } catch (error) {
    if (isAccessDenied(error)) {
      throw new Error(`The function has no access to the hosted zone ${id}: ${(error as Error).message}. A zone of another account needs hostedZoneRole; `
        + 'in this account, a permission boundary or service control policy forbids the call.');
    }
    if (!(error instanceof ZoneGoneError)) throw error;
    throw new Error(`${error.message} Use the id of a hosted zone in ${roleArn ? `the account of ${roleArn}` : 'this account, or set hostedZoneRole'}.`);
  }
}

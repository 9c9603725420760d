// Looks at a hosted zone before anything is written to it.
import { domainKeyName } from './dkim-record';
import { refuseToHide } from './hidden-wildcard';
import { refuseCut } from './zone-cut';
import { textOf } from '../base/describe-error';
import { ZoneSettings } from '../base/desired-state';
import { isWithin } from '../base/dns-text';
import { HandlerError, ZoneGoneError } from '../base/errors';
import { HostedZone, OpenZone, RecordSet } from '../base/ports';
import { isAccessDenied } from '../base/retry';

/**
 * Throws, with the way out, when the zone cannot hold the domain's records. It lists them too, as the caller looks at
 * the key and the identity at the same time.
 */
export async function openZone(zone: HostedZone, settings: ZoneSettings, domain: string): Promise<OpenZone> {
  const { id, roleArn, delegation } = settings;
  try {
    const [{ name, privateZone, cut }, records] = await Promise.all([
      zone.describe(domain), zone.list(domainKeyName(domain)),
    ]);
    if (privateZone) {
      throw new HandlerError(`The hosted zone ${id} (${name}) is private`,
        'SES and receivers look in public DNS: use the public zone');
    }
    if (!isWithin(domain, name)) {
      throw new HandlerError(`The hosted zone ${id} is for ${name}, and ${domain} is not in it`,
        'Use the zone of the domain or of a parent of it');
    }
    refuseCut(domainKeyName(domain), cut ? [cut, ...records] : records, id);
    // Nobody sends mail to the place of the slots.
    if (records.length === 0 && !delegation) refuseToHide(await zone.wildcardFor(domain), domain, id);
    return alreadyListed(zone, records);
  } catch (error) {
    if (isAccessDenied(error)) {
      throw new HandlerError(`The function has no access to the hosted zone ${id}: ${textOf(error)}`,
        'A zone of another account needs hostedZoneRole; in this account, a permission boundary or service control '
        + 'policy forbids the call');
    }
    if (!(error instanceof ZoneGoneError)) throw error;
    const account = roleArn ? `the account of ${roleArn}` : 'this account, or set hostedZoneRole';
    throw new HandlerError(error.whatHappened, error.isRefused
      ? "See whether the role is there, its trust policy lets the function's role assume it, and its own policies "
        + 'allow the calls to that hosted zone'
      : `Use the id of a hosted zone in ${account}`);
  }
}

/** Gives the first caller of `list` what is known. If that is old by then, Route 53 refuses what is planned from it. */
export function alreadyListed(zone: OpenZone, records: readonly RecordSet[]): OpenZone {
  let known: readonly RecordSet[] | undefined = records;
  return {
    change: (...batch) => zone.change(...batch),
    async list(below) {
      const found = known ? [...known] : await zone.list(below);
      known = undefined;
      return found;
    },
  };
}

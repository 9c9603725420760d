// Lets go of an identity's signing and its records: Delete. What is gone already is fine; what is not ours is left alone.
import { domainKeyName } from './dkim-record';
import { withoutKeys } from './log';
import { isAccessDenied } from './patience';
import { HostedZone, ZoneGoneError } from './ports';
import { Desired } from './properties';
import { signsAs } from './ses-rules';
import { settle } from './settle';
import { World } from './task';
import { Owner, planRelease, planRetention, RecordSet, registryName, signsForAnother } from './zone-plan';

/** Whether SES was told how to sign by us. `unless unregistered`: if the zone has our registry record, which is written before that. */
export type SigningTouched = 'yes' | 'no' | 'unless unregistered';

/** True when there was a registry record of ours. */
export async function release(previous: Desired, owner: Owner, world: World, touched: SigningTouched): Promise<boolean> {
  const zone = previous.zone && world.zone(previous.zone);
  const records = zone && await listOrGone(zone, previous, world, touched);
  const registered = records?.some(({ name }) => name === registryName(owner)) ?? false;
  const ours = touched === 'yes' || (touched === 'unless unregistered' && (!records || registered));
  // First SES forgets the key, then the record goes: never the other way round.
  if (!previous.retain && ours) await returnToEasyDkim(previous, owner, world, records ?? []);
  if (zone && records) {
    const plan = previous.retain ? planRetention : planRelease;
    await settle(zone, domainKeyName(previous.identity), (found) => plan(found, owner), world);
  }
  return registered;
}

/** A zone that a failed Create had no access to either has nothing of ours, and must not keep the rollback from its end. */
async function listOrGone(
  zone: HostedZone, { identity, zone: properties }: Desired, world: World, touched: SigningTouched,
): Promise<RecordSet[] | undefined> {
  try {
    return await zone.list(domainKeyName(identity));
  } catch (error) {
    if (!(error instanceof ZoneGoneError) && (touched === 'yes' || !isAccessDenied(error))) throw error;
    world.log('zone-gone', { hostedZoneId: properties?.id, message: (error as Error).message });
    return undefined;
  }
}

async function returnToEasyDkim(previous: Desired, owner: Owner, { ses, log }: World, records: readonly RecordSet[]): Promise<void> {
  const { signing, region } = previous;
  if (signing.Method === 'EASY_DKIM') return;
  const identity = await ses.read();
  if (!identity) return log('identity-gone');
  if (!signsAs(signing, identity) || signsForAnother(records, owner, region)) return log('signing-left-alone', { method: identity.origin });
  try {
    const { status } = await ses.putSigning({ origin: 'AWS_SES' });
    log('signing-returned', { status });
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'NotFoundException') return log('identity-gone');
    // Nobody documents whether a replica can be led back by this call. It has neither a key nor records of ours, so it may stay one.
    if (name !== 'BadRequestException' || signing.Method !== 'DEED') throw error;
    log('signing-left-alone', { method: identity.origin, message: withoutKeys(message) });
  }
}

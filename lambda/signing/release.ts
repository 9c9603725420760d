// Lets go of an identity's signing and its records: Delete. What is gone already is fine; what is not ours is left alone.
import { signsAs } from './ses-rules';
import { World } from './task';
import { Desired } from '../base/desired';
import { withoutKeys } from '../base/log';
import { Owner } from '../base/owner';
import { isAccessDenied } from '../base/patience';
import { HostedZone, IdentityState, RecordSet, ZoneGoneError } from '../base/ports';
import { domainKeyName } from '../records/dkim-record';
import { alreadyListed } from '../records/open-zone';
import { settle } from '../records/settle';
import { originOfRecord, planRelease, planRetention, registryName, signsForAnother } from '../records/zone-plan';

/**
 * `told`: SES was told how to sign. `found`: the identity signed so before, and was told nothing. `untouched`: the Create failed before SES was
 * told. `failed`: it failed after. `made-up`: CloudFormation made the id up, as the Create was cancelled or never answered.
 */
export type Course = 'told' | 'found' | 'untouched' | 'failed' | 'made-up';

/** `course` is how the Create ended; `registered`, whether there was a registry record of ours before. True when there was one now, or before. */
export async function release(previous: Desired, owner: Owner, world: World, course: Course, registered = false): Promise<boolean> {
  const zone = previous.zone && world.zone(previous.zone);
  const records = zone && await listOrGone(zone, previous, world, course);
  // What a failed Create has made goes in any case: nobody has it to keep.
  const retain = previous.retain && (course === 'told' || course === 'found');
  // First SES forgets the key, then the record goes: never the other way round. What SES goes on signing with stays.
  const begun = registered || (records?.some(({ name }) => name === registryName(owner)) ?? false);
  const inUse = retain ? [] : await returnToEasyDkim(previous, owner, world, records, { course, begun });
  if (zone && records) {
    const plan = (found: readonly RecordSet[]) => retain ? planRetention(found, owner)
      : planRelease(found, owner, { names: inUse, region: previous.region });
    await unlessGone(() => settle(alreadyListed(zone, records), domainKeyName(previous.identity), plan, world), previous, world);
  }
  return begun;
}

/** A zone that a failed Create had no access to either has nothing of ours, and must not keep the rollback from its end. */
async function listOrGone(zone: HostedZone, previous: Desired, world: World, course: Course): Promise<RecordSet[] | undefined> {
  const mayBeDenied = course === 'untouched' || course === 'made-up';
  return unlessGone(() => zone.list(domainKeyName(previous.identity)), previous, world, (error) => mayBeDenied && isAccessDenied(error));
}

/** A zone or role that is gone, or closed to us, keeps nobody from deleting a stack. */
async function unlessGone<T>(
  work: () => Promise<T>, { zone }: Desired, { log }: World, alsoGone: (error: unknown) => boolean = () => false,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ZoneGoneError) && !alsoGone(error)) throw error;
    log('zone-gone', { hostedZoneId: zone?.id, message: (error as Error).message });
    return undefined;
  }
}

/** Gives the names of the records that SES goes on signing with, for another owner. */
async function returnToEasyDkim(
  previous: Desired, owner: Owner, { ses, log }: World, records: readonly RecordSet[] | undefined, known: Known,
): Promise<string[]> {
  const { signing, region } = previous;
  const forAnother = signsForAnother(records ?? [], owner, region);
  if (signing.Method === 'EASY_DKIM' && !forAnother) return [];
  const identity = await ses.read();
  if (!identity) {
    log('identity-gone');
    return [];
  }
  if (forAnother || !signsAs(signing, identity) || !isOurs(previous, owner, identity, records, known)) {
    log('signing-left-alone', { method: identity.origin });
    return forAnother ? identity.tokens.map((token) => `${token}.${domainKeyName(previous.identity)}`.toLowerCase()) : [];
  }
  try {
    const { status } = await ses.putSigning({ origin: 'AWS_SES' });
    log('signing-returned', { status });
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'NotFoundException') {
      log('identity-gone');
    } else if (name === 'BadRequestException' && signing.Method === 'DEED') {
      // Nobody documents whether a replica can be led back by this call. It has neither a key nor records of ours, so it may stay one.
      log('signing-left-alone', { method: identity.origin, message: withoutKeys(message) });
    } else {
      throw error;
    }
  }
  return [];
}

interface Known {
  readonly course: Course;
  /** A registry record of ours, which is written before SES is told. */
  readonly begun: boolean;
}

/**
 * Whether SES was told by us. The record says it for sure: who signs with a key whose record we wrote was told by us, also when a Create's answer
 * was lost. Otherwise it is what the Create's answer said. Where there was none, a signing that is verified was there before, and so was any in a
 * zone in which nothing was begun.
 */
function isOurs(
  { identity: domain, signing }: Desired, owner: Owner, identity: IdentityState, records: readonly RecordSet[] | undefined, { course, begun }: Known,
): boolean {
  if (signing.Method === 'BYODKIM' && records) {
    if (originOfRecord(records, owner, `${signing.Selector}.${domainKeyName(domain)}`) === 'ours') return true;
    if (course === 'made-up' && !begun) return false;
  }
  return course === 'told' || course === 'failed' || (course === 'made-up' && identity.status !== 'SUCCESS');
}

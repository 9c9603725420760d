// The part of a rotation that one Region has: its identity, its zone with the registry record, and the keys there.
//
// What holds: what the secret's tags say is believed where the owner's registry record in the zone agrees.
import { KnownMember, KnownMembers } from './members';
import { refuseOtherKey } from './own-key';
import { signsWith } from './ses-rules';
import { followsOf, isToldBy, selectorsNow, tagOf } from './signing-tag';
import { leadOf } from './slot';
import { readStoredKeys, signingWith, StoredKey, StoredKeys } from './stored-key';
import { publishRecords, Task } from './task';
import { lookOf } from './verification';
import { HandlerError } from '../base/errors';
import { IdentityState, OpenZone, RecordSet, Services } from '../base/ports';
import { DkimRecord, domainKeyName, holdsTheKey, placed, recordsAt, textsOf, txtRecord } from '../records/dkim-record';
import { isRevoked } from '../records/key-record';
import { followed } from '../records/led-to';
import { alreadyListed, openZone } from '../records/open-zone';
import { Entry } from '../records/registry';
import { entriesNamed, entriesOf, registryName } from '../records/zone-view';

/** The identity of one Region that a key is changed for. */
export interface Member extends KnownMember {
  readonly services: Services;
}

/** The Region of the stack's identity first, then further ones, in the order in which SES is told. */
export type Rotation = readonly [Member, ...Member[]];

export function rotationOf(
  [first, ...further]: KnownMembers, servicesFor: (wanted: KnownMember['wanted']) => Services,
): Rotation {
  const withServices = (member: KnownMember): Member => ({ ...member, services: servicesFor(member.wanted) });
  return [withServices(first), ...further.map(withServices)];
}

/** The keys of a rotation that goes on. */
export interface Keys extends StoredKeys {
  readonly current: StoredKey;
  readonly pending: { readonly versionId: string; readonly key: StoredKey };
}

/** A key that SES has not verified by then is taken back. SES needs minutes, and is said to need up to an hour. */
export const PATIENCE_MS = 3_600_000;

/** Undefined unless both keys are there. */
export function bothOf({ state, current, pending }: StoredKeys): Keys | undefined {
  return current && pending?.key ? { state, current, pending: { ...pending, key: pending.key } } : undefined;
}

/** Throws when the label is on another version, or there is no value. */
export async function keysOf(
  [{ wanted: { signing: { secretArn } }, services }]: Rotation, token: string,
): Promise<Keys> {
  const keys = bothOf(await readStoredKeys(secretArn, services));
  if (keys?.pending.versionId === token) return keys;
  throw new HandlerError(`The version ${token} of the secret ${secretArn} is not the next key`,
    'Nothing was changed. Somebody has moved its labels, or the rotation was taken back: rotate again');
}

/** SES has had its time to verify it, in one Region after the other, and so much more. */
export function isOld({ madeAt }: StoredKey, rotation: Rotation, moreMs = 0): boolean {
  const [{ wanted, services: { retry } }] = rotation;
  return retry.now() - madeAt >= PATIENCE_MS * rotation.length + leadOf(wanted) + moreMs;
}

/** Before a key is changed, SES has to sign with one of these, as the stack wants it. */
export async function requireOurSigning(
  { wanted, owner, services }: Member, current: StoredKey, next: string,
): Promise<IdentityState> {
  const { domain, region } = wanted;
  const identity = await services.ses.read();
  if (!identity) {
    throw new HandlerError(`SES has no identity ${domain} in ${region}`, 'Nothing was changed. Deploy the stack again with a change of the construct');
  }
  const selectors = identity.origin === 'EXTERNAL' ? selectorsNow(tagOf(identity, owner), identity) : [];
  const own = [current.selector, next, ...behind({ wanted, owner }, identity)];
  if (!selectors.some((selector) => own.includes(selector))) {
    const seen = describeSeen({ wanted }, identity, current);
    throw new HandlerError(`SES signs ${domain} otherwise than this secret says: ${seen}`,
      'Nothing was changed. Deploy the stack again with a change of the construct, so that it says how the domain is signed');
  }
  const { followedBy } = signingWith(wanted.signing, current);
  if (followedBy && tagOf(identity, owner).follows !== followsOf(followedBy)) {
    throw new HandlerError(`The tags of ${domain} in SES do not say that this stack follows the secret`,
      'Nothing was changed. Deploy the stack with a change of the construct, such as another recordTtl');
  }
  return identity;
}

/**
 * What a further Region signs with, as its owner's tag says. It can have missed a change, so that no label names its
 * key: it could not be reached, or was on its way out of the stack and came back. Then this change leads it on.
 */
function behind({ wanted: { signing }, owner }: KnownMember, identity: IdentityState | undefined): readonly string[] {
  const tag = identity && signing.isFurther ? tagOf(identity, owner) : undefined;
  return identity && tag && isToldBy(tag, identity) ? selectorsNow(tag, identity) : [];
}

/**
 * The zone, when the owner's registry record in it lists one of the keys as what the domain is signed with.
 *
 * A deployment that has begun before the next key was made marks its record as superseded. If SES signs with it, it is
 * what the domain is signed with all the same.
 */
export async function openOwnZone(
  { wanted, owner, services }: Member, { current, pending }: Pick<StoredKeys, 'current' | 'pending'>,
): Promise<OpenZone> {
  const { domain, zone: settings } = wanted;
  if (!settings) {
    throw new HandlerError(`The tags of the secret name no hosted zone for ${domain}`, 'Deploy the stack again with a change of the construct');
  }
  const zone = await openZone(services.hostedZone(settings), settings, owner.domain);
  const records = await zone.list(domainKeyName(owner.domain));
  const keys = [current, pending?.key].flatMap((key) => key ?? []);
  for (const key of keys) refuseOtherRecord({ wanted, owner, services }, key, records);
  // What has no usable key now, such as a record that somebody has revoked, is no reason to keep its key.
  const listed = entriesNamed(records, owner, keys.map(({ selector }) => selector));
  const identity = listed.every(({ until }) => until) ? await services.ses.read() : undefined;
  const others = behind({ wanted, owner }, identity);
  const entries = [...listed, ...entriesOf(records, owner, others)];
  const isUsed = ({ label }: Entry) => others.includes(label)
    || keys.some((key) => key.selector === label && identity && signsWith(identity, key));
  const isOfWildcard = current && isAnsweredByWildcard(recordOf({ wanted }, current), records)
    && records.some(({ name }) => name === registryName(owner));
  if (!isOfWildcard && !entries.some((entry) => !entry.until || isUsed(entry))) {
    throw new HandlerError(
      `The registry record of this stack in the hosted zone ${settings.id} does not list the key of ${domain}`,
      'Nothing was changed. The secret, its tags or the records were changed by hand, or the stack signs otherwise now. '
      + 'Deploy the stack again with a change of the construct');
  }
  return alreadyListed(zone, records);
}

/** Then there is no record of that name, so nobody lists one. */
function isAnsweredByWildcard(record: DkimRecord, records: readonly RecordSet[]): boolean {
  return recordsAt(record.name, records).some((found) => found.name !== record.name && holdsTheKey(record, found));
}

/**
 * Publishes these keys, and marks the others as superseded. A record of a selector with another key stays as it is. So
 * does one of an earlier key that somebody has revoked: the change leads away from it.
 */
export async function publishKeys(
  member: Member, { zone, ...task }: Task, keys: readonly StoredKey[], inSync = false,
): Promise<void> {
  const listed = await zone?.list(domainKeyName(member.owner.domain)) ?? [];
  const isPublished = (key: StoredKey) => key === keys.at(-1) || !isRevoked(textsOfKey(member, key, listed));
  const wanted = keys.filter(isPublished).map((key) => recordOf(member, key));
  await publishRecords({
    ...task,
    zone: zone && wanted.reduce((before, { name }) =>
      followed(before, name, member.services.dns), alreadyListed(zone, listed)),
  }, {
    wanted,
    inUse: true, // what a deployment takes for the record of a key, whatever else it says
    inSync,
    check: (records) => keys.forEach((key) => refuseOtherRecord(member, key, records)),
  });
}

/** The record of the key before stays for its overlap. */
export async function supersede(member: Member, current: StoredKey, identity: IdentityState): Promise<void> {
  const zone = await openOwnZone(member, { current });
  await publishKeys(member, taskOf(member, identity, zone, current), [current]);
}

export function refuseOtherRecord(
  member: Member, key: Pick<StoredKey, 'selector' | 'publicKey'>, records: readonly RecordSet[],
): void {
  refuseOtherKey(recordOf(member, key), textsOfKey(member, key, records));
}

/** A wildcard has the names that nobody has taken. It gives way to a record of the name. */
export function textsOfKey(
  member: Member, key: Pick<StoredKey, 'selector' | 'publicKey'>, records: readonly RecordSet[],
): string[] {
  const record = recordOf(member, key);
  return records.filter(({ name }) => name === record.name).flatMap(textsOf);
}

/** @param before the key that SES has, for the case that somebody has taken our tag off */
export function taskOf(
  { wanted, owner, services }: Member, identity: IdentityState, zone: OpenZone | undefined, key: StoredKey,
  before?: StoredKey,
): Task {
  const toldBefore = before && signingWith(wanted.signing, before);
  const progress = { signingPut: false, signingTag: identity.tags[owner.label] };
  const settings = wanted.zone && { ...wanted.zone, overwrite: undefined };
  const desired = { ...wanted, zone: settings, signing: signingWith(wanted.signing, key) };
  return { desired, owner, identity, signingTag: tagOf(identity, owner, toldBefore), zone, services, progress };
}

/** As it is in the zone. */
function recordOf(
  { wanted }: Pick<Member, 'wanted'>, { selector, publicKey }: Pick<StoredKey, 'selector' | 'publicKey'>,
): DkimRecord {
  return placed(txtRecord(wanted.domain, selector, publicKey), wanted);
}

/** Nothing waits for the label of a followed key. So one that SES has verified is not taken back while DNS is away. */
export function wasVerified(identity: IdentityState | undefined, key: StoredKey): boolean {
  return key.follows !== undefined && identity?.status === 'TEMPORARY_FAILURE' && signsWith(identity, key) === true;
}

/** Where SES names no selector, it is the one that it was told last. */
export function isVerified(identity: IdentityState | undefined, key: StoredKey): identity is IdentityState {
  return identity?.status === 'SUCCESS' && signsWith(identity, key) !== false;
}

/** One after the other: all Regions share the calls of Route 53. */
export async function inEachRegion<T>(rotation: Rotation, work: (member: Member) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const member of rotation) results.push(await work(member));
  return results;
}

export function describeSeen(
  { wanted: { region } }: Pick<Member, 'wanted'>, identity: IdentityState | undefined, { selector }: StoredKey,
): string {
  if (!identity) return `the identity is gone in ${region}`;
  const { origin, tokens } = identity;
  const named = origin === 'EXTERNAL' ? ` with the selector ${tokens.join() || '(not named)'}` : '';
  return `SES in ${region} has ${origin}${named}, ${lookOf(identity)}; the selector of the key is ${selector}`;
}

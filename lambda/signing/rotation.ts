// One change of a rotating key. Secrets Manager has it done in four steps, repeats them, and may run one twice at once:
// so each looks first, and does what is missing.
//
// What holds:
// - A key is published, and answered by the world's name servers, before SES is told of it. The key before it stays
//   published for its overlap.
// - A key becomes the current one after SES has verified it. Otherwise SES is told the key before it again.
// - In further Regions too: SES is told in one after the other, each when the one before has verified the key. When one
//   fails for good, all get the key before it again.
// - The label AWSPENDING goes last, so that who comes after a crash finds that there is something to do.
// - What the secret's tags say is believed where the owner's registry record in the zone agrees.
import { KnownMember, KnownMembers } from './members';
import { holdsKey, refuseOtherKey, saysKey } from './own-key';
import { isGone } from './secret-key';
import { namesSelector } from './ses-rules';
import { followsOf, isToldBy, selectorsNow, tagOf, wasTold, wasToldLast } from './signing-tag';
import { awaitForgotten, leadOf, nextSlot } from './slot';
import { bitsOf, newKey, privateKeyOf, readStoredKeys, signingWith, StoredKey, StoredKeys } from './stored-key';
import { publishRecords, putSigning, Task, writeSigningTag } from './task';
import { lookOf, STALE_MS } from './verification';
import { FURTHER_REGION_TAG_PREFIX } from '../../src/private/contract';
import { textOf } from '../base/describe-error';
import { HandlerError, OutOfTimeError, sentence } from '../base/errors';
import { IdentityState, OpenZone, RecordSet, Services, TAKEN_BACK } from '../base/ports';
import { OVERTAKEN_ENDS_MS } from '../base/retry';
import {
  DkimRecord, domainKeyName, holdsTheKey, placed, recordName, recordsAt, textsOf, txtRecord,
} from '../records/dkim-record';
import { followed } from '../records/led-to';
import { alreadyListed, openZone } from '../records/open-zone';
import { isAnswered, requireAnswered } from '../records/public-answer';
import { Entry } from '../records/registry';
import { entriesOf, registryName } from '../records/zone-view';

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

/** A key that SES has not verified by then is taken back. SES needs minutes, and is said to need up to an hour. */
export const PATIENCE_MS = 3_600_000;
/** A further Region is left behind when it has failed for so much longer: two more runs of the hourly care. */
const LEFT_AFTER_MS = 2 * PATIENCE_MS;
/** A step looks for so long. It ends before Lambda's 15 minutes, with time for a roll-back. */
const LOOK_MS = 9 * 60_000;
/** All rotations of an account share SES's one call a second. */
const LOOK_EVERY_MS = 15_000;
/** The next key cannot be used, in one Region at least. It has to be taken back. */
export class FailedForGoodError extends HandlerError {}

/** The keys of a rotation that goes on. */
export interface Keys extends StoredKeys {
  readonly current: StoredKey;
  readonly pending: { readonly versionId: string; readonly key: StoredKey };
}

/** createSecret: makes the next key, and stores it under the label AWSPENDING. */
export async function makeNextKey(rotation: Rotation, token: string): Promise<void> {
  const [{ wanted: { signing }, owner, services }] = rotation;
  const { keyStore, retry, log } = services;
  const keys = await readStoredKeys(signing.secretArn, services);
  if (keys.pending?.versionId === token && keys.pending.key) return log('key-made-before');
  // Whoever may tag the secret could ask for a weaker key.
  const keyLength = keys.current && bitsOf(keys.current) > 1024 ? 2048 : signing.keyLength;
  const zone = await openOwnZone(rotation[0], keys);
  const slot = await nextSlot(rotation[0], zone, keys.current);
  const { selector, text } = newKey({ ...signing, keyLength }, token, retry.now(), slot);
  const name = recordName(selector, owner.domain);
  if ((await zone.list(domainKeyName(owner.domain))).some((record) => record.name === name)) {
    throw new HandlerError(`The record ${name} of the next key is there already`,
      'Rotate again, which takes another selector. With delegatedTo, remove the record first if nobody needs it');
  }
  await keyStore(signing.secretArn).put(token, text, 'AWSPENDING');
  log('key-made', { selector });
}

/** setSecret: publishes the next key beside the current one, and tells SES of it, in one Region after the other. */
export async function useNextKey(rotation: Rotation, token: string): Promise<void> {
  const [{ wanted, services }] = rotation;
  const began = services.retry.now();
  const keys = await keysOf(rotation, token);
  const { current, pending: { key } } = keys;
  // All that can be refused is looked at before anything is written, in all Regions.
  const identities = await each(rotation, (member) => requireOurSigning(member, current, key.selector));
  const isTold = identities.some((identity) => has(identity, key) === true);
  await privateKeyOf(key, services); // nothing is published for a key that nobody has
  const zones = await each(rotation, (member) => openOwnZone(member, keys));
  if (isTold) services.log('signing-unchanged', { selector: key.selector });
  else if (isOld(key, rotation)) throw new FailedForGoodError('it was left half-way');
  const record = recordOf(rotation[0], key);
  const isInSlot = wanted.zone?.delegation !== undefined;
  const wasPublished = isInSlot && isAnswered(await services.dns.ask(record.name), holdsKey(record));
  for (const [index, member] of rotation.entries()) {
    await publishKeys(member, taskOf(member, identities[index], zones[index], key), [current, key], !isTold);
  }
  const desired = { ...wanted, signing: signingWith(wanted.signing, key) };
  await requireAnswered(record, saysKey(record), desired, services);
  if (isInSlot && !isTold) {
    const now = await requireOurSigning(rotation[0], current, key.selector); // the publication takes time
    await awaitForgotten(taskOf(rotation[0], now, undefined, key, current), key, wasPublished, LOOK_MS);
  }
  for (const [index, member] of rotation.entries()) {
    await tell(member, keys);
    if (index < rotation.length - 1) await awaitVerified(rotation, member, keys, began);
  }
}

async function tell(member: Member, keys: Keys): Promise<void> {
  const { wanted, services } = member;
  const { key } = keys.pending;
  const privateKey = await privateKeyOf(key, services);
  // What came before can have taken minutes, in which a deployment can have begun.
  const now = await requireOurSigning(member, keys.current, key.selector);
  if (has(now, key)) return;
  const task = taskOf(member, now, await openOwnZone(member, keys), key, keys.current);
  await putSigning(task, { origin: 'EXTERNAL', selector: key.selector, privateKey });
  services.log('next-key-used', { selector: key.selector, hostedZoneId: wanted.zone?.id });
}

/**
 * testSecret: returns when SES has verified the next key, in all Regions. Gives it up when SES says that it cannot, or
 * has not done so in time. Otherwise fails, so that the rotation is repeated.
 */
export async function awaitNextKey(rotation: Rotation, token: string): Promise<void> {
  const began = rotation[0].services.retry.now();
  const keys = await keysOf(rotation, token);
  for (const member of rotation) await awaitVerified(rotation, member, keys, began);
}

/** @param began when the step did, which has so much time for all Regions */
async function awaitVerified(rotation: Rotation, member: Member, keys: Keys, began: number): Promise<void> {
  const { services: { ses, retry, log } } = member;
  const { key } = keys.pending;
  const since = retry.now();
  for (;;) {
    const identity = await ses.read();
    const seen = describeSeen(member, identity, key);
    log('verification-awaited', { status: identity?.status, errorType: identity?.errorType, selector: key.selector });
    const waited = retry.now() - since;
    if (isVerified(identity, key) && isOfNow(identity, key, waited)) return;
    if (waited >= STALE_MS) {
      if (!identity || has(identity, key) === false) throw new FailedForGoodError(`SES signs otherwise meanwhile: ${seen}`);
      if (identity.status === 'FAILED') {
        throw new FailedForGoodError(`SES gave up verifying the next key: ${seen}`);
      }
    }
    if (isOld(key, rotation) && !wasVerified(identity, key)) {
      throw new FailedForGoodError(`SES has not verified the next key in time: ${seen}`);
    }
    if (retry.now() - began >= LOOK_MS) {
      throw new HandlerError(`SES has not verified the next key yet: ${seen}`,
        'It is published, so mail that is signed with it can be verified. It is tried again');
    }
    await retry.pause(LOOK_EVERY_MS * (1 + Math.random()), 'SES to verify the next key');
  }
}

/** finishSecret: the next key becomes the current one, and the one before it is superseded. */
export async function finishNextKey(rotation: Rotation, token: string): Promise<void> {
  const [{ wanted: { signing: { secretArn } }, services: { keyStore, log } }] = rotation;
  const keys = await keysOf(rotation, token);
  const { current, pending: { key } } = keys;
  const identities = await each(rotation, async (member) => {
    const identity = await member.services.ses.read();
    if (isVerified(identity, key)) return identity;
    throw new HandlerError(`The next key was verified, and now is not: ${describeSeen(member, identity, key)}`,
      'Secrets Manager tries again');
  });
  const { state: { versions } } = await keysOf(rotation, token); // those looks can take minutes
  if (versions[TAKEN_BACK] === token) throw new HandlerError(`The next key in ${secretArn} is being taken back`);
  await keyStore(secretArn).moveLabel('AWSCURRENT', current.versionId, key.versionId);
  log('key-current', { selector: key.selector, publicKeySha256: key.publicKeySha256 });
  for (const [index, member] of rotation.entries()) await supersede(member, key, identities[index]);
  await keyStore(secretArn).moveLabel('AWSPENDING', key.versionId);
}

/** The same for a step that is repeated when the next key is the current one already. */
export async function tidyUp(rotation: Rotation, token: string): Promise<void> {
  const [{ wanted: { signing: { secretArn } }, services }] = rotation;
  const { state: { versions }, current } = await readStoredKeys(secretArn, services);
  for (const member of current ? rotation : []) {
    const identity = await member.services.ses.read();
    // A further Region that was away meanwhile has an earlier key still. The next change leads it on.
    const isBehind = identity && current && member.wanted.signing.isFurther && has(identity, current) === false;
    if (current && identity && !isBehind) await supersede(member, current, identity);
  }
  if (versions.AWSPENDING === token) await services.keyStore(secretArn).moveLabel('AWSPENDING', token);
}

/** The record of the key before stays for its overlap. */
async function supersede(member: Member, current: StoredKey, identity: IdentityState): Promise<void> {
  const zone = await openOwnZone(member, { current });
  await publishKeys(member, taskOf(member, identity, zone, current), [current]);
}

/** Publishes these keys, and marks the others as superseded. A record of a selector with another key stays as it is. */
async function publishKeys(member: Member, task: Task, keys: readonly StoredKey[], inSync = false): Promise<void> {
  const wanted = keys.map((key) => placed(recordOf(member, key), member.wanted));
  const zone = task.zone && wanted.reduce((before, { name }) => followed(before, name, member.services.dns), task.zone);
  await publishRecords({ ...task, zone }, {
    wanted,
    inUse: true, // what a deployment takes for the record of a key, whatever else it says
    inSync,
    check: (records) => keys.forEach((key) => refuseOtherRecord(member, key, records)),
  });
}

export function refuseOtherRecord(
  member: Member, key: Pick<StoredKey, 'selector' | 'publicKey'>, records: readonly RecordSet[],
): void {
  const record = placed(recordOf(member, key), member.wanted);
  // A wildcard has the names that nobody has taken. It gives way to a record of the name.
  refuseOtherKey(record, records.filter(({ name }) => name === record.name).flatMap(textsOf));
}

/**
 * Takes the next key back: SES is told the current one again, in all Regions. Gives the error that says so. A Region
 * where that fails hinders no other one, and the label stays, so that it is tried again for hours.
 *
 * Another step can be at work. Its next write is refused by the label that comes first here. One that had begun before
 * is seen at the second look.
 */
async function takeBack(rotation: Rotation, keys: Keys, why: string): Promise<Error> {
  const [{ wanted: { signing: { secretArn } }, services: { keyStore, retry, log } }] = rotation;
  const { state: { versions }, current, pending: { versionId, key } } = keys;
  const { describe, moveLabel } = keyStore(secretArn);
  if (await isWithoutWayBack(rotation, keys)) return keepNext(rotation, keys, why);
  // A followed key has the label if SES was told of it. The tag no longer says that when SES has the key before again.
  const isToHaveIt = versions[TAKEN_BACK] !== versionId && (!key.follows || await wasToldOf(rotation[0], key));
  if (isToHaveIt) await moveLabel(TAKEN_BACK, versions[TAKEN_BACK], versionId);
  const othersEnd = retry.now() + OVERTAKEN_ENDS_MS;
  await takeBackInEach(rotation, keys);
  if (retry.now() < othersEnd) await retry.pause(othersEnd - retry.now(), 'the last call of another step to end');
  const { AWSCURRENT: now } = (await describe())?.versions ?? {};
  if (now === versionId) await moveLabel('AWSCURRENT', versionId, current.versionId); // that call was its last one
  await takeBackInEach(rotation, keys, true);
  await moveLabel('AWSPENDING', versionId);
  if (!key.follows) await moveLabel(TAKEN_BACK, versionId);
  log('next-key-taken-back', { selector: key.selector, message: why });
  return new HandlerError(`The key was not changed: ${sentence(why)} SES has the key before it again`,
    `See what the public name servers answer for the selector, then ${key.follows ? 'store the key' : 'rotate'} again`);
}

/**
 * A followed key that SES was told in vain is not tried again. The tag is written before SES is told. The key before it
 * is in the tag, too, and can be the one that is to come back.
 */
export async function wasToldOf({ owner, services }: Member, { selector }: StoredKey): Promise<boolean> {
  const identity = await services.ses.read();
  return identity !== undefined && wasToldLast(tagOf(identity, owner), selector);
}

/** SES has the next key, and nobody can read the one before it any more: the user has deleted the secret. */
async function isWithoutWayBack([{ services }]: Rotation, { current, pending: { key } }: Keys): Promise<boolean> {
  if (!current.follows) return false;
  const identity = await services.ses.read();
  return identity !== undefined && has(identity, key) === true && isGone(current.secret, services);
}

/** So the next key stays, and whatever the user stores then can follow it. */
async function keepNext(rotation: Rotation, { current, pending: { key } }: Keys, why: string): Promise<Error> {
  const [{ wanted: { signing: { secretArn } }, services: { keyStore, log } }] = rotation;
  await keyStore(secretArn).moveLabel('AWSCURRENT', current.versionId, key.versionId);
  log('next-key-kept', { selector: key.selector, message: why });
  await tidyUp(rotation, key.versionId);
  return new HandlerError(`SES keeps the key with the selector ${key.selector}, as nobody can read the one before it: ${why}`,
    'Store a key under another selector');
}

/** All at once: none has to wait for one that does not answer. */
async function takeBackInEach(rotation: Rotation, keys: Keys, isAgain = false): Promise<void> {
  const { key } = keys.pending;
  const failures: unknown[] = [];
  await Promise.all(rotation.map((member) => takeBackIn(member, keys, isAgain).catch((error: unknown) => {
    const { wanted: { region }, services: { log } } = member;
    if (!mayBeLeft(member, key, rotation)) failures.push(error);
    else log('region-left', { selector: key.selector, message: `${region}: ${textOf(error)}` });
  })));
  if (failures.length > 0) throw failures[0];
}

/**
 * A further Region that fails for hours must not keep the others from any change of the key. It goes on with the key
 * that it has: its owner lists the record, so that stays. The next change that reaches it leads it on.
 */
function mayBeLeft({ wanted: { signing } }: Member, key: StoredKey, rotation: Rotation): boolean {
  return signing.isFurther === true && isOld(key, rotation, LEFT_AFTER_MS);
}

async function takeBackIn(member: Member, keys: Keys, isAgain: boolean): Promise<void> {
  const { services } = member;
  const { current, pending: { key, versionId } } = keys;
  const identity = await services.ses.read();
  if (identity && has(identity, key) !== false) {
    await giveBack(member, keys, identity);
  } else if (identity?.origin === 'EXTERNAL' && !isAgain) {
    await keysOf([member], versionId); // another run of the rotation can have come to its end meanwhile
    // SES does not have the next key. Whatever keeps its record from being marked, the label goes.
    await supersede(member, current, identity).catch((error: unknown) => {
      if (error instanceof OutOfTimeError) throw error;
      services.log('records-refused', { selector: key.selector, message: textOf(error) });
    });
    // The tag is written before SES is told. It is not to say that SES has the next key.
    const tag = tagOf(identity, member.owner);
    if (wasTold(tag, key.selector)) await writeSigningTag(taskOf(member, identity, undefined, current));
  }
}

async function giveBack(member: Member, { current, pending }: Keys, identity: IdentityState): Promise<void> {
  const task = taskOf(member, identity, await openOwnZone(member, { current, pending }), current, pending.key);
  await publishKeys(member, task, [current, ...pending.key.follows ? [] : [pending.key]], true);
  await keysOf([member], pending.versionId); // as above
  const privateKey = await privateKeyOf(current, member.services);
  const now = await member.services.ses.read(); // the publication takes time, in which a deployment can have begun
  if (!now || has(now, pending.key) === false) return;
  await putSigning(task, { origin: 'EXTERNAL', selector: current.selector, privateKey });
  await publishKeys(member, task, [current]);
}

/**
 * What has been left half-way is brought to its end: a key that SES has verified becomes the current one, any other is
 * taken back. False when there is none. Else a last call of it can be under way still.
 */
export async function settle(rotation: Rotation): Promise<boolean> {
  const [{ wanted: { signing: { secretArn } }, services }] = rotation;
  const keys = await readStoredKeys(secretArn, services);
  const { current, pending } = keys;
  if (!pending) return false;
  if (!current || !pending.key) {
    await services.keyStore(secretArn).moveLabel('AWSPENDING', pending.versionId);
    services.log('empty-version-cleared');
    return true;
  }
  const { key } = pending;
  const identities = await Promise.all(rotation.map(({ wanted: { signing }, services: { ses } }) =>
    ses.read().catch((error: unknown) => {
      if (!signing.isFurther) throw error;
      return undefined; // a further Region that cannot be read is not done
    })));
  const isDone = keys.state.versions[TAKEN_BACK] !== pending.versionId
    && identities.every((identity) => isVerified(identity, key) && has(identity, key));
  if (identities.some((identity) => wasVerified(identity, key))) {
    await goOn(rotation, pending.versionId);
    return true;
  }
  const left: Keys = { ...keys, current, pending: { ...pending, key } };
  const end = isDone ? finishNextKey(rotation, pending.versionId)
    : takeBack(rotation, left, 'it was left half-way');
  await end.catch(async (error: unknown) => {
    const { pending: still } = await readStoredKeys(secretArn, services);
    if (still?.versionId === pending.versionId) throw error; // else the rotation has come to its end by itself
  });
  return true;
}

/**
 * For a further Region that nobody looks after from now on: if SES has not verified the next key there, it signs with
 * the current one again. A rotation that still names the Region is taken back: its steps see that before they write.
 */
export async function leadBack(member: Member): Promise<void> {
  const { wanted: { region, signing: { secretArn } }, services } = member;
  const { state, current, pending } = await readStoredKeys(secretArn, services);
  if (!current || !pending?.key) return;
  const { [TAKEN_BACK]: takenBack } = state.versions;
  if (state.tags[FURTHER_REGION_TAG_PREFIX + region] !== undefined && takenBack !== pending.versionId) {
    await services.keyStore(secretArn).moveLabel(TAKEN_BACK, takenBack, pending.versionId);
  }
  await services.retry.pause(OVERTAKEN_ENDS_MS, 'the last call of a rotation to end');
  const identity = await services.ses.read();
  if (!identity || has(identity, pending.key) === false || isVerified(identity, pending.key)) return;
  await giveBack(member, { state, current, pending: { ...pending, key: pending.key } }, identity);
}

/** The same for a step that has failed for good. */
export async function takeBackAfter(rotation: Rotation, token: string, reason: FailedForGoodError): Promise<never> {
  throw await takeBack(rotation, await keysOf(rotation, token), reason.whatHappened);
}

/** SES has had its time to verify it, in one Region after the other, and so much more. */
export function isOld({ madeAt }: StoredKey, rotation: Rotation, moreMs = 0): boolean {
  const [{ wanted, services: { retry } }] = rotation;
  return retry.now() - madeAt >= PATIENCE_MS * rotation.length + leadOf(wanted) + moreMs;
}

/**
 * Goes on with a rotation that Secrets Manager repeats no more: each of several Regions needs SES's time. What another
 * run does at the same moment does no harm, as each looks first.
 */
export async function goOn(rotation: Rotation, token: string): Promise<void> {
  try {
    await useNextKey(rotation, token);
    await awaitNextKey(rotation, token);
    await finishNextKey(rotation, token);
  } catch (error) {
    if (error instanceof FailedForGoodError) await takeBackAfter(rotation, token, error);
    throw error;
  }
}

/** Throws when the label is on another version, or there is no value. */
async function keysOf([{ wanted: { signing: { secretArn } }, services }]: Rotation, token: string): Promise<Keys> {
  const { state, current, pending } = await readStoredKeys(secretArn, services);
  if (!current || !pending?.key || pending.versionId !== token) {
    throw new HandlerError(`The version ${token} of the secret ${secretArn} is not the next key`,
      'Nothing was changed. Somebody has moved its labels, or the rotation was taken back: rotate again');
  }
  return { state, current, pending: { ...pending, key: pending.key } };
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
  const listed = entriesOf(records, owner, keys.map(({ selector }) => selector));
  const identity = listed.every(({ until }) => until) ? await services.ses.read() : undefined;
  const others = behind({ wanted, owner }, identity);
  const entries = [...listed, ...entriesOf(records, owner, others)];
  const isUsed = ({ label }: Entry) => others.includes(label)
    || keys.some((key) => key.selector === label && identity && has(identity, key));
  const isOfWildcard = current && isAnsweredByWildcard(placed(recordOf({ wanted }, current), wanted), records)
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

/** @param before the key that SES has, for the case that somebody has taken our tag off */
function taskOf(
  { wanted, owner, services }: Member, identity: IdentityState, zone: OpenZone | undefined, key: StoredKey,
  before?: StoredKey,
): Task {
  const toldBefore = before && signingWith(wanted.signing, before);
  const progress = { signingPut: false, signingTag: identity.tags[owner.label] };
  const settings = wanted.zone && { ...wanted.zone, overwrite: undefined };
  const desired = { ...wanted, zone: settings, signing: signingWith(wanted.signing, key) };
  return { desired, owner, identity, signingTag: tagOf(identity, owner, toldBefore), zone, services, progress };
}

function recordOf(
  { wanted: { domain } }: Pick<Member, 'wanted'>, { selector, publicKey }: Pick<StoredKey, 'selector' | 'publicKey'>,
): DkimRecord {
  return txtRecord(domain, selector, publicKey);
}

/** Whether SES signs with the key. Undefined when it does not name its selector: then it may be any. */
function has(identity: IdentityState, { selector }: StoredKey): boolean | undefined {
  if (identity.origin !== 'EXTERNAL') return false;
  return identity.tokens.length === 0 ? undefined : namesSelector(identity, selector);
}

/** Nothing waits for the label of a followed key. So one that SES has verified is not taken back while DNS is away. */
function wasVerified(identity: IdentityState | undefined, key: StoredKey): boolean {
  return key.follows !== undefined && identity?.status === 'TEMPORARY_FAILURE' && has(identity, key) === true;
}

/** Where SES names no selector, it is the one that it was told last. */
function isVerified(identity: IdentityState | undefined, key: StoredKey): identity is IdentityState {
  return identity?.status === 'SUCCESS' && has(identity, key) !== false;
}

/** One after the other: all Regions share the calls of Route 53. */
async function each<T>(rotation: Rotation, work: (member: Member) => Promise<T>): Promise<[T, ...T[]]> {
  const [first, ...further] = rotation;
  const results: [T, ...T[]] = [await work(first)];
  for (const member of further) results.push(await work(member));
  return results;
}

/** SES may say of the next key what was true of the one before it. */
function isOfNow({ lastChecked, tokens }: IdentityState, { madeAt }: StoredKey, waited: number): boolean {
  return waited >= STALE_MS || (tokens.length > 0 && (lastChecked?.getTime() ?? 0) > madeAt);
}

function describeSeen(
  { wanted: { region } }: Pick<Member, 'wanted'>, identity: IdentityState | undefined, { selector }: StoredKey,
): string {
  if (!identity) return `the identity is gone in ${region}`;
  const { origin, tokens } = identity;
  const named = origin === 'EXTERNAL' ? ` with the selector ${tokens.join() || '(not named)'}` : '';
  return `SES in ${region} has ${origin}${named}, ${lookOf(identity)}; the selector of the key is ${selector}`;
}

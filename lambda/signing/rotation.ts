// One change of a rotating key. Secrets Manager has it done in four steps, repeats them, and may run one twice at once:
// so each looks first, and does what is missing.
//
// What holds:
// - A key is published, and answered by the world's name servers, before SES is told of it. The key before it stays
//   published for its overlap.
// - A key becomes the current one after SES has verified it. Otherwise it is taken back (taking-back.ts).
// - In further Regions too: SES is told in one after the other, each when the one before has verified the key.
// - The label AWSPENDING goes last, so that who comes after a crash finds that there is something to do.
import { holdsKey, saysKey } from './own-key';
import {
  describeSeen, inEachRegion, isOld, isVerified, Keys, keysOf, Member, openOwnZone, publishKeys,
  requireOurSigning, Rotation, supersede, taskOf, wasVerified,
} from './rotation-member';
import { signsWith } from './ses-rules';
import { awaitForgotten, nextSlot } from './slot';
import { bitsOf, newKey, privateKeyOf, readStoredKeys, signingWith, StoredKey } from './stored-key';
import { putSigning } from './task';
import { STALE_MS } from './verification';
import { HandlerError } from '../base/errors';
import { IdentityState, TAKEN_BACK } from '../base/ports';
import { domainKeyName, recordName, txtRecord } from '../records/dkim-record';
import { isAnswered, requireAnswered } from '../records/public-answer';

/** A step looks for so long. It ends before Lambda's 15 minutes, with time for a roll-back. */
const LOOK_MS = 9 * 60_000;

/** All rotations of an account share SES's one call a second. */
const LOOK_EVERY_MS = 15_000;

/** The next key cannot be used, in one Region at least. It has to be taken back. */
export class FailedForGoodError extends HandlerError {}

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
  const identities = await inEachRegion(rotation, (member) => requireOurSigning(member, current, key.selector));
  const isTold = identities.some((identity) => signsWith(identity, key) === true);
  await privateKeyOf(key, services); // nothing is published for a key that nobody has
  const zones = await inEachRegion(rotation, (member) => openOwnZone(member, keys));
  if (isTold) services.log('signing-unchanged', { selector: key.selector });
  else if (isOld(key, rotation)) throw new FailedForGoodError('it was left half-way');
  const record = txtRecord(wanted.domain, key.selector, key.publicKey);
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
  if (signsWith(now, key)) return;
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
      if (!identity || signsWith(identity, key) === false) throw new FailedForGoodError(`SES signs otherwise meanwhile: ${seen}`);
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
  const identities = await inEachRegion(rotation, async (member) => {
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
    const isBehind = identity && current && member.wanted.signing.isFurther && signsWith(identity, current) === false;
    if (current && identity && !isBehind) await supersede(member, current, identity);
  }
  if (versions.AWSPENDING === token) await services.keyStore(secretArn).moveLabel('AWSPENDING', token);
}

/** SES may say of the next key what was true of the one before it. */
function isOfNow({ lastChecked, tokens }: IdentityState, { madeAt }: StoredKey, waited: number): boolean {
  return waited >= STALE_MS || (tokens.length > 0 && (lastChecked?.getTime() ?? 0) > madeAt);
}

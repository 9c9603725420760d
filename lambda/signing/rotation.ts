// One change of a rotating key. Secrets Manager has it done in four steps, repeats them, and may run one twice at once:
// so each looks first, and does what is missing.
//
// What holds:
// - A key is published, and answered by the world's name servers, before SES is told of it. The key before it stays
//   published for its overlap.
// - A key becomes the current one after SES has verified it. Otherwise SES is told the key before it again.
// - The label AWSPENDING goes last, so that who comes after a crash finds that there is something to do.
// - What the secret's tags say is believed where the owner's registry record in the zone agrees.
import { holdsKey, refuseOtherKey, saysKey } from './own-key';
import { namesSelector } from './ses-rules';
import { selectorsNow, tagOf } from './signing-tag';
import { awaitForgotten, leadOf, nextSlot } from './slot';
import { bitsOf, newKey, readStoredKeys, signingWith, StoredKey, StoredKeys } from './stored-key';
import { publishRecords, putSigning, Task } from './task';
import { lookOf, STALE_MS } from './verification';
import { textOf } from '../base/describe-error';
import { RotatingByoDkim, WantedState } from '../base/desired-state';
import { HandlerError, OutOfTimeError, sentence } from '../base/errors';
import { Owner } from '../base/owner';
import { IdentityState, OpenZone, RecordSet, Services } from '../base/ports';
import { DkimRecord, domainKeyName, placed, recordName, recordsAt, textsOf, txtRecord } from '../records/dkim-record';
import { alreadyListed, openZone } from '../records/open-zone';
import { isAnswered, requireAnswered } from '../records/public-answer';
import { Entry } from '../records/registry';
import { entriesOf } from '../records/zone-view';

export interface Rotation {
  readonly wanted: WantedState & { readonly signing: RotatingByoDkim };
  readonly owner: Owner;
  readonly services: Services;
}

/** A key that SES has not verified by then is taken back. SES needs minutes, and is said to need up to an hour. */
export const PATIENCE_MS = 3_600_000;
/** A step looks for so long. It ends before Lambda's 15 minutes, with time for a roll-back. */
const LOOK_MS = 9 * 60_000;
/** All rotations of an account share SES's one call a second. */
const LOOK_EVERY_MS = 15_000;
/** The keys of a rotation that goes on. */
interface Keys extends StoredKeys {
  readonly current: StoredKey;
  readonly pending: { readonly versionId: string; readonly key: StoredKey };
}

/** createSecret: makes the next key, and stores it under the label AWSPENDING. */
export async function makeNextKey(rotation: Rotation, token: string): Promise<void> {
  const { wanted: { signing }, owner, services: { keyStore, retry, log } } = rotation;
  const keys = await readStoredKeys(signing.secretArn, rotation.services);
  if (keys.pending?.versionId === token && keys.pending.key) return log('key-made-before');
  const zone = await openOwnZone(rotation, keys);
  // Whoever may tag the secret could ask for a weaker key.
  const keyLength = keys.current && bitsOf(keys.current) > 1024 ? 2048 : signing.keyLength;
  const slot = await nextSlot(rotation, zone, keys.current);
  const { selector, text } = newKey({ ...signing, keyLength }, token, retry.now(), slot);
  const name = recordName(selector, owner.domain);
  if ((await zone.list(domainKeyName(owner.domain))).some((record) => record.name === name)) {
    throw new HandlerError(`The record ${name} of the next key is there already`,
      'Remove it if nobody needs it. The next rotation has another selector');
  }
  await keyStore(signing.secretArn).put(token, text, 'AWSPENDING');
  log('key-made', { selector });
}

/** setSecret: publishes the next key beside the current one, and tells SES of it. */
export async function useNextKey(rotation: Rotation, token: string): Promise<void> {
  const { wanted, services } = rotation;
  const keys = await keysOf(rotation, token);
  const { current, pending: { key } } = keys;
  const [identity, zone] = await Promise.all([requireOurSigning(rotation, keys), openOwnZone(rotation, keys)]);
  const isTold = has(identity, key) === true;
  if (isTold) services.log('signing-unchanged', { selector: key.selector });
  else if (isOld(key, services.retry.now(), wanted)) throw await takeBack(rotation, keys, 'it was left half-way');
  const before = taskOf(rotation, identity, zone, key);
  const record = recordOf(rotation, key);
  const wasPublished = wanted.zone?.delegation && isAnswered(await services.dns.ask(record.name), holdsKey(record));
  await publishKeys(rotation, before, [current, key], !isTold);
  await requireAnswered(record, saysKey(record), before.desired, services);
  if (isTold) return;
  await awaitForgotten(wanted, key, wasPublished ? undefined : services.retry.now(), LOOK_MS, services);
  // That can take minutes, in which a deployment can have begun.
  const now = await requireOurSigning(rotation, keys);
  if (has(now, key)) return;
  const task = taskOf(rotation, now, await openOwnZone(rotation, keys), key);
  await putSigning(task, { origin: 'EXTERNAL', selector: key.selector, privateKey: key.pair.privateKey });
  services.log('next-key-used', { selector: key.selector, hostedZoneId: wanted.zone?.id });
}

/**
 * testSecret: returns when SES has verified the next key. Takes it back when SES says that it cannot, or has not done
 * so in time. Otherwise fails, so that the rotation is repeated.
 */
export async function awaitNextKey(rotation: Rotation, token: string): Promise<void> {
  const { services: { ses, retry, log } } = rotation;
  const began = retry.now();
  const keys = await keysOf(rotation, token);
  const { key } = keys.pending;
  for (;;) {
    const identity = await ses.read();
    const seen = describeSeen(identity, key);
    log('verification-awaited', { status: identity?.status, errorType: identity?.errorType, selector: key.selector });
    const waited = retry.now() - began;
    if (isVerified(identity, key) && isOfNow(identity, key, waited)) return;
    if (waited >= STALE_MS) {
      if (!identity || has(identity, key) === false) throw await takeBack(rotation, keys, `SES signs otherwise meanwhile: ${seen}`);
      if (identity.status === 'FAILED') {
        throw await takeBack(rotation, keys, `SES gave up verifying the next key: ${seen}`);
      }
    }
    if (isOld(key, retry.now(), rotation.wanted)) {
      throw await takeBack(rotation, keys, `SES has not verified the next key in time: ${seen}`);
    }
    if (waited >= LOOK_MS) {
      throw new HandlerError(`SES has not verified the next key yet: ${seen}`,
        'It is published, so mail that is signed with it can be verified. Secrets Manager tries again');
    }
    await retry.pause(LOOK_EVERY_MS * (1 + Math.random()), 'SES to verify the next key');
  }
}

/** finishSecret: the next key becomes the current one, and the one before it is superseded. */
export async function finishNextKey(rotation: Rotation, token: string): Promise<void> {
  const { wanted: { signing: { secretArn } }, services: { ses, keyStore, log } } = rotation;
  const keys = await keysOf(rotation, token);
  const { current, pending: { key } } = keys;
  const identity = await ses.read();
  if (!isVerified(identity, key)) {
    throw new HandlerError(`The next key was verified, and now is not: ${describeSeen(identity, key)}`,
      'Secrets Manager tries again');
  }
  await keyStore(secretArn).moveLabel('AWSCURRENT', current.versionId, key.versionId);
  log('key-current', { selector: key.selector, publicKeySha256: key.pair.publicKeySha256 });
  await supersede(rotation, key, identity);
  await keyStore(secretArn).moveLabel('AWSPENDING', key.versionId);
}

/** The same for a step that is repeated when the next key is the current one already. */
export async function tidyUp(rotation: Rotation, token: string): Promise<void> {
  const { wanted: { signing: { secretArn } }, services } = rotation;
  const { state: { versions }, current } = await readStoredKeys(secretArn, services);
  const identity = await services.ses.read();
  if (current && identity) await supersede(rotation, current, identity);
  if (versions.AWSPENDING === token) await services.keyStore(secretArn).moveLabel('AWSPENDING', token);
}

/** The record of the key before stays for its overlap. */
async function supersede(rotation: Rotation, current: StoredKey, identity: IdentityState): Promise<void> {
  const zone = await openOwnZone(rotation, { current });
  await publishKeys(rotation, taskOf(rotation, identity, zone, current), [current]);
}

/** Publishes these keys, and marks the others as superseded. A record of a selector with another key stays as it is. */
async function publishKeys(rotation: Rotation, task: Task, keys: readonly StoredKey[], inSync = false): Promise<void> {
  await publishRecords(task, {
    wanted: keys.map((key) => placed(recordOf(rotation, key), rotation.wanted)),
    inSync,
    check: (records) => keys.forEach((key) => refuseOtherRecord(rotation, key, records)),
  });
}

function refuseOtherRecord(rotation: Rotation, key: StoredKey, records: readonly RecordSet[]): void {
  const record = placed(recordOf(rotation, key), rotation.wanted);
  refuseOtherKey(record, recordsAt(record.name, records).flatMap(textsOf));
}

/** Takes the next key back: SES is told the current one again. Gives the error that says so. */
async function takeBack(rotation: Rotation, keys: Keys, why: string): Promise<Error> {
  const { wanted: { signing: { secretArn } }, services } = rotation;
  const { current, pending: { versionId, key } } = keys;
  const identity = await services.ses.read();
  if (identity && has(identity, key) !== false) {
    await giveBack(rotation, keys, identity);
  } else if (identity?.origin === 'EXTERNAL') {
    // SES does not have the next key. Whatever keeps its record from being marked, the label goes.
    await supersede(rotation, current, identity).catch((error: unknown) => {
      if (error instanceof OutOfTimeError) throw error;
      services.log('records-refused', { selector: key.selector, message: textOf(error) });
    });
  }
  await services.keyStore(secretArn).moveLabel('AWSPENDING', versionId);
  services.log('next-key-taken-back', { selector: key.selector, message: why });
  return new HandlerError(`The key was not changed: ${sentence(why)} SES has the key before it again`,
    'See what the public name servers answer for the selector, then rotate again');
}

async function giveBack(rotation: Rotation, { current, pending }: Keys, identity: IdentityState): Promise<void> {
  const task = taskOf(rotation, identity, await openOwnZone(rotation, { current, pending }), current);
  await publishKeys(rotation, task, [current, pending.key], true);
  await keysOf(rotation, pending.versionId); // another run of the rotation can have come to its end meanwhile
  await putSigning(task, { origin: 'EXTERNAL', selector: current.selector, privateKey: current.pair.privateKey });
  await publishKeys(rotation, task, [current]);
}

/**
 * What has been left half-way is brought to its end: a key that SES has verified becomes the current one, any other is
 * taken back. False when there is none. Else a last call of it can be under way still.
 */
export async function settle(rotation: Rotation): Promise<boolean> {
  const { wanted: { signing: { secretArn } }, services } = rotation;
  const keys = await readStoredKeys(secretArn, services);
  const { current, pending } = keys;
  if (!pending) return false;
  if (!current || !pending.key) {
    await services.keyStore(secretArn).moveLabel('AWSPENDING', pending.versionId);
    services.log('empty-version-cleared');
    return true;
  }
  const identity = await services.ses.read();
  const isNamed = identity !== undefined && has(identity, pending.key);
  const left: Keys = { ...keys, current, pending: { ...pending, key: pending.key } };
  const end = isNamed && isVerified(identity, pending.key) ? finishNextKey(rotation, pending.versionId)
    : takeBack(rotation, left, 'it was left half-way');
  await end.catch(async (error: unknown) => {
    const { pending: still } = await readStoredKeys(secretArn, services);
    if (still?.versionId === pending.versionId) throw error; // else the rotation has come to its end by itself
  });
  return true;
}

/** SES has had its time to verify it. */
export function isOld({ madeAt }: StoredKey, now: number, wanted: WantedState): boolean {
  return now - madeAt >= PATIENCE_MS + leadOf(wanted);
}

/** Throws when the label is on another version, or there is no value. */
async function keysOf({ wanted: { signing: { secretArn } }, services }: Rotation, token: string): Promise<Keys> {
  const { state, current, pending } = await readStoredKeys(secretArn, services);
  if (!current || !pending?.key || pending.versionId !== token) {
    throw new HandlerError(`The version ${token} of the secret ${secretArn} is not the next key`,
      'Nothing was changed. Somebody has moved its labels, or the rotation was taken back: rotate again');
  }
  return { state, current, pending: { ...pending, key: pending.key } };
}

/** Before a key is changed, SES has to sign with one of these. */
async function requireOurSigning(
  { wanted: { domain, region }, owner, services }: Rotation, keys: Keys,
): Promise<IdentityState> {
  const identity = await services.ses.read();
  if (!identity) {
    throw new HandlerError(`SES has no identity ${domain} in ${region}`, 'Nothing was changed. Deploy the stack again');
  }
  const selectors = identity.origin === 'EXTERNAL' ? selectorsNow(tagOf(identity, owner), identity) : [];
  if (!selectors.some((each) => [keys.current.selector, keys.pending.key.selector].includes(each))) {
    throw new HandlerError(`SES signs ${domain} otherwise than this secret says: ${describeSeen(identity, keys.current)}`,
      'Nothing was changed. Deploy the stack again, so that it says how the domain is signed');
  }
  return identity;
}

/**
 * The zone, when the owner's registry record in it lists one of the keys as what the domain is signed with.
 *
 * A deployment that has begun before the next key was made marks its record as superseded. If SES signs with it, it is
 * what the domain is signed with all the same.
 */
async function openOwnZone(
  { wanted, owner, services }: Rotation, { current, pending }: Pick<StoredKeys, 'current' | 'pending'>,
): Promise<OpenZone> {
  const { domain, zone: settings } = wanted;
  if (!settings) {
    throw new HandlerError(`The tags of the secret name no hosted zone for ${domain}`, 'Deploy the stack again');
  }
  const zone = await openZone(services.hostedZone(settings), settings, owner.domain);
  const records = await zone.list(domainKeyName(owner.domain));
  const keys = [current, pending?.key].flatMap((key) => key ?? []);
  for (const key of keys) refuseOtherRecord({ wanted, owner, services }, key, records);
  const entries = entriesOf(records, owner, keys.map(({ selector }) => selector));
  const isMarked = entries.length > 0 && entries.every(({ until }) => until);
  const identity = isMarked ? await services.ses.read() : undefined;
  const isUsed = ({ label }: Entry) => keys.some((key) => key.selector === label && identity && has(identity, key));
  if (!entries.some((entry) => !entry.until || isUsed(entry))) {
    throw new HandlerError(
      `The registry record of this stack in the hosted zone ${settings.id} does not list the key of ${domain}`,
      'Nothing was changed. The secret, its tags or the records were changed by hand, or the stack signs otherwise now. '
      + 'Deploy the stack again');
  }
  return alreadyListed(zone, records);
}

function taskOf({ wanted, owner, services }: Rotation, identity: IdentityState, zone: OpenZone, key: StoredKey): Task {
  const progress = { signingPut: false, signingTag: identity.tags[owner.label] };
  const desired = { ...wanted, signing: signingWith(wanted.signing, key) };
  return { desired, owner, identity, signingTag: tagOf(identity, owner), zone, services, progress };
}

function recordOf({ wanted: { domain } }: Rotation, { selector, pair }: StoredKey): DkimRecord {
  return txtRecord(domain, selector, pair.publicKey);
}

/** Whether SES signs with the key. Undefined when it does not name its selector: then it may be any. */
function has(identity: IdentityState, { selector }: StoredKey): boolean | undefined {
  if (identity.origin !== 'EXTERNAL') return false;
  return identity.tokens.length === 0 ? undefined : namesSelector(identity, selector);
}

/** Where SES names no selector, it is the one that it was told last. */
function isVerified(identity: IdentityState | undefined, key: StoredKey): identity is IdentityState {
  return identity?.status === 'SUCCESS' && has(identity, key) !== false;
}

/** SES may say of the next key what was true of the one before it. */
function isOfNow({ lastChecked }: IdentityState, { madeAt }: StoredKey, waited: number): boolean {
  return waited >= STALE_MS || (lastChecked?.getTime() ?? 0) > madeAt;
}

function describeSeen(identity: IdentityState | undefined, { selector }: StoredKey): string {
  if (!identity) return 'the identity is gone';
  const { origin, tokens } = identity;
  const named = origin === 'EXTERNAL' ? ` with the selector ${tokens.join() || '(not named)'}` : '';
  return `SES has ${origin}${named}, ${lookOf(identity)}; the selector of the key is ${selector}`;
}

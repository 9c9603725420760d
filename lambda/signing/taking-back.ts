// The end of a change that was left half-way: a key that SES has verified becomes current, any other is taken back.
//
// What holds:
// - SES is told the key before it again, in all Regions, also when the next key fails for good in one of them.
// - The label AWSPENDING goes last, so that who comes after a crash finds that there is something to do.
import { isNamedBy } from './members';
import { awaitNextKey, FailedForGoodError, finishNextKey, tidyUp, useNextKey } from './rotation';
import {
  bothOf, isOld, isVerified, Keys, keysOf, Member, openOwnZone, PATIENCE_MS, publishKeys, Rotation, supersede,
  taskOf, textsOfKey, wasVerified,
} from './rotation-member';
import { isGone } from './secret-key';
import { signsWith } from './ses-rules';
import { tagOf, wasTold, wasToldLast } from './signing-tag';
import { privateKeyOf, readStoredKeys, StoredKey } from './stored-key';
import { putSigning, writeSigningTag } from './task';
import { textOf } from '../base/describe-error';
import { HandlerError, OutOfTimeError, sentence } from '../base/errors';
import { IdentityState, TAKEN_BACK } from '../base/ports';
import { OVERTAKEN_ENDS_MS } from '../base/retry';
import { domainKeyName } from '../records/dkim-record';
import { isRevoked } from '../records/key-record';
import { alreadyListed } from '../records/open-zone';

/** A further Region is left behind when it has failed for so much longer: two more runs of the hourly care. */
const LEFT_AFTER_MS = 2 * PATIENCE_MS;

/**
 * What has been left half-way is brought to its end: a key that SES has verified becomes the current one, any other is
 * taken back. False when there is none. Else a last call of it can be under way still.
 */
export async function settle(rotation: Rotation): Promise<boolean> {
  const [{ wanted: { signing: { secretArn } }, services }] = rotation;
  const stored = await readStoredKeys(secretArn, services);
  const keys = bothOf(stored);
  if (!keys) {
    if (!stored.pending) return false;
    await services.keyStore(secretArn).moveLabel('AWSPENDING', stored.pending.versionId);
    services.log('empty-version-cleared');
    return true;
  }
  const { pending: { versionId, key } } = keys;
  const identities = await Promise.all(rotation.map(({ wanted: { signing }, services: { ses } }) =>
    ses.read().catch((error: unknown) => {
      if (!signing.isFurther) throw error;
      return undefined; // a further Region that cannot be read is not done
    })));
  const isDone = keys.state.versions[TAKEN_BACK] !== versionId
    && identities.every((identity) => isVerified(identity, key) && signsWith(identity, key));
  if (identities.some((identity) => wasVerified(identity, key))) {
    await goOn(rotation, versionId);
    return true;
  }
  const end = isDone ? finishNextKey(rotation, versionId) : takeBack(rotation, keys, 'it was left half-way');
  await end.catch(async (error: unknown) => {
    const { pending: still } = await readStoredKeys(secretArn, services);
    if (still?.versionId === versionId) throw error; // else the rotation has come to its end by itself
  });
  return true;
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

/** For a step that has failed for good. */
export async function takeBackAfter(rotation: Rotation, token: string, reason: FailedForGoodError): Promise<never> {
  throw await takeBack(rotation, await keysOf(rotation, token), reason.whatHappened);
}

/**
 * For a Region that nobody looks after from now on, while the secret goes on in others: if SES has not verified the
 * next key there, it signs with the current one again. A rotation that still names the Region is taken back: its steps
 * see that before they write.
 */
export async function leadBack(member: Member): Promise<void> {
  const { wanted, services } = member;
  const { signing: { secretArn } } = wanted;
  const keys = bothOf(await readStoredKeys(secretArn, services));
  if (!keys) return;
  const { state, pending } = keys;
  const { [TAKEN_BACK]: takenBack } = state.versions;
  if (isNamedBy(state.tags, wanted) && takenBack !== pending.versionId) {
    await services.keyStore(secretArn).moveLabel(TAKEN_BACK, takenBack, pending.versionId);
  }
  await services.retry.pause(OVERTAKEN_ENDS_MS, 'the last call of a rotation to end');
  const identity = await services.ses.read();
  if (!identity || signsWith(identity, pending.key) === false || isVerified(identity, pending.key)) return;
  await giveBack(member, keys, identity);
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

/**
 * SES has the next key, and the one before it is of no use any more: the user has deleted the secret, or somebody has
 * revoked its record.
 */
async function isWithoutWayBack([member]: Rotation, { current, pending: { key } }: Keys): Promise<boolean> {
  const { wanted: { zone }, owner, services } = member;
  const identity = await services.ses.read();
  const isNext = identity && (signsWith(identity, key) ?? wasToldLast(tagOf(identity, owner), key.selector));
  if (!isNext) return false;
  if (current.follows && await isGone(current.secret, services)) return true;
  const records = zone && await services.hostedZone(zone).list(domainKeyName(owner.domain));
  return records !== undefined && isRevoked(textsOfKey(member, current, records));
}

/** So the next key stays, and another one can follow it. */
async function keepNext(
  rotation: Rotation, { state: { versions }, current, pending: { key } }: Keys, why: string,
): Promise<Error> {
  const [{ wanted: { signing: { secretArn } }, services: { keyStore, log } }] = rotation;
  const { moveLabel } = keyStore(secretArn);
  await moveLabel('AWSCURRENT', current.versionId, key.versionId);
  if (versions[TAKEN_BACK] === key.versionId) await moveLabel(TAKEN_BACK, key.versionId);
  log('next-key-kept', { selector: key.selector, message: why });
  await tidyUp(rotation, key.versionId);
  return new HandlerError(`SES keeps the key with the selector ${key.selector}, as the one before it is gone: ${why}`,
    key.follows ? 'Store a key under another selector' : 'Rotate again');
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
  if (identity && signsWith(identity, key) !== false) {
    await giveBack(member, keys, identity);
  } else if (identity?.origin === 'EXTERNAL' && isAgain) {
    await keysOf([member], versionId); // another run of the rotation can have come to its end meanwhile
    // SES does not have the next key, and is not about to get it. Whatever keeps its record from being marked, the
    // label goes.
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
  const { owner, services } = member;
  const zone = await openOwnZone(member, { current, pending });
  const records = await zone.list(domainKeyName(owner.domain));
  // SES is not told a key that somebody has revoked. The next change leads on from here.
  if (isRevoked(textsOfKey(member, current, records))) {
    return services.log('next-key-kept', { selector: pending.key.selector });
  }
  const task = taskOf(member, identity, alreadyListed(zone, records), current, pending.key);
  await publishKeys(member, task, [current, ...pending.key.follows ? [] : [pending.key]], true);
  await keysOf([member], pending.versionId); // as above
  const privateKey = await privateKeyOf(current, services);
  const now = await services.ses.read(); // the publication takes time, in which a deployment can have begun
  if (!now || signsWith(now, pending.key) === false) return;
  await putSigning(task, { origin: 'EXTERNAL', selector: current.selector, privateKey });
  await publishKeys(member, task, [current]);
}

// Follows a secret in which the user changes the key: what it has now becomes the next key, by the steps of a rotation.
//
// The user's secret is only read. A secret of ours says, version by version, which of its versions has a key, and our
// labels say where that key stands. So a deployment, a repeat and a crash find what they find for a rotating key.
import { openOwnZone, PATIENCE_MS, refuseOtherRecord, requireOurSigning, Rotation } from './rotation-member';
import { isGone, readNamedKey } from './secret-key';
import { namesSelector } from './ses-rules';
import { tagOf, wasTold } from './signing-tag';
import { FollowedKey, Known, readStoredKeys, readVersion, StoredKey, textOfFollowed } from './stored-key';
import { settle, wasToldOf } from './taking-back';
import { FollowedSecret, RotatingByoDkim } from '../base/desired-state';
import { HandlerError } from '../base/errors';
import { Owner } from '../base/owner';
import { Services, TAKEN_BACK } from '../base/ports';
import { sha256 } from '../base/sha256';
import { domainKeyName } from '../records/dkim-record';
import { requireShortNames } from '../records/record-names';

type Following = RotatingByoDkim & { readonly follows: FollowedSecret };

/** SES has an hour for the next key. If it has not been told of it by then, the key begins again. */
const LATE_MS = PATIENCE_MS / 2;

/** True when something was changed, so that what is to be done next has to be looked at again. */
export async function follow(rotation: Rotation): Promise<boolean> {
  const [member] = rotation;
  const { wanted, owner, services } = member;
  const { signing: { secretArn } } = wanted;
  const { keyStore, retry, log } = services;
  const { state: { versions }, current, pending } = await readStoredKeys(secretArn, services);
  if (!current?.follows || versions.AWSPENDING === current.versionId) return false;
  const next = await keyIn(current.follows, services);
  // The pending key need not be of this secret: whoever may write ours could have put it there.
  const isGoingOn = pending?.key && isSameKey(pending.key, next);
  if (pending && !isGoingOn) return settle(rotation);
  const token = tokenAt(retry.now(), current.versionId, next);
  const begin = () => keyStore(secretArn).put(token, textOfFollowed(current.follows!, next), 'AWSPENDING');
  if (isGoingOn) {
    const isLate = retry.now() - pending.key.madeAt >= LATE_MS && versions[TAKEN_BACK] !== pending.versionId
      && !await wasToldOf(member, pending.key);
    if (isLate) await begin();
    return isLate;
  }
  const takenBack = versions[TAKEN_BACK];
  const before = takenBack && await readVersion(secretArn, takenBack, services);
  if (before && isOf(before, next)) {
    throw new HandlerError(`SES did not verify the key with the selector ${next.selector}, and it was taken back`,
      'See what the public name servers answer for that selector. Then store the key again');
  }
  if (isSameKey(current, next)) {
    if (takenBack) await keyStore(secretArn).moveLabel(TAKEN_BACK, takenBack);
    if (current.secret.versionId === next.versionId) return false;
    // Secrets Manager forgets old versions.
    await keyStore(secretArn).put(token, textOfFollowed(current.follows, { ...next, madeAt: current.madeAt }));
    return true;
  }
  const { selector } = next;
  requireShortNames({ ...wanted, signing: { method: 'BYODKIM', selector, secret: current.secret } });
  await requireOurSigning(member, current, selector);
  const zone = await openOwnZone(member, { current });
  refuseOtherRecord(member, next, await zone.list(domainKeyName(owner.domain)));
  await begin();
  log('next-key-found', { selector });
  return true;
}

/**
 * Before a deployment: has our secret say a key that the deployment can use. That is the one that it says already, but
 * for one that SES has never been told of, that nobody can read any more, or that is of another secret.
 */
export async function prepareKey(
  { secretArn, follows }: Following, { known, current }: Known, owner: Owner, services: Services,
): Promise<void> {
  const { retry, log, keyStore } = services;
  const isOfSecret = known?.follows && isSameSecret(known.follows, follows);
  const isUsed = isOfSecret && !await isOfNoUse(known, owner, services);
  if (isUsed && known.follows?.arn === follows.arn) return;
  const store = (key: FollowedKey, label?: 'AWSPENDING') => keyStore(secretArn)
    .put(tokenAt(retry.now(), known?.versionId ?? secretArn, key), textOfFollowed(follows, key), label);
  const again = (key: StoredKey) => ({ ...key, versionId: key.secret.versionId! });
  const next = isUsed && current ? again(current) // imported in another way
    : await keyIn(follows, services);
  if (isOfSecret && isOf(known, next) && known.follows?.arn === follows.arn) return; // what is repeated finds it there
  await store(next);
  // By that, Secrets Manager has ended a change that goes on. A key that is tried is not the one to come back to.
  if (isUsed && known !== current) await store(again(known), 'AWSPENDING');
  log('first-key-made', { selector: next.selector });
}

async function isOfNoUse({ selector, secret }: StoredKey, owner: Owner, services: Services): Promise<boolean> {
  const identity = await services.ses.read();
  const isKnown = identity && (namesSelector(identity, selector) || wasTold(tagOf(identity, owner), selector));
  return !isKnown || isGone(secret, services);
}

/** An ARN can lack the hyphen and the six characters at its end. */
function isSameSecret(one: FollowedSecret, other: FollowedSecret): boolean {
  const [short, long] = [one.arn, other.arn].sort((first, second) => first.length - second.length);
  const isSame = short === long || (long.startsWith(`${short}-`) && long.length === short.length + '-AbCdEf'.length);
  return isSame && one.jsonField === other.jsonField && one.selectorField === other.selectorField;
}

async function keyIn(follows: FollowedSecret, services: Services): Promise<FollowedKey> {
  return { ...await readNamedKey(follows, services), madeAt: services.retry.now() };
}

/** Of the version that a key gets in our secret. One that is tried again is another version. */
function tokenAt(now: number, before: string, { versionId }: FollowedKey): string {
  return sha256(`${before} ${versionId} ${now}`);
}

function isOf(stored: StoredKey, next: FollowedKey): boolean {
  return stored.secret.versionId === next.versionId && isSameKey(stored, next);
}

function isSameKey(one: StoredKey, { selector, publicKey }: FollowedKey): boolean {
  return one.selector === selector && one.publicKey === publicKey;
}

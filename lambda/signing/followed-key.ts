// Follows a secret in which the user changes the key: what it has now becomes the next key, by the steps of a rotation.
//
// The user's secret is only read. A secret of ours says, version by version, which of its versions has a key, and our
// labels say where that key stands. So a deployment, a repeat and a crash find what they find for a rotating key.
import { createHash } from 'node:crypto';
import { openOwnZone, refuseOtherRecord, requireOurSigning, Rotation, settle } from './rotation';
import { isGone, NamedKey, readNamedKey } from './secret-key';
import { namesSelector } from './ses-rules';
import { tagOf, wasTold } from './signing-tag';
import { readStoredKeys, StoredKey, textOfFollowed } from './stored-key';
import { FollowedSecret } from '../base/desired-state';
import { HandlerError } from '../base/errors';
import { Owner } from '../base/owner';
import { Services, TAKEN_BACK } from '../base/ports';
import { domainKeyName } from '../records/dkim-record';

/** True when something was changed, so that what is to be done next has to be looked at again. */
export async function follow(rotation: Rotation): Promise<boolean> {
  const [member] = rotation;
  const { wanted: { signing: { secretArn } }, owner, services } = member;
  const { keyStore, retry, log } = services;
  const { state: { versions }, current, pending } = await readStoredKeys(secretArn, services);
  if (!current?.follows || versions.AWSPENDING === current.versionId) return false;
  const next = await readNamedKey(current.follows, services);
  const token = tokenAfter(current.versionId, next);
  if (pending?.versionId === token) return false;
  if (pending) return settle(rotation); // the secret has yet another key meanwhile
  if (versions[TAKEN_BACK] === token) {
    throw new HandlerError(`SES did not verify the key with the selector ${next.selector}, and it was taken back`,
      'See what the public name servers answer for that selector. Then store the key again');
  }
  if (isSameKey(current, next)) {
    if (versions[TAKEN_BACK]) await keyStore(secretArn).moveLabel(TAKEN_BACK, versions[TAKEN_BACK]);
    if (current.secret.versionId === next.versionId) return false;
    // Secrets Manager forgets old versions.
    await keyStore(secretArn).put(token, textOfFollowed(current.follows, next, current.madeAt));
    return true;
  }
  await requireOurSigning(member, { current });
  const zone = await openOwnZone(member, { current });
  const { publicKey } = next.pair;
  refuseOtherRecord(member, { selector: next.selector, publicKey }, await zone.list(domainKeyName(owner.domain)));
  await keyStore(secretArn).put(token, textOfFollowed(current.follows, next, retry.now()), 'AWSPENDING');
  log('next-key-found', { selector: next.selector, publicKeySha256: next.pair.publicKeySha256 });
  return true;
}

/** What the secret has at a deployment becomes the first key, or the one after a key that is of no use. */
export async function adopt(
  secretArn: string, follows: FollowedSecret, current: StoredKey | undefined, services: Services,
): Promise<string> {
  const next = await readNamedKey(follows, services);
  const token = tokenAfter(current?.versionId ?? secretArn, next);
  await services.keyStore(secretArn).put(token, textOfFollowed(follows, next, services.retry.now()));
  return next.selector;
}

/** SES has never been told of it, or nobody can read it any more. */
export async function isOfNoUse({ selector, secret }: StoredKey, owner: Owner, services: Services): Promise<boolean> {
  const identity = await services.ses.read();
  const isKnown = identity && (namesSelector(identity, selector) || wasTold(tagOf(identity, owner), selector));
  return !isKnown || isGone(secret, services);
}

/** However often it is done, and by whomever: one key follows another once. One that is stored again is another. */
function tokenAfter(before: string, { versionId }: NamedKey): string {
  return createHash('sha256').update(`${before} ${versionId}`).digest('hex');
}

function isSameKey({ selector, publicKey }: StoredKey, next: NamedKey): boolean {
  return selector === next.selector && publicKey === next.pair.publicKey;
}

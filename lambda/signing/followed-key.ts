// Which key of a followed secret it is, for a request of CloudFormation: what the secret says now, unless that cannot
// be used. The user writes the secret at any time, and CloudFormation does not notice.
//
// | what the secret says now                       | the request                | the key                         |
// | ---------------------------------------------- | -------------------------- | ------------------------------- |
// | a key that was not taken back                  | any but a roll-back        | that one                        |
// | one that was taken back, or none that will do  | an update                  | the one that SES has            |
// | another one than SES has                       | a roll-back                | the one that SES has            |
// | one that the update has told, not verified yet | a roll-back                | the one before it               |
// | none that will do                              | a Create                   | refused                         |
import { createHash } from 'node:crypto';
import { holdsKey } from './own-key';
import { NamedKey, readNamedKey } from './secret-key';
import { namesSelector } from './ses-rules';
import { selectorsBefore, selectorsNow, SigningTag, tagOf } from './signing-tag';
import { textOf } from '../base/describe-error';
import { ByoDkim, FollowedByoDkim, SecretSource, TriedKey, WantedState } from '../base/desired-state';
import { OutOfTimeError, OvertakenError, UnreachableError } from '../base/errors';
import { Owner } from '../base/owner';
import { IdentityState, Services } from '../base/ports';
import { txtRecord } from '../records/dkim-record';
import { isAnswered } from '../records/public-answer';

/** A key that SES has is rarely older than this many versions. Each costs a call. */
const MOST_VERSIONS = 20;

export interface FollowingRequest {
  readonly owner: Owner;
  readonly isUpdate: boolean;
  /** Whether the stack is rolled back. */
  readonly isRollback: () => Promise<boolean>;
}

export type Followed = Pick<WantedState, 'domain'> & { readonly signing: FollowedByoDkim };

export function currentKey({ secret, selectorField }: FollowedByoDkim, services: Services): Promise<NamedKey> {
  return readNamedKey({ ...secret, versionStage: 'AWSCURRENT' }, selectorField, services);
}

export async function followedKey(
  wanted: Followed, { owner, isUpdate, isRollback }: FollowingRequest, services: Services,
): Promise<ByoDkim> {
  const { signing } = wanted;
  if (!isUpdate) return signingBy(signing, await currentKey(signing, services));
  const [current, identity] = await Promise.all([
    currentKey(signing, services).catch(unlessItMayBeRead), services.ses.read(),
  ]);
  const tag = identity ? tagOf(identity, owner) : undefined;
  const inUse = identity && tag && await keyInUse(wanted, identity, tag, services);
  const isKey = !(current instanceof Error);
  const isInUse = isKey && inUse && hashOf(current) === hashOf(inUse);
  if (isKey && (!inUse || (isInUse && identity.status === 'SUCCESS'))) return signingBy(signing, current);
  const isBack = await isRollback();
  if (isInUse && isBack && tag.tried?.hash !== hashOf(current)) {
    const before = await keyBefore(wanted, current, tag, services);
    if (before) return signingBy(signing, before, takenBack(current));
  }
  const isUsable = isKey && !isTakenBack(tag, current, identity) && inUse?.selector !== current.selector;
  const known = inUse ?? (tag && isBack ? await keyBefore(wanted, undefined, tag, services) : undefined);
  if (!isInUse && known && (isBack || !isUsable)) {
    const why = isKey ? 'it was taken back, or has the selector of another key' : textOf(current);
    services.log('key-not-followed', { selector: known.selector, message: why });
    return signingBy(signing, known, tag?.tried);
  }
  if (!isKey) throw current;
  return signingBy(signing, current, isInUse ? tag.tried : undefined);
}

/** What was before: the key that SES has of the secret, or else what the secret says, if that can be known. */
export async function knownFollowedKey(wanted: Followed, owner: Owner, services: Services): Promise<ByoDkim> {
  const { signing } = wanted;
  const identity = await services.ses.read().catch(unlessItMayBeRead);
  const inUse = identity && !(identity instanceof Error)
    ? await keyInUse(wanted, identity, tagOf(identity, owner), services) : undefined;
  const key = inUse ?? await currentKey(signing, services).catch(unlessItMayBeRead);
  if (!(key instanceof Error)) return signingBy(signing, key);
  services.log('key-unknown', { message: textOf(key) });
  return { method: 'BYODKIM', selector: '', secret: signing.secret };
}

/** What may be read later is no answer. */
function unlessItMayBeRead(error: unknown): Error {
  const isNoAnswer = [OutOfTimeError, OvertakenError, UnreachableError].some((kind) => error instanceof kind);
  if (isNoAnswer || !(error instanceof Error)) throw error;
  return error;
}

/** The selector that SES has, as far as anybody knows. */
export function selectorInUse(tag: SigningTag, identity: IdentityState): string | undefined {
  return identity.origin === 'EXTERNAL' ? selectorsNow(tag, identity).at(0) : undefined;
}

/** The key of the secret that SES has. */
export async function keyInUse(
  wanted: Followed, identity: IdentityState, tag: SigningTag, services: Services,
): Promise<NamedKey | undefined> {
  const selector = selectorInUse(tag, identity);
  return selector === undefined ? undefined : keyOf(wanted, selector, services);
}

/** The key of the secret that SES had before this one. */
export async function keyBefore(
  wanted: Followed, key: NamedKey | undefined, tag: SigningTag, services: Services,
): Promise<NamedKey | undefined> {
  for (const selector of selectorsBefore(tag)) {
    const found = selector === key?.selector ? undefined : await keyOf(wanted, selector, services);
    if (found) return found;
  }
  return undefined;
}

/**
 * The key that a version of the secret has for this selector. Somebody can have written two keys with one selector:
 * then it is the one that is published.
 */
async function keyOf(
  { domain, signing: { secret, selectorField } }: Followed, selector: string, services: Services,
): Promise<NamedKey | undefined> {
  const answers = await services.dns.ask(txtRecord(domain, selector, '').name);
  const isPublished = ({ pair: { publicKey } }: NamedKey) =>
    isAnswered(answers, holdsKey(txtRecord(domain, selector, publicKey)));
  let first: NamedKey | undefined;
  for await (const version of versionsOf(secret, services)) {
    const key = await readNamedKey({ ...secret, ...version }, selectorField, services).catch(unlessItMayBeRead);
    if (key instanceof Error || key.selector !== selector) continue;
    if (isPublished(key)) return key;
    first ??= key;
  }
  return first;
}

/** Most often it is one of the first two, and the others need not be listed. */
async function* versionsOf(
  secret: SecretSource, { secretVersions }: Services,
): AsyncGenerator<Pick<SecretSource, 'versionStage' | 'versionId'>> {
  yield { versionStage: 'AWSCURRENT' };
  yield { versionStage: 'AWSPREVIOUS' };
  const ids = await secretVersions.versionIds(secret).catch(unlessItMayBeRead);
  if (!(ids instanceof Error)) for (const versionId of ids.slice(0, MOST_VERSIONS)) yield { versionId };
}

/** Signing with one of the keys, as a method that has a key of its own. */
export function signingBy({ secret }: FollowedByoDkim, { selector, versionId }: NamedKey, tried?: TriedKey): ByoDkim {
  return { method: 'BYODKIM', selector, secret: { ...secret, versionId }, tried };
}

export function hashOf({ selector, pair }: NamedKey): string {
  return createHash('sha256').update(`${selector} ${pair.publicKeySha256}`).digest('base64url').slice(0, 6);
}

export function takenBack(key: NamedKey): TriedKey {
  return { hash: hashOf(key), at: 0 };
}

/** SES was told of it, did not verify it, and was told of another one again. */
export function isTakenBack(tag: SigningTag | undefined, key: NamedKey, identity: IdentityState | undefined): boolean {
  return tag?.tried?.hash === hashOf(key) && tag.tried.at === 0 && !(identity && namesSelector(identity, key.selector));
}

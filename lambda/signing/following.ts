// Follows a secret that the user writes: a new current key is used without a deployment, as a rotation uses its next
// one.
//
// What holds:
// - A key is published, and answered by the world's name servers, before SES is told of it.
// - A key that SES does not verify in time is taken back, and never tried again. The signing tag says so.
// - A secret whose value is no key changes nothing.
// - Whoever may call the function can name any identity and secret of the stack. So it is believed only where the
//   owner's registry record in the zone lists the key that SES has, and that key is one of this secret.
import {
  currentKey, Followed, hashOf, isTakenBack, keyBefore, keyInUse, selectorInUse, signingBy, takenBack,
} from './followed-key';
import { noted } from './noted';
import { refuseOtherKey, signWithOwnKey } from './own-key';
import { NamedKey } from './secret-key';
import { hasOthers, renderTag, SigningTag, tagOf } from './signing-tag';
import { Task } from './task';
import { lookOf, STALE_MS } from './verification';
import { textOf } from '../base/describe-error';
import { TriedKey, WantedState } from '../base/desired-state';
import { HandlerError, OutOfTimeError, OvertakenError, sentence } from '../base/errors';
import { Owner } from '../base/owner';
import { IdentityState, OpenZone, Services } from '../base/ports';
import { domainKeyName, recordsAt, textsOf, txtRecord } from '../records/dkim-record';
import { followed } from '../records/led-to';
import { openZone } from '../records/open-zone';
import { requireShortNames } from '../records/record-names';
import { entriesOf } from '../records/zone-view';

export interface Following {
  readonly wanted: WantedState & Followed;
  readonly owner: Owner;
  readonly services: Services;
}

/** What was there when it was looked at. */
interface Now {
  readonly identity: IdentityState;
  readonly tag: SigningTag;
  readonly inUse: NamedKey;
}

const MINUTE_MS = 60_000;
/** A key that SES has not verified by then is taken back. SES needs minutes, and is said to need up to an hour. */
const PATIENCE_MINUTES = 60;
/** An invocation looks for so long. It ends before Lambda's 15 minutes, with time to take the key back. */
const LOOK_MS = 9 * MINUTE_MS;
const LOOK_EVERY_MS = 15_000;

/** `next`: what the secret says now. */
export async function follow(following: Following, next: NamedKey): Promise<void> {
  const { wanted, services } = following;
  const signing = signingBy(wanted.signing, next);
  requireShortNames({ ...wanted, signing });
  let now = await look(following);
  if (now.inUse.selector !== next.selector) {
    if (isTakenBack(now.tag, next, now.identity)) {
      throw new HandlerError(`SES did not verify the key with the selector ${next.selector}, and it was taken back`,
        'See what the public name servers answer for that selector. Then store the key under another selector');
    }
    // Of two keys in a row the first may not be verified yet: then the way back leads to the one before it.
    if (isBeingTried(now)) {
      await takeBack(following, now, 'the secret has another one');
      now = await look(following);
    }
    await use(following, now, next);
  } else {
    refuseAnother(following, next, now.inUse);
    if (now.tag.tried?.hash !== hashOf(next)) return services.log('secret-followed', { selector: next.selector });
    if (now.identity.status === 'SUCCESS') return verified(following, now.tag, next);
  }
  await awaitVerified(following, next);
}

/** A key that SES has been told without a deployment, and has not verified yet. */
function isBeingTried({ identity, tag, inUse }: Now): boolean {
  return identity.status !== 'SUCCESS' && tag.tried?.hash === hashOf(inUse);
}

/** Throws when what is there is not what this secret's key has been told to be. */
async function look(following: Following): Promise<Now> {
  const { wanted, owner, services } = following;
  const { domain, region, signing: { secret } } = wanted;
  const identity = await services.ses.read();
  if (!identity) {
    throw new HandlerError(`SES has no identity ${domain} in ${region}`, 'Nothing was changed. Deploy the stack again');
  }
  const tag = tagOf(identity, owner);
  const selector = selectorInUse(tag, identity);
  const inUse = tag.leaves ? undefined : await keyInUse(wanted, identity, tag, services);
  if (!inUse) {
    const named = selector === undefined ? '' : ` with the selector ${selector}`;
    throw new HandlerError(`SES signs ${domain} by ${identity.origin}${named}`
      + `, and no version of the secret ${secret.arn} has that key`,
    'Nothing was changed. Deploy the stack with a change of the construct, so that it says how the domain is signed');
  }
  await requireListed(following, inUse);
  return { identity, tag, inUse };
}

async function requireListed(following: Following, key: NamedKey): Promise<void> {
  const { wanted: { domain, zone: settings }, owner } = following;
  const zone = await openOwnZone(following);
  const record = recordOf(following, key);
  const records = await followed(zone, record.name, following.services.dns).list(domainKeyName(domain));
  refuseOtherKey(record, recordsAt(record.name, records).flatMap(textsOf));
  if (entriesOf(records, owner, [key.selector]).length > 0) return;
  throw new HandlerError(
    `The registry record of this stack in the hosted zone ${settings?.id} does not list the key of ${domain}`,
    'Nothing was changed. The secret or the records were changed by hand, or the stack signs otherwise now. Deploy the stack again');
}

function refuseAnother(following: Following, next: NamedKey, inUse: NamedKey): void {
  refuseOtherKey(recordOf(following, next), [recordOf(following, inUse).value], true);
}

/** Publishes the next key, and tells SES of it. */
async function use(following: Following, { identity, tag }: Now, next: NamedKey): Promise<void> {
  const { wanted, services } = following;
  const zone = await openOwnZone(following);
  const records = await zone.list(domainKeyName(wanted.domain));
  const record = recordOf(following, next);
  refuseOtherKey(record, recordsAt(record.name, records).flatMap(textsOf));
  const tried = { hash: hashOf(next), at: Math.floor(services.retry.now() / MINUTE_MS) };
  const task = await taskOf(following, identity, tag, next, tried);
  await signWithOwnKey(task, task.desired.signing, next.pair);
  services.log('next-key-used', { selector: next.selector, publicKeySha256: next.pair.publicKeySha256 });
}

/** Returns when SES has verified it, or the secret has another key. Takes it back when SES has not, in time. */
async function awaitVerified(following: Following, next: NamedKey): Promise<void> {
  const { wanted, owner, services } = following;
  const { ses, retry, log } = services;
  const began = retry.now();
  for (;;) {
    const identity = await ses.read();
    const tag = identity && tagOf(identity, owner);
    const seen = identity ? `${lookOf(identity)}; the selector of the key is ${next.selector}` : 'the identity is gone';
    const waited = retry.now() - began;
    const isNamed = tag && !tag.leaves && selectorInUse(tag, identity) === next.selector;
    log('verification-awaited', { status: identity?.status, errorType: identity?.errorType, selector: next.selector });
    const isVerified = isNamed && identity.status === 'SUCCESS';
    if (isVerified && (waited >= STALE_MS || isOfNow(identity, began))) return verified(following, tag, next);
    if (waited >= STALE_MS && !isNamed) {
      throw new HandlerError(`The key was not changed: SES signs otherwise meanwhile: ${seen}`, 'Deploy the stack again');
    }
    const triedAt = tag?.tried?.hash === hashOf(next) ? tag.tried.at : undefined;
    const isOld = triedAt !== undefined && retry.now() >= (triedAt + PATIENCE_MINUTES) * MINUTE_MS;
    if (isNamed && !isVerified && (isOld || (waited >= STALE_MS && identity.status === 'FAILED'))) {
      await takeBack(following, { identity, tag, inUse: next }, seen);
      throw new HandlerError(`The key was not changed: SES has not verified it in time: ${sentence(seen)} SES has the key before `
        + 'it again', 'See what the public name servers answer for the selector. Then store the key under another selector');
    }
    if (waited >= LOOK_MS) {
      throw new HandlerError(`SES has not verified the next key yet: ${seen}`,
        'It is published, so mail that is signed with it can be verified. It is looked at again');
    }
    if (hashOf(await currentKey(wanted.signing, services)) !== hashOf(next)) return log('secret-has-another-key');
    await retry.pause(LOOK_EVERY_MS * (1 + Math.random()), 'SES to verify the next key');
  }
}

/** From now on it is a key like any other: whatever comes, nobody takes it back. */
async function verified({ owner, services }: Following, tag: SigningTag, next: NamedKey): Promise<void> {
  await services.ses.tag(owner.label, renderTag({ ...tag, tried: undefined }));
  services.log('key-current', { selector: next.selector, publicKeySha256: next.pair.publicKeySha256 });
}

/** SES may say of the next key what was true of the one before it. */
function isOfNow({ lastChecked }: IdentityState, since: number): boolean {
  return (lastChecked?.getTime() ?? 0) > since;
}

/** SES is told the key before it again. */
async function takeBack(following: Following, { identity, tag, inUse: key }: Now, why: string): Promise<void> {
  const { wanted, services } = following;
  const before = await keyBefore(wanted, key, tag, services);
  if (!before) {
    throw new HandlerError(`SES has not verified the key with the selector ${key.selector}, and no version of the secret `
      + `${wanted.signing.secret.arn} has the key before it`, 'Store a key under another selector');
  }
  const task = await taskOf(following, identity, tag, before, takenBack(key));
  await signWithOwnKey(task, task.desired.signing, before.pair);
  services.log('next-key-taken-back', { selector: key.selector, message: why });
}

async function taskOf(
  following: Following, identity: IdentityState, signingTag: SigningTag, key: NamedKey, tried: TriedKey,
) {
  const { wanted, owner, services } = following;
  const desired = { ...wanted, signing: signingBy(wanted.signing, key, tried) };
  const progress = { signingPut: false, signingTag: identity.tags[owner.label] };
  const zone = await openOwnZone(following);
  return { desired, owner, identity, signingTag, zone, services, progress } satisfies Task;
}

async function openOwnZone({ wanted: { domain, zone: settings }, services }: Following): Promise<OpenZone> {
  if (!settings) throw new HandlerError(`There is no hosted zone for ${domain}`, 'Deploy the stack again');
  return openZone(services.hostedZone(settings), settings, domain);
}

function recordOf({ wanted: { domain } }: Following, { selector, pair }: NamedKey) {
  return txtRecord(domain, selector, pair.publicKey);
}

/** Before each write: the secret has the same key, and the stack has not begun to sign otherwise. */
export async function requireFollowed({ wanted, owner, services }: Following, next: NamedKey): Promise<void> {
  const [identity, key] = await Promise.all([services.ses.read(), currentKey(wanted.signing, services)]);
  const tag = identity && tagOf(identity, owner);
  if (tag && !tag.leaves && identity.origin === 'EXTERNAL' && hashOf(key) === hashOf(next)) return;
  throw new HandlerError(`The secret ${wanted.signing.secret.arn} has another key, or ${wanted.domain} is signed otherwise now`,
    'Nothing more was changed');
}

/**
 * Ends the following, before the identity is made to sign otherwise: the tag says that the owner leaves. True when a
 * last call of it can be under way still.
 */
export async function endFollowing({ wanted, owner, services }: Following): Promise<boolean> {
  const { ses, log } = services;
  try {
    const identity = await ses.read();
    if (!identity) return false;
    const tag = tagOf(identity, owner);
    await noted(ses.tag(owner.label, renderTag({ ...tag, leaves: true })), services);
    const current = await currentKey(wanted.signing, services);
    const isQuiet = identity.status === 'SUCCESS' && selectorInUse(tag, identity) === current.selector;
    return !isQuiet || hasOthers(identity, owner);
  } catch (error) {
    if (error instanceof OutOfTimeError || error instanceof OvertakenError) throw error;
    log('following-unknown', { message: textOf(error) });
    return true;
  }
}

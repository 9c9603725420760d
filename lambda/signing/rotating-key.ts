// Which key a rotating key is at this moment, for a request of CloudFormation. Makes the first one.
import { prepareKey } from './followed-key';
import { isNamedBy } from './members';
import { signsWith } from './ses-rules';
import { followsOf, renderTag, tagOf } from './signing-tag';
import { firstSlot } from './slot';
import { followedByOf, Known, newKey, readStoredKeys, signingWith, StoredKey } from './stored-key';
import { textOf } from '../base/describe-error';
import { DesiredSigning, DesiredState, FollowedSecret, RotatingByoDkim, WantedState } from '../base/desired-state';
import { HandlerError, OutOfTimeError, OvertakenError } from '../base/errors';
import { Owner } from '../base/owner';
import { ENDED, isEnded, labelOf, Services } from '../base/ports';
import { sha256 } from '../base/sha256';

/** The state with the key that it is now, after it has made the first one where there is none. */
export async function withKey(wanted: WantedState, owner: Owner, services: Services): Promise<DesiredState> {
  const { signing } = wanted;
  return signing.method === 'ROTATING_BYODKIM'
    ? { ...wanted, signing: await keyNow(signing, { wanted, owner }, services) } : { ...wanted, signing };
}

/** The same for what was before. Its secret may be gone: then the key is one that nobody knows. */
export async function withKnownKey(wanted: WantedState, services: Services): Promise<DesiredState> {
  const { signing } = wanted;
  if (signing.method !== 'ROTATING_BYODKIM') return { ...wanted, signing };
  const known = await currentKey(signing, services).catch((error: unknown) => {
    if (error instanceof OutOfTimeError) throw error;
    services.log('key-unknown', { message: textOf(error) });
    return undefined;
  });
  return {
    ...wanted,
    signing: known ? signingWith(signing, known)
      : { method: 'BYODKIM', selector: '', secret: { arn: signing.secretArn } },
  };
}

async function keyNow(
  signing: RotatingByoDkim, { wanted, owner }: { readonly wanted: WantedState; readonly owner: Owner },
  services: Services,
): Promise<DesiredSigning> {
  const { secretArn, follows } = signing;
  const keys = await keyAndState(signing, services);
  const { known, state } = keys;
  const ended = labelOf(ENDED, state);
  if (ended) await services.keyStore(secretArn).moveLabel(ended, state.versions[ended]); // the stack is back
  if (follows) await prepareKey({ ...signing, follows }, keys, owner, services);
  else if (known) return signingWith(signing, known);
  else await makeFirst(signing, await firstSlot(wanted, owner, services), services);
  const made = await currentKey(signing, services);
  if (!made) {
    throw new HandlerError(`The secret ${secretArn} does not show its first key yet`, 'Deploy again in a minute');
  }
  return signingWith(signing, made);
}

async function makeFirst(signing: RotatingByoDkim, slot: string | undefined, services: Services): Promise<void> {
  // However often it is tried, and by whomever: of one secret there is one first version.
  const token = sha256(`first key of ${signing.secretArn}`);
  const { selector, text } = newKey(signing, token, services.retry.now(), slot);
  await services.keyStore(signing.secretArn).put(token, text);
  services.log('first-key-made', { selector });
}

/**
 * The current key; while a rotation goes on, the one that SES has been told. Either is right, and nobody is told again.
 */
async function currentKey(signing: RotatingByoDkim, services: Services): Promise<StoredKey | undefined> {
  return (await keyAndState(signing, services)).known;
}

async function keyAndState(
  signing: RotatingByoDkim, services: Services,
): Promise<Known> {
  const keys = await readStoredKeys(signing.secretArn, services);
  const { current, pending } = keys;
  const identity = current && pending?.key && await services.ses.read();
  return { ...keys, known: identity && signsWith(identity, pending!.key!) ? pending!.key : current };
}

/**
 * The stack has the signing follow its secret no more: so says its tag on the identity, where it has one. The care
 * looks there before it uses a key, until CloudFormation has removed the secret that says which one it is.
 *
 * A further invocation of the same request comes here again. The tag can say by then that another secret is followed.
 */
async function endFollowing(
  { secretArn }: RotatingByoDkim, follows: FollowedSecret, { label }: Owner, { ses }: Services,
): Promise<void> {
  const identity = await ses.read();
  const tag = identity && tagOf(identity, { label });
  if (!tag || tag.follows !== followsOf(followedByOf(secretArn, follows))) return;
  const others = renderTag({ ...tag, follows: undefined });
  await (others ? ses.tag(label, others) : ses.untag(label));
}

/**
 * Before the identity is made to sign otherwise: no rotation can begin from now on. With a followed secret, the tag of
 * the identity says that.
 */
export async function forbidRotation({ signing }: WantedState, services: Services): Promise<void> {
  if (signing.method !== 'ROTATING_BYODKIM' || signing.follows || signing.isFurther) return;
  const { keyStore, retry } = services;
  const { describe, moveLabel } = keyStore(signing.secretArn);
  await orUnknown(async () => {
    const state = await describe();
    if (!state?.versions.AWSCURRENT || isEnded(state, retry.now())) return false;
    const old = labelOf(ENDED, state);
    if (old) await moveLabel(old, state.versions[old]);
    await moveLabel(`${ENDED}${new Date(retry.now()).toISOString()}`, undefined, state.versions.AWSCURRENT);
    return false;
  }, services);
}

/**
 * Ends a rotation that goes on, before the identity is made to sign otherwise. True when there was one: its last call
 * can be under way still. One that goes by the resource of another Region or domain is left to that.
 *
 * @param owner undefined when the identity is another one from now on
 */
export async function endRotation(
  { signing, region, domain }: WantedState, owner: Owner | undefined, services: Services,
): Promise<boolean> {
  if (signing.method !== 'ROTATING_BYODKIM') return false;
  const store = services.keyStore(signing.secretArn);
  return orUnknown(async () => {
    if (signing.follows && owner) await endFollowing(signing, signing.follows, owner, services);
    const { versions = {}, tags = {} } = await store.describe() ?? {};
    const { AWSCURRENT: current, AWSPENDING: pending } = versions;
    if (pending === undefined || pending === current) return false;
    // It goes on in the others when this Region or domain has left: then the tags of the secret no longer name it.
    if (!isNamedBy(tags, { signing, region, domain })) return true;
    await store.moveLabel('AWSPENDING', pending);
    services.log('rotation-ended');
    return true;
  }, services);
}

/** A secret that cannot be read, or is gone, hinders no deployment: true, as a rotation may go on. */
async function orUnknown(work: () => Promise<boolean>, { log }: Services): Promise<boolean> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OutOfTimeError || error instanceof OvertakenError) throw error;
    log('rotation-unknown', { message: textOf(error) });
    return true;
  }
}

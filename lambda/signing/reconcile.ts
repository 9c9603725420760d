// Brings an identity's signing and its records to what is desired, from whatever is there: Create and Update.
//
// Level, not edge: every step looks first and does only what is missing, so it can be run again after a crash at any point.
import { signWithEasyDkim } from './easy-dkim';
import { readKey, signWithOwnKey } from './own-key';
import { signAsReplica } from './replica';
import { signsAs } from './ses-rules';
import { attributesOf, Progress, Signing, Task, World } from './task';
import { awaitVerification } from './verification';
import { ResourceAttributes } from '../../src/private/contract';
import { Desired } from '../base/desired';
import { Owner } from '../base/owner';
import { openZone } from '../records/open-zone';
import { leaveZone } from '../records/publication';

export interface Brought {
  readonly attributes: ResourceAttributes;
  /** False when the identity did not sign as the previous properties say: their deployment failed, or is still at work. */
  readonly previousHeld: boolean;
  /** The identity signed so before, and SES was not told. */
  readonly signingFound: boolean;
}

/** Throws with what is wrong and what to do. */
export async function bring(desired: Desired, previous: Desired | undefined, owner: Owner, world: World, progress: Progress): Promise<Brought> {
  const { signing } = desired;
  // Everything that can be refused is looked at before anything is written.
  const [key, identity, zone] = await Promise.all([
    signing.Method === 'BYODKIM' ? readKey(desired.identity, signing, previous !== undefined, world) : undefined,
    world.ses.read(),
    desired.zone && openZone(world.zone(desired.zone), desired.zone, desired.identity),
  ]);
  if (key) world.log('key-checked', { publicKeySha256: key.publicKeySha256 });
  if (!identity) {
    throw new Error(`SES has no identity ${desired.identity} in ${desired.region}. Create it there, or set the region where it is.`);
  }
  world.log('identity-read', { status: identity.status, method: identity.origin });
  const task: Task = { desired, previous, owner, identity, zone, world, progress };

  let result: Signing;
  switch (signing.Method) {
    case 'BYODKIM': result = await signWithOwnKey(task, signing, key!); break;
    case 'EASY_DKIM': result = await signWithEasyDkim(task, signing); break;
    case 'DEED': result = await signAsReplica(task, signing); break;
  }
  if (!identity.signingEnabled) world.log('signing-disabled', { message: 'DKIM signing is switched off for this identity: SES signs nothing' });
  await leavePreviousZone(task);
  const status = await awaitVerification(desired, result.status, result.records, world, progress);
  return {
    attributes: attributesOf({ ...result, status }),
    previousHeld: previous === undefined || signsAs(previous.signing, identity),
    signingFound: result.held ?? false,
  };
}

/** The zone was changed or taken away. */
async function leavePreviousZone({ desired, previous, owner, world }: Task): Promise<void> {
  const left = previous?.zone;
  if (!left || left.id === desired.zone?.id) return;
  await leaveZone({ owner, zone: world.zone(left), settings: left, now: () => world.patience.now(), log: world.log });
}

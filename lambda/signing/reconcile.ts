// Makes an identity sign as desired, with its records, from whatever is there: Create and Update.
//
// What holds:
// - Everything that can be refused is looked at before anything is written.
// - Every step looks first and does only what is missing. So it can be run again after a crash at any point.
import { signWithEasyDkim } from './easy-dkim';
import { readKey, signWithOwnKey } from './own-key';
import { signAsReplica } from './replica';
import { isToldBy, sharerOf, tagOf } from './signing-tag';
import { attributesOf, SigningResult, Task, writeSigningTag } from './task';
import { awaitVerification } from './verification';
import { ResourceAttributes } from '../../src/private/contract';
import { DesiredSigning } from '../base/desired-state';
import { HandlerError } from '../base/errors';
import { Services } from '../base/ports';
import { openZone } from '../records/open-zone';
import { leaveZone } from '../records/publication';
import { requireShortNames } from '../records/record-names';

export interface ReconcileRequest extends Pick<Task, 'desired' | 'previous' | 'owner' | 'progress'> {
  /** The secret may have another key than when the stack was deployed so before. */
  readonly isUpdate: boolean;
  /** What this owner has told SES, as far as CloudFormation knows. */
  readonly toldBefore?: DesiredSigning;
}

export interface Reconciled {
  readonly attributes: ResourceAttributes;
  /** False when the identity signed so before, and nobody of this library has told SES. */
  readonly isSigningOurs: boolean;
}

export async function reconcile(request: ReconcileRequest, services: Services): Promise<Reconciled> {
  const { desired: { domain, region, zone: settings } } = request;
  requireShortNames(request.desired);
  const [sign, identity, zone] = await Promise.all([
    methodOf(request, services),
    services.ses.read(),
    settings && openZone(services.hostedZone(settings), settings, domain),
  ]);
  if (!identity) {
    throw new HandlerError(`SES has no identity ${domain} in ${region}`,
      'Create it there, or set the region where it is');
  }
  services.log('identity-read', { status: identity.status, method: identity.origin });

  const signingTag = tagOf(identity, request.owner, request.toldBefore);
  const task: Task = { ...request, identity, signingTag, zone, services };
  const result = await sign(task);
  const isSigningOurs = !result.isUnchanged || await isTold(task);
  if (!identity.signingEnabled) {
    services.log('signing-disabled', { message: 'DKIM signing is switched off for this identity: SES signs nothing' });
  }
  await leavePreviousZone(task);
  const status = await awaitVerification(task, result);
  return {
    attributes: attributesOf({ ...result, status }),
    isSigningOurs: isSigningOurs || request.progress.signingPut,
  };
}

/** The method of signing, with its key read and checked. */
async function methodOf(
  { desired: { domain, signing }, isUpdate }: ReconcileRequest, services: Services,
): Promise<(task: Task) => Promise<SigningResult>> {
  switch (signing.method) {
    case 'BYODKIM': {
      const key = await readKey(domain, signing, services, isUpdate);
      services.log('key-checked', { publicKeySha256: key.publicKeySha256 });
      return (task) => signWithOwnKey(task, signing, key);
    }
    case 'EASY_DKIM': return (task) => signWithEasyDkim(task, signing);
    case 'DEED': return (task) => signAsReplica(task, signing);
  }
}

/**
 * Whether this library has told SES the signing that is there: this owner, or another one that is to leave it then.
 * Writes the tag that says so when it is missing.
 */
async function isTold(task: Task): Promise<boolean> {
  const { identity, owner, signingTag } = task;
  if (!isToldBy(signingTag, identity) && sharerOf(identity, owner) === undefined) return false;
  if (!isToldBy(tagOf(identity, owner), identity)) await writeSigningTag(task);
  return true;
}

/** The stack names another zone now, or none. */
async function leavePreviousZone({ desired, previous, owner, services }: Task): Promise<void> {
  const settings = previous?.zone;
  if (!settings || settings.id === desired.zone?.id) return;
  const { hostedZone, retry, log } = services;
  await leaveZone({ owner, zone: hostedZone(settings), settings, retry, log });
}

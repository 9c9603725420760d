// Makes an identity sign as desired, with its records, from whatever is there: Create and Update.
//
// What holds:
// - A request that waits for SES has done everything else. When it is called again, it only looks.
// - Everything that can be refused is looked at before anything is written.
// - Every step looks first and does only what is missing. So it can be run again after a crash at any point.
import { signWithEasyDkim } from './easy-dkim';
import { readKey, signWithOwnKey } from './own-key';
import { signAsReplica } from './replica';
import { readKeyPair } from './secret-key';
import { signsAs } from './ses-rules';
import { attributesOf, Signed, SigningResult, Task } from './task';
import { awaitVerification } from './verification';
import { ResourceAttributes } from '../../src/private/contract';
import { HandlerError } from '../base/errors';
import { Services } from '../base/ports';
import { openZone } from '../records/open-zone';
import { leaveZone } from '../records/publication';

export type ReconcileRequest = Pick<Task, 'desired' | 'previous' | 'owner' | 'progress'>;

export interface Reconciled {
  readonly attributes: ResourceAttributes;
  readonly previousWasInPlace: boolean;
  /** The identity signed so before, and SES was not told. */
  readonly isSigningUnchanged: boolean;
}

export async function reconcile(request: ReconcileRequest, services: Services): Promise<Reconciled> {
  const { desired: { signing }, progress } = request;
  const { awaited } = progress;
  // SES may quote the key that it was told. The redactor knows only what was read.
  if (awaited && signing.method === 'BYODKIM') await readKeyPair(signing.secret, services).catch(() => undefined);
  const signed = awaited ?? await sign(request, services);
  const status = await awaitVerification(request, signed, services, awaited !== undefined);
  progress.awaited = undefined; // whoever reconciles once more starts anew
  return {
    attributes: attributesOf({ ...signed, status }),
    previousWasInPlace: signed.previousWasInPlace,
    isSigningUnchanged: signed.isUnchanged ?? false,
  };
}

async function sign(request: ReconcileRequest, services: Services): Promise<Signed> {
  const { desired: { domain, region, zone: settings }, previous } = request;
  const [method, identity, zone] = await Promise.all([
    methodOf(request, services),
    services.ses.read(),
    settings && openZone(services.hostedZone(settings), settings, domain),
  ]);
  if (!identity) {
    throw new HandlerError(`SES has no identity ${domain} in ${region}`,
      'Create it there, or set the region where it is');
  }
  services.log('identity-read', { status: identity.status, method: identity.origin });

  const task: Task = { ...request, identity, zone, services };
  const result = await method(task);
  if (!identity.signingEnabled) {
    services.log('signing-disabled', { message: 'DKIM signing is switched off for this identity: SES signs nothing' });
  }
  await leavePreviousZone(task);
  return { ...result, previousWasInPlace: previous === undefined || signsAs(previous.signing, identity) };
}

/** The method of signing, with its key read and checked. */
async function methodOf(
  { desired: { domain, signing }, previous }: ReconcileRequest, services: Services,
): Promise<(task: Task) => Promise<SigningResult>> {
  switch (signing.method) {
    case 'BYODKIM': {
      const key = await readKey(domain, signing, services, previous !== undefined);
      services.log('key-checked', { publicKeySha256: key.publicKeySha256 });
      return (task) => signWithOwnKey(task, signing, key);
    }
    case 'EASY_DKIM': return (task) => signWithEasyDkim(task, signing);
    case 'DEED': return (task) => signAsReplica(task, signing);
  }
}

/** The stack names another zone now, or none. */
async function leavePreviousZone({ desired, previous, owner, services }: Task): Promise<void> {
  const settings = previous?.zone;
  if (!settings || settings.id === desired.zone?.id) return;
  const { hostedZone, retry, log } = services;
  await leaveZone({ owner, zone: hostedZone(settings), settings, now: retry.now(), log });
}

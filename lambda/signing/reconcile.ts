// Makes an identity sign as desired, with its records, from whatever is there: Create and Update.
//
// What holds:
// - A request that waits for SES has done everything else. When it is called again, it only looks.
// - Everything that can be refused is looked at before anything is written.
// - Every step looks first and does only what is missing. So it can be run again after a crash at any point.
import { signWithEasyDkim } from './easy-dkim';
import { noted } from './noted';
import { readKey, signWithKeyBefore, signWithOwnKey } from './own-key';
import { signAsReplica } from './replica';
import { readKeyPair } from './secret-key';
import { namesSelector } from './ses-rules';
import {
  followsOf, hasOthers, isSameSigning, isToldBy, isToldByAnother, leavingOf, renderTag, tagOf, wasTold, wasToldLast,
} from './signing-tag';
import { attributesOf, Signed, SigningResult, Task, writeSigningTag } from './task';
import { awaitVerification } from './verification';
import { ResourceAttributes } from '../../src/private/contract';
import { DesiredSigning, placeOf } from '../base/desired-state';
import { HandlerError } from '../base/errors';
import { IdentityState, Services } from '../base/ports';
import { SHOWN_AFTER_MS } from '../base/retry';
import { SelectorInUseError } from '../records/conflicts';
import { openZone } from '../records/open-zone';
import { leaveZone } from '../records/publication';
import { requireShortNames } from '../records/record-names';

/** Who leaves may see a tag late, tell SES some seconds after it has looked, and be seen late itself. */
const LED_BACK_MS = 3 * SHOWN_AFTER_MS;

export interface ReconcileRequest extends Pick<Task, 'desired' | 'previous' | 'owner' | 'progress'> {
  /** The secret may have another key than when the stack was deployed so before. */
  readonly isUpdate: boolean;
  /** What this owner has told SES, as far as CloudFormation knows. */
  readonly toldBefore?: DesiredSigning;
  /** Whether the stack is rolled back, and what to take it for when nobody can say: without a value, for none. */
  readonly isRollback: (otherwise?: boolean) => Promise<boolean>;
}

export interface Reconciled {
  readonly attributes: ResourceAttributes;
  /** False when the identity signed so before, and nobody of this library has told SES. */
  readonly isSigningOurs: boolean;
}

export async function reconcile(request: ReconcileRequest, services: Services): Promise<Reconciled> {
  const { desired: { signing }, progress: { awaited } } = request;
  // SES may quote the key that it was told. The redactor knows only what was read.
  if (awaited && signing.method === 'BYODKIM') await readKeyPair(signing.secret, services).catch(() => undefined);
  // When signing fails, that is the reason to give, whatever comes of the note.
  const note = () => noteToldBefore(request, services).catch(() => undefined);
  const signed = awaited ?? await sign(request, services).finally(note);
  const status = await awaitVerification(request, signed, services, awaited !== undefined);
  return { attributes: attributesOf({ ...signed, status }), isSigningOurs: signed.isSigningOurs };
}

async function sign(request: ReconcileRequest, services: Services): Promise<Signed> {
  const { desired: { domain, region, zone: settings }, owner } = request;
  requireShortNames(request.desired);
  // The key is read first: SES may quote it, and the redactor knows only what was read.
  const choosing = methodOf(request, () => reading, services);
  const reading = services.ses.read();
  const [method, identity, zone] = await Promise.all([
    choosing,
    reading,
    settings && openZone(services.hostedZone(settings), settings, owner.domain),
  ]);
  if (!identity) {
    throw new HandlerError(`SES has no identity ${domain} in ${region}`,
      'Create it there, or set the region where it is');
  }
  services.log('identity-read', { status: identity.status, method: identity.origin });

  // A run that died has written it, or an earlier deployment.
  request.progress.signingTag ??= identity.tags[request.owner.label];
  const signingTag = tagOf(identity, request.owner, request.toldBefore);
  const task: Task = { ...request, identity, signingTag, zone, services };
  const { signingTag: tagWritten } = request.progress;
  if (signingTag.leaves) await noteComing(task);
  const result = await method(task);
  // With Easy DKIM, that can be so where nothing has changed.
  const isSigningOurs = request.progress.signingPut || await isTold(task) || !result.isUnchanged;
  if (!isSigningOurs) await noteFollowing(task, request.toldBefore);
  const isNew = request.progress.signingTag !== tagWritten;
  if (isNew && hasOthers(identity, request.owner) && await isLedBack(request, services)) return sign(request, services);
  if (!identity.signingEnabled) {
    services.log('signing-disabled', { message: 'DKIM signing is switched off for this identity: SES signs nothing' });
  }
  // Removed owners leave the signing to an owner that stays. Now this owner has it.
  for (const label of isSigningOurs ? leavingOf(identity, request.owner) : []) {
    await noted(services.ses.untag(label), services);
  }
  await leavePreviousZone(task);
  return { ...result, isSigningOurs };
}

/**
 * Without a tag, the library assumes that SES has what the properties say. That is wrong for an update that made no
 * call to SES, because it failed or found the signing. So it writes a tag with the old signing. A roll-back goes back
 * to that.
 */
async function noteToldBefore({ desired, owner, toldBefore, ...request }: ReconcileRequest, services: Services) {
  if (!toldBefore || request.progress.signingTag !== undefined || isSameSigning(toldBefore, desired.signing)) return;
  const identity = await services.ses.read();
  if (!identity || identity.tags[owner.label] !== undefined || await request.isRollback()) return;
  await noted(services.ses.tag(owner.label, renderTag(tagOf(identity, owner, toldBefore))), services);
}

/**
 * This owner has left the signing to another one, or was about to. If that one goes as well, it deletes what only those
 * list that leave. So the tag says that this owner stays before the zone does.
 */
async function noteComing({ owner, signingTag, services }: Task): Promise<void> {
  await noted(services.ses.tag(owner.label, renderTag({ ...signingTag, leaves: false })), services);
  await services.retry.pause(SHOWN_AFTER_MS, 'others to see that this owner stays');
}

/** Another owner may be leaving at this moment. If it has not seen the tag, it leads the signing back. */
async function isLedBack({ desired: { signing } }: ReconcileRequest, { ses, retry, log }: Services): Promise<boolean> {
  await retry.pause(LED_BACK_MS, 'others to see the tag');
  const isBack = signing.method !== 'EASY_DKIM' && (await ses.read())?.origin === 'AWS_SES';
  if (isBack) log('signing-led-back');
  return isBack;
}

/** The method of signing, with its key read and checked. */
async function methodOf(
  { desired: { domain, signing }, isUpdate, isRollback, owner, toldBefore }: ReconcileRequest,
  read: () => Promise<IdentityState | undefined>,
  services: Services,
): Promise<(task: Task) => Promise<SigningResult>> {
  switch (signing.method) {
    case 'BYODKIM': {
      const mayStay = async () => {
        const identity = await read();
        if (!identity) return false;
        // Somebody can have set SES otherwise by hand, and SES may name no selector.
        const isToldLast = wasToldLast(tagOf(identity, owner, toldBefore), signing.selector.toLowerCase());
        return isToldLast || namesSelector(identity, signing.selector) || isRollback(true);
      };
      const key = await readKey(domain, signing, services, isUpdate ? mayStay : undefined);
      services.log('key-checked', { publicKeySha256: key.publicKeySha256 });
      return (task) => signWithOwnKey(task, signing, key).catch(async (error: unknown) => {
        const isOther = error instanceof SelectorInUseError && isUpdate && await isRollback(true);
        if (isOther) return signWithKeyBefore(task, signing, error);
        throw error;
      });
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
  if (!isToldBy(signingTag, identity) && !isToldByAnother(identity, owner)) return false;
  const written = tagOf(identity, owner);
  const isWritten = !written.leaves && isToldBy(written, identity) && written.follows === followsOf(followedBy(task));
  if (!isWritten) await writeSigningTag(task);
  return true;
}

/** A key that is found is followed as well. Nobody of this library has told SES, so the tag does not say that. */
async function noteFollowing(task: Task, toldBefore: DesiredSigning | undefined): Promise<void> {
  const { identity, owner, services } = task;
  const tag = tagOf(identity, owner, toldBefore);
  const follows = followsOf(followedBy(task));
  if (tag.follows !== follows) await services.ses.tag(owner.label, renderTag({ ...tag, follows }));
}

function followedBy({ desired: { signing } }: Task): string | undefined {
  return signing.method === 'BYODKIM' ? signing.followedBy : undefined;
}

/** The stack names another zone now, another place in it, or none. */
async function leavePreviousZone({ desired, previous, owner, identity, signingTag, services }: Task): Promise<void> {
  const settings = previous?.zone;
  if (!settings) return;
  const domain = placeOf(previous);
  if (settings.id === desired.zone?.id && domain === owner.domain) return;
  const { hostedZone, retry, log } = services;
  // Slots are few. A deployment that failed before it told SES must not keep the next ones from them.
  const slots = settings.delegation?.slots ?? [];
  const untold = slots.filter((slot) => !namesSelector(identity, slot) && !wasTold(signingTag, slot));
  await leaveZone({ owner: { ...owner, domain }, zone: hostedZone(settings), settings, retry, log }, untold);
}

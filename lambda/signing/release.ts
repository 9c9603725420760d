// Lets go of an identity's signing and its records: Delete. What is gone already is fine; what is not ours stays.
//
// What holds: SES is led back to Easy DKIM before a record that it signs with goes, never the other way round.
//
// What happens with the signing, and with the record that SES signs with:
//
// | SES signs                | and that was set                       | the signing is     | the record               |
// | ------------------------ | -------------------------------------- | ------------------ | ------------------------ |
// | in any way               | by us, with RETAIN, Create succeeded   | left alone         | stays; the user's        |
// | in any way               | by another owner, for the same Region  | left alone         | is handed over to it     |
// | with Easy DKIM           | by anybody                             | left alone         | is deleted if it is ours |
// | not as our stack says    | by somebody since                      | left alone         | is deleted if it is ours |
// | as our stack says        | by somebody before us                  | left alone         | is deleted if it is ours |
// | as our stack says        | by us (wasSetByUs)                     | reset to Easy DKIM | is deleted if it is ours |
import { signsAs } from './ses-rules';
import { nameOf, textOf } from '../base/describe-error';
import { DesiredState } from '../base/desired-state';
import { ZoneGoneError } from '../base/errors';
import { Owner } from '../base/owner';
import { HostedZone, IdentityState, RecordSet, Services } from '../base/ports';
import { isAccessDenied } from '../base/retry';
import { applyPlan } from '../records/apply-plan';
import { domainKeyName } from '../records/dkim-record';
import { alreadyListed } from '../records/open-zone';
import { planRelease, planRetention } from '../records/zone-plan';
import { originOfRecord, registryName, signsForAnother } from '../records/zone-view';

/** What the answer to a Create said. */
export interface CreateOutcome {
  readonly succeeded: boolean;
  /** SES was told how to sign. False: the identity signed so before, or the Create failed too early. */
  readonly signingPut: boolean;
}

export interface ReleaseRequest {
  readonly previous: DesiredState;
  readonly owner: Owner;
  /** Undefined where CloudFormation got no answer to the Create: it was cancelled, or its invocation died. */
  readonly create?: CreateOutcome;
  /** An earlier run of this request has seen the owner's registry record. */
  readonly hadRegistry?: boolean;
}

/** Gives whether there is a registry record of this owner, or was one before. */
export async function release(request: ReleaseRequest, services: Services): Promise<boolean> {
  const { previous, owner, create } = request;
  const zone = previous.zone && services.hostedZone(previous.zone);
  const records = zone && await listOrGone(zone, request, services);
  const hadRegistry = request.hadRegistry || (records?.some(({ name }) => name === registryName(owner)) ?? false);
  // What a failed Create has made goes in any case: nobody has it to keep.
  const retain = previous.retain && create?.succeeded === true;
  const stillUsed = retain ? [] : await releaseSigning({ ...request, hadRegistry }, records, services);
  if (zone && records) {
    const plan = (found: readonly RecordSet[], room: number) => retain ? planRetention(found, owner, room)
      : planRelease(found, owner, { names: stillUsed, region: previous.region }, room);
    const below = domainKeyName(previous.domain);
    await unlessGone(() => applyPlan(alreadyListed(zone, records), below, plan, services), previous, services);
  }
  return hadRegistry;
}

/** A zone that a failed Create had no access to has nothing of ours, and must not keep the roll-back from its end. */
async function listOrGone(
  zone: HostedZone, { previous, create }: ReleaseRequest, services: Services,
): Promise<RecordSet[] | undefined> {
  const mayBeDenied = !create || (!create.succeeded && !create.signingPut);
  const list = async () => zone.list(domainKeyName(previous.domain)).catch((error: unknown) => {
    throw mayBeDenied && isAccessDenied(error) ? new ZoneGoneError(textOf(error)) : error;
  });
  return unlessGone(list, previous, services);
}

/** A zone or role that is gone, or closed to us, keeps nobody from deleting a stack. */
async function unlessGone<T>(
  work: () => Promise<T>, { zone }: DesiredState, { log }: Services,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ZoneGoneError)) throw error;
    log('zone-gone', { hostedZoneId: zone?.id, message: error.whatHappened });
    return undefined;
  }
}

/** Resets the signing if we have set it. Gives the names of records that SES still signs with, for another owner. */
async function releaseSigning(
  request: ReleaseRequest, records: readonly RecordSet[] | undefined, { ses, log }: Services,
): Promise<string[]> {
  const { previous: { domain, region, signing }, owner } = request;
  const isSetByAnother = signsForAnother(records ?? [], owner, region);
  if (signing.method === 'EASY_DKIM' && !isSetByAnother) return [];
  const identity = await ses.read();
  if (!identity) {
    log('identity-gone');
    return [];
  }
  if (isSetByAnother || !signsAs(signing, identity) || !wasSetByUs(request, identity, records)) {
    log('signing-left-alone', { method: identity.origin });
    return isSetByAnother ? identity.tokens.map((token) => `${token}.${domainKeyName(domain)}`.toLowerCase()) : [];
  }
  try {
    const { status } = await ses.putSigning({ origin: 'AWS_SES' });
    log('signing-reset', { status });
  } catch (error) {
    if (nameOf(error) === 'NotFoundException') {
      log('identity-gone');
    } else if (nameOf(error) === 'BadRequestException' && signing.method === 'DEED') {
      // Nobody documents whether a replica can be led back by this call. It has neither a key nor records of ours, so
      // it may stay one.
      log('signing-left-alone', { method: identity.origin, message: textOf(error) });
    } else {
      throw error;
    }
  }
  return [];
}

/**
 * Whether we told SES to sign so. SES does not say who did, so it is inferred.
 *
 * 1. The record under the selector is ours. Then we did, also when the Create's answer was lost.
 * 2. The Create was answered. Then it is what the answer said.
 * 3. There was no answer, and no registry record. That is written before SES is told. So we did not.
 * 4. There was no answer, and no zone to look at, or a registry record. A verified signing was there before us: ours
 *    would not be verified so soon.
 */
function wasSetByUs(
  { previous: { domain, signing }, owner, create, hadRegistry }: ReleaseRequest,
  identity: IdentityState, records: readonly RecordSet[] | undefined,
): boolean {
  if (signing.method === 'BYODKIM' && records) {
    if (originOfRecord(records, owner, `${signing.selector}.${domainKeyName(domain)}`) === 'ours') return true;
    if (!create && !hadRegistry) return false;
  }
  return create ? create.signingPut : identity.status !== 'SUCCESS';
}

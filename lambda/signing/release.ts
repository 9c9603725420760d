// Releases an identity's signing and its records: Delete. Things that are gone already are no failure. What is not ours
// stays.
//
// Invariant: SES is set back to Easy DKIM before a record that it signs with is deleted, never the other way round. The
// tags of the identity say who has set the signing (signing-tag.ts).
//
// What happens with the signing, and with the record that SES signs with:
//
// | SES signs                                     | the signing is     | the record                       |
// | --------------------------------------------- | ------------------ | -------------------------------- |
// | in any way, with RETAIN, and no roll-back     | left alone         | stays; the user's                |
// | as we told it, and another owner stays        | left alone         | is handed over to that owner     |
// | as another owner told it that goes, too,      |                    |                                  |
// | and none stays                                | reset to Easy DKIM | is deleted if it is ours         |
// | as we told it, over somebody else's signing,  |                    |                                  |
// | and the stack is rolled back                  | left alone         | stays; the user's                |
// | as we told it                                 | reset to Easy DKIM | is deleted if it is ours         |
// | with Easy DKIM                                | left alone         | is deleted if it is ours         |
// | otherwise                                     | left alone         | stays, without a registry record |
import { isDeepStrictEqual } from 'node:util';
import { noted } from './noted';
import { signsAs } from './ses-rules';
import {
  canHaveSigned, isLeft, isToldBy, leavingOf, renderTag, selectorsNow, SigningTag, successorOf, tagOf, tagsWithRetained,
} from './signing-tag';
import { nameOf, textOf } from '../base/describe-error';
import { DesiredState } from '../base/desired-state';
import { ZoneGoneError } from '../base/errors';
import { Owner } from '../base/owner';
import { HostedZone, IdentityState, OpenZone, RecordSet, Services } from '../base/ports';
import { isAccessDenied, SHOWN_AFTER_MS } from '../base/retry';
import { applyPlan } from '../records/apply-plan';
import { domainKeyName, recordName } from '../records/dkim-record';
import { alreadyListed } from '../records/open-zone';
import { planSettings } from '../records/publication';
import { planRelease, planRetention, StillUsed } from '../records/zone-plan';
import { otherListing, registryName } from '../records/zone-view';

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
  /** Whether the stack is rolled back. */
  readonly isRollback: () => Promise<boolean>;
}

export async function release(request: ReleaseRequest, services: Services): Promise<void> {
  const { previous, owner, create } = request;
  const zone = previous.zone && services.hostedZone(previous.zone);
  const [read, records] = await Promise.all([
    hasBegun(request) ? readOrGone(request, services) : undefined, zone && listOrGone(zone, request, services),
  ]);
  const hasRecords = records?.some(({ name }) => name === registryName(owner));
  const identity = !hasBegun(request) && hasRecords ? await readOrGone(request, services) : read;
  const isKept = await mayKeep(request, identity);
  const letGo = isKept ? retainSigning : releaseSigning;
  const stillUsed = identity ? await letGo(request, identity, services, records ?? []) : NOTHING;
  if (zone && records) {
    const hasOthers = stillUsed.successor !== undefined || (stillUsed.leaving ?? []).length > 0;
    const listed = alreadyListed(zone, records);
    const list: OpenZone['list'] = async (below) => {
      const found = await listed.list(below);
      if (hasOthers && !isDeepStrictEqual(found, records)) throw new OwnersAtWorkError();
      return found;
    };
    const plan = (found: readonly RecordSet[], room: number) =>
      isKept ? planRetention(found, owner, room) : planRelease(found, owner, stillUsed, room);
    const below = domainKeyName(owner.domain);
    try {
      await unlessGone(() => applyPlan({ ...listed, list }, below, plan, services), previous, services);
    } catch (error) {
      if (!(error instanceof OwnersAtWorkError)) throw error;
      await services.retry.pause(SHOWN_AFTER_MS, 'SES to show what other owners have told it');
      return release(request, services);
    }
  }
  if (!identity || stillUsed.isOnlyInOurTag) return;
  const isNew = !create || (!create.succeeded && create.signingPut); // then SES may not show our tag
  if (isNew || stillUsed.isNoted || identity.tags[owner.label] !== undefined) {
    // A tag that has to stay is nobody's: else the next owner would leave the signing to it.
    if (!await noted(services.ses.untag(owner.label), services)) {
      await noted(services.ses.tag(owner.label, renderTag({ told: [], leaves: true })), services);
    }
  }
  for (const label of stillUsed.leaving ?? []) await noted(services.ses.untag(label), services);
}

interface Left extends StillUsed {
  /** Our tag says that we leave. */
  readonly isNoted?: boolean;
  /** SES signs as we alone have told it, and another owner stays. It finds that in our tag, and takes it off. */
  readonly isOnlyInOurTag?: boolean;
}

const NOTHING: Left = { names: [] };

/**
 * Another owner has changed the zone meanwhile. The one that was to get the record can have gone, and one that was
 * going can have come again. So SES is looked at again.
 */
class OwnersAtWorkError extends Error {}

/**
 * What a roll-back takes back goes in any case, but for what mail is signed with in place of somebody's signing. That
 * may be a Create which succeeded.
 */
async function mayKeep(request: ReleaseRequest, identity: IdentityState | undefined): Promise<boolean> {
  const { previous, create, isRollback } = request;
  const tag = identity && ownTag(request, identity);
  const isReplacement = tag?.replaced !== undefined && isToldBy(tag, identity!);
  const isRetained = previous.retain && create?.succeeded === true;
  if (isRetained === isReplacement) return isRetained;
  return await isRollback() ? isReplacement : isRetained;
}

function ownTag({ previous, owner, create }: ReleaseRequest, identity: IdentityState): SigningTag {
  return tagOf(identity, owner, create?.signingPut ? previous.signing : undefined);
}

/**
 * With RETAIN, the signing is the user's from now on. So no other owner may set it back later. The last owner removes
 * the tags of owners that have left the signing, also if SES signs as they have set it. A signing that is not in the
 * properties is left to another owner that has set it: an update that was rolled back can have set the same.
 */
async function retainSigning(request: ReleaseRequest, identity: IdentityState, services: Services): Promise<Left> {
  const isOurs = signsAs(request.previous.signing, identity) && isToldBy(ownTag(request, identity), identity);
  for (const { label, tag } of isOurs ? tagsWithRetained(identity, request.owner) : []) {
    await noted(services.ses.tag(label, renderTag(tag)), services);
  }
  const takesTags = isOurs || !successorOf(identity, request.owner);
  return { names: [], leaving: takesTags ? leavingOf(identity, request.owner) : [] };
}

/** False for a Create that failed before it told SES anything. It may have written records. */
function hasBegun({ create }: ReleaseRequest): boolean {
  return !create || create.succeeded || create.signingPut;
}

/** A Create that never got to the identity or the zone must not keep the roll-back from its end. */
function mayBeDenied(request: ReleaseRequest): boolean {
  return !request.create || !hasBegun(request);
}

async function readOrGone(request: ReleaseRequest, { ses, log }: Services): Promise<IdentityState | undefined> {
  const identity = await ses.read().catch((error: unknown) => {
    if (!mayBeDenied(request) || !isAccessDenied(error)) throw error;
    return undefined;
  });
  if (!identity) log('identity-gone');
  return identity;
}

/** A zone that a failed Create had no access to has nothing of ours. */
async function listOrGone(
  zone: HostedZone, request: ReleaseRequest, services: Services,
): Promise<RecordSet[] | undefined> {
  const list = async () => zone.list(domainKeyName(request.owner.domain)).catch((error: unknown) => {
    throw mayBeDenied(request) && isAccessDenied(error) ? new ZoneGoneError(textOf(error)) : error;
  });
  return unlessGone(list, request.previous, services);
}

/** A stack can be deleted also if the zone or the role is gone, or refuses access. */
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

/** Resets the signing if it is ours alone. Gives the records that SES goes on signing with. */
async function releaseSigning(
  request: ReleaseRequest, identity: IdentityState, services: Services, records: readonly RecordSet[],
): Promise<Left> {
  const { previous, owner, create } = request;
  // Somebody has taken our tag away, and perhaps those of other owners. Then their registry records count.
  const tag = ownTag(request, identity);
  const isUntagged = identity.origin !== 'AWS_SES' && identity.tags[owner.label] === undefined;
  // Without a zone nothing could say who needs the signing. What a roll-back takes back is needed by nobody else.
  const isUnknown = isUntagged && !previous.zone && create?.succeeded === true && !await request.isRollback();
  const other = isUntagged
    ? otherListing(records, owner, recordNamesOf(tag, identity, owner), owner.region) : undefined;
  if (isUnknown || other) {
    return { ...leftAlone(tag, identity, request, services), successor: successorOf(identity, owner) ?? other };
  }
  const mayLeave = tag.told.length > 0 && successorOf(identity, owner) !== undefined;
  const hasLeft = mayLeave && (tag.leaves || await noteLeaving(tag, request, services));
  const now = hasLeft && !tag.leaves ? await services.ses.read() : identity;
  if (!now) return NOTHING;
  const successor = successorOf(now, owner);
  const tagNow = ownTag(request, now);
  const isOurs = isToldBy(tagNow, now);
  const isFree = !successor && (isOurs || isLeft(now, owner));
  const isEasy = now.origin === 'AWS_SES' && tagNow.replaced !== 'AWS_SES';
  if (!successor && (isEasy || (isFree && await resetSigning(now, services)))) {
    return { names: [], leaving: leavingOf(now, owner), isNoted: hasLeft };
  }
  return {
    ...leftAlone(tagNow, now, request, services),
    successor,
    leaving: successor ? [] : leavingOf(now, owner),
    isNoted: hasLeft,
    isOnlyInOurTag: hasLeft && isOurs && !!successor && !isToldBy(tagOf(now, { label: successor }), now),
  };
}

function leftAlone(
  tag: SigningTag, identity: IdentityState, request: ReleaseRequest, { log, retry }: Services,
): StillUsed {
  const { previous: { zone }, owner, create } = request;
  log('signing-left-alone', { method: identity.origin });
  // What a failed Create has told SES is either what SES signs with now, or has not arrived.
  const hasBefore = zone && create?.succeeded !== false;
  return {
    names: recordNamesOf(tag, identity, owner),
    before: hasBefore ? {
      ...planSettings({ settings: zone, retry }), wasTold: (entry) => canHaveSigned(tag, entry),
    } : undefined,
  };
}

function recordNamesOf(tag: SigningTag, identity: IdentityState, { domain }: Owner): string[] {
  return selectorsNow(tag, identity).map((selector) => recordName(selector, domain));
}

/**
 * Two owners of one identity can be removed at the same moment, and each would leave the signing to the other. So each
 * first notes that it leaves, and then looks who stays. It never writes the tag of another owner: if that owner has
 * gone in the meantime, nobody would remove the tag.
 */
async function noteLeaving(tag: SigningTag, { owner }: ReleaseRequest, services: Services): Promise<boolean> {
  const isNoted = await noted(services.ses.tag(owner.label, renderTag({ ...tag, leaves: true })), services);
  await services.retry.pause(SHOWN_AFTER_MS, 'others to say that they leave');
  return isNoted;
}

/** False when SES does not take it. */
async function resetSigning({ origin }: IdentityState, { ses, log }: Services): Promise<boolean> {
  try {
    const { status } = await ses.putSigning({ origin: 'AWS_SES' });
    log('signing-reset', { status });
    return true;
  } catch (error) {
    if (nameOf(error) === 'NotFoundException') {
      log('identity-gone');
      return true;
    }
    // Nobody documents whether a replica can be led back by this call. It has neither a key nor records of ours, so it
    // may stay one.
    if (nameOf(error) === 'BadRequestException' && origin !== 'EXTERNAL') return false;
    throw error;
  }
}

// Carries out a request: a Create or an Update reconciles, a Delete releases. Gives the answer, or throws.
import { Answer } from './answer';
import { Deadlines, lastCallOf } from './deadlines';
import { requestedAt } from './event';
import { identityOf, parsePhysicalId, renderPhysicalId } from './physical-id';
import { Request } from './request';
import { isRecreated, isRollback } from './stack';
import { textOf } from '../base/describe-error';
import { WantedState } from '../base/desired-state';
import { HandlerError, OutOfTimeError, OvertakenError } from '../base/errors';
import { Owner, ownerOf } from '../base/owner';
import { Services } from '../base/ports';
import { parseProperties } from '../base/properties';
import { OVERTAKEN_ENDS_MS, Retry, SHOWN_AFTER_MS } from '../base/retry';
import { isNamedBy, membersOf } from '../signing/members';
import { reconcile } from '../signing/reconcile';
import { CreateOutcome, release } from '../signing/release';
import { endRotation, forbidRotation, withKey, withKnownKey } from '../signing/rotating-key';
import { rotationOf } from '../signing/rotation-member';
import { leadBack, settle } from '../signing/taking-back';

/**
 * New policies are known everywhere after seconds, rarely minutes. When a resource that was made is deleted, its
 * policies are old, and a refusal means what it says.
 */
const ACCESS_GRACE_MS = 120_000;
const ACCESS_GRACE_ON_DELETE_MS = 15_000;

/** A request with all that its work needs. */
interface Work extends Request {
  readonly desired: WantedState;
  readonly owner: Owner;
  readonly services: Services;
}

export async function carryOut(request: Request, desired: WantedState, deadlines: Deadlines): Promise<Answer> {
  const { event, environment: { time, services }, log, redactor, fence } = request;
  // Lambda keeps an event for hours. CloudFormation has answered for us by then, and has gone on.
  if (time.now() >= deadlines.cloudFormation) {
    throw new HandlerError('The request was too old to be carried out, and nothing was done', 'Deploy again');
  }
  const isDelete = event.RequestType === 'Delete';
  const isCreateAnswered = parsePhysicalId(event.PhysicalResourceId).create !== undefined;
  const accessGraceMs = isDelete && isCreateAnswered ? ACCESS_GRACE_ON_DELETE_MS : ACCESS_GRACE_MS;
  const retry = new Retry({ time, log, end: lastCallOf(deadlines), accessGraceMs, fence });
  await retry.call('DescribeStackResource', fence);
  const work: Work = {
    ...request,
    desired,
    owner: ownerOf(event.StackId, event.LogicalResourceId, desired),
    services: services(desired, { retry, log, redactor }, event.StackId),
  };
  return isDelete ? remove(work) : createOrUpdate(work);
}

async function createOrUpdate(work: Work): Promise<Answer> {
  const { event, progress, desired, owner, services } = work;
  const { PhysicalResourceId: known, RequestType } = event;
  const identity = identityOf(desired);
  const isUpdate = RequestType === 'Update';
  const isBack = (otherwise?: boolean) => isRollback(work, services.retry, otherwise);
  if (isUpdate && isNew(work) && await isBack()) await age(work, OVERTAKEN_ENDS_MS);
  const last = parsePrevious(work);
  if (last) await makeWayFor(work, last);
  const isSameIdentity = parsePhysicalId(known).identity === identity;
  // Another identity is another resource: it starts from nothing, and CloudFormation deletes the old one afterwards.
  const isOfIdentity = last && identityOf(last) === identity;
  const [keyed, previous] = await Promise.all([
    withKey(desired, owner, services), isOfIdentity ? withKnownKey(last, services) : undefined,
  ]);
  const toldBefore = last && isTold(parsePhysicalId(known).create, last) ? previous?.signing : undefined;
  const { attributes, isSigningOurs } = await reconcile(
    { desired: keyed, previous, isUpdate, toldBefore, isRollback: isBack, owner, progress }, services);
  if (last && !previous && isSameIdentity) await abandon(work, last);
  const physicalId = known && isSameIdentity ? known
    : renderPhysicalId(identity, { succeeded: true, signingPut: isSigningOurs });
  return { status: 'SUCCESS', physicalId, attributes };
}

/**
 * A roll-back of an update to another identity, which never answered. So CloudFormation does not know the other one,
 * and deletes nothing of it.
 */
async function abandon(work: Work, previous: WantedState): Promise<void> {
  const { event: { StackId, LogicalResourceId }, environment, log, services: { retry, redactor } } = work;
  const owner = ownerOf(StackId, LogicalResourceId, previous);
  const services = environment.services(previous, { retry, log, redactor }, StackId);
  await release({ previous: await withKnownKey(previous, services), owner, isRollback: async () => true }, services);
}

async function remove(work: Work): Promise<Answer> {
  const { event: { PhysicalResourceId: physicalResourceId }, desired, owner, services, log } = work;
  const { identity, create } = parsePhysicalId(physicalResourceId);
  const { retry } = services;
  if (await isRecreated(work, desired, retry)) {
    log('resource-recreated');
  } else if (identity !== undefined && identity !== identityOf(desired)) {
    log('other-identity', { physicalResourceId });
  } else {
    // A Create that was cancelled, or never answered, may be at work still.
    if (!create) await age(work, OVERTAKEN_ENDS_MS);
    // SES may not show yet what was told right before: by a Create that is rolled back, or for a resource that moves.
    if (create?.signingPut) await age(work, SHOWN_AFTER_MS);
    await retainKey(work);
    if (!isRetainedFurther(desired)) await endRotationOf(work, desired);
    const previous = await withKnownKey(desired, services);
    const outcome = create && { ...create, signingPut: isTold(create, desired) };
    await release({ previous, owner, create: outcome, isRollback: () => isRollback(work, retry) }, services);
  }
  return { status: 'SUCCESS', physicalId: physicalResourceId ?? identityOf(desired) };
}

/** The id says it of the first signing. It may have been found; a key that we have made was told by us. */
function isTold(create: CreateOutcome | undefined, { signing }: WantedState): boolean {
  const isMadeHere = signing.method === 'ROTATING_BYODKIM' && !signing.follows;
  return create !== undefined && (create.signingPut || (create.succeeded && isMadeHere));
}

/** Secrets Manager does not change a schedule while a change of the key is not complete. */
async function makeWayFor(work: Work, { signing: before, ...last }: WantedState): Promise<void> {
  const { desired: { signing } } = work;
  if (before.method !== 'ROTATING_BYODKIM') return;
  if (signing.method !== 'ROTATING_BYODKIM' || signing.secretArn !== before.secretArn) {
    await forbidRotation({ signing: before, ...last }, work.services);
    await endRotationOf(work, { signing: before, ...last });
  } else if (signing.schedule !== before.schedule) {
    // A Region that leaves, or has come, is not a part of the rotation.
    const { furtherRegions: now = [] } = signing;
    const furtherRegions = before.furtherRegions?.filter(({ region }) => now.some((each) => each.region === region));
    await settleRotation(work, { ...last, signing: { ...before, furtherRegions } });
  }
}

/** The last call of a step can be one that puts the label on its key again. So what came of it is settled as well. */
async function settleRotation(
  { event: { StackId, LogicalResourceId }, environment, services }: Work,
  wanted: Parameters<typeof membersOf>[2],
): Promise<void> {
  const members = membersOf(StackId, LogicalResourceId, wanted);
  const rotation = rotationOf(members, (each) => environment.services(each, services, StackId));
  for (let times = 0; times < 2 && await settle(rotation); times++) {
    await services.retry.pause(OVERTAKEN_ENDS_MS, 'the last call of a rotation to end');
  }
}

/** With RETAIN, nobody goes on with a rotation afterwards. So SES is not left with a key that it has not verified. */
async function retainKey(work: Work): Promise<void> {
  const { desired, owner, services } = work;
  const { signing, retain } = desired;
  if (!retain || signing.method !== 'ROTATING_BYODKIM') return;
  const wanted = { ...desired, signing: { ...signing, furtherRegions: [] } }; // those have gone before
  try {
    const { tags = {} } = await services.keyStore(signing.secretArn).describe() ?? {};
    const isLast = !signing.isFurther && isNamedBy(tags, wanted);
    await (isLast ? settleRotation(work, wanted) : leadBack({ wanted, owner, services }));
  } catch (error) {
    if (error instanceof OutOfTimeError || error instanceof OvertakenError) throw error;
    services.log('rotation-unknown', { message: textOf(error) }); // a Delete ends, whatever is gone
  }
}

/** The Regions before it have still to see which key is the next one. */
function isRetainedFurther({ retain, signing }: WantedState): boolean {
  return retain === true && signing.method === 'ROTATING_BYODKIM' && signing.isFurther === true;
}

/** A rotation that goes on would tell SES of its key afterwards. */
async function endRotationOf({ desired, owner, services }: Work, wanted: WantedState): Promise<void> {
  const isGoingOn = await endRotation(wanted, identityOf(wanted) === identityOf(desired) ? owner : undefined, services);
  if (isGoingOn) await services.retry.pause(OVERTAKEN_ENDS_MS, 'the last call of a rotation to end');
}

function isNew({ event, environment: { time } }: Work): boolean {
  return time.now() < (requestedAt(event) ?? time.now()) + OVERTAKEN_ENDS_MS;
}

/**
 * Waits until the request is so old that what came before it is over. When one resource of a stack fails,
 * CloudFormation cancels the others and rolls them back at once.
 */
async function age({ event, services: { retry, log } }: Work, atLeast: number): Promise<void> {
  const ms = (requestedAt(event) ?? retry.now()) + atLeast - retry.now();
  if (ms <= 0) return;
  log('waiting-for-overtaken-request', { seconds: ms / 1000 });
  await retry.pause(ms, 'earlier calls to end');
}

/** An older version may have had other properties. Then what is there has to speak for itself. */
function parsePrevious({ event: { OldResourceProperties }, environment, log }: Request): WantedState | undefined {
  try {
    return OldResourceProperties && parseProperties(OldResourceProperties, environment.region);
  } catch (error) {
    log('previous-properties-unreadable', { message: textOf(error) });
    return undefined;
  }
}

// Carries out a request: a Create or an Update reconciles, a Delete releases. Gives the answer, or throws.
import { Answer } from './answer';
import { Deadlines, isLastInvocation, lastCallOf } from './deadlines';
import { identityOf, parsePhysicalId, renderPhysicalId } from './physical-id';
import { parseProperties } from './properties';
import { repeatUntilQuiet } from './repeat-until-quiet';
import { Request } from './request';
import { isRecreated } from './stack';
import { textOf } from '../base/describe-error';
import { DesiredState } from '../base/desired-state';
import { HandlerError } from '../base/errors';
import { Owner, ownerOf } from '../base/owner';
import { Services } from '../base/ports';
import { Retry } from '../base/retry';
import { reconcile } from '../signing/reconcile';
import { release } from '../signing/release';

/**
 * New policies are known everywhere after seconds, rarely minutes. When a resource that was made is deleted, its
 * policies are old, and a refusal means what it says.
 */
const ACCESS_GRACE_MS = 120_000;
const ACCESS_GRACE_ON_DELETE_MS = 15_000;

/** A request with all that its work needs. */
interface Work extends Request {
  readonly desired: DesiredState;
  readonly owner: Owner;
  readonly services: Services;
  readonly isLastInvocation: boolean;
}

export async function carryOut(request: Request, desired: DesiredState, deadlines: Deadlines): Promise<Answer> {
  const { event, environment: { time, services }, log, redactor } = request;
  // Lambda keeps an event for hours. CloudFormation has answered for us by then, and has gone on.
  if (time.now() >= deadlines.cloudFormation) {
    throw new HandlerError('The request was too old to be carried out, and nothing was done', 'Deploy again');
  }
  const isDelete = event.RequestType === 'Delete';
  const isCreateAnswered = parsePhysicalId(event.PhysicalResourceId).create !== undefined;
  const accessGraceMs = isDelete && isCreateAnswered ? ACCESS_GRACE_ON_DELETE_MS : ACCESS_GRACE_MS;
  const retry = new Retry({ time, log, end: lastCallOf(deadlines), accessGraceMs });
  const work: Work = {
    ...request,
    desired,
    owner: ownerOf(event.StackId, event.LogicalResourceId, desired),
    services: services(desired, { retry, log, redactor }),
    isLastInvocation: isLastInvocation(deadlines),
  };
  return isDelete ? remove(work) : createOrUpdate(work);
}

async function createOrUpdate(work: Work): Promise<Answer> {
  const { event: { PhysicalResourceId: known }, progress, desired, owner, services } = work;
  const identity = identityOf(desired);
  // Another identity is another resource: it starts from nothing, and CloudFormation deletes the old one afterwards.
  const isSameIdentity = parsePhysicalId(known).identity === identity;
  const previous = isSameIdentity ? parsePrevious(work) : undefined;
  const reconcileWith = (used: Services) => reconcile({ desired, previous, owner, progress }, used);
  const first = await reconcileWith(services);
  const { isSigningUnchanged, attributes } = first.previousWasInPlace ? first
    : await repeatUntilQuiet(reconcileWith, first, work);
  const signingPut = progress.signingPut || !isSigningUnchanged;
  const physicalId = known && isSameIdentity ? known : renderPhysicalId(identity, { succeeded: true, signingPut });
  return { status: 'SUCCESS', physicalId, attributes };
}

async function remove(work: Work): Promise<Answer> {
  const { event: { PhysicalResourceId: physicalResourceId }, desired, log } = work;
  const { identity } = parsePhysicalId(physicalResourceId);
  if (await isRecreated(work)) log('resource-recreated');
  else if (identity !== undefined && identity !== identityOf(desired)) log('other-identity', { physicalResourceId });
  else await releaseIdentity(work);
  return { status: 'SUCCESS', physicalId: physicalResourceId ?? identityOf(desired) };
}

async function releaseIdentity(work: Work): Promise<void> {
  const { event, desired: previous, owner, services } = work;
  const { create } = parsePhysicalId(event.PhysicalResourceId);
  let hadRegistry = false;
  const releaseWith = async (used: Services) => {
    hadRegistry = await release({ previous, owner, create, hadRegistry }, used);
  };
  await releaseWith(services);
  // Where the Create was cancelled, or never answered, it may be at work still.
  if (!create) await repeatUntilQuiet(releaseWith, undefined, work);
}

/** An older version may have had other properties. Then what is there has to speak for itself. */
function parsePrevious({ event: { OldResourceProperties }, environment, log }: Request): DesiredState | undefined {
  try {
    return OldResourceProperties && parseProperties(OldResourceProperties, environment.region);
  } catch (error) {
    log('previous-properties-unreadable', { message: textOf(error) });
    return undefined;
  }
}

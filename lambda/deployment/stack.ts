// What CloudFormation says of the stack, asked only where the event does not say it.
import { isDeepStrictEqual } from 'node:util';
import { Deadlines, isLastInvocation } from './deadlines';
import { identityOf, parsePhysicalId } from './physical-id';
import { lateRetry, Request } from './request';
import { ResourceAttributes } from '../../src/private/contract';
import { textOf } from '../base/describe-error';
import { WantedState } from '../base/desired-state';
import { HandlerError, OutOfTimeError } from '../base/errors';
import { ownerOf } from '../base/owner';
import { Retry } from '../base/retry';
import { attributesIfInPlace } from '../signing/in-place';
import { withKnownKey } from '../signing/rotating-key';

/**
 * True when a Delete is for a failed resource that was made anew.
 *
 * That happens when a stack is deployed again after a failed Create with its roll-back switched off. CloudFormation
 * makes the resource anew, and then deletes the failed one. Both are the same identity, and what the new one made must
 * stay.
 */
export async function isRecreated(request: Request, desired: WantedState, retry: Retry): Promise<boolean> {
  const { event: { PhysicalResourceId, StackId, LogicalResourceId }, environment, log } = request;
  if (parsePhysicalId(PhysicalResourceId).create?.succeeded) return false;
  try {
    const resource = await retry.call('DescribeStackResource', () =>
      environment.cloudFormation.resource(StackId, LogicalResourceId));
    const now = parsePhysicalId(resource?.physicalId);
    return now.identity === identityOf(desired) && now.create?.succeeded === true;
  } catch (problem) {
    if (problem instanceof OutOfTimeError) throw problem;
    log('stack-unknown', { message: textOf(problem) }); // then the request is what it seems
    return false;
  }
}

/**
 * An Update that rolls back says nothing of it. Neither does a Delete.
 *
 * @param otherwise what to take it for when CloudFormation does not say
 */
export async function isRollback(request: Request, retry: Retry, otherwise = false): Promise<boolean> {
  const status = await stackStatus(request, retry);
  return status?.includes('ROLLBACK') ?? otherwise;
}

/**
 * True when CloudFormation forgets a resource, whether its Delete succeeds or not.
 *
 * It does so in a clean-up. If the Delete fails, it may leave what the resource depends on, too: the policies for it
 * would stay at the role of the function. Nobody could delete that role then, and in the end it takes no more policies.
 */
export async function isForgotten(request: Request, deadlines: Deadlines): Promise<boolean> {
  // When nobody can say, the Delete has failed.
  const status = await stackStatus(request, lateRetry(request, deadlines)).catch(() => undefined);
  return status?.endsWith('_CLEANUP_IN_PROGRESS') ?? false;
}

async function stackStatus(
  { event: { StackId }, environment, log }: Request, retry: Retry,
): Promise<string | undefined> {
  try {
    return await retry.call('DescribeStacks', () => environment.cloudFormation.stackStatus(StackId));
  } catch (problem) {
    if (problem instanceof OutOfTimeError) throw problem;
    log('stack-unknown', { message: textOf(problem) });
    return undefined;
  }
}

/**
 * The attributes of a roll-back that failed and is done all the same.
 *
 * A roll-back that fails leaves the stack stuck. So if the identity signs as the old properties say, and its records
 * are there, the stack is back where it was, whatever else could not be done. For example SES has not verified the old
 * key again yet, or it does not change a key length twice a day. Throws when only a further invocation has the time.
 */
export async function attributesAfterRollback(
  request: Request, desired: WantedState, deadlines: Deadlines,
): Promise<ResourceAttributes | undefined> {
  const { event, environment, log, redactor, progress } = request;
  const isSameIdentity = parsePhysicalId(event.PhysicalResourceId).identity === identityOf(desired);
  if (event.RequestType !== 'Update' || !isSameIdentity) return undefined;
  const retry = lateRetry(request, deadlines);
  try {
    if (!await isRollback(request, retry)) return undefined;
    const services = environment.services(desired, { retry, log, redactor }, event.StackId);
    const keyed = await withKnownKey(desired, services);
    const { acceptedKey } = progress;
    // SES has taken a key of this secret here. If it has another one by now, a rotation has gone on since.
    const isBack = acceptedKey !== undefined && hasOwnSelectors(desired);
    const { Signing: tried } = event.OldResourceProperties ?? {};
    const triedSelector = isBack ? '' : selectorIn(tried);
    const isSameSigning = isDeepStrictEqual(tried, event.ResourceProperties.Signing);
    const owner = ownerOf(event.StackId, event.LogicalResourceId, desired);
    const attributes = await attributesIfInPlace(keyed, { acceptedKey, triedSelector, isSameSigning, owner }, services);
    if (!attributes) throw new HandlerError('Signing and records are not as the old properties say');
    log('rollback-in-place', { status: attributes.DkimStatus });
    return attributes;
  } catch (problem) {
    if (problem instanceof OutOfTimeError && !isLastInvocation(deadlines)) throw problem;
    log('rollback-not-in-place', { message: textOf(problem) });
    return undefined;
  }
}

/** No other secret has ever made a key with the selector of one of its keys. */
function hasOwnSelectors({ signing, zone }: WantedState): boolean {
  return signing.method === 'ROTATING_BYODKIM' && !signing.follows && !zone?.delegation;
}

/** Empty for a method without one. Undefined where the properties do not say it. */
function selectorIn(signing: unknown): string | undefined {
  if (typeof signing !== 'object' || signing === null || Reflect.get(signing, 'Method') === 'ROTATING_BYODKIM') return undefined;
  return String(Reflect.get(signing, 'Selector') ?? '');
}

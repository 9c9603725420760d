// What CloudFormation says of the stack, asked only where a request may not be what it seems.
import { requestedAt } from './event';
import { identityOf, parsePhysicalId } from './physical-id';
import { Request, shortRetry } from './request';
import { ResourceAttributes } from '../../src/private/contract';
import { textOf } from '../base/describe-error';
import { DesiredState } from '../base/desired-state';
import { HandlerError } from '../base/errors';
import { ResourceNow } from '../base/ports';
import { attributesIfInPlace } from '../signing/in-place';

/** Lambda's first repeat comes a minute after the run has died. */
const NEW_MS = 45_000;

/**
 * True when CloudFormation no longer waits for the answer to this request.
 *
 * Lambda repeats a run that died, a minute later, also when it had answered CloudFormation already. The stack may have
 * been updated meanwhile, and an old request must not take that back. So a request that is not new is looked up first.
 * One that waits for SES is called again minutes later, and most likely more than once.
 */
export async function isAlreadyAnswered(request: Request): Promise<boolean> {
  const { event, environment: { time } } = request;
  const age = time.now() - requestedAt(event, time.now());
  if (event.RequestType === 'Delete' || age < NEW_MS) return false;
  const { status } = await resourceNow(request);
  if (status === undefined) return false;
  // A roll-back is an Update too, whatever CloudFormation calls it.
  return event.RequestType === 'Create' ? status !== 'CREATE_IN_PROGRESS' : !status.endsWith('_IN_PROGRESS');
}

/**
 * True when a Delete is for a failed resource that was made anew.
 *
 * That happens when a stack is deployed again after a failed Create with its roll-back switched off. CloudFormation
 * makes the resource anew, and then deletes the failed one. Both are the same identity, and what the new one made must
 * stay.
 */
export async function isRecreated(request: Request): Promise<boolean> {
  const { create, identity } = parsePhysicalId(request.event.PhysicalResourceId);
  if (!create || create.succeeded) return false;
  const now = parsePhysicalId((await resourceNow(request)).physicalId);
  return now.identity === identity && now.create?.succeeded === true;
}

/** Nothing where CloudFormation does not say. Then the request is what it seems. */
async function resourceNow(request: Request): Promise<ResourceNow> {
  const { event: { StackId, LogicalResourceId }, environment, log } = request;
  try {
    return await environment.cloudFormation(shortRetry(request)).resource(StackId, LogicalResourceId);
  } catch (problem) {
    log('stack-unknown', { message: textOf(problem) });
    return {};
  }
}

/**
 * The attributes of a roll-back that failed and is done all the same.
 *
 * A roll-back that fails leaves the stack stuck. So if the identity signs as the old properties say, and its records
 * are there, the stack is back where it was, whatever else could not be done. For example SES has not verified the old
 * key again yet, or it does not change a key length twice a day.
 */
export async function attributesAfterRollback(
  request: Request, desired: DesiredState,
): Promise<ResourceAttributes | undefined> {
  const { event, environment, log, redactor } = request;
  const isSameIdentity = parsePhysicalId(event.PhysicalResourceId).identity === identityOf(desired);
  if (event.RequestType !== 'Update' || !isSameIdentity) return undefined;
  const retry = shortRetry(request);
  try {
    const status = await environment.cloudFormation(retry).stackStatus(event.StackId);
    if (status !== 'UPDATE_ROLLBACK_IN_PROGRESS') return undefined;
    const attributes = await attributesIfInPlace(desired, environment.services(desired, { retry, log, redactor }));
    if (!attributes) throw new HandlerError('Signing and records are not as the old properties say');
    log('rollback-in-place', { status: attributes.DkimStatus });
    return attributes;
  } catch (problem) {
    log('rollback-not-in-place', { message: textOf(problem) });
    return undefined;
  }
}

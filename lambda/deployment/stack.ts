// What CloudFormation says of the stack, asked only where a request may not be what it seems.
import { requestedAt } from './cloudformation';
import { HandlerEvent, Outside, shortPatience } from './outside';
import { identityOf, parsePhysicalId } from './physical-id';
import { ResourceAttributes } from '../../src/private/contract';
import { Desired } from '../base/desired';
import { Log, withoutKeys } from '../base/log';
import { ResourceNow } from '../base/ports';
import { stateThatHolds } from '../signing/state-that-holds';

/** Lambda's first repeat comes a minute after the run has died. */
const NEW_MS = 45_000;

/**
 * Lambda repeats a run that died, a minute later, also when it had answered CloudFormation already. Meanwhile the stack may have been updated, and a
 * request of before must not take that back. So one that is not new is looked up first.
 */
export async function isOver(event: HandlerEvent, outside: Outside, log: Log): Promise<boolean> {
  const { RequestType, Progress: sentOn } = event;
  const age = outside.time.now() - requestedAt(event, outside.time.now());
  if (RequestType === 'Delete' || sentOn || age < NEW_MS) return false;
  const { status } = await resourceNow(event, outside, log);
  if (status === undefined) return false;
  // A roll-back is an Update too, whatever CloudFormation calls it.
  return RequestType === 'Create' ? status !== 'CREATE_IN_PROGRESS' : !status.endsWith('_IN_PROGRESS');
}

/**
 * A stack that is deployed again after a failed Create whose roll-back was switched off makes the resource anew, and then deletes the failed one. Both are
 * the same identity, and what the new one has made must not go.
 */
export async function isMadeAgain(event: HandlerEvent, outside: Outside, log: Log): Promise<boolean> {
  const { course, identity } = parsePhysicalId(event.PhysicalResourceId ?? '');
  if (course !== 'untouched' && course !== 'failed') return false;
  const { physicalId = '' } = await resourceNow(event, outside, log);
  const now = parsePhysicalId(physicalId);
  return now.identity === identity && (now.course === 'told' || now.course === 'found');
}

/** Nothing where CloudFormation does not say: then the request is what it seems. */
async function resourceNow(event: HandlerEvent, outside: Outside, log: Log): Promise<ResourceNow> {
  try {
    return await outside.cloudFormation(shortPatience(outside, log)).resource(event.StackId, event.LogicalResourceId);
  } catch (problem) {
    log('stack-unknown', { message: withoutKeys((problem as Error).message) });
    return {};
  }
}

/**
 * A roll-back that fails leaves the stack stuck. So if the identity signs as the old properties say, and its records are there, the stack is back
 * where it was, whatever else could not be done: SES has not verified the old key again yet, or changes no key length twice a day.
 */
export async function attributesAfterRollback(
  event: HandlerEvent, desired: Desired, outside: Outside, log: Log,
): Promise<ResourceAttributes | undefined> {
  if (event.RequestType !== 'Update' || parsePhysicalId(event.PhysicalResourceId ?? '').identity !== identityOf(desired)) return undefined;
  const patience = shortPatience(outside, log);
  try {
    if (await outside.cloudFormation(patience).stackStatus(event.StackId) !== 'UPDATE_ROLLBACK_IN_PROGRESS') return undefined;
    const attributes = await stateThatHolds(desired, outside.world(desired, patience, log));
    if (!attributes) throw new Error('Signing and records are not as the old properties say.');
    log('rolled-back-nevertheless', { status: attributes.DkimStatus });
    return attributes;
  } catch (problem) {
    log('not-rolled-back', { message: withoutKeys((problem as Error).message) });
    return undefined;
  }
}

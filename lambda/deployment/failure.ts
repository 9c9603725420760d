// The answer to a request that has failed: the reason, and the physical id that CloudFormation goes on with.
import { Answer } from './answer';
import { Deadlines } from './deadlines';
import { identityOf, parsePhysicalId, renderPhysicalId } from './physical-id';
import { Request } from './request';
import { attributesAfterRollback, isForgotten } from './stack';
import { nameOf, reasonOf } from '../base/describe-error';
import { WantedState } from '../base/desired-state';

/**
 * `desired` is undefined when the properties could not be read. Throws an OutOfTimeError when only a further invocation
 * has the time to find the answer.
 */
export async function failureAnswer(
  request: Request, desired: WantedState | undefined, error: unknown, deadlines: Deadlines,
): Promise<Answer> {
  const reason = reasonOf(error);
  request.log('failed', { errorName: nameOf(error), message: reason });
  const physicalId = physicalIdAfterFailure(request, desired);
  const isDelete = request.event.RequestType === 'Delete';
  if (isDelete && !desired && isUntouched(physicalId)) return { status: 'SUCCESS', physicalId };
  if (isDelete && await isForgotten(request, deadlines)) {
    request.log('left-behind');
    return { status: 'SUCCESS', physicalId };
  }
  const attributes = desired && await attributesAfterRollback(request, desired, deadlines);
  return attributes ? { status: 'SUCCESS', physicalId, attributes } : { status: 'FAILED', physicalId, reason };
}

/** Then there is nothing to delete. Its properties could never be read: the Create failed for the same reason. */
function isUntouched(physicalId: string): boolean {
  const { create } = parsePhysicalId(physicalId);
  return create !== undefined && !create.succeeded && !create.signingPut;
}

/**
 * CloudFormation sends a Delete for the id of a failed answer: on Create always, on Update if it is not the id it knew.
 *
 * | request                        | id                                                                     |
 * | ------------------------------ | ---------------------------------------------------------------------- |
 * | Create                         | of a failed Create, so that its Delete undoes what was begun           |
 * | Update of the same identity    | the known one                                                          |
 * | Update to another identity     | of a failed Create if anything was begun for it, else the known one    |
 * | Delete                         | the known one                                                          |
 */
function physicalIdAfterFailure({ event, progress }: Request, desired: WantedState | undefined): string {
  const { RequestType, LogicalResourceId, PhysicalResourceId } = event;
  const { signingPut, recordsBegun, signingTag } = progress;
  const identity = desired ? identityOf(desired) : LogicalResourceId;
  // A tag has to go as well, also one of a run that died.
  const failed = renderPhysicalId(identity, { succeeded: false, signingPut: signingPut || signingTag !== undefined });
  if (RequestType === 'Create') return failed;
  const known = PhysicalResourceId ?? renderPhysicalId(LogicalResourceId, { succeeded: false, signingPut: false });
  if (RequestType === 'Delete' || parsePhysicalId(known).identity === identity) return known;
  return signingPut || recordsBegun ? failed : known;
}

// The fence: checks before a write that CloudFormation still waits for this request. See docs/adr/0017-fence.md.
//
// CloudFormation cancels requests, gives them up and makes others, and stops no function that is at work. Lambda
// repeats a run that died, also when it had answered. Such a request has been overtaken: it ends without a write or an
// answer.
import { CloudFormationEvent, requestedAt } from './event';
import { Request } from './request';
import { textOf } from '../base/describe-error';
import { HandlerError, NotShownYetError, OvertakenError } from '../base/errors';
import { ResourceNow } from '../base/ports';
import { fenceBy, isBusy } from '../base/retry';

/** The URL of a request says in which second it was made. After the first look it is known to the millisecond. */
const SECOND_MS = 1_000;
/** So long CloudFormation may take to show what it has noted. AWS does not say; a resource that is gone stays so. */
const NOTED_SHOWS_AFTER_MS = 30_000;

/**
 * Gives what throws OvertakenError when the request no longer stands. The first look is made when the work begins. Each
 * look is one call of CloudFormation.
 */
export function fenceOf(request: Omit<Request, 'fence'>): () => Promise<void> {
  const { event, environment: { time, cloudFormation }, progress, log } = request;
  const madeAt = requestedAt(event) ?? NaN; // nothing is before or after what nobody knows
  return fenceBy(async () => {
    const now = time.now();
    try {
      const resource = await cloudFormation.resource(event.StackId, event.LogicalResourceId);
      if (!resource && event.RequestType !== 'Delete') {
        throw now < (progress.requestedAt ?? 0) + NOTED_SHOWS_AFTER_MS ? new NotShownYetError() : unknown(event);
      }
      const since = resource?.since?.getTime() ?? NaN;
      const isOld = since < madeAt;
      if (!stands(request, resource, isOld)) throw isOld ? new NotShownYetError() : new OvertakenError();
      if (!isOld) progress.standsSince ??= resource?.since?.getTime();
    } catch (error) {
      // Whoever may not ask must not be kept from deleting a stack.
      if (event.RequestType !== 'Delete' || error instanceof OvertakenError || isBusy(error)) throw error;
      log('stack-unknown', { message: textOf(error) });
    }
  }, time);
}

/** If CloudFormation still waits, it gets this answer. If not, nobody reads it. */
function unknown({ LogicalResourceId }: CloudFormationEvent): Error {
  return new HandlerError(`CloudFormation does not know the resource ${LogicalResourceId} of this stack`,
    'The stack, or the resource, was deleted meanwhile: deploy again');
}

/** A roll-back can have a name of its own. */
const AT_WORK = {
  Create: ['CREATE_IN_PROGRESS'],
  Update: ['UPDATE_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS'],
  Delete: ['DELETE_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS'],
};

/**
 * CloudFormation first notes what it does with a resource, and then makes the request. So of two requests, the later
 * one stands. CloudFormation can show its note late. A note from before the request says nothing about this request.
 *
 * | the resource                            | a Create or an Update | a Delete                                      |
 * | --------------------------------------- | --------------------- | --------------------------------------------- |
 * | is being made, updated or deleted thus  | stands                | stands                                        |
 * | the same, begun after the request       | overtaken             | overtaken                                     |
 * | is at something else                    | overtaken             | overtaken                                     |
 * | is so since before the request was made | is not shown yet      | is not shown yet                              |
 * | is done, and has another physical id    | overtaken             | stands: the clean-up of what it has replaced  |
 * | is done, and has the same physical id   | overtaken             | overtaken                                     |
 * | is not known                            | fails                 | stands                                        |
 */
function stands(
  { event, progress }: Pick<Request, 'event' | 'progress'>, resource: ResourceNow | undefined, isOld: boolean,
): boolean {
  const { RequestType, PhysicalResourceId } = event;
  if (!resource) return RequestType === 'Delete';
  const { status, since, physicalId } = resource;
  if (status === undefined) return true; // it does not say
  if (AT_WORK[RequestType].includes(status)) {
    if (!since || isOld) return true;
    const madeAt = requestedAt(event) ?? Infinity;
    return progress.standsSince ? since.getTime() === progress.standsSince : since.getTime() < madeAt + SECOND_MS;
  }
  return RequestType === 'Delete' && !status.endsWith('_IN_PROGRESS') && physicalId !== PhysicalResourceId;
}

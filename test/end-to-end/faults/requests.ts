// CloudFormation's requests as the function got them: which call was made for which request, and how each was answered.
import { CallRecord, LocalCloud } from '../../cloud';

/** CloudFormation asks for one thing; the function may run several times for that. */
export interface CloudFormationRequest {
  readonly id: string;
  readonly type: 'Create' | 'Update' | 'Delete';
  /** Of the resource: its stack and logical id. */
  readonly resource: string;
  readonly domain: string;
  /** When the function got it first. */
  readonly at: number;
}

type Cloud = Pick<LocalCloud, 'calls' | 'lambda'>;

export function requestsOf({ lambda }: Cloud): CloudFormationRequest[] {
  const requests = new Map<string, CloudFormationRequest>();
  for (const { event, at } of lambda.invocations) {
    const request = read(event, at);
    if (request && !requests.has(request.id)) requests.set(request.id, request);
  }
  return [...requests.values()];
}

/** The request that a call was made for, if it was one of CloudFormation. A process works for one at a time. */
export function requestFor({ lambda }: Cloud, call: CallRecord): CloudFormationRequest | undefined {
  const run = lambda.invocations.findLast(({ processId, at }) =>
    processId === call.principal.processId && at <= call.at);
  return run && read(run.event, run.at);
}

/** The answers to CloudFormation that have arrived. */
export function answersIn(calls: readonly CallRecord[]): { at: number; requestId: string; body: string }[] {
  return calls.filter(({ service, status }) => service === 's3' && isSuccess(status))
    .map(({ at, body }) => ({ at, body, requestId: JSON.parse(body).RequestId }));
}

/** Calls that have changed something. That a service has changed it counts, whatever the caller has heard. */
export function writesIn(calls: readonly CallRecord[]): CallRecord[] {
  return calls.filter(isWrite);
}

export function isWrite({ service, operation, status }: CallRecord): boolean {
  return ['ses', 'route53'].includes(service) && isSuccess(status) && /^(Put|Change|Tag|Untag)/.test(operation);
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** A rotation is no request of CloudFormation. */
function read(text: string, at: number): CloudFormationRequest | undefined {
  const event = JSON.parse(text);
  if (!event.RequestType) return undefined;
  return {
    id: event.RequestId,
    type: event.RequestType,
    resource: `${event.StackId} ${event.LogicalResourceId}`,
    domain: event.ResourceProperties.Identity,
    at,
  };
}

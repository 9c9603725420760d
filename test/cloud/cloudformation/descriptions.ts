// How CloudFormation's API describes a stack, its resources and its events.
import { Stack } from './engine';
import { validationError } from './plan';
import { StackEvent } from './stack';

/** With the status that it had at `until`. */
export function describeStack({ identity, reason, outputs, events, broken }: Stack, until: number) {
  if (broken) throw broken;
  const ofStack = events.filter(({ logicalId }) => logicalId === identity.name);
  const { status } = ofStack.findLast(({ at }) => at <= until) ?? ofStack[0];
  return {
    StackId: identity.id,
    StackName: identity.name,
    StackStatus: status,
    StackStatusReason: reason,
    CreationTime: time(events[0]),
    Outputs: { member: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })) },
  };
}

/**
 * As it was at `until`. One that is being made is known, but not yet by an id, and one that was deleted by the id that
 * it had. Of several with one logical id, it is the current one.
 */
export function describeResource({ identity, resources, events }: Stack, LogicalResourceId: string, until: number) {
  const all = events.filter(({ logicalId, at }) => logicalId === LogicalResourceId && at <= until);
  const current = resources.get(LogicalResourceId)?.physicalId;
  const isOfAnother = ({ physicalId, status }: StackEvent) =>
    current !== undefined && physicalId !== current && status.startsWith('DELETE_');
  const last = all.filter((event) => !isOfAnother(event)).at(-1) ?? all.at(-1);
  if (!last) throw validationError(`Resource ${LogicalResourceId} does not exist for stack ${identity.name}`);
  return {
    StackId: identity.id,
    StackName: identity.name,
    LogicalResourceId,
    PhysicalResourceId: current ?? last.physicalId,
    ResourceType: last.type,
    ResourceStatus: last.status,
    LastUpdatedTimestamp: time(last),
  };
}

/** How many events one answer has. CloudFormation says 1 MB. */
const PAGE = 100;

/** The newest first, a page at a time. @param token how many older events are left */
export function describeEvents({ identity, events }: Stack, token?: string) {
  const end = token === undefined ? events.length : Number(token);
  const start = Math.max(0, end - PAGE);
  const member = events.slice(start, end).map((event, index) => ({
    EventId: `${identity.id}/${start + index}`,
    StackId: identity.id,
    StackName: identity.name,
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId,
    ResourceType: event.type,
    ResourceStatus: event.status,
    ResourceStatusReason: event.reason,
    Timestamp: time(event),
  })).reverse();
  return { StackEvents: { member }, ...start > 0 && { NextToken: start } };
}

function time({ at }: StackEvent): string {
  return new Date(at).toISOString();
}

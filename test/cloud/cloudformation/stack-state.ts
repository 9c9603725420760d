// What CloudFormation knows of one stack: its status, its events and its physical resources.
import { isDeepStrictEqual } from 'node:util';
import { Plan, Resource } from './resource';
import { Properties, ResourceProvider, ResourceRequest } from './resources/provider';
import { StackEvent, StackStatus } from './stack';
import { StackIdentity } from './template';
import { Clock } from '../time/clock';
import { Random } from '../time/random';

/** What a stack needs of the cloud around it. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  /** Directory of a function's code by its `Code.S3Key`. */
  readonly assets: ReadonlyMap<string, string>;
  readonly provider: (type: string) => ResourceProvider;
  readonly importValue: (name: string) => string;
}

type EventSubject = Pick<Resource, 'logicalId' | 'type'> & { readonly physicalId?: string };

const NEVER = new AbortController().signal;

export class StackState {
  status: StackStatus = 'CREATE_IN_PROGRESS';
  /** Why the last operation failed: the first failed resource's reason. */
  reason?: string;
  readonly events: StackEvent[] = [];
  /** The current physical resource of each logical id. */
  readonly resources = new Map<string, Resource>();
  /** Physical resources whose place another one has taken. They are deleted in the clean-up. */
  superseded: Resource[] = [];
  /** What a roll-back goes back to. Undefined until the stack is complete for the first time. */
  lastStable?: ReadonlyMap<string, Resource>;
  /** The plan of the last stable state. */
  plan?: Plan;
  outputs: Record<string, string> = {};
  exports: Record<string, string> = {};

  constructor(readonly identity: StackIdentity, readonly surroundings: Surroundings) {}

  /** A new operation begins. */
  begin(status: StackStatus): void {
    this.reason = undefined;
    this.report(status);
  }

  report(status: StackStatus, reason?: string): void {
    this.status = status;
    this.reason ??= reason;
    const { name, id } = this.identity;
    this.record(status, { logicalId: name, type: 'AWS::CloudFormation::Stack', physicalId: id }, reason);
  }

  record(status: string, { logicalId, type, physicalId }: EventSubject, reason?: string): void {
    this.events.push({ at: this.surroundings.clock.now(), logicalId, type, physicalId, status, reason });
  }

  /**
   * Makes this the current physical resource of its logical id. CloudFormation takes one with another physical id for
   * another resource, and deletes the earlier one in the clean-up.
   */
  put(resource: Resource): void {
    const earlier = this.resources.get(resource.logicalId);
    if (earlier && earlier.physicalId !== resource.physicalId) this.supersede(earlier);
    this.resources.set(resource.logicalId, resource);
  }

  /** The logical id has no resource any more; its physical one is deleted in the clean-up. */
  drop(resource: Resource): void {
    this.resources.delete(resource.logicalId);
    this.supersede(resource);
  }

  isCurrent(resource: Resource): boolean {
    return this.resources.get(resource.logicalId)?.physicalId === resource.physicalId;
  }

  provider(type: string): ResourceProvider {
    return this.surroundings.provider(type);
  }

  needsReplacement({ type, properties }: Resource, wanted: Properties): boolean {
    return this.provider(type).replacedBy.some((name) => !isDeepStrictEqual(properties[name], wanted[name]));
  }

  /** @param cancelled aborted when nobody waits for the resource any more */
  request(
    { logicalId, type, properties }: Pick<Resource, 'logicalId' | 'type' | 'properties'>,
    cancelled: AbortSignal = NEVER,
  ): ResourceRequest {
    const { assets, random } = this.surroundings;
    return { stack: this.identity, logicalId, type, properties, assets, random, cancelled };
  }

  private supersede(resource: Resource): void {
    const { logicalId, physicalId } = resource;
    if (this.superseded.some((each) => each.logicalId === logicalId && each.physicalId === physicalId)) return;
    this.superseded.push(resource);
  }
}

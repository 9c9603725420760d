// The life cycle of one stack: create, update, delete, rollback and clean-up, in CloudFormation's order.
import { isDeepStrictEqual } from 'node:util';
import { Graph, inOrder, reversed } from './dependencies';
import { Clock } from '../time/clock';
import { Random } from '../time/random';
import { Cancelled, PreviousState, ResourceFailure, ResourceProvider, ResourceRequest } from './resources/provider';
import { StackEvent, StackStatus, Template } from './stack';
import { evaluate, Scope, StackIdentity } from './template';

/** What the stack shall become. */
export interface Plan {
  readonly template: Template;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly conditions: Readonly<Record<string, boolean>>;
  readonly graph: Graph;
}

/** A physical resource. */
export interface Resource extends PreviousState {
  readonly logicalId: string;
  readonly type: string;
  readonly dependencies: ReadonlySet<string>;
  /** What happens to it when it leaves the template. */
  readonly deletionPolicy?: string;
  /** What happens to it when another one takes its place. */
  readonly updateReplacePolicy?: string;
}

/** The world around a stack. */
interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  /** Directory of a function's code by its `Code.S3Key`. */
  readonly assets: ReadonlyMap<string, string>;
  readonly provider: (type: string) => ResourceProvider;
  readonly importValue: (name: string) => string;
}

/** How one resource was changed by the update that is going on. */
interface Change {
  readonly logicalId: string;
  /** `update` includes the one that failed. */
  readonly kind: 'create' | 'update' | 'replace';
  readonly before?: Resource;
}

/** Where a delete comes from decides whether a policy keeps the resource, and how stubborn CloudFormation is. */
type DeleteCause = 'stack' | 'removed' | 'replaced' | 'rollback';

/** In a rollback and a clean-up, a failed delete is tried again before it is given up. */
const CLEAN_UP_ATTEMPTS = 3;

export class Stack {
  status: StackStatus = 'CREATE_IN_PROGRESS';
  /** Why the last operation failed. */
  reason?: string;
  readonly events: StackEvent[] = [];
  readonly resources = new Map<string, Resource>();
  outputs: Record<string, string> = {};
  exports: Record<string, string> = {};
  /** A fault of the local CloudFormation itself, for those who ask for the stack. */
  broken?: Error;
  /** The plan that the stack is at. */
  plan?: Plan;
  /** Physical resources that a failed rollback left. */
  private leftOver: Resource[] = [];
  private changes: Change[] = [];
  private operation = new AbortController();

  constructor(readonly identity: StackIdentity, private readonly surroundings: Surroundings) {}

  async create(plan: Plan): Promise<void> {
    this.begin('CREATE_IN_PROGRESS');
    const failure = await this.apply(plan);
    if (!failure) return this.arriveAt(plan, 'CREATE_COMPLETE');
    this.report('ROLLBACK_IN_PROGRESS', `${failure} Rollback requested by user.`);
    const left = await this.deleteAll([...this.resources.values()], 'rollback');
    this.report(left.length > 0 ? 'ROLLBACK_FAILED' : 'ROLLBACK_COMPLETE', left.length > 0 ? failedTo('delete', left) : undefined);
  }

  async update(plan: Plan): Promise<void> {
    this.begin('UPDATE_IN_PROGRESS');
    const before = new Map(this.resources);
    const failure = await this.apply(plan);
    if (failure) return this.rollBackUpdate(before, failure);
    const replaced = this.changes.filter(({ logicalId, kind, before: old }) =>
      kind === 'replace' || (old && old.physicalId !== this.resources.get(logicalId)!.physicalId));
    const removed = [...before.values()].filter(({ logicalId }) => !plan.graph.has(logicalId));
    for (const { logicalId } of removed) this.resources.delete(logicalId);
    this.report('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    // What CloudFormation cannot clean up it leaves behind; the update has succeeded all the same.
    await this.deleteAll([...removed, ...replaced.map((change) => change.before!)], (resource) => removed.includes(resource) ? 'removed' : 'replaced');
    this.arriveAt(plan, 'UPDATE_COMPLETE');
  }

  async delete(): Promise<void> {
    this.begin('DELETE_IN_PROGRESS');
    const left = await this.deleteAll([...this.resources.values(), ...this.leftOver], 'stack');
    this.leftOver = left.filter((resource) => this.resources.get(resource.logicalId) !== resource);
    this.report(left.length > 0 ? 'DELETE_FAILED' : 'DELETE_COMPLETE', left.length > 0 ? failedTo('delete', left) : undefined);
  }

  private begin(status: StackStatus): void {
    this.reason = undefined;
    this.changes = [];
    this.operation = new AbortController();
    this.report(status);
  }

  /** Brings all resources to what the plan says. Returns why it could not. */
  private async apply(plan: Plan): Promise<string | undefined> {
    const scope = this.scope(plan);
    const failed = await inOrder(plan.graph, (logicalId) => this.provision(logicalId, plan, scope), this.operation.signal);
    if (failed.length > 0) return `The following resource(s) failed to ${this.status === 'CREATE_IN_PROGRESS' ? 'create' : 'update'}: [${failed.join(', ')}].`;
    try {
      this.evaluateOutputs(plan, scope);
      return undefined;
    } catch (error) {
      this.reason = (error as Error).message;
      return this.reason;
    }
  }

  private async provision(logicalId: string, plan: Plan, scope: Scope): Promise<boolean> {
    const { Type: type, Properties = {}, DeletionPolicy, UpdateReplacePolicy } = plan.template.Resources[logicalId];
    const before = this.resources.get(logicalId);
    const verb = before ? 'UPDATE' : 'CREATE';
    const failing = { logicalId, type, physicalId: before?.physicalId ?? '' };
    try {
      const properties = evaluate(Properties, scope) as Record<string, unknown>;
      const wanted = {
        logicalId,
        type,
        properties,
        dependencies: plan.graph.get(logicalId)!,
        deletionPolicy: DeletionPolicy,
        updateReplacePolicy: UpdateReplacePolicy,
      };
      if (before && before.type !== type) {
        throw new Error(`Update of resource type is not permitted. The new template modifies resource type of: [${logicalId}]`);
      }
      if (before && isDeepStrictEqual(before.properties, properties)) {
        // Only what CloudFormation itself keeps of it may have changed, such as its DeletionPolicy.
        this.resources.set(logicalId, { ...before, ...wanted });
        return true;
      }
      if (before) this.surroundings.provider(type).refuse?.(before.properties, properties);
      if (before && !this.needsReplacement(before, properties)) await this.updateInPlace(before, wanted);
      else await this.make(before, wanted);
      return true;
    } catch (error) {
      const reason = error instanceof Cancelled ? `Resource ${before ? 'update' : 'creation'} cancelled` : (error as Error).message;
      this.event(`${verb}_FAILED`, failing, reason);
      this.reason ??= reason;
      this.operation.abort();
      return false;
    }
  }

  private needsReplacement(before: Resource, properties: Record<string, unknown>): boolean {
    return this.surroundings.provider(before.type).replacedBy.some((name) => !isDeepStrictEqual(before.properties[name], properties[name]));
  }

  private async make(before: Resource | undefined, wanted: Omit<Resource, 'physicalId' | 'attributes'>): Promise<void> {
    const { logicalId, type } = wanted;
    this.changes.push({ logicalId, kind: before ? 'replace' : 'create', before });
    if (before) this.event('UPDATE_IN_PROGRESS', before, 'Requested update requires the creation of a new physical resource; hence creating one.');
    else this.event('CREATE_IN_PROGRESS', wanted);
    try {
      const { physicalId, attributes } = await this.surroundings.provider(type).create(this.request(wanted));
      const made = { ...wanted, physicalId, attributes };
      this.resources.set(logicalId, made);
      this.event(before ? 'UPDATE_COMPLETE' : 'CREATE_COMPLETE', made);
    } catch (error) {
      const left = error instanceof ResourceFailure ? error.physicalId : undefined;
      if (left) this.resources.set(logicalId, { ...wanted, physicalId: left, attributes: {} });
      throw error;
    }
  }

  private async updateInPlace(before: Resource, wanted: Omit<Resource, 'physicalId' | 'attributes'>): Promise<void> {
    this.changes.push({ logicalId: before.logicalId, kind: 'update', before });
    this.event('UPDATE_IN_PROGRESS', before);
    try {
      const { physicalId, attributes } = await this.surroundings.provider(wanted.type).update(this.request(wanted), before);
      const updated = { ...wanted, physicalId, attributes };
      this.resources.set(wanted.logicalId, updated);
      this.event('UPDATE_COMPLETE', updated);
    } catch (error) {
      const physicalId = (error instanceof ResourceFailure && error.physicalId) || before.physicalId;
      this.resources.set(wanted.logicalId, { ...wanted, physicalId, attributes: before.attributes });
      throw error;
    }
  }

  private async rollBackUpdate(before: ReadonlyMap<string, Resource>, failure: string): Promise<void> {
    this.report('UPDATE_ROLLBACK_IN_PROGRESS', failure);
    const changes = new Map(this.changes.map((change) => [change.logicalId, change]));
    const obsolete: Resource[] = [];
    const failed = await inOrder(this.plan!.graph, async (logicalId) => {
      const change = changes.get(logicalId);
      if (change) return this.revert(change, obsolete);
      this.resources.set(logicalId, before.get(logicalId)!);
      return true;
    });
    for (const logicalId of [...this.resources.keys()].filter((each) => !before.has(each))) {
      obsolete.push(this.resources.get(logicalId)!);
      this.resources.delete(logicalId);
    }
    if (failed.length > 0) {
      this.leftOver.push(...obsolete);
      return this.report('UPDATE_ROLLBACK_FAILED', `The following resource(s) failed to update: [${failed.join(', ')}].`);
    }
    this.report('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
    await this.deleteAll(obsolete, 'rollback');
    this.report('UPDATE_ROLLBACK_COMPLETE');
  }

  /** Gives a resource its old properties back; what is not needed any more then goes to the obsolete ones. */
  private async revert({ logicalId, kind, before }: Change, obsolete: Resource[]): Promise<boolean> {
    const old = before!;
    const current = this.resources.get(logicalId)!;
    if (kind === 'replace') {
      if (current !== old) obsolete.push(current);
      this.resources.set(logicalId, old);
      this.event('UPDATE_COMPLETE', old);
      return true;
    }
    this.event('UPDATE_IN_PROGRESS', current);
    try {
      const { physicalId, attributes } = await this.surroundings.provider(old.type).update(this.request(old), current);
      const reverted = { ...old, physicalId, attributes };
      this.resources.set(logicalId, reverted);
      if (reverted.physicalId !== current.physicalId) obsolete.push(current);
      this.event('UPDATE_COMPLETE', reverted);
      return true;
    } catch (error) {
      this.event('UPDATE_FAILED', current, (error as Error).message);
      return false;
    }
  }

  /** Deletes in reverse order of the dependencies. Returns what could not be deleted. */
  private async deleteAll(resources: readonly Resource[], cause: DeleteCause | ((resource: Resource) => DeleteCause)): Promise<Resource[]> {
    const byKey = new Map(resources.map((resource, index) => [String(index), resource]));
    const keysOf = (logicalId: string) => [...byKey].filter(([, resource]) => resource.logicalId === logicalId).map(([key]) => key);
    const graph = reversed(new Map([...byKey].map(([key, { dependencies }]) => [key, new Set([...dependencies].flatMap(keysOf))])));
    const gone = new Set<Resource>();
    await inOrder(graph, async (key) => {
      const resource = byKey.get(key)!;
      const done = await this.deleteOne(resource, typeof cause === 'function' ? cause(resource) : cause);
      if (!done) return false;
      gone.add(resource);
      if (this.resources.get(resource.logicalId) === resource) this.resources.delete(resource.logicalId);
      return true;
    });
    return resources.filter((resource) => !gone.has(resource));
  }

  private async deleteOne(resource: Resource, cause: DeleteCause): Promise<boolean> {
    if (kept(resource, cause)) {
      this.event('DELETE_SKIPPED', resource);
      return true;
    }
    for (let attempt = 1; ; attempt++) {
      this.event('DELETE_IN_PROGRESS', resource);
      try {
        await this.surroundings.provider(resource.type).delete(this.request(resource), resource);
        this.event('DELETE_COMPLETE', resource);
        return true;
      } catch (error) {
        this.event('DELETE_FAILED', resource, (error as Error).message);
        this.reason ??= (error as Error).message;
        if (cause === 'stack' || attempt === CLEAN_UP_ATTEMPTS) return false;
      }
    }
  }

  private request({ logicalId, type, properties }: Pick<Resource, 'logicalId' | 'type' | 'properties'>): ResourceRequest {
    const rollingForward = this.status === 'CREATE_IN_PROGRESS' || this.status === 'UPDATE_IN_PROGRESS';
    const cancelled = rollingForward ? this.operation.signal : NEVER;
    const { assets, random } = this.surroundings;
    return { stack: this.identity, logicalId, type, properties, assets, random, cancelled };
  }

  private scope(plan: Plan): Scope {
    const resource = (logicalId: string) => {
      const found = this.resources.get(logicalId);
      if (!found) throw new Error(`Template format error: Unresolved resource dependencies [${logicalId}]`);
      return found;
    };
    return {
      ...plan,
      ref: (logicalId) => resource(logicalId).physicalId,
      attribute: (logicalId, name) => {
        const { type, attributes, physicalId } = resource(logicalId);
        if (name in attributes) return attributes[name];
        throw new Error(this.surroundings.provider(type).missingAttribute?.(logicalId, name, physicalId)
          ?? `Template error: resource ${logicalId} does not support attribute type ${name} in Fn::GetAtt`);
      },
      importValue: this.surroundings.importValue,
    };
  }

  private evaluateOutputs(plan: Plan, scope: Scope): void {
    const outputs: Record<string, string> = {};
    const exported: Record<string, string> = {};
    for (const [name, { Value, Condition, Export }] of Object.entries(plan.template.Outputs ?? {})) {
      if (Condition !== undefined && !plan.conditions[Condition]) continue;
      outputs[name] = String(evaluate(Value, scope));
      if (Export) exported[String(evaluate(Export.Name, scope))] = outputs[name];
    }
    this.outputs = outputs;
    this.exports = exported;
  }

  private arriveAt(plan: Plan, status: StackStatus): void {
    this.plan = plan;
    this.reason = undefined;
    this.report(status);
  }

  private report(status: StackStatus, reason?: string): void {
    this.status = status;
    this.reason ??= reason;
    this.event(status, { logicalId: this.identity.name, type: 'AWS::CloudFormation::Stack', physicalId: this.identity.id }, reason);
  }

  private event(status: string, { logicalId, type, physicalId }: Pick<Resource, 'logicalId' | 'type'> & { physicalId?: string }, reason?: string): void {
    this.events.push({ at: this.surroundings.clock.now(), logicalId, type, physicalId, status, reason });
  }
}

const NEVER = new AbortController().signal;

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html */
function kept({ deletionPolicy, updateReplacePolicy }: Resource, cause: DeleteCause): boolean {
  switch (cause) {
    case 'replaced':
      return updateReplacePolicy === 'Retain';
    case 'rollback':
      return deletionPolicy === 'Retain';
    case 'stack':
    case 'removed':
      return deletionPolicy === 'Retain' || deletionPolicy === 'RetainExceptOnCreate';
  }
}

function failedTo(verb: string, resources: readonly Resource[]): string {
  return `The following resource(s) failed to ${verb}: [${resources.map(({ logicalId }) => logicalId).join(', ')}].`;
}

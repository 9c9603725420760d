// Brings the resources of a stack to what a plan says: the first half of a create and of an update.
import { isDeepStrictEqual } from 'node:util';
import { inOrder } from './dependencies';
import { Plan, Resource, WantedResource } from './resource';
import { Cancelled, ResourceFailure } from './resources/provider';
import { StackState } from './stack-state';
import { evaluate, Scope } from './template';

export class RollForward {
  private readonly stopping = new AbortController();
  private readonly scope: Scope;
  private cancelledByUser = false;

  /** @param keepsGoing a failure does not cancel what is at work on other paths, as no roll-back follows */
  constructor(private readonly state: StackState, private readonly plan: Plan, private readonly keepsGoing: boolean) {
    this.scope = scopeOf(state, plan);
  }

  /** Returns why it failed. */
  async run(): Promise<string | undefined> {
    const failed = await inOrder(this.plan.graph, (logicalId) => this.provision(logicalId), this.stopping.signal);
    if (this.cancelledByUser) return 'User Initiated';
    if (failed.length > 0) {
      const verb = this.state.status === 'CREATE_IN_PROGRESS' ? 'create' : 'update';
      return `The following resource(s) failed to ${verb}: [${failed.join(', ')}].`;
    }
    try {
      this.evaluateOutputs();
      return undefined;
    } catch (error) {
      this.state.reason = (error as Error).message;
      return this.state.reason;
    }
  }

  /** Nothing further is begun, and nobody waits for what is at work. */
  cancel(): void {
    this.cancelledByUser = true;
    this.stopping.abort();
  }

  get isCancelled(): boolean {
    return this.cancelledByUser;
  }

  private async provision(logicalId: string): Promise<boolean> {
    const { Type: type } = this.plan.template.Resources[logicalId];
    const before = this.state.resources.get(logicalId);
    // A resource that could not be created is made anew: it has no state that an update could go on from.
    const verb = before && before.failed !== 'create' ? 'UPDATE' : 'CREATE';
    try {
      const wanted = this.wanted(logicalId);
      if (!before || before.failed === 'create') await this.make(wanted);
      else await this.change(before, wanted);
      return true;
    } catch (error) {
      const cancelled = `Resource ${verb === 'UPDATE' ? 'update' : 'creation'} cancelled`;
      const reason = error instanceof Cancelled ? cancelled : (error as Error).message;
      this.state.record(`${verb}_FAILED`, { logicalId, type, physicalId: before?.physicalId ?? '' }, reason);
      this.state.reason ??= reason;
      if (!this.keepsGoing) this.stopping.abort();
      return false;
    }
  }

  private wanted(logicalId: string): WantedResource {
    const inTemplate = this.plan.template.Resources[logicalId];
    return {
      logicalId,
      type: inTemplate.Type,
      properties: evaluate(inTemplate.Properties ?? {}, this.scope) as Record<string, unknown>,
      dependencies: this.plan.graph.get(logicalId)!,
      deletionPolicy: inTemplate.DeletionPolicy,
      updateReplacePolicy: inTemplate.UpdateReplacePolicy,
    };
  }

  private async change(before: Resource, wanted: WantedResource): Promise<void> {
    const { logicalId, type, properties } = wanted;
    if (before.type !== type) {
      throw new Error('Update of resource type is not permitted. '
        + `The new template modifies resource type of: [${logicalId}]`);
    }
    if (!before.failed && isDeepStrictEqual(before.properties, properties)) {
      // Only what CloudFormation itself keeps of it may have changed, such as its DeletionPolicy.
      this.state.put({ ...before, ...wanted });
      return;
    }
    this.state.provider(type).refuse?.(before.properties, properties);
    if (this.state.needsReplacement(before, properties)) await this.make(wanted, before);
    else await this.updateInPlace(before, wanted);
  }

  /** @param replaced the resource that the new one takes the place of */
  private async make(wanted: WantedResource, replaced?: Resource): Promise<void> {
    const { state } = this;
    if (replaced) {
      state.record('UPDATE_IN_PROGRESS', replaced,
        'Requested update requires the creation of a new physical resource; hence creating one.');
    } else {
      state.record('CREATE_IN_PROGRESS', wanted);
    }
    try {
      const request = state.request(wanted, this.stopping.signal);
      const { physicalId, attributes } = await state.provider(wanted.type).create(request);
      const made = { ...wanted, physicalId, attributes };
      state.put(made);
      state.record(replaced ? 'UPDATE_COMPLETE' : 'CREATE_COMPLETE', made);
    } catch (error) {
      const physicalId = error instanceof ResourceFailure ? error.physicalId : undefined;
      if (physicalId) state.put({ ...wanted, physicalId, attributes: {}, failed: replaced ? 'update' : 'create' });
      throw error;
    }
  }

  private async updateInPlace(before: Resource, wanted: WantedResource): Promise<void> {
    const { state } = this;
    state.record('UPDATE_IN_PROGRESS', before);
    try {
      const request = state.request(wanted, this.stopping.signal);
      const { physicalId, attributes } = await state.provider(wanted.type).update(request, before);
      const updated = { ...wanted, physicalId, attributes };
      state.put(updated);
      state.record('UPDATE_COMPLETE', updated);
    } catch (error) {
      // The next Update is told these properties as the old ones. For a roll-back that was seen. What CloudFormation
      // sends in a further attempt after UPDATE_FAILED is not known.
      const physicalId = (error instanceof ResourceFailure && error.physicalId) || before.physicalId;
      state.put({ ...wanted, physicalId, attributes: before.attributes, failed: 'update' });
      throw error;
    }
  }

  private evaluateOutputs(): void {
    const { template, conditions } = this.plan;
    const outputs: Record<string, string> = {};
    const exported: Record<string, string> = {};
    for (const [name, { Value, Condition, Export }] of Object.entries(template.Outputs ?? {})) {
      if (Condition !== undefined && !conditions[Condition]) continue;
      outputs[name] = String(evaluate(Value, this.scope));
      if (Export) exported[String(evaluate(Export.Name, this.scope))] = outputs[name];
    }
    this.state.outputs = outputs;
    this.state.exports = exported;
  }
}

/** What the template's intrinsic functions refer to: the stack's resources as they are when it is looked. */
function scopeOf(state: StackState, plan: Plan): Scope {
  const resource = (logicalId: string) => {
    const found = state.resources.get(logicalId);
    if (!found) throw new Error(`Template format error: Unresolved resource dependencies [${logicalId}]`);
    return found;
  };
  return {
    ...plan,
    ref: (logicalId) => resource(logicalId).physicalId,
    attribute: (logicalId, name) => {
      const { type, attributes, physicalId } = resource(logicalId);
      if (name in attributes) return attributes[name];
      throw new Error(state.provider(type).missingAttribute?.(logicalId, name, physicalId)
        ?? `Template error: resource ${logicalId} does not support attribute type ${name} in Fn::GetAtt`);
    },
    importValue: state.surroundings.importValue,
  };
}

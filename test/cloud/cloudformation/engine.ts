// The operations on one stack: create, update, roll back and delete, in CloudFormation's order.
import { deleteAll } from './deletion';
import { Plan, Resource } from './resource';
import { rollBackResources } from './roll-back';
import { RollForward } from './roll-forward';
import { StackState } from './stack-state';

/**
 * What follows a failure: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
 *
 * `preserve` keeps what succeeded and what failed, and the next update goes on from there. It sends a failed Update
 * again. It makes anew what could not be created, and deletes the failed one in its clean-up. AWS says "upon the next
 * stack operation" and not when in it: that it is the clean-up is an assumption.
 */
export type OnFailure = 'roll back' | 'preserve';

export class Stack extends StackState {
  /** A fault of the local CloudFormation itself, for those who ask for the stack. */
  broken?: Error;
  private rollingForward?: RollForward;

  async create(plan: Plan, onFailure: OnFailure): Promise<void> {
    this.begin('CREATE_IN_PROGRESS');
    const failure = await this.rollForward(plan, onFailure);
    if (!failure) return this.arriveAt(plan, 'CREATE_COMPLETE');
    if (onFailure === 'preserve') return this.report('CREATE_FAILED', failure);
    await this.rollBackCreation(`${failure} Rollback requested by user.`);
  }

  async update(plan: Plan, onFailure: OnFailure): Promise<void> {
    // After CREATE_FAILED and UPDATE_FAILED the way back is still to the state before.
    if (this.isComplete) this.lastStable = new Map(this.resources);
    this.begin('UPDATE_IN_PROGRESS');
    const failure = await this.rollForward(plan, onFailure);
    if (!failure) return this.cleanUp(plan);
    if (onFailure === 'preserve' && !this.rollingForward!.isCancelled) return this.report('UPDATE_FAILED', failure);
    await this.rollBackTo(this.lastStable, failure);
  }

  /** An update that is going on is given up, and rolled back. */
  cancelUpdate(): void {
    this.rollingForward!.cancel();
  }

  /** From CREATE_FAILED or UPDATE_FAILED back to the last stable state. A stack without one loses all its resources. */
  async rollBack(): Promise<void> {
    this.reason = undefined;
    await this.rollBackTo(this.lastStable);
  }

  /** Tries again after UPDATE_ROLLBACK_FAILED. */
  async continueRollBack(skipped: ReadonlySet<string>): Promise<void> {
    this.begin('UPDATE_ROLLBACK_IN_PROGRESS');
    await this.finishRollBack(this.lastStable!, skipped);
  }

  async delete(retained: ReadonlySet<string>): Promise<void> {
    this.begin('DELETE_IN_PROGRESS');
    const left = await deleteAll(this, this.allPhysical(), { causeOf: () => 'stack', retained });
    this.superseded = left;
    if (left.length > 0) this.report('DELETE_FAILED', failedTo('delete', logicalIdsOf(left)));
    else this.report('DELETE_COMPLETE');
  }

  get isComplete(): boolean {
    return ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'].includes(this.status);
  }

  private async rollForward(plan: Plan, onFailure: OnFailure): Promise<string | undefined> {
    this.rollingForward = new RollForward(this, plan, onFailure === 'preserve');
    return this.rollingForward.run();
  }

  private async cleanUp(plan: Plan): Promise<void> {
    const removed = [...this.resources.values()].filter(({ logicalId }) => !plan.graph.has(logicalId));
    for (const { logicalId } of removed) this.resources.delete(logicalId);
    this.report('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    const replaced = this.replacedNow();
    // What CloudFormation cannot clean up it leaves behind; the update has succeeded all the same.
    const causeOf = (resource: Resource) => removed.includes(resource) ? 'removed' : 'replaced';
    await deleteAll(this, [...removed, ...replaced], { causeOf });
    this.arriveAt(plan, 'UPDATE_COMPLETE');
  }

  private async rollBackTo(lastStable: ReadonlyMap<string, Resource> | undefined, why?: string): Promise<void> {
    if (!lastStable) return this.rollBackCreation(why);
    this.report('UPDATE_ROLLBACK_IN_PROGRESS', why);
    await this.finishRollBack(lastStable, new Set());
  }

  private async rollBackCreation(why?: string): Promise<void> {
    this.report('ROLLBACK_IN_PROGRESS', why);
    const left = await deleteAll(this, this.allPhysical(), { causeOf: () => 'rollback' });
    if (left.length > 0) this.report('ROLLBACK_FAILED', failedTo('delete', logicalIdsOf(left)));
    else this.report('ROLLBACK_COMPLETE');
  }

  private async finishRollBack(lastStable: ReadonlyMap<string, Resource>, skipped: ReadonlySet<string>): Promise<void> {
    const failed = await rollBackResources(this, lastStable, skipped);
    if (failed.length > 0) return this.report('UPDATE_ROLLBACK_FAILED', failedTo('update', failed));
    const isNew = ({ logicalId }: Resource) => !lastStable.has(logicalId);
    for (const resource of [...this.resources.values()].filter(isNew)) this.drop(resource);
    this.report('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
    // A roll-back that ends with a third physical id leaves the first one alone. What AWS does with it is not known.
    const isNeverStable = ({ logicalId, physicalId }: Resource) => lastStable.get(logicalId)?.physicalId !== physicalId;
    await deleteAll(this, this.replacedNow().filter(isNeverStable), { causeOf: () => 'rollback' });
    this.superseded = [];
    this.report('UPDATE_ROLLBACK_COMPLETE');
  }

  private allPhysical(): Resource[] {
    return [...this.resources.values(), ...this.replacedNow()];
  }

  /** A resource can be current again: a roll-back takes back what an update had replaced. */
  private replacedNow(): Resource[] {
    return this.superseded.filter((resource) => !this.isCurrent(resource));
  }

  private arriveAt(plan: Plan, status: 'CREATE_COMPLETE' | 'UPDATE_COMPLETE'): void {
    this.plan = plan;
    this.superseded = [];
    this.reason = undefined;
    this.report(status);
  }
}

function logicalIdsOf(resources: readonly Resource[]): string[] {
  return resources.map(({ logicalId }) => logicalId);
}

function failedTo(verb: string, logicalIds: readonly string[]): string {
  return `The following resource(s) failed to ${verb}: [${logicalIds.join(', ')}].`;
}

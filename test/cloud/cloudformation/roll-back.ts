// Brings the resources of a stack back to its last stable state, after an update that failed or was cancelled.
import { isDeepStrictEqual } from 'node:util';
import { inOrder } from './dependencies';
import { Resource } from './resource';
import { StackState } from './stack-state';

/**
 * Returns the logical ids of the resources that could not be brought back. It can be called again for those: what is
 * back already is left alone.
 *
 * @param skipped resources that are taken for brought back, though nothing is sent to them
 */
export function rollBackResources(
  state: StackState, lastStable: ReadonlyMap<string, Resource>, skipped: ReadonlySet<string>,
): Promise<string[]> {
  return inOrder(state.plan!.graph, (logicalId) => {
    const stable = lastStable.get(logicalId)!;
    return skipped.has(logicalId) ? skip(state, stable) : bringBack(state, stable);
  });
}

/**
 * From now on the stack believes that the resource is what it was before. Nobody has looked what it really is:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html
 */
async function skip(state: StackState, stable: Resource): Promise<boolean> {
  state.resources.set(stable.logicalId, stable);
  state.record('UPDATE_COMPLETE', stable);
  return true;
}

async function bringBack(state: StackState, stable: Resource): Promise<boolean> {
  const current = state.resources.get(stable.logicalId)!;
  if (isAsBefore(current, stable)) {
    state.resources.set(stable.logicalId, stable);
    return true;
  }
  if (state.needsReplacement(current, stable.properties)) {
    // The replaced resource is still there: it would have been deleted in the clean-up only.
    state.put(stable);
    state.record('UPDATE_COMPLETE', stable);
    return true;
  }
  state.record('UPDATE_IN_PROGRESS', current);
  try {
    const { physicalId, attributes } = await state.provider(stable.type).update(state.request(stable), current);
    const reverted = { ...stable, physicalId, attributes };
    state.put(reverted);
    state.record('UPDATE_COMPLETE', reverted);
    return true;
  } catch (error) {
    state.resources.set(stable.logicalId, { ...current, failed: 'rollback' });
    state.record('UPDATE_FAILED', current, (error as Error).message);
    return false;
  }
}

/** The update did not come to it, or changed only what CloudFormation itself keeps of it. */
function isAsBefore({ failed, physicalId, properties }: Resource, stable: Resource): boolean {
  return !failed && physicalId === stable.physicalId && isDeepStrictEqual(properties, stable.properties);
}

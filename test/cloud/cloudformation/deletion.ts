// Deletes resources of a stack, in reverse order of their dependencies.
import { inOrder, reversed } from './dependencies';
import { Resource } from './resource';
import { StackState } from './stack-state';

/** Why a resource is deleted: it decides which policy can keep it, and how often CloudFormation tries. */
export type DeleteCause = 'stack' | 'removed' | 'replaced' | 'rollback';

interface DeleteOptions {
  readonly causeOf: (resource: Resource) => DeleteCause;
  /** Logical ids of resources that are left as they are (`RetainResources`). */
  readonly retained?: ReadonlySet<string>;
}

/** In a roll-back and a clean-up, a failed delete is tried again before it is given up. */
const CLEAN_UP_ATTEMPTS = 3;

/** Returns what could not be deleted. What a resource depends on stays as long as the resource does. */
export async function deleteAll(
  state: StackState, resources: readonly Resource[], { causeOf, retained = new Set() }: DeleteOptions,
): Promise<Resource[]> {
  // Several physical resources can have one logical id, so the keys of the graph are numbers.
  const byKey = new Map(resources.map((resource, index) => [String(index), resource]));
  const keysOf = (logicalId: string) =>
    [...byKey].filter(([, each]) => each.logicalId === logicalId).map(([key]) => key);
  const graph = new Map([...byKey].map(([key, { dependencies }]) => [key, new Set([...dependencies].flatMap(keysOf))]));
  const gone = new Set<Resource>();
  await inOrder(reversed(graph), async (key) => {
    const resource = byKey.get(key)!;
    const cause = causeOf(resource);
    if (isKept(resource, cause) || retained.has(resource.logicalId)) state.record('DELETE_SKIPPED', resource);
    else if (!await deleteOne(state, resource, cause)) return false;
    gone.add(resource);
    if (state.resources.get(resource.logicalId) === resource) state.resources.delete(resource.logicalId);
    return true;
  });
  return resources.filter((resource) => !gone.has(resource));
}

async function deleteOne(state: StackState, resource: Resource, cause: DeleteCause): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    state.record('DELETE_IN_PROGRESS', resource);
    try {
      await state.provider(resource.type).delete(state.request(resource), resource);
      state.record('DELETE_COMPLETE', resource);
      return true;
    } catch (error) {
      state.record('DELETE_FAILED', resource, (error as Error).message);
      state.reason ??= (error as Error).message;
      if (cause === 'stack' || attempt === CLEAN_UP_ATTEMPTS) return false;
    }
  }
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html */
function isKept({ deletionPolicy, updateReplacePolicy }: Resource, cause: DeleteCause): boolean {
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

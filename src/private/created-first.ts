// Orders the custom resource after a construct with everything in it, except for what uses the custom resource.
import { CfnResource, NestedStack, Stage } from 'aws-cdk-lib';
import { Dependable, IConstruct, IDependable } from 'constructs';
import { referencesIn } from './references';

/** What was ordered before a custom resource. CDK could be asked too, but to answer it would ask us again. */
const ordered = new WeakMap<IConstruct, IConstruct[]>();

/**
 * CDK allows dependencies only within one stage, because stages are deployed on their own.
 *
 * A record below the identity can have the name and the value that the custom resource returns. It comes
 * later. So the dependencies are found when CDK asks for them, at the end of synthesis.
 */
export function createFirst(earlier: IConstruct, resource: CfnResource): void {
  if (Stage.of(earlier) !== Stage.of(resource)) return;
  ordered.set(resource, [...ordered.get(resource) ?? [], earlier]);
  const dependable: IDependable = {};
  Dependable.implement(dependable, {
    get dependencyRoots() {
      return resourcesIn(earlier).filter(node => !awaited(node, resource).some(each => waitsFor(resource, each)));
    },
  });
  resource.node.addDependency(dependable);
}

/** Whether a resource uses the custom resource, itself or through others. */
function waitsFor(resource: CfnResource, user: CfnResource, seen = new Set<CfnResource>()): boolean {
  if (user === resource) return true;
  if (seen.has(user)) return false;
  seen.add(user);
  const named = user.node.scopes.flatMap(scope => ordered.get(scope) ?? scope.node.dependencies).flatMap(resourcesIn);
  const referred = referencesIn(user, user._toCloudFormation(), true);
  return [...user.obtainDependencies(), ...named, ...referred]
    .some(next => awaited(next, user).some(each => waitsFor(resource, each, seen)));
}

/** What is awaited by who needs it: from outside of a nested stack, all that is in the stack. */
function awaited(needed: IConstruct, by: IConstruct): CfnResource[] {
  const { scopes } = by.node;
  const whole = needed.node.scopes.find(scope => NestedStack.isNestedStack(scope) && !scopes.includes(scope));
  return whole ? resourcesIn(whole) : [needed].filter(CfnResource.isCfnResource);
}

function resourcesIn(construct: IConstruct): CfnResource[] {
  return construct.node.findAll().filter(CfnResource.isCfnResource);
}

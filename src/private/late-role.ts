// The role that a function has at the end of synthesis, for policies that are made before that is known.
import { CfnResource, Lazy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';

/** A role that is looked at when the template is written, and not before. */
export function lateRole(role: () => iam.IRole): iam.IRole {
  // CDK keeps the name that a policy asks for first.
  const roleName = Lazy.uncachedString({ produce: () => role().roleName });
  return new Proxy({} as iam.IRole, {
    get: (_, member) => member === 'roleRef' ? { ...role().roleRef, roleName } : Reflect.get(role(), member),
    has: (_, member) => Reflect.has(role(), member),
    getPrototypeOf: () => Reflect.getPrototypeOf(role()),
  });
}

/** Keeps a policy out of the template if its role takes none, or if nobody needs it in the end. */
export function omitIfNotTaken(policy: CfnResource, role: iam.IRole, isNeeded = () => true): void {
  Object.assign(policy, { shouldSynthesize: () => takesPolicies(role) && isNeeded() });
}

/**
 * Whether the app may attach policies to the role. No property says so. A role of the app has its resource,
 * unless the roles are made outside of the app (`iam.Role.customizeRoles`). An imported role attaches itself
 * to the policy that it is given, and one that must not change ignores the policy. A `LazyRole` keeps what it is given,
 * so it is given nothing that is no policy.
 */
export function takesPolicies(role: iam.IRole): boolean {
  if (role instanceof iam.LazyRole) return true;
  if (iam.Role.isRole(role)) return role.node.tryFindChild('Resource') !== undefined;
  let takes = false;
  const offered = { managedPolicyArn: '', attachToRole: () => { takes = true; } };
  role.addManagedPolicy(offered as unknown as iam.IManagedPolicy);
  return takes;
}

// A managed policy for the role that the function has in the end.
import { Lazy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

/**
 * It is in the template if the role takes policies.
 *
 * The role is read late: it can be given after the policy was made.
 */
export class RolePolicy extends iam.CfnManagedPolicy {
  constructor(
    scope: Construct, id: string, policyDocument: unknown,
    private readonly role: () => iam.IRole, private readonly isNeeded = () => true,
  ) {
    super(scope, id, { policyDocument, roles: Lazy.uncachedList({ produce: () => [role().roleName] }) });
  }

  protected shouldSynthesize(): boolean {
    return takesPolicies(this.role()) && this.isNeeded();
  }
}

/**
 * A role that the app must not change takes no policies. It has no property that says so: an imported role
 * attaches itself to the policy that it is given, and a role that must not change ignores it.
 */
function takesPolicies(role: iam.IRole): boolean {
  if (iam.Role.isRole(role)) return true;
  let takes = false;
  const offered = { managedPolicyArn: '', attachToRole: () => { takes = true; } };
  role.addManagedPolicy(offered as unknown as iam.IManagedPolicy);
  return takes;
}

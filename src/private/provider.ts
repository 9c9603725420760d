// What all constructs of a stack share: the function, what they say about it, and the policies of its role.
import { Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, Dependable, IConstruct, IDependable } from 'constructs';
import { acknowledgeWildcards } from './acknowledged-finding';
import { FunctionSettings } from './function-settings';
import { omitIfNotTaken } from './late-role';
import { MergedDocument } from './merged-document';
import { Permission } from './permissions';
import { firstGrant, Grant, grantOf, pack } from './policy-packing';
import { replaceByContent } from './replaced-by-content';
import { Schedules } from './schedules';
import { SharedFunction } from './shared-function';
import { Turns } from './turns';
import type { DkimFunctionOptions } from '../dkim-function';

/**
 * Id of the provider in the stack. It never changes, because CloudFormation would replace the function
 * of every stack.
 */
const ID = 'cdk-ses-dkim';

/**
 * Managed policies that a role can have, unless the account has a higher quota:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const POLICIES_PER_ROLE = 10;
const MOST_POLICIES_PER_ROLE = 20;

/** The context key for an account with a higher quota. */
const QUOTA_KEY = 'cdk-ses-dkim:managedPoliciesPerRole';

export class Provider extends Construct {
  /** The provider of the stack, with its function. */
  public static of(scope: IConstruct): Provider {
    const provider = Provider.in(Stack.of(scope));
    provider.function ??= new SharedFunction(provider, provider.settings.options);
    return provider;
  }

  /** Sets the function of the stack, before or after it is made. */
  public static configure(scope: IConstruct, options: DkimFunctionOptions): void {
    const { settings, function: made } = Provider.in(Stack.of(scope));
    settings.add(scope, options);
    made?.apply(options);
  }

  private static in(stack: Stack): Provider {
    const existing = stack.node.tryFindChild(ID);
    if (existing && !(existing instanceof Provider)) {
      throw new Error(`The id '${ID}' in stack '${stack.stackName}' is taken by another construct, or by another copy `
        + 'of this library. Give that construct another id, and install the library only once');
    }
    return existing ?? new Provider(stack);
  }

  /** The turns of the custom resources that the function serves. */
  public readonly turns: Turns;
  private function?: SharedFunction;
  private readonly settings: FunctionSettings;
  private own?: Grant;
  private readonly grants: Grant[] = [];
  private readonly policies: SharedPolicy[] = [];
  /** The grants of each policy. */
  private packed: Grant[][] = [];

  private constructor(stack: Stack) {
    super(stack, ID);
    this.turns = new Turns(stack);
    this.settings = new FunctionSettings(stack);
    this.node.addValidation({ validate: () => this.problems() });
  }

  public get serviceToken(): string {
    return this.function!.arn;
  }

  /**
   * Gives the function the permissions for one identity, of which the first names the identity.
   *
   * The custom resource of the identity must depend on the result. Then CloudFormation creates the
   * permissions before the custom resource, and deletes them after it.
   */
  public grant(permissions: Permission[]): IDependable {
    const stack = Stack.of(this);
    const grant = grantOf(stack, permissions);
    this.grants.push(grant);
    this.own ??= firstGrant(stack, this.function!.ownPermissions);
    this.packed = pack([this.own, ...this.grants], this.maxPolicies()) ?? this.refuse();
    while (this.policies.length < this.packed.length) this.policies.push(this.addPolicy());
    this.acknowledgeFindings();
    return lazyDependable(() => this.policies[this.packed.findIndex(grants => grants.includes(grant))]);
  }

  /** For one more identity that waits for verification. A stack in which none waits has no schedules. */
  public schedules(): Schedules {
    const id = 'Schedules';
    const schedules = this.node.tryFindChild(id) as Schedules | undefined ?? new Schedules(this, id, this.function!);
    schedules.addIdentity();
    return schedules;
  }

  /** In a VPC, the function needs a policy for that too. An Aspect can attach it at the last moment. */
  private problems(): string[] {
    const quota = this.quota();
    const needed = 2 * this.packed.length + 1;
    if (needed <= quota || !this.function?.isInVpc) return [];
    return [`The identities in stack '${Stack.of(this).stackName}' need ${this.packed.length} managed policies, as many `
      + `again while an update changes them, and the VPC of the function another. A role can have ${quota}. Put some of `
      + 'the EmailIdentityDkim constructs into another stack'];
  }

  /**
   * What the function does for itself is in the first policy. A custom resource can rely only on the policy
   * that it depends on, so the others depend on the first: it is made before them, and deleted after them.
   */
  private addPolicy(): SharedPolicy {
    const index = this.policies.length;
    const policy = new SharedPolicy(this, `Policy${index + 1}`, this.function!.role, () =>
      (this.packed[index] ?? []).flatMap(grant => grant.permissions));
    if (index > 0) policy.node.addDependency(this.policies[0]);
    return policy;
  }

  /** As soon as one identity needs it, whichever policy that identity will be in. */
  private acknowledgeFindings(): void {
    const permissions = this.grants.flatMap(grant => grant.permissions);
    const reasons = new Map(permissions.flatMap(({ resources, reasonForWildcard: reason }) =>
      reason === undefined ? [] : resources.map(arn => [arn, reason] as const)));
    for (const policy of this.policies) reasons.forEach((reason, arn) => policy.acknowledge(arn, reason));
  }

  /**
   * CloudFormation creates a changed policy before it deletes the old one. An update can change all policies, for
   * example by another secret. So half of what the role can have must do.
   */
  private maxPolicies(): number {
    return Math.floor(this.quota() / 2);
  }

  private quota(): number {
    const given = this.node.tryGetContext(QUOTA_KEY) ?? POLICIES_PER_ROLE;
    const quota = ['number', 'string'].includes(typeof given) ? Number(given) : NaN;
    if (Number.isInteger(quota) && quota >= POLICIES_PER_ROLE && quota <= MOST_POLICIES_PER_ROLE) return quota;
    throw new Error(`The context value '${QUOTA_KEY}' is ${JSON.stringify(given).slice(0, 200)}. It must be a whole number from `
      + `${POLICIES_PER_ROLE} to ${MOST_POLICIES_PER_ROLE}: the quota 'Managed policies attached to an IAM role' of the `
      + 'account');
  }

  private refuse(): never {
    const quota = this.quota();
    const raise = quota === MOST_POLICIES_PER_ROLE ? '' : ". Or raise the quota 'Managed policies attached to an IAM "
      + `role' of the account, to at most ${MOST_POLICIES_PER_ROLE}, and set the context value '${QUOTA_KEY}' to it`;
    throw new Error(`The permissions for the identities in stack '${Stack.of(this).stackName}' need more than `
      + `${this.maxPolicies()} managed policies. A role can have ${quota}, and an update that changes the policies needs `
      + 'the new ones beside the old ones. Put some of the EmailIdentityDkim constructs into another stack' + raise);
  }
}

/** What depends on it depends on the construct that `find` gives when the app is synthesized. */
function lazyDependable(find: () => IConstruct): IDependable {
  const dependable: IDependable = {};
  Dependable.implement(dependable, { get dependencyRoots() { return [find()]; } });
  return dependable;
}

/**
 * A managed policy with the permissions for many identities.
 *
 * A changed policy is a new resource. CloudFormation creates it before the custom resources that need
 * it. It deletes the old policy in the clean-up phase, after the removed custom resources: their Delete
 * still needs the old policy.
 *
 * It is the ManagedPolicy of CDK, which writes no policy but a report if the app has roles of its own
 * (`iam.Role.customizeRoles`).
 */
class SharedPolicy extends iam.ManagedPolicy {
  private readonly acknowledged = new Set<string>();

  /** @param permissions all that it has when the app is complete */
  constructor(scope: Construct, id: string, role: iam.IRole, permissions: () => Permission[]) {
    const document = new MergedDocument(Stack.of(scope), permissions);
    super(scope, id, { roles: [role], document });

    const resource = this.resource;
    if (!resource) return;
    resource.description = Lazy.uncachedString({ produce: () => document.description });
    resource.path = undefined; // CDK's default is IAM's own
    omitIfNotTaken(resource, role, () => permissions().length > 0);
    replaceByContent(resource, preparing => document.hash(preparing));
  }

  /** Acknowledges the wildcard, once. */
  public acknowledge(arn: string, reason: string): void {
    if (this.resource && !this.acknowledged.has(arn)) acknowledgeWildcards(this.resource, [arn], reason);
    this.acknowledged.add(arn);
  }

  /** The policy in the template. An app that has roles of its own has none. */
  private get resource(): iam.CfnManagedPolicy | undefined {
    return this.node.defaultChild as iam.CfnManagedPolicy | undefined;
  }
}

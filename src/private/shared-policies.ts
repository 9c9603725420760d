// The managed policies of one role: the permissions of many identities, packed into as few as possible.
import { Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, Dependable, IConstruct, IDependable } from 'constructs';
import { acknowledgeWildcards } from './acknowledged-finding';
import { omitIfNotTaken, takesPolicies } from './late-role';
import { MergedDocument } from './merged-document';
import { Permission, reasonsForWildcards } from './permissions';
import { firstGrant, Grant, grantOf, pack, POLICIES_PER_ROLE, widen } from './policy-packing';
import { replaceByContent } from './replaced-by-content';
import type { SharedFunction } from './shared-function';

/** The highest quota of managed policies for each role that AWS gives to an account. */
const MOST_POLICIES_PER_ROLE = 20;

/** The context key for an account with a higher quota. */
const QUOTA_KEY = 'cdk-ses-dkim:managedPoliciesPerRole';

export class SharedPolicies {
  private readonly own: Grant;
  private readonly grants: Grant[] = [];
  private readonly policies: SharedPolicy[] = [];
  /** The grants of each policy. */
  private packed: Grant[][] = [];
  /** The number of the policy that each grant is in, as soon as somebody has asked. */
  private places?: ReadonlyMap<Grant, number>;
  private isWide = false;
  /** Why there is each, by ARN. */
  private wildcards = new Map<string, string>();

  /** @param own what the function does for itself, whatever the identities */
  constructor(private readonly scope: Construct, private readonly role: iam.IRole, own: Permission[]) {
    this.own = firstGrant(Stack.of(scope), own);
  }

  /**
   * Gives the function the permissions for one identity, of which the first names the identity.
   *
   * What the function is called for must depend on the result. Then CloudFormation creates the permissions before it,
   * and deletes them after it.
   */
  public grant(permissions: Permission[]): IDependable {
    const grant = grantOf(Stack.of(this.scope), permissions);
    this.grants.push(grant);
    if (this.isWide) widen(Stack.of(this.scope), grant);
    this.packed = this.packAll() ?? this.packWider() ?? this.refuse();
    this.places = undefined;
    while (this.policies.length < this.packed.length) this.policies.push(this.addPolicy());
    this.acknowledgeFindings(grant);
    return lazyDependable(() => this.policies[this.placeOf(grant)]);
  }

  private placeOf(grant: Grant): number {
    this.places ??= new Map(this.packed.flatMap((grants, index) => grants.map(each => [each, index])));
    return this.places.get(grant)!;
  }

  private packAll(): Grant[][] | undefined {
    return pack([this.own, ...this.grants], this.maxPolicies());
  }

  private packWider(): Grant[][] | undefined {
    if (!this.isWide) this.grants.forEach(grant => widen(Stack.of(this.scope), grant));
    this.isWide = true;
    this.wildcards = reasonsForWildcards(this.grants.flatMap(grant => grant.permissions));
    return this.packAll();
  }

  /**
   * In a VPC, the function needs a policy for that too. An Aspect can attach it at the last moment.
   *
   * @param other of another function, which can have been given the same role
   */
  public problems(of: Pick<SharedFunction, 'isInVpc'>, other?: SharedPolicies): string[] {
    const stack = Stack.of(this.scope);
    const [role, otherRole] = [this, other].map(each => each && JSON.stringify(stack.resolve(each.role.roleArn)));
    const besides = role === otherRole ? other!.packed.length : 0;
    const count = this.packed.length + besides;
    const quota = this.quota();
    const forVpc = besides ? 2 : 1;
    if (2 * count + forVpc <= quota) return []; // whether there is a VPC, is dear to ask
    const { isInVpc } = of;
    if (2 * count + (isInVpc ? forVpc : 0) <= quota || !takesPolicies(this.role)) return [];
    return [`The identities in stack '${stack.stackName}' need ${count} managed policies${besides ? ' for two functions with one '
      + 'role' : ''}, as many again while an update changes them${isInVpc ? ', and the VPC of the function another' : ''}. A role `
      + `can have ${quota}. ${besides ? 'Give DkimFunction.configure() no role, so that each function has its own, or put' : 'Put'} `
      + 'some of the EmailIdentityDkim constructs into another stack'];
  }

  /**
   * What the function does for itself is in the first policy. A custom resource can rely only on the policy
   * that it depends on, so the others depend on the first: it is made before them, and deleted after them.
   */
  private addPolicy(): SharedPolicy {
    const index = this.policies.length;
    const policy = new SharedPolicy(this.scope, `Policy${index + 1}`, this.role, () =>
      this.packed[index] ?? []);
    if (index > 0) policy.node.addDependency(this.policies[0]);
    return policy;
  }

  /** As soon as one identity needs it, whichever policy that identity will be in. */
  private acknowledgeFindings({ permissions }: Grant): void {
    for (const [arn, reason] of reasonsForWildcards(permissions)) this.wildcards.set(arn, reason);
    for (const policy of this.policies) this.wildcards.forEach((reason, arn) => policy.acknowledge(arn, reason));
  }

  /**
   * CloudFormation creates a changed policy before it deletes the old one. An update can change all policies, for
   * example by another secret. So half of what the role can have must do.
   */
  private maxPolicies(): number {
    return Math.floor(this.quota() / 2);
  }

  private quota(): number {
    const given = this.scope.node.tryGetContext(QUOTA_KEY) ?? POLICIES_PER_ROLE;
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
    throw new Error(`The permissions for the identities in stack '${Stack.of(this.scope).stackName}' need more than `
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

  /** @param grants all that it has when the app is complete */
  constructor(scope: Construct, id: string, role: iam.IRole, grants: () => readonly Grant[]) {
    const document = new MergedDocument(Stack.of(scope), () => grants().flatMap(grant => grant.permissions));
    super(scope, id, { roles: [role], document });

    const resource = this.resource;
    if (!resource) return;
    resource.description = Lazy.uncachedString({ produce: () => document.description });
    resource.path = undefined; // CDK's default is IAM's own
    omitIfNotTaken(resource, role, () => grants().some(grant => grant.permissions.length > 0));
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

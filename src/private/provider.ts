<<<<<<< HEAD
// The function that all constructs of a stack share, with its log group, its role and its policies.
import { Annotations, Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
=======
// What all constructs of a stack share: the function, what they say about it, and the policies of its role.
import { createHash } from 'crypto';
import { Lazy, Stack } from 'aws-cdk-lib';
>>>>>>> main
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, Dependable, IConstruct, IDependable } from 'constructs';
import { acknowledgeAnyChange } from './acknowledged-finding';
<<<<<<< HEAD
import { handlerAsset } from './handler-asset';
import { MergedDocument } from './merged-document';
import { maxDocumentSize, MAX_POLICY_SIZE } from './merged-policy';
import { anyChangeArn, Permission, selfInvokePermission } from './permissions';
import { replaceByContent } from './replaced-by-content';
=======
import { FunctionSettings } from './function-settings';
import { omitIfNotTaken } from './late-role';
import { measure, policyDocument } from './merged-policy';
import { anyChangeArn, Permission } from './permissions';
import { Grant, grantOf, pack } from './policy-packing';
import { SharedFunction } from './shared-function';
import { Turns } from './turns';
import type { DkimFunctionOptions } from '../dkim-function';
>>>>>>> main

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

<<<<<<< HEAD
=======
/** The context key for an account with a higher quota. */
const QUOTA_KEY = 'cdk-ses-dkim:managedPoliciesPerRole';

>>>>>>> main
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

<<<<<<< HEAD
    const logGroup = new logs.LogGroup(this, 'Logs', {
      retention: logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = this.createRole(stack, logGroup);
    const handler = new lambda.Function(this, 'Handler', {
      description: 'DKIM signing of SES identities (cdk-ses-dkim)',
      code: lambda.Code.fromAsset(handlerAsset()),
      handler: 'deployment/index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      // Lambda has x86_64 in every Region of every partition, but not arm64. For some seconds a month
      // the price is the same.
      architecture: lambda.Architecture.X86_64,
      memorySize: 512,
      timeout: Duration.minutes(15),
      role: this.role,
      logGroup,
    });
    this.serviceToken = handler.functionArn;
=======
  public get serviceToken(): string {
    return this.function!.arn;
>>>>>>> main
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
    const own = measure(stack, this.function!.ownPermissions);
    this.packed = pack(this.grants, own, this.maxPolicies()) ?? this.refuse();
    while (this.policies.length < this.packed.length) this.policies.push(this.addPolicy());
    this.acknowledgeFindings();
    return lazyDependable(() => this.policies[this.packed.findIndex(grants => grants.includes(grant))]);
  }

  /** In a VPC, the function needs a policy for that too. An Aspect can attach it at the last moment. */
  private problems(): string[] {
    const quota = this.quota();
    const needed = 2 * this.policies.length + 1;
    if (!this.function?.isInVpc || needed <= quota) return [];
    return [`The identities in stack '${Stack.of(this).stackName}' need ${this.policies.length} managed policies, as many `
      + `again while an update changes them, and the VPC of the function another. A role can have ${quota}. Put some of `
      + 'the EmailIdentityDkim constructs into another stack'];
  }

  private addPolicy(): SharedPolicy {
    const index = this.policies.length;
    return new SharedPolicy(this, `Policy${index + 1}`, this.function!, () =>
      // Every policy has the first, because a custom resource can rely only on the policy that it depends on.
      [...this.function!.ownPermissions, ...(this.packed[index] ?? []).flatMap(grant => grant.permissions)]);
  }

  /** As soon as one identity needs it, whichever policy that identity will be in. */
  private acknowledgeFindings(): void {
    const anyChange = anyChangeArn(Stack.of(this));
    const needed = this.grants.some(({ permissions }) =>
      permissions.some(({ resources }) => resources.includes(anyChange)));
    if (needed) for (const policy of this.policies) policy.acknowledgeAnyChange();
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
    throw new Error(`The context value '${QUOTA_KEY}' is ${JSON.stringify(given)}. It must be a whole number from `
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
<<<<<<< HEAD
class SharedPolicy extends iam.ManagedPolicy {
  private permissions: Permission[];
  private identities = 0;

  /**
   * @param common for every policy, because a custom resource can rely only on the policy that it
   * depends on
   */
  constructor(scope: Construct, id: string, role: iam.IRole, common: Permission) {
    const document = new MergedDocument(Stack.of(scope), () => this.permissions);
    super(scope, id, { roles: [role], document });
    this.permissions = [common];

    const resource = this.resource;
    if (!resource) return;
    resource.description = Lazy.uncachedString({ produce: () => document.description });
    resource.path = undefined; // CDK's default is IAM's own
    replaceByContent(resource, preparing => document.hash(preparing));
  }

  public hasRoomFor(permissions: Permission[]): boolean {
    return this.identities < IDENTITIES_PER_POLICY
      && maxDocumentSize(this.stack, [...this.permissions, ...permissions]) <= MAX_POLICY_SIZE;
  }

  public add(permissions: Permission[]): void {
    const anyChange = anyChangeArn(this.stack);
    const hasAnyChange = (some: Permission[]) => some.some(({ resources }) => resources.includes(anyChange));
    if (this.resource && hasAnyChange(permissions) && !hasAnyChange(this.permissions)) {
      acknowledgeAnyChange(this.resource);
    }
    this.permissions = [...this.permissions, ...permissions];
    this.identities += 1;
  }

  /** The policy in the template. An app that has roles of its own has none. */
  private get resource(): iam.CfnManagedPolicy | undefined {
    return this.node.defaultChild as iam.CfnManagedPolicy | undefined;
=======
class SharedPolicy extends Construct {
  private readonly resource: iam.CfnManagedPolicy;
  private isAcknowledged = false;
  private hash?: string;

  /** @param permissions all that it has when the app is complete */
  constructor(scope: Construct, id: string, { role }: SharedFunction, private readonly permissions: () => Permission[]) {
    super(scope, id);

    const stack = Stack.of(this);
    this.resource = new iam.CfnManagedPolicy(this, 'Resource', {
      roles: Lazy.uncachedList({ produce: () => [role.roleName] }),
      policyDocument: Lazy.uncachedAny({ produce: () => this.document() }),
    });
    omitIfNotTaken(this.resource, role);
    const logicalId = stack.resolve(this.resource.logicalId);
    this.resource.overrideLogicalId(Lazy.uncachedString({
      produce: ({ preparing }) => `${logicalId}${this.contentHash(preparing)}`,
    }));
  }

  public acknowledgeAnyChange(): void {
    if (!this.isAcknowledged) acknowledgeAnyChange(this.resource);
    this.isAcknowledged = true;
  }

  private document() {
    return policyDocument(Stack.of(this), this.permissions());
  }

  /**
   * A hash of the content. CDK asks for the logical id many times, so the hash is kept.
   *
   * While CDK prepares the template, there is no hash. At that time CDK still looks for references to
   * other stacks, and replaces them in the template afterwards.
   */
  private contentHash(preparing: boolean): string {
    if (preparing) {
      this.hash = undefined;
      return '';
    }
    return this.hash ??= shortHash(Stack.of(this).resolve(this.document()));
>>>>>>> main
  }
}

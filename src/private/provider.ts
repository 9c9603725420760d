// What all constructs of a stack share: the function, what they say about it, and the policies of its role.
import { createHash } from 'crypto';
import { Annotations, Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, IConstruct, IDependable } from 'constructs';
import { acknowledgeAnyChange } from './acknowledged-finding';
import { FunctionSettings } from './function-settings';
import { omitIfNotTaken } from './late-role';
import { maxDocumentSize, MAX_POLICY_SIZE, policyDocument } from './merged-policy';
import { anyChangeArn, Permission } from './permissions';
import { SharedFunction } from './shared-function';
import type { DkimFunctionOptions } from '../dkim-function';

/**
 * Id of the provider in the stack. It never changes, because CloudFormation would replace the function
 * of every stack.
 */
const ID = 'cdk-ses-dkim';

/** How many identities share one policy, if it has room for them. */
const IDENTITIES_PER_POLICY = 30;

/**
 * Managed policies that a role can have. An account can have a higher quota:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const MAX_POLICIES = 10;

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

  private function?: SharedFunction;
  private readonly settings: FunctionSettings;
  private readonly policies: SharedPolicy[] = [];

  private constructor(stack: Stack) {
    super(stack, ID);
    this.settings = new FunctionSettings(stack);
    this.node.addValidation({ validate: () => this.problems() });
  }

  public get serviceToken(): string {
    return this.function!.arn;
  }

  /**
   * Gives the function the permissions for one identity.
   *
   * The custom resource of the identity must depend on the result. Then CloudFormation creates the
   * permissions before the custom resource, and deletes them after it.
   */
  public grant(permissions: Permission[]): IDependable {
    const last = this.policies.at(-1);
    const policy = last?.hasRoomFor(permissions) ? last : this.addPolicy();
    policy.add(permissions);
    return policy;
  }

  /** In a VPC, the function needs a policy for that too. An Aspect can attach it at the last moment. */
  private problems(): string[] {
    if (this.policies.length < MAX_POLICIES || !this.function!.isInVpc) return [];
    return [`The identities in stack '${Stack.of(this).stackName}' need ${MAX_POLICIES} managed policies and the VPC of the `
      + `function another, and a role can have no more than ${MAX_POLICIES}. Put some of the EmailIdentityDkim constructs `
      + 'into another stack'];
  }

  private addPolicy(): SharedPolicy {
    if (this.policies.length === MAX_POLICIES) {
      throw new Error(`The permissions for the identities in stack '${Stack.of(this).stackName}' need more than `
        + `${MAX_POLICIES} managed policies, and a role can have no more. Put some of the EmailIdentityDkim constructs `
        + 'into another stack');
    }
    const id = `Policy${this.policies.length + 1}`;
    const policy = new SharedPolicy(this, id, this.function!);
    this.policies.push(policy);
    if (this.policies.length === MAX_POLICIES / 2 + 1) this.warnOfReplacement();
    return policy;
  }

  /**
   * CloudFormation creates changed policies before it deletes the old ones, so the role can need twice
   * as many.
   */
  private warnOfReplacement(): void {
    Annotations.of(this).addWarningV2('cdk-ses-dkim:policyReplacement',
      `The permissions for the identities in this stack need more than ${MAX_POLICIES / 2} managed policies. `
      + 'CloudFormation creates a changed policy before it deletes the old one, and a role can have '
      + `${MAX_POLICIES}: an update that changes all of them will fail. Put some of the EmailIdentityDkim constructs `
      + "into another stack, or raise the quota 'Managed policies attached to an IAM role' of the account");
  }
}

/**
 * A managed policy with the permissions for up to 30 identities.
 *
 * The logical id has a hash of the content, so a changed policy is a new resource. CloudFormation
 * creates it before the custom resources that need it. It deletes the old policy in the clean-up phase,
 * after the removed custom resources: their Delete still needs the old policy.
 */
class SharedPolicy extends Construct {
  private readonly resource: iam.CfnManagedPolicy;
  private permissions: Permission[];
  private identities = 0;
  private hash?: string;

  constructor(scope: Construct, id: string, of: SharedFunction) {
    super(scope, id);
    // Every policy has them, because a custom resource can rely only on the policy that it depends on.
    this.permissions = of.ownPermissions;

    const stack = Stack.of(this);
    this.resource = new iam.CfnManagedPolicy(this, 'Resource', {
      roles: Lazy.uncachedList({ produce: () => [of.role.roleName] }),
      policyDocument: Lazy.uncachedAny({ produce: () => this.document() }),
    });
    omitIfNotTaken(this.resource, of.role);
    const logicalId = stack.resolve(this.resource.logicalId);
    this.resource.overrideLogicalId(Lazy.uncachedString({
      produce: ({ preparing }) => `${logicalId}${this.contentHash(preparing)}`,
    }));
  }

  public hasRoomFor(permissions: Permission[]): boolean {
    return this.identities < IDENTITIES_PER_POLICY
      && maxDocumentSize(Stack.of(this), [...this.permissions, ...permissions]) <= MAX_POLICY_SIZE;
  }

  public add(permissions: Permission[]): void {
    const anyChange = anyChangeArn(Stack.of(this));
    const hasAnyChange = (some: Permission[]) => some.some(({ resources }) => resources.includes(anyChange));
    if (hasAnyChange(permissions) && !hasAnyChange(this.permissions)) acknowledgeAnyChange(this.resource);
    this.permissions = [...this.permissions, ...permissions];
    this.identities += 1;
    this.hash = undefined;
  }

  private document() {
    return policyDocument(Stack.of(this), this.permissions);
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
  }
}

function shortHash(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 8).toUpperCase();
}

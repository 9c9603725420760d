// The function that all constructs of a stack share, with its log group, its role and its policies.
import { createHash } from 'crypto';
import * as path from 'path';
import { Annotations, Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct, IDependable } from 'constructs';
import { acknowledgeWildcard } from './acknowledged-finding';
import { maxDocumentSize, MAX_POLICY_SIZE, policyDocument } from './merged-policy';
import { Permission, selfInvokePermission } from './permissions';
import { Schedules } from './schedules';

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

/** The package has the built handler here, beside the compiled library. */
const HANDLER_ASSET = path.join(__dirname, '..', '..', 'assets', 'lambda');

export class Provider extends Construct {
  /** The provider of the stack. It has no options, so it is the same whichever construct asks first. */
  public static of(scope: IConstruct): Provider {
    const stack = Stack.of(scope);
    const existing = stack.node.tryFindChild(ID);
    if (existing && !(existing instanceof Provider)) {
      throw new Error(`The id '${ID}' in stack '${stack.stackName}' is taken by another construct, or by another copy `
        + 'of this library. Give that construct another id, and install the library only once');
    }
    return existing ?? new Provider(stack);
  }

  public readonly serviceToken: string;
  private readonly handler: lambda.Function;
  private readonly role: iam.Role;
  private readonly policies: SharedPolicy[] = [];

  private constructor(stack: Stack) {
    super(stack, ID);

    const logGroup = new logs.LogGroup(this, 'Logs', {
      retention: logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = this.createRole(stack, logGroup);
    this.handler = new lambda.Function(this, 'Handler', {
      description: 'DKIM signing of SES identities (cdk-ses-dkim)',
      code: lambda.Code.fromAsset(HANDLER_ASSET),
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
    this.serviceToken = this.handler.functionArn;
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

  /** For one more identity that waits for verification. A stack in which none waits has no schedules. */
  public schedules(): Schedules {
    const id = 'Schedules';
    const schedules = this.node.tryFindChild(id) as Schedules | undefined ?? new Schedules(this, id, this.handler);
    schedules.addIdentity();
    return schedules;
  }

  private createRole(stack: Stack, logGroup: logs.LogGroup): iam.Role {
    return new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        Own: new iam.PolicyDocument({
          statements: [
            // AWSLambdaBasicExecutionRole would allow writing to every log group. The function would
            // then also create its log group again after the stack has deleted it.
            new iam.PolicyStatement({
              actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
              resources: [logGroup.logGroupArn],
            }),
            // An event from CloudFormation does not say whether an Update is a rollback, or whether a
            // failed resource has been created again. The stack says it.
            new iam.PolicyStatement({
              actions: ['cloudformation:DescribeStackResource', 'cloudformation:DescribeStacks'],
              resources: [stack.stackId],
            }),
          ],
        }),
      },
    });
  }

  private addPolicy(): SharedPolicy {
    if (this.policies.length === MAX_POLICIES) {
      throw new Error(`The permissions for the identities in stack '${Stack.of(this).stackName}' need more than `
        + `${MAX_POLICIES} managed policies, and a role can have no more. Put some of the EmailIdentityDkim constructs `
        + 'into another stack');
    }
    const id = `Policy${this.policies.length + 1}`;
    const policy = new SharedPolicy(this, id, this.role, selfInvokePermission(this.serviceToken));
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

  /**
   * @param common for every policy, because a custom resource can rely only on the policy that it
   * depends on
   */
  constructor(scope: Construct, id: string, role: iam.IRole, common: Permission) {
    super(scope, id);
    this.permissions = [common];

    const stack = Stack.of(this);
    this.resource = new iam.CfnManagedPolicy(this, 'Resource', {
      roles: [role.roleName],
      policyDocument: Lazy.uncachedAny({ produce: () => this.document() }),
    });
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
    for (const { kind, resources, reasonForWildcard } of permissions) {
      if (reasonForWildcard === undefined || this.permissions.some((known) => known.kind === kind)) continue;
      acknowledgeWildcard(this.resource, resources[0], reasonForWildcard);
    }
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

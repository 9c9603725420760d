// The function behind all constructs of a stack: one function, its log group, its role, and policies that many identities share.
import { createHash } from 'crypto';
import * as path from 'path';
import { Annotations, Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct, IDependable } from 'constructs';
import { acknowledgeAnyChange } from './acknowledged-finding';
import { MAX_POLICY_SIZE, policyDocument, reckonedSize } from './merged-policy';
import { anyChangeArn, continueRights, Right } from './rights';

/** Below the stack. Never changes: CloudFormation would replace the function under every resource that exists. */
const ID = 'cdk-ses-dkim';

/** How many identities share one policy, if they fit. */
const IDENTITIES_PER_POLICY = 30;

/** Managed policies of a role, unless the account has a higher quota: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const MAX_POLICIES = 10;

export class Provider extends Construct {
  /** The provider of the stack. It takes no options, so that it does not matter who asks first. */
  public static of(scope: IConstruct): Provider {
    const stack = Stack.of(scope);
    const existing = stack.node.tryFindChild(ID);
    if (existing && !(existing instanceof Provider)) {
      throw new Error(`The id '${ID}' in stack '${stack.stackName}' is taken by another construct, or by another copy of this library. `
        + 'Give that construct another id; install the library once');
    }
    return existing ?? new Provider(stack);
  }

  public readonly serviceToken: string;
  private readonly role: iam.Role;
  private readonly policies: SharedPolicy[] = [];

  private constructor(stack: Stack) {
    super(stack, ID);

    const logGroup = new logs.LogGroup(this, 'Logs', {
      retention: logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        Own: new iam.PolicyDocument({
          statements: [
            // Instead of AWSLambdaBasicExecutionRole, which may write to every log group and create them again after their deletion.
            new iam.PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] }),
            // Nothing else tells an update from a roll-back, or a failed resource from the one that was made in its place.
            new iam.PolicyStatement({ actions: ['cloudformation:DescribeStackResource', 'cloudformation:DescribeStacks'], resources: [stack.stackId] }),
          ],
        }),
      },
    });
    const handler = new lambda.Function(this, 'Handler', {
      description: 'DKIM signing of SES identities (cdk-ses-dkim)',
      code: lambda.Code.fromAsset(path.join(__dirname, '..', '..', 'assets', 'lambda')),
      handler: 'deployment/index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      // Lambda has it in every Region of every partition, which cannot be said of arm64; for seconds of work a month the price is the same.
      architecture: lambda.Architecture.X86_64,
      memorySize: 512,
      timeout: Duration.minutes(15),
      role: this.role,
      logGroup,
    });
    this.serviceToken = handler.functionArn;
  }

  /** Gives the function the rights of one identity. What is returned has to be there before the custom resource, and to go after it. */
  public grant(rights: Right[]): IDependable {
    const last = this.policies.at(-1);
    const policy = last?.hasRoomFor(rights) ? last : this.openPolicy();
    policy.add(rights);
    return policy;
  }

  private openPolicy(): SharedPolicy {
    if (this.policies.length === MAX_POLICIES) {
      throw new Error(`The rights of the identities in stack '${Stack.of(this).stackName}' need more than ${MAX_POLICIES} managed policies, `
        + 'which is what a role takes. Put some of the EmailIdentityDkim constructs into another stack');
    }
    const policy = new SharedPolicy(this, `Policy${this.policies.length + 1}`, this.role, continueRights(this.serviceToken));
    this.policies.push(policy);
    if (this.policies.length === MAX_POLICIES / 2 + 1) this.warnOfReplacement();
    return policy;
  }

  private warnOfReplacement(): void {
    Annotations.of(this).addWarningV2('cdk-ses-dkim:policyReplacement',
      `The rights of the identities in this stack need more than ${MAX_POLICIES / 2} managed policies. A changed policy is created before the `
      + `old one is deleted, and a role takes ${MAX_POLICIES}: an update that changes all of them will fail. Put some of the EmailIdentityDkim `
      + "constructs into another stack, or raise the account's quota 'Managed policies attached to an IAM role'");
  }
}

/**
 * A managed policy that carries the rights of up to 30 identities.
 *
 * Its logical id has a hash of its content. So a changed policy is a new resource: it is there before the custom resources that need it,
 * and the old one goes in the clean-up phase after the custom resources that were removed, which still need it for their Delete.
 */
class SharedPolicy extends Construct {
  private readonly resource: iam.CfnManagedPolicy;
  private rights: Right[];
  private identities = 0;
  private hash?: string;

  /** @param always rights that each policy has, because an identity can only rely on the policy that its custom resource depends on */
  constructor(scope: Construct, id: string, role: iam.IRole, always: Right) {
    super(scope, id);
    this.rights = [always];

    const stack = Stack.of(this);
    this.resource = new iam.CfnManagedPolicy(this, 'Resource', {
      roles: [role.roleName],
      policyDocument: Lazy.uncachedAny({ produce: () => this.document() }),
    });
    const logicalId = stack.resolve(this.resource.logicalId);
    this.resource.overrideLogicalId(Lazy.uncachedString({ produce: ({ preparing }) => `${logicalId}${this.hashOfContent(preparing)}` }));
  }

  public hasRoomFor(rights: Right[]): boolean {
    return this.identities < IDENTITIES_PER_POLICY && reckonedSize(Stack.of(this), [...this.rights, ...rights]) <= MAX_POLICY_SIZE;
  }

  public add(rights: Right[]): void {
    const anyChange = anyChangeArn(Stack.of(this));
    const watches = (some: Right[]) => some.some(right => right.resources.includes(anyChange));
    if (watches(rights) && !watches(this.rights)) acknowledgeAnyChange(this.resource);
    this.rights = [...this.rights, ...rights];
    this.identities += 1;
    this.hash = undefined;
  }

  private document() {
    return policyDocument(Stack.of(this), this.rights);
  }

  /**
   * CDK asks for a logical id time and again, so it is reckoned once; but not while CDK prepares, when it looks for references to other stacks: what
   * they become in the template is not known before.
   */
  private hashOfContent(preparing: boolean): string {
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

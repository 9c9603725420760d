// A function of a stack with its role and its log group, as settings, property injectors and Aspects
// leave them.
import { ArnFormat, Duration, Lazy, RemovalPolicy, Stack, Stage, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct } from 'constructs';
import { acknowledge, acknowledgeWildcards } from './acknowledged-finding';
import { HandlerCode } from './handler-code';
import { lateRole, omitIfNotTaken } from './late-role';
import { MergedDocument } from './merged-document';
import { FunctionLog, networkPermissions, Permission } from './permissions';
import type { DkimFunctionOptions } from '../dkim-function';

/** What one of the functions is for. */
export interface Purpose {
  readonly description: string;
  /** File and export in the asset. */
  readonly handler: string;
  /** In MB. */
  readonly memorySize: number;
  /** Why there is neither a queue for events that it did not take, nor a part of the account's concurrency. */
  readonly whyNo: { readonly queue: string; readonly concurrency: string };
  /** What it does for itself, whatever the identities. */
  readonly permissions: (functionArn: string, log: FunctionLog) => Permission[];
}

export const ONLY_YOURS = 'Only you can give it: DkimFunction.configure()';

export class SharedFunction {
  /** What the function does for itself, whatever the identities. */
  public readonly ownPermissions: Permission[];
  public readonly arn: string;
  /** The role of the function, which can still change. The permissions go to it. */
  public readonly role = lateRole(() => this.givenRole ?? this.function.role!);

  private readonly function: lambda.Function;
  private readonly resource: lambda.CfnFunction;
  private readonly logGroup?: logs.ILogGroup;
  /** Not there if something else has been given. */
  private ownRole?: iam.Role;
  private readonly ownLogGroup?: logs.CfnLogGroup;
  private isBeingRendered = false;
  private givenRole?: iam.IRole;

  constructor(private readonly scope: Construct, purpose: Purpose, options: DkimFunctionOptions) {
    const logGroup = new logs.LogGroup(scope, 'Logs', {
      retention: logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const ownRole = options.role ? undefined : new iam.Role(scope, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    this.function = new lambda.Function(scope, 'Handler', {
      description: purpose.description,
      code: new HandlerCode(),
      handler: purpose.handler,
      runtime: lambda.Runtime.NODEJS_24_X,
      // Lambda has x86_64 in every Region of every partition, but not arm64. For some seconds a month
      // the price is the same.
      architecture: lambda.Architecture.X86_64,
      memorySize: purpose.memorySize,
      timeout: Duration.minutes(15),
      role: options.role ?? ownRole,
      logGroup,
    });
    this.arn = this.function.functionArn;
    this.resource = this.function.node.defaultChild as lambda.CfnFunction;

    // From here on only what the function came out with counts: a property injector can have given it
    // another role, another log group or a VPC.
    if (this.function.role === ownRole) this.ownRole = ownRole;
    else scope.node.tryRemoveChild('Role');
    const isCreatedByLambda = this.loggingConfig().LogGroup === undefined;
    // Without a log group, CDK would make one now that this is asked.
    if (!isCreatedByLambda) this.logGroup = this.function.logGroup;
    if (this.logGroup === logGroup) this.ownLogGroup = logGroup.node.defaultChild as logs.CfnLogGroup;
    else scope.node.tryRemoveChild('Logs');
    const arn = Lazy.uncachedString({ produce: () => this.logGroupArn() });
    const log = { arn, isOwn: this.ownLogGroup !== undefined, isCreatedByLambda };
    this.ownPermissions = purpose.permissions(this.arn, log);
    this.addNetworkPolicy();
    scope.node.addValidation({ validate: () => this.problems() });
    acknowledgeSettings(this.resource, purpose, this.ownLogGroup);
    this.apply(options);
  }

  /** Whether the function has a VPC in the end. Its role then has one policy more. */
  public get isInVpc(): boolean {
    return this.rendered().VpcConfig !== undefined;
  }

  /** Sets an environment variable of the function. */
  public tell(name: string, value: string): void {
    this.function.addEnvironment(name, value);
  }

  /** Sets what the options have, and leaves the rest. */
  public apply(options: DkimFunctionOptions): void {
    if (options.role) this.useRole(options.role);
    if (options.logRetention !== undefined) {
      const isForever = options.logRetention === logs.RetentionDays.INFINITE;
      this.logGroupFor('logRetention').retentionInDays = isForever ? undefined : options.logRetention;
    }
    if (options.logEncryptionKey) {
      this.logGroupFor('logEncryptionKey').kmsKeyId = options.logEncryptionKey.keyArn;
      allowLogs(options.logEncryptionKey);
    }
    if (options.vpc) this.resource.vpcConfig = this.network(options.vpc, options);
    if (options.reservedConcurrentExecutions !== undefined) {
      this.resource.reservedConcurrentExecutions = options.reservedConcurrentExecutions;
    }
  }

  private useRole(role: iam.IRole): void {
    this.givenRole = role;
    this.resource.role = role.roleArn;
    this.dependOn(role);
    if (!this.ownRole) return;
    const { node } = this.ownRole;
    const managedPolicies = (node.defaultChild as iam.CfnRole | undefined)?.managedPolicyArns;
    if (node.tryFindChild('DefaultPolicy') || Stack.of(this.scope).resolve(managedPolicies)) {
      throw new Error(`Something has given the role '${node.path}' permissions before DkimFunction.configure() gives the `
        + `function role '${role.node.path}'. Call it before the first EmailIdentityDkim of the stack`);
    }
    // The function depends on its first role as a construct. Without its resource, that means nothing.
    node.tryRemoveChild('Resource');
    this.scope.node.tryRemoveChild(node.id);
    this.ownRole = undefined;
  }

  private logGroupFor(setting: keyof DkimFunctionOptions): logs.CfnLogGroup {
    if (this.ownLogGroup) return this.ownLogGroup;
    throw new Error(`${setting} has no effect in stack '${Stack.of(this.scope).stackName}': a property injector gives the `
      + 'function another log group. Set it there');
  }

  private network(
    vpc: ec2.IVpc, { vpcSubnets, securityGroups = [] }: DkimFunctionOptions,
  ): lambda.CfnFunction.VpcConfigProperty {
    const { subnetIds, internetConnectivityEstablished } = vpc.selectSubnets(vpcSubnets);
    const existing = this.scope.node.tryFindChild('SecurityGroup') as ec2.SecurityGroup | undefined;
    const groups = securityGroups.length > 0 ? securityGroups
      : [existing ?? new ec2.SecurityGroup(this.scope, 'SecurityGroup', {
        vpc, description: 'Function for DKIM signing of SES identities (cdk-ses-dkim)',
      })];
    // The function must reach AWS from the first request to the last, so the ways there are made before it.
    this.resource.node.addDependency(internetConnectivityEstablished);
    this.dependOn(...groups);
    return { subnetIds, securityGroupIds: groups.map(({ securityGroupId }) => securityGroupId) };
  }

  /** CDK allows dependencies only within one stage. */
  private dependOn(...constructs: IConstruct[]): void {
    this.resource.node.addDependency(...constructs.filter(other => Stage.of(other) === Stage.of(this.scope)));
  }

  /**
   * The rights to be in a VPC. The function depends on them: Lambda needs them to create the function, and
   * still after it has deleted it. An Aspect can attach the function to a VPC at the last moment.
   */
  private addNetworkPolicy(): void {
    const stack = Stack.of(this.scope);
    const permissions = networkPermissions(stack);
    const policy = new iam.ManagedPolicy(this.scope, 'NetworkPolicy', {
      document: new MergedDocument(stack, () => this.isInVpc ? permissions : []),
      roles: [this.role],
    });
    const resource = policy.node.defaultChild as iam.CfnManagedPolicy | undefined;
    if (!resource) return; // the roles are made outside of the app
    resource.description = undefined;
    resource.path = undefined;
    omitIfNotTaken(resource, this.role, () => this.isInVpc);
    acknowledgeWildcards(resource, permissions.flatMap(({ resources }) => resources),
      'Lambda does not know its network interfaces before it makes them. The code of the function has none of these '
      + 'rights.');
    this.resource.node.addDependency(policy);
  }

  /** An Aspect gives a role by its ARN, and nobody knows whether the app may attach policies to it. */
  private problems(): string[] {
    const { Role } = this.rendered();
    if (isEqual(Role, Stack.of(this.scope).resolve(this.role.roleArn))) return [];
    return [`An Aspect or an override gives the function another role, ${JSON.stringify(Role)}, and the permissions go to `
      + `'${this.role.node.path}'. Give the role to DkimFunction.configure() instead`];
  }

  /** An Aspect can give the function another log group at the last moment. */
  private logGroupArn(): string {
    const { LogGroup: name = `/aws/lambda/${this.function.functionName}` } = this.loggingConfig();
    const stack = Stack.of(this.scope);
    if (this.logGroup && isEqual(stack.resolve(this.logGroup.logGroupName), name)) return this.logGroup.logGroupArn;
    return stack.formatArn({
      service: 'logs',
      resource: 'log-group',
      resourceName: `${Token.asString(name)}:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  private loggingConfig(): { readonly LogGroup?: unknown } {
    return this.rendered().LoggingConfig ?? {};
  }

  /**
   * The properties of the function as they are in the template, after Aspects and overrides. Newer versions of CDK
   * first ask all that the function depends on whether it is in the template. The network policy asks back.
   */
  private rendered(): any {
    if (this.isBeingRendered) return {};
    this.isBeingRendered = true;
    try {
      const { _toCloudFormation } = this.resource as unknown as { _toCloudFormation: () => object };
      const { Resources } = Stack.of(this.scope).resolve(_toCloudFormation.call(this.resource));
      return (Object.values(Resources)[0] as any).Properties;
    } finally {
      this.isBeingRendered = false;
    }
  }
}

/** Lets CloudWatch Logs of this account and Region encrypt with the key. An imported key stays as it is. */
function allowLogs(key: kms.IKey): void {
  const stack = Stack.of(key);
  key.addToResourcePolicy(new iam.PolicyStatement({
    principals: [new iam.ServicePrincipal(`logs.${stack.region}.${stack.urlSuffix}`)],
    actions: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
    resources: ['*'], // in the policy of a key, that is the key
    conditions: {
      ArnLike: {
        'kms:EncryptionContext:aws:logs:arn': stack.formatArn({
          service: 'logs', resource: 'log-group', resourceName: '*', arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      },
    },
  }));
}

/**
 * What rule packs ask for and no library can give: a key, a VPC and a part of the account's concurrency. The reasons
 * are short, because they are in each template. A queue of lost events has no use: such an event shows anyway, and
 * CloudFormation's signed URL would lie in the queue.
 */
function acknowledgeSettings(
  resource: lambda.CfnFunction, { whyNo }: Purpose, logGroup?: logs.CfnLogGroup,
): void {
  const [hipaa, nist4, nist5, pci] = ['HIPAA.Security', 'NIST.800.53.R4', 'NIST.800.53.R5', 'PCI.DSS.321'];
  const finding = (rule: string, packs: string[], reason: string) =>
    packs.map(pack => ({ rule: `${pack}-${rule}`, reason }));
  acknowledge(resource, [
    ...finding('LambdaConcurrency', [hipaa, nist5], whyNo.concurrency),
    ...finding('LambdaDLQ', [hipaa, nist5], whyNo.queue),
    ...finding('LambdaInsideVPC', [hipaa, nist4, nist5, pci], ONLY_YOURS),
  ]);
  if (!logGroup) return;
  acknowledge(logGroup, finding('CloudWatchLogGroupEncrypted', [hipaa, nist4, nist5, pci], ONLY_YOURS));
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

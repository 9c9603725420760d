// The function that changes the keys of a stack, with who may call it: Secrets Manager for each step of a
// rotation, and EventBridge every hour for what is due.
import { Lazy, Stack } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { Construct, IDependable } from 'constructs';
import { Care, Cared } from './care';
import { FollowedSecret, FollowedSecrets } from './followed-secrets';
import { logPermission, Permission } from './permissions';
import { ONLY_YOURS, SharedFunction } from './shared-function';
import { SharedPolicies } from './shared-policies';
import type { DkimFunctionOptions } from '../dkim-function';

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html */
const MAX_INPUT = 8192;

/** Characters of a secret in the input, beside its ARN: quotes and a comma. */
const AROUND_ARN = 3;

interface KeySecret {
  readonly arn: string;
  /** Of the ARN at deployment, in characters. */
  readonly maxLength: number;
  /** The user makes the keys, in another secret. So Secrets Manager has nothing to call. */
  readonly follows?: Pick<FollowedSecret, 'arn' | 'maxLength'>;
}

export class Rotation extends Construct {
  public readonly functionArn: string;
  private readonly function: SharedFunction;
  private readonly policies: SharedPolicies;
  private permission?: CfnPermission;
  private care?: Care;
  private followed?: FollowedSecrets;
  /** The secrets of each target of the rule. It can have 5, and a stack has no room for as many secrets. */
  private readonly targets: string[][] = [];
  private room = 0;

  /** @param others the policies of the other function, which can have the same role */
  constructor(scope: Construct, id: string, options: DkimFunctionOptions, others: () => SharedPolicies | undefined) {
    super(scope, id);
    this.function = new SharedFunction(this, {
      description: 'Rotation of DKIM keys of SES identities (cdk-ses-dkim)',
      handler: 'rotation/index.handler',
      memorySize: 512,
      whyNo: { queue: 'A lost event comes again', concurrency: ONLY_YOURS },
      permissions: (_, log) => [logPermission(Stack.of(this), log)],
    }, ownSettings(options));
    this.functionArn = this.function.arn;
    this.policies = new SharedPolicies(this, this.function.role, this.function.ownPermissions);
    this.node.addValidation({ validate: () => this.policies.problems(this.function, others()) });
  }

  public apply(options: DkimFunctionOptions): void {
    this.function.apply(ownSettings(options));
  }

  /** One more secret. Its schedule, if it has one, must depend on the results. */
  public add({ arn, maxLength, follows }: KeySecret, permissions: Permission[]): IDependable[] {
    if (this.targets.length === 0) this.addRule();
    if (follows) {
      this.followed ??= new FollowedSecrets(this, 'Followed', this.functionArn);
      this.followed.add({ ...follows, followedBy: arn, maxFollowedBy: maxLength });
    }
    this.room -= maxLength + AROUND_ARN;
    if (this.room < 0) {
      this.room = MAX_INPUT - '{"Secrets":[]}'.length - maxLength - AROUND_ARN;
      this.targets.push([]);
    }
    this.targets.at(-1)!.push(arn);
    return [...follows ? [] : [this.permission ??= this.letSecretsManagerCall()], this.policies.grant(permissions)];
  }

  /** One more identity without a secret of ours. */
  public careFor(identity: Cared, permissions: Permission[]): void {
    this.care ??= new Care(this, 'Care', this.functionArn);
    this.care.add(identity, this.policies.grant(permissions));
  }

  private letSecretsManagerCall(): CfnPermission {
    return new CfnPermission(this, 'SecretsManager', {
      action: 'lambda:InvokeFunction',
      functionName: this.function.arn,
      principal: 'secretsmanager.amazonaws.com',
      sourceAccount: Stack.of(this).account,
    });
  }

  private addRule(): void {
    const rule = new CfnRule(this, 'Hourly', {
      description: 'Retires superseded DKIM records, and settles rotations (cdk-ses-dkim)',
      scheduleExpression: 'rate(1 hour)',
      targets: Lazy.uncachedAny({
        produce: () => this.targets.map((Secrets, index) => ({
          id: `Secrets${index + 1}`, arn: this.functionArn, input: Stack.of(this).toJsonString({ Secrets }),
        })),
      }),
    });
    new CfnPermission(this, 'EventBridge', {
      action: 'lambda:InvokeFunction',
      functionName: this.functionArn,
      principal: 'events.amazonaws.com',
      sourceArn: rule.attrArn,
    });
  }
}

/** All but the concurrency: that is kept for the function of deployments. */
function ownSettings({ reservedConcurrentExecutions, ...options }: DkimFunctionOptions): DkimFunctionOptions {
  return options;
}

// The function that changes the rotating keys of a stack, with who may call it: Secrets Manager for each
// step of a rotation, and EventBridge every hour for what is due.
import { Lazy, Stack } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { Construct, IDependable } from 'constructs';
import { logPermission, Permission } from './permissions';
import { ONLY_YOURS, SharedFunction } from './shared-function';
import { SharedPolicies } from './shared-policies';
import type { DkimFunctionOptions } from '../dkim-function';

/** A rule has at most 5 targets: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const TARGETS_PER_RULE = 5;

/**
 * The input of a target has at most 8192 characters, and the ARN of a secret can have 200:
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html
 */
const SECRETS_PER_TARGET = 40;

export class Rotation extends Construct {
  public readonly functionArn: string;
  private readonly function: SharedFunction;
  private readonly policies: SharedPolicies;
  private readonly permission: CfnPermission;
  private readonly secretArns: string[] = [];
  private rules = 0;

  constructor(scope: Construct, id: string, options: DkimFunctionOptions) {
    super(scope, id);
    this.function = new SharedFunction(this, {
      description: 'Rotation of DKIM keys of SES identities (cdk-ses-dkim)',
      handler: 'rotation/index.handler',
      memorySize: 512,
      whyNo: { queue: 'A lost event is repeated: the steps by Secrets Manager, the care an hour later', concurrency: ONLY_YOURS },
      permissions: (_, log) => [logPermission(Stack.of(this), log)],
    }, ownSettings(options));
    this.functionArn = this.function.arn;
    this.policies = new SharedPolicies(this, this.function.role, this.function.ownPermissions);
    this.permission = new CfnPermission(this, 'SecretsManager', {
      action: 'lambda:InvokeFunction',
      functionName: this.function.arn,
      principal: 'secretsmanager.amazonaws.com',
      sourceAccount: Stack.of(this).account,
    });
    this.node.addValidation({ validate: () => this.policies.problems(this.function.isInVpc) });
  }

  public apply(options: DkimFunctionOptions): void {
    this.function.apply(ownSettings(options));
  }

  /** One more secret. Its schedule must depend on the results. */
  public add(secretArn: string, permissions: Permission[]): IDependable[] {
    this.secretArns.push(secretArn);
    if (this.secretArns.length > this.rules * TARGETS_PER_RULE * SECRETS_PER_TARGET) this.addRule();
    return [this.permission, this.policies.grant(permissions)];
  }

  private addRule(): void {
    const first = this.rules * TARGETS_PER_RULE;
    this.rules += 1;
    const rule = new CfnRule(this, `Hourly${this.rules}`, {
      description: 'Retires superseded DKIM records, and settles rotations (cdk-ses-dkim)',
      scheduleExpression: 'rate(1 hour)',
      targets: Lazy.any({ produce: () => this.targets().slice(first, first + TARGETS_PER_RULE) }),
    });
    new CfnPermission(this, `EventBridge${this.rules}`, {
      action: 'lambda:InvokeFunction',
      functionName: this.function.arn,
      principal: 'events.amazonaws.com',
      sourceArn: rule.attrArn,
    });
  }

  private targets(): CfnRule.TargetProperty[] {
    const count = Math.ceil(this.secretArns.length / SECRETS_PER_TARGET);
    return Array.from({ length: count }, (_, index) => ({
      id: `Secrets${index + 1}`,
      arn: this.function.arn,
      input: Stack.of(this).toJsonString({
        Secrets: this.secretArns.slice(index * SECRETS_PER_TARGET, (index + 1) * SECRETS_PER_TARGET),
      }),
    }));
  }
}

/** All but the concurrency: that is kept for the function of deployments. */
function ownSettings({ reservedConcurrentExecutions, ...options }: DkimFunctionOptions): DkimFunctionOptions {
  return options;
}

// What a user decides about the function that all constructs of a stack share.
import { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { IRole } from 'aws-cdk-lib/aws-iam';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { IConstruct } from 'constructs';
import { Provider } from './private/provider';

/**
 * Settings of the function that all `EmailIdentityDkim` constructs of a stack share.
 *
 * A stack with a rotating key, `followSecret` or `retireBetweenDeployments` has a second function, which
 * changes keys and deletes superseded records. The settings are those of both.
 */
export interface DkimFunctionOptions {
  /**
   * The role of the function. Lambda must be trusted to assume it.
   *
   * If the app may change the role, the permissions are attached to it as managed policies. If not
   * (`mutable: false`, `withoutPolicyUpdates()`), the role must have the permissions already.
   *
   * With a rotating key, `followSecret` or `retireBetweenDeployments` in the stack, the role is that of two
   * functions and needs room for the policies of both.
   *
   * Throws if the role is in another account.
   *
   * @default - a new role
   * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
   */
  readonly role?: IRole;

  /**
   * How long CloudWatch Logs keeps the log of the function.
   *
   * @default RetentionDays.ONE_MONTH
   * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
   */
  readonly logRetention?: RetentionDays;

  /**
   * The KMS key that encrypts the log of the function.
   *
   * The policy of the key gets a statement for CloudWatch Logs. An imported key must have it already.
   *
   * Throws if the key is in another Region.
   *
   * @default - CloudWatch Logs encrypts the log with a key of its own
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
   */
  readonly logEncryptionKey?: IKey;

  /**
   * The VPC that the function is attached to.
   *
   * From there, the function must reach the endpoints of AWS (HTTPS) and the public name servers of the
   * domains (port 53, UDP and TCP). Route 53 and the name servers need a way to the internet, such as a
   * NAT gateway.
   *
   * @default - the function is attached to no VPC, and reaches all of that
   * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
   */
  readonly vpc?: IVpc;

  /**
   * The subnets of the VPC that the function is attached to.
   *
   * Throws if there is no `vpc`, or if one of the subnets is public: a function there reaches nothing
   * outside of the VPC.
   *
   * @default - the private subnets of the VPC
   * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
   */
  readonly vpcSubnets?: SubnetSelection;

  /**
   * The security groups of the function in the VPC.
   *
   * Throws if there is no `vpc`.
   *
   * @default - a new security group that lets everything out and nothing in
   * @see https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
   */
  readonly securityGroups?: ISecurityGroup[];

  /**
   * How many instances of the function can run at once, at least 1. Lambda reserves them for it.
   *
   * With a small number, the requests of a stack with many identities wait for each other.
   *
   * They are not for the second function of the stack.
   *
   * Throws if it is not a whole number, or less than 1.
   *
   * @default - as many as the account has free
   * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
   */
  readonly reservedConcurrentExecutions?: number;
}

/**
 * The function that all `EmailIdentityDkim` constructs of a stack share.
 *
 * @example
 *
 * declare const vpc: ec2.IVpc;
 * DkimFunction.configure(this, {
 *   vpc,
 *   logRetention: logs.RetentionDays.ONE_YEAR,
 *   logEncryptionKey: new kms.Key(this, 'LogKey', { enableKeyRotation: true }),
 * });
 */
export class DkimFunction {
  /**
   * Sets the function of a stack, before or after the constructs that use it.
   *
   * You can call it several times, from several constructs. The same value twice is no conflict. `vpc`,
   * `vpcSubnets` and `securityGroups` are one setting.
   *
   * A setting has priority over a property injector, and an Aspect has priority over both.
   *
   * Throws if another construct of the stack has set another value.
   *
   * @param scope the construct that decides; the settings are those of its stack, and errors name it
   * @param options the settings; those that are left out stay as they are
   */
  public static configure(scope: IConstruct, options: DkimFunctionOptions): void {
    Provider.configure(scope, options ?? {});
  }

  private constructor() {}
}

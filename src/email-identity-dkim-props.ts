// What an app says about the DKIM signing of one domain.
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { aws_iam, aws_route53, aws_ses } from 'aws-cdk-lib/interfaces';
import { DkimSigning } from './dkim-signing';
import { RecordConflict } from './record-conflict';

/**
 * Properties of an `EmailIdentityDkim`.
 */
export interface EmailIdentityDkimProps {
  /**
   * The identity: a domain, created in this app or imported, as an L2 or an L1.
   *
   * Import it with `EmailIdentity.fromEmailIdentityName()` or `EmailIdentity.fromEmailIdentityArn()`.
   * If this app creates the identity, CloudFormation creates the identity and its own records before
   * this construct sets its signing.
   *
   * Throws if the identity
   *
   * - is an e-mail address (pass the identity of its domain, which signs for its addresses too),
   * - is not a domain name, or not in lower case,
   * - is in another account,
   * - sets its own signing (`dkimIdentity`),
   * - already has an `EmailIdentityDkim` in the same Region and account.
   *
   * @see https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
   */
  readonly identity: aws_ses.IEmailIdentityRef;

  /**
   * How mail is signed.
   *
   * @default DkimSigning.easyDkim()
   * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim.html
   */
  readonly signing?: DkimSigning;

  /**
   * The public hosted zone for the records: the zone of the domain, or the zone of a parent domain.
   *
   * It can be an L2 or an L1. The function reads and writes only records below `_domainkey.<domain>`. It
   * does not change or delete a record that somebody else wrote, except with `RecordConflict.OVERWRITE`.
   *
   * Throws if
   *
   * - the zone is private, does not hold the domain, or has an id that is not one of Route 53,
   * - the zone is in another account and there is no `hostedZoneRole`,
   * - the domain has more than 196 characters,
   * - the identity is a replica, which has no records of its own.
   *
   * Synthesis cannot check all of this for an imported zone. Then the deployment fails instead.
   *
   * @default - the construct writes no records; publish `dkimRecords` at the DNS provider of the domain
   * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim.html
   */
  readonly hostedZone?: aws_route53.IHostedZoneRef;

  /**
   * Role that the function assumes to read and change a hosted zone in another account, as an L2 or an L1.
   *
   * The role must trust the account of this stack. It must allow
   *
   * - `route53:GetHostedZone` and `route53:ListResourceRecordSets` on the zone,
   * - `route53:ChangeResourceRecordSets` on the zone; a condition can limit this to the record names
   *   `*._domainkey.<domain>`, the types `CNAME` and `TXT`, and the actions `CREATE` and `DELETE`,
   * - `route53:GetChange` on `arn:aws:route53:::change/*`.
   *
   * `DkimHostedZoneRole` is such a role. Throws if there is neither a `hostedZone` nor `delegatedTo`.
   *
   * @default - the role of the function, which may change these records of the zone and no others
   * @see https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html
   */
  readonly hostedZoneRole?: aws_iam.IRoleRef;

  /**
   * The external id that `hostedZoneRole` asks for: 2 to 256 letters, digits and `_+=.@:/-`.
   *
   * It is no secret. Throws if it has another form, or if there is no `hostedZoneRole`.
   *
   * @default - the function gives none
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
   */
  readonly hostedZoneRoleExternalId?: string;

  /**
   * Time that DNS resolvers may cache the records (TTL): 0 to 2147483647 seconds, with `delegatedTo` at most 900.
   *
   * Throws if it is longer, or not a whole number of seconds.
   *
   * @default - 30 minutes; with `delegatedTo`, 15 minutes
   * @see https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
   */
  readonly recordTtl?: Duration;

  /**
   * What the deployment does when the hosted zone already has a record of that name with another value.
   *
   * A record with the same value is no conflict. The construct uses it and leaves it in place when it
   * is removed.
   *
   * @default RecordConflict.FAIL
   * @see https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
   */
  readonly recordConflict?: RecordConflict;

  /**
   * How long the deployment waits until SES has verified the records: 1 second to 1 hour.
   *
   * The deployment ends when the status is `SUCCESS`. When the time is over, it fails and says what SES
   * last saw. SES usually needs minutes, and tries for up to 72 hours. Without a hosted zone, somebody
   * else must publish the records in this time. CloudFormation allows one hour for all that the
   * function does, and the last minutes of it are kept for a last look and the answer. So with one hour,
   * the wait itself is shorter.
   *
   * The function does not run while it waits. EventBridge Scheduler calls it again every minute, or less
   * often if many identities of the stack wait. The stack then has three more resources: a schedule group,
   * a role and a managed policy.
   *
   * Throws if it is shorter or longer, or not a whole number of seconds.
   *
   * @default - the deployment does not wait; `dkimStatus` is the status at its end
   * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
   */
  readonly waitForVerification?: Duration;

  /**
   * Code of the Region of the identity, for example `eu-west-1`.
   *
   * Use it for an identity that is imported by its name, and is in another Region than the stack. In a stack
   * without `env`, the Region of the stack must not be written out: its resources would get other logical ids
   * as soon as the stack has an `env`. Then CloudFormation replaces them, also a rotating key.
   *
   * Throws if it is not the code of a Region, or if the identity is in another Region.
   *
   * @default - the Region in the ARN of the identity, or else of the stack that creates or imports the
   * identity
   * @see https://docs.aws.amazon.com/general/latest/gr/ses.html
   */
  readonly region?: string;

  /**
   * What happens to signing and records when the construct is removed: `DESTROY` or `RETAIN`.
   *
   * With `DESTROY` the function sets the identity back to Easy DKIM, so that SES deletes the private
   * key, and deletes the records that this library wrote. With `RETAIN` signing and records stay, and
   * you manage them from then on. A roll-back takes back what was made in it, whatever the policy is.
   * Signing and records that were there before the construct stay in both cases.
   *
   * `RemovalPolicies.of(scope)` and `MissingRemovalPolicies.of(scope)` mean the same for the construct as
   * this property. The policies of the function's role are never retained.
   *
   * Throws if it is another policy.
   *
   * @default RemovalPolicy.DESTROY
   * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * Whether a function looks every hour whether DKIM works: what SES says of the identity, and what
   * public DNS has of the keys that SES signs with.
   *
   * `addProblemAlarm()` and `onProblem()` report a problem. The log of the function says what it is, and
   * what to do. The function cannot read a key or change anything.
   *
   * Price: each identity has two metrics, for 0.30 USD a month each, and an alarm costs 0.10 USD a month.
   * The first 10 metrics and alarms of an account are free. All watched identities of a stack share one
   * additional function, with its role, policy and log group, and two EventBridge rules.
   *
   * @default false
   * @see https://aws.amazon.com/cloudwatch/pricing/
   */
  readonly watch?: boolean;

  /**
   * Whether `watch` also writes the metrics `metricVerified()`, `metricSigningEnabled()` and
   * `metricKeyPublished()`.
   *
   * For a rotating key it also writes `metricKeyAge()` and `metricDaysToRotation()`. For a rotating key or
   * `followSecret` it also writes `metricRotationPending()`, `metricSupersededRecords()` and
   * `metricRetirementsOverdue()`.
   *
   * Price: 0.30 USD a month for each metric. There are three more for the identity, and another five for a
   * rotating key, or three with `followSecret`. The log has the same values in any case.
   *
   * Throws if `watch` is not set.
   *
   * @default false
   * @see https://aws.amazon.com/cloudwatch/pricing/
   */
  readonly detailedMetrics?: boolean;

  /**
   * Whether a superseded record is deleted when its overlap is over, without a deployment.
   *
   * A function looks every hour for what is due. Without it, the next deployment that changes the construct
   * deletes it. A rotating key has it in any case.
   *
   * All such identities of a stack share one function more, with its role, policy and log group, and a rule
   * of EventBridge with a permission.
   *
   * Throws if there is no `hostedZone`.
   *
   * @default false
   * @see https://www.rfc-editor.org/rfc/rfc6376#section-3.1
   */
  readonly retireBetweenDeployments?: boolean;
}

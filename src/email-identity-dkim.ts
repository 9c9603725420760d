// The construct: it turns the DKIM signing of one domain into one custom resource and its permissions.
import { Annotations, CfnResource, Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Alarm, Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { OnEventOptions, Rule } from 'aws-cdk-lib/aws-events';
import { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { RecordType } from 'aws-cdk-lib/aws-route53';
import { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { aws_iam, aws_route53, aws_ses } from 'aws-cdk-lib/interfaces';
import { Construct } from 'constructs';
import { DkimRecord } from './dkim-record';
import { DkimSigning } from './dkim-signing';
import {
  DEFAULT_RECORD_TTL, placeIn, ResourceAttributes, ResourceProperties, WatchedIdentity,
} from './private/contract';
import { createFirst } from './private/created-first';
import { checkHostedZone } from './private/hosted-zone-checks';
import { accountOf, certainRegionOf, domainOf, finalDomainOf, finalOwnSigningOf, OwnSigning, ownSigningOf, regionOf } from './private/known-identity';
import { partitionOf, regionIn } from './private/known-region';
import { resourceOf } from './private/known-resource';
import { zoneIdOf } from './private/known-zone';
import { asItIs, comesLate, finalText, KnownTarget } from './private/late-value';
import { claimIdentity } from './private/one-per-identity';
import {
  assumeRolePermission, changeKeyPermission, identityPermission, lookPermission, Permission, zonePermissions,
} from './private/permissions';
import { Provider } from './private/provider';
import { shown } from './private/shown';
import { signingResource } from './private/signing-resource';
import {
  checkAccount, checkChoice, checkDomain, checkPartition, checkReference, checkRegion, checkSameRegion,
  checkSlotTtl, checkType, ttlInSeconds, waitInSeconds,
} from './private/validation';
import { Watched, watchedSigning } from './private/watched';
import { ProblemAlarmOptions } from './problem-alarm-options';
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
   * Time that DNS resolvers may cache the records (TTL): 0 to 2147483647 seconds.
   *
   * Throws if it is longer, or not a whole number of seconds.
   *
   * @default Duration.minutes(30)
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
   * Use it for an identity that is imported by its name.
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
   * For a rotating key it also writes `metricKeyAge()`, `metricDaysToRotation()` and
   * `metricRotationPending()`. For its records it writes `metricSupersededRecords()` and
   * `metricRetirementsOverdue()`.
   *
   * Price: 0.30 USD a month for each metric. There are three more for the identity, and another five for a
   * rotating key. The log has the same values in any case.
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

/**
 * DKIM signing of an Amazon SES domain identity.
 *
 * A deployment sets how SES signs, and writes the DNS records. With a key of your own, the function tells
 * SES to use the key only after its record is published. All constructs of a stack share one function,
 * one log group and one role. `DkimFunction.configure()` sets them.
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim.html
 * @example
 *
 * const zone = route53.HostedZone.fromLookup(this, 'Zone', { domainName: 'example.com' });
 *
 * new EmailIdentityDkim(this, 'Dkim', {
 *   identity: new ses.EmailIdentity(this, 'Identity', { identity: ses.Identity.domain('example.com') }),
 *   hostedZone: zone,
 * });
 */
export class EmailIdentityDkim extends Construct {
  /**
   * The records that must be in DNS: three CNAMEs for Easy DKIM, one TXT for BYODKIM, none for a replica.
   *
   * They are the same with and without a hosted zone. A rotating key with `delegatedTo` has two CNAMEs.
   * They are known at synthesis if the domain and the name of the zone are, and never change.
   *
   * @see https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
   */
  public readonly dkimRecords: DkimRecord[];

  /**
   * The DKIM status of the identity in SES at the end of the deployment.
   *
   * One of `PENDING`, `SUCCESS`, `FAILED`, `TEMPORARY_FAILURE` and `NOT_STARTED`. It does not change
   * until the next deployment. Only with `waitForVerification` is it sure to be `SUCCESS`.
   *
   * @see https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DkimAttributes.html
   */
  public readonly dkimStatus: string;

  /**
   * Easy DKIM only: the zone of SES that the CNAME records point to, for example `dkim.amazonses.com`.
   *
   * @see https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DkimAttributes.html
   */
  public readonly signingHostedZone?: string;

  /**
   * BYODKIM only: the selector that SES signs with.
   *
   * A rotating key has another one after each change. This one is of the last
   * deployment.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6376#section-3.1
   */
  public readonly selector?: string;

  /**
   * BYODKIM only: SHA-256 of the public key (SPKI DER), 64 hexadecimal digits in lower case.
   *
   * It shows which key is in use: `openssl pkey -in key.pem -pubout -outform DER | sha256sum` prints
   * the same.
   *
   * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.7
   */
  public readonly publicKeySha256?: string;

  private readonly watched?: Watched;

  /**
   * Rotating key only: the secret with the keys.
   *
   * Its value is JSON with `selector`, `made` and `privateKey`. Only the functions of this library read and
   * write it.
   *
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html
   */
  public readonly secret?: ISecret;

  private readonly rotationFunctionArn?: string;

  /**
   * Sets the signing of one identity.
   *
   * Throws in the cases that the properties name. It also throws if the permissions of all identities
   * in the stack need more than 5 managed policies, half of what a role can have: an update puts changed
   * policies beside the old ones. That is enough for 220 identities with usual names in one zone, or for
   * fewer with long names, or with a zone or secret for each identity. If the account has a higher quota of
   * managed policies for each role, the context value `cdk-ses-dkim:managedPoliciesPerRole` says so.
   *
   * @param scope place in the app
   * @param id name within the scope
   * @param props the identity, and how it signs
   */
  constructor(scope: Construct, id: string, props: EmailIdentityDkimProps) {
    super(scope, id);
    checkReference('identity', props?.identity, ['emailIdentityRef', 'emailIdentity'], 'Pass an EmailIdentity, or one that is imported with '
      + 'EmailIdentity.fromEmailIdentityName()');
    const stack = Stack.of(this);
    const signing = props.signing ?? DkimSigning.easyDkim();
    checkType('signing', signing, '_bind', 'Pass what a method of DkimSigning gives');
    const domain = domainOf(props.identity);
    const region = regionIn(stack, props.region ?? regionOf(props.identity));

    checkIdentity(props.identity, ownSigningOf(props.identity), { stack, domain, region, known: asItIs });
    const method = signing._bind({ stack, domain, region }, this);
    const { delegation } = method;
    if (delegation && props.hostedZone) {
      throw new Error(`hostedZone and delegatedTo are both given for ${shown(domain)}. Where hostedZone holds the domain, leave `
        + 'delegatedTo out; where its DNS is elsewhere, leave hostedZone out');
    }
    if (delegation) checkSlotTtl(props.recordTtl);
    const hostedZone = delegation?.zone ?? props.hostedZone;
    if (method.properties.Method === 'ROTATING_BYODKIM' && method.properties.Follows && !hostedZone) {
      throw new Error(`followSecret of ${shown(domain)} needs a hostedZone: the function writes its records without a deployment. Pass `
        + 'the hosted zone of the domain, or leave it out');
    }
    if (method.rotatingKey && !hostedZone) {
      throw new Error(`A rotating key of ${shown(domain)} needs a hostedZone: each new key is published there, without a `
        + 'deployment. Pass the hosted zone of the domain. Where DNS is elsewhere, use DkimSigning.easyDkim(): SES rotates '
        + 'its keys behind the same three records. Or pass any zone of yours as delegatedTo of the key');
    }
    if (!hostedZone && props.retireBetweenDeployments) {
      throw new Error(`retireBetweenDeployments of ${shown(domain)} needs a hostedZone: `
        + 'the function writes its records without a deployment. Pass the hosted zone of the domain, or leave it out');
    }
    const zoneProps = { ...props, hostedZone };
    const inZone = (name: string) => delegation ? placeIn(delegation.zoneName, name) : name;
    const checkZone = (target: KnownTarget) => checkHostedZone(
      { ...target, domain: inZone(target.domain) }, method.records.count > 0, zoneProps);
    checkZone({ stack, domain, region, known: asItIs });
    const furtherRegions = method.further?.regions ?? [];
    this.claim(props, domain, region, ...furtherRegions);
    // Now for what comes later: values of `Lazy`, changes by aspects, and a VPC that makes the zone private.
    this.node.addValidation({
      validate: () => messageOf(() => {
        const known = (text: string) => finalText(stack, text);
        const target = { stack, domain: finalDomainOf(props.identity), region: regionIn(stack, known(region)), known };
        checkIdentity(props.identity, finalOwnSigningOf(props.identity), target);
        signing._check(target);
        checkZone(target);
        this.claim(props, target.domain, target.region, ...furtherRegions);
      }),
    });
    if (method.generatedSecret !== undefined) {
      Annotations.of(this).addWarningV2('cdk-ses-dkim:generatedSecret', `The app creates secret '${method.generatedSecret}' `
        + 'and generates its value, which is no private key. Put the key into the secret before this construct is '
        + 'deployed: create the secret in a stack that is deployed earlier, or import it');
    }

    checkChoice('recordConflict', props.recordConflict, Object.values(RecordConflict),
      'Use RecordConflict.FAIL or RecordConflict.OVERWRITE');
    const wait = props.waitForVerification && waitInSeconds(props.waitForVerification);
    const provider = Provider.of(this);
    const schedules = wait ? provider.schedules() : undefined;
    const permissions = [...permissionsOnZone(stack, inZone(domain), zoneProps), ...method.permissions];
    const policy = provider.grant([
      ...[region, ...furtherRegions].map(each => identityPermission(stack, each, domain)),
      ...permissions, ...schedules?.permissions ?? [],
    ]);

    const properties = {
      Identity: domain,
      Region: unlessDefault(region, stack.region),
      Signing: method.properties,
      HostedZoneId: hostedZone && zoneIdOf(hostedZone),
      HostedZoneRoleArn: props.hostedZoneRole?.roleRef.roleArn,
      HostedZoneRoleExternalId: props.hostedZoneRoleExternalId,
      DelegatedTo: delegation?.zoneName,
      RecordTtl: unlessDefault(props.recordTtl && ttlInSeconds(props.recordTtl), DEFAULT_RECORD_TTL.toString()),
      RecordConflict: unlessDefault(props.recordConflict, RecordConflict.FAIL),
      RecordOverlap: method.recordOverlap,
      WaitForVerification: wait,
    } satisfies ResourceProperties;
    const resourceOptions = {
      provider, removalPolicy: props.removalPolicy, rights: [policy, ...schedules ? [schedules.rights] : []],
    };
    const resource = signingResource(this, 'Resource', { stack, region, domain }, properties, resourceOptions);
    // An `EmailIdentity` can create DKIM records of its own. If they come first, the handler finds and
    // uses them. If they came later, they would fail because the records exist. The policies of the role
    // must still be there when the handler deletes records, so they must go last.
    createFirst(props.identity, resource);
    if (props.hostedZoneRole) createFirst(props.hostedZoneRole, resource);

    const further = new Map<string, CfnResource>();
    if (method.rotatingKey) {
      const rotation = provider.rotation();
      let last = resource;
      for (const each of furtherRegions) {
        const next = signingResource(this, `Resource-${each}`, { stack, region: each, domain }, {
          ...properties, Region: unlessDefault(each, stack.region), Signing: method.further!.properties,
        }, resourceOptions);
        next.addDependency(last); // so the first one makes the key, and no turn closes a circle
        method.rotatingKey.addFurther(each, next);
        further.set(each, next);
        last = next;
      }
      const changeKey = [region, ...furtherRegions].map(each => changeKeyPermission(stack, each, domain));
      const schedule = method.rotatingKey.complete(resource, properties, rotation, [...changeKey, ...permissions]);
      if (schedule) {
        provider.turns.extend(last, schedule); // Secrets Manager tries the function
        this.secret = method.rotatingKey.secret;
        this.rotationFunctionArn = rotation.functionArn;
      }
    } else if (props.retireBetweenDeployments) {
      const { WaitForVerification, RecordConflict: _, RecordOverlap, ...cared } = properties;
      provider.rotation().careFor({
        identity: { ...cared, LogicalResourceId: Lazy.uncachedString({ produce: () => resource.logicalId }) },
        resource,
      }, [
        lookPermission(stack, region, domain), ...permissionsOnZone(stack, domain, props),
      ]);
    }

    const attribute = (name: keyof ResourceAttributes) => resource.getAtt(name).toString();
    this.dkimStatus = attribute('DkimStatus');
    this.dkimRecords = delegation ? delegation.slots.map(slot => {
      const value = `${slot}._domainkey.${inZone(domain)}`;
      return { name: `${slot}._domainkey.${domain}.`, type: RecordType.CNAME, value, data: value };
    }) : Array.from({ length: method.records.count }, (_, index) => index + 1).map(number => ({
      name: `${attribute(`RecordName${number}`)}.`,
      type: method.records.type,
      value: attribute(`RecordValue${number}`),
      data: attribute(`RecordData${number}`),
    }));
    // The handler returns these attributes only for the method that has them. A stack that asks for a
    // missing attribute fails in CloudFormation.
    switch (method.properties.Method) {
      case 'EASY_DKIM':
        this.signingHostedZone = attribute('SigningHostedZone');
        break;
      case 'BYODKIM':
      case 'ROTATING_BYODKIM':
        this.selector = attribute('Selector');
        this.publicKeySha256 = attribute('PublicKeySha256');
        break;
    }
    if (props.watch) {
      const identity: WatchedIdentity = {
        Identity: domain,
        Region: unlessDefault(region, stack.region),
        Signing: watchedSigning(method.properties, attribute),
        DelegatedTo: properties.DelegatedTo,
        DetailedMetrics: props.detailedMetrics || undefined,
      };
      provider.watcher().add(identity, region, resource, method.rotatingKey?.lookPermission);
      for (const [each, next] of further) {
        const there = { ...identity, Region: unlessDefault(each, stack.region) };
        provider.watcher().add(there, each, next, method.rotatingKey?.lookPermission);
      }
      this.watched = new Watched(this, identity, [region, ...furtherRegions]);
    } else if (props.detailedMetrics) {
      throw new Error('detailedMetrics is given without watch. Give watch: true too: without it nobody looks');
    }
  }

  /**
   * 1 if the last look has found a problem, or could not look at all. 0 if everything was right. There is
   * one value an hour.
   *
   * Throws if `watch` is not set.
   *
   * @param props properties of the metric
   */
  public metricProblem(props?: MetricOptions): Metric {
    return this.inSight().metric('Problem', props);
  }

  /**
   * 1 where SES, or all name servers, have given no answer, so that nobody knows whether DKIM works.
   *
   * Throws if `watch` is not set.
   *
   * @param props properties of the metric
   */
  public metricLookFailed(props?: MetricOptions): Metric {
    return this.inSight().metric('LookFailed', props);
  }

  /**
   * 1 where the DKIM status in SES is `SUCCESS`.
   *
   * Throws if `watch` or `detailedMetrics` is not set.
   *
   * @param props properties of the metric
   */
  public metricVerified(props?: MetricOptions): Metric {
    return this.inSight().metric('Verified', props);
  }

  /**
   * 1 where DKIM signing is switched on in SES.
   *
   * Throws if `watch` or `detailedMetrics` is not set.
   *
   * @param props properties of the metric
   */
  public metricSigningEnabled(props?: MetricOptions): Metric {
    return this.inSight().metric('SigningEnabled', props);
  }

  /**
   * 1 if public DNS has the keys that SES signs with.
   *
   * Throws if `watch` or `detailedMetrics` is not set.
   *
   * @param props properties of the metric
   */
  public metricKeyPublished(props?: MetricOptions): Metric {
    return this.inSight().metric('KeyPublished', props);
  }

  /**
   * How many days ago the rotating key was changed, or made.
   *
   * Throws if `watch` or `detailedMetrics` is not set, or the key does not rotate.
   *
   * @param props properties of the metric
   */
  public metricKeyAge(props?: MetricOptions): Metric {
    return this.inSight().metric('KeyAgeDays', props);
  }

  /**
   * In how many days Secrets Manager changes the rotating key at the latest. It is negative when the change
   * is overdue.
   *
   * Throws if `watch` or `detailedMetrics` is not set, or the key does not rotate.
   *
   * @param props properties of the metric
   */
  public metricDaysToRotation(props?: MetricOptions): Metric {
    return this.inSight().metric('DaysToRotation', props);
  }

  /**
   * For how many minutes a change of the rotating key has gone on; 0 where none does.
   *
   * Throws if `watch` or `detailedMetrics` is not set, or the key neither rotates nor follows its secret.
   *
   * @param props properties of the metric
   */
  public metricRotationPending(props?: MetricOptions): Metric {
    return this.inSight().metric('RotationPendingMinutes', props);
  }

  /**
   * How many records of keys before the current one are still in DNS.
   *
   * Throws if `watch` or `detailedMetrics` is not set, or the key neither rotates nor follows its secret.
   *
   * @param props properties of the metric
   */
  public metricSupersededRecords(props?: MetricOptions): Metric {
    return this.inSight().metric('SupersededRecords', props);
  }

  /**
   * How many of these records should have been deleted hours ago.
   *
   * Throws if `watch` or `detailedMetrics` is not set, or the key neither rotates nor follows its secret.
   *
   * @param props properties of the metric
   */
  public metricRetirementsOverdue(props?: MetricOptions): Metric {
    return this.inSight().metric('RetirementsOverdue', props);
  }

  /**
   * Adds an alarm for problems with the DKIM of this identity. It also sounds if there was no look.
   *
   * Before the first look of a new identity, which comes within an hour, it can sound too.
   *
   * Throws if `watch` is not set.
   *
   * @param id name of the alarm within this construct
   * @param options properties of the alarm
   */
  public addProblemAlarm(id: string, options: ProblemAlarmOptions = {}): Alarm {
    return this.inSight().addAlarm(id, options);
  }

  /**
   * Calls a target when the alarm of this identity begins to sound.
   *
   * The alarm is the first one of `addProblemAlarm()`. If there is none yet, the construct adds one.
   *
   * Throws if `watch` is not set.
   *
   * @param id name of the rule within this construct
   * @param options properties of the rule
   */
  public onProblem(id: string, options: OnEventOptions = {}): Rule {
    return this.inSight().onProblem(id, options);
  }

  private inSight(): Watched {
    if (this.watched) return this.watched;
    throw new Error(`${this.node.path} is not watched, so it has neither metrics nor alarms. Give it watch: true`);
  }

  /**
   * Lets somebody change the rotating key at once: `aws secretsmanager rotate-secret`.
   *
   * It is for the emergency, when a key has leaked. Give it to the people on call. It lets nobody read a
   * key.
   *
   * Throws if the key does not rotate.
   *
   * @param grantee who may do it
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_now.html
   */
  public grantRotate(grantee: IGrantable): Grant {
    if (!this.secret || !this.rotationFunctionArn) {
      throw new Error(`The key of '${this.node.path}' does not rotate. Use DkimSigning.rotatingByoDkim(), or deploy another `
        + 'key');
    }
    const actions = ['secretsmanager:DescribeSecret', 'secretsmanager:RotateSecret'];
    return Grant.addToPrincipal({ grantee, actions, resourceArns: [this.secret.secretArn] })
      // Secrets Manager asks for the right to call the function, too.
      .combine(Grant.addToPrincipal({
        grantee, actions: ['lambda:InvokeFunction'], resourceArns: [this.rotationFunctionArn],
      }));
  }

  private claim(props: EmailIdentityDkimProps, domain: string, ...regions: string[]): void {
    for (const region of regions) {
      if (!comesLate(domain, region)) claimIdentity(this, resourceOf(props.identity) ?? props.identity, region, domain);
    }
  }
}

function messageOf(check: () => void): string[] {
  try {
    check();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

function checkIdentity(
  identity: aws_ses.IEmailIdentityRef, own: OwnSigning, { stack, domain, region, known }: KnownTarget,
): void {
  checkDomain(domain);
  checkRegion('region', region);
  checkPartition(`region ${shown(region)}`, partitionOf(region), partitionOf(stack.region));
  checkSameRegion(region, domain, certainRegionOf(identity));
  const advice = 'Put the EmailIdentityDkim into a stack of that account';
  checkAccount('identity', known(accountOf(identity)), stack.account, advice);
  if (own.isSet) {
    throw new Error(`identity ${shown(domain)} sets its signing itself, by dkimIdentity or dkimSigningAttributes. It and `
      + "this construct would undo each other's changes. Leave both out of the identity");
  }
  if (own.isOff) {
    throw new Error(`identity ${shown(domain)} has dkimSigning: false. SES would verify the records and sign nothing. Leave `
      + 'dkimSigning out of the identity (dkimAttributes, if it is an L1), or remove the EmailIdentityDkim');
  }
}

function permissionsOnZone(stack: Stack, domain: string, props: EmailIdentityDkimProps): Permission[] {
  if (props.hostedZoneRole) return [assumeRolePermission(props.hostedZoneRole.roleRef.roleArn)];
  return props.hostedZone ? zonePermissions(stack, zoneIdOf(props.hostedZone), domain) : [];
}

/** Leaves a default value out of the template, so that 150 identities fit in one template. */
function unlessDefault<T>(value: T | undefined, defaultValue: T): T | undefined {
  return value === defaultValue ? undefined : value;
}

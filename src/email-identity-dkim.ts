// The construct: it turns the DKIM signing of one domain into one custom resource and its permissions.
import { Annotations, Lazy, Stack } from 'aws-cdk-lib';
import { AlarmBase, Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { OnEventOptions, Rule } from 'aws-cdk-lib/aws-events';
import { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { DkimRecord } from './dkim-record';
import { DkimSigning } from './dkim-signing';
import { EmailIdentityDkimProps } from './email-identity-dkim-props';
import {
  DEFAULT_RECORD_TTL, placeIn, ResourceAttributes, ResourceProperties, WatchedIdentity,
} from './private/contract';
import { createFirst } from './private/created-first';
import { cnamesOf, writtenRecords } from './private/dkim-records';
import { checkHostedZone, zoneToWrite } from './private/hosted-zone-checks';
import { checkIdentity, checkSameName } from './private/identity-checks';
import {
  domainOf, finalDomainOf, finalOwnSigningOf, identityBehind, identityWithRecords, ownSigningOf, regionOf,
} from './private/known-identity';
import { regionIn } from './private/known-region';
import { roleWithPolicies } from './private/known-role';
import { zoneIdOf } from './private/known-zone';
import { asItIs, comesLate, finalText, KnownTarget } from './private/late-value';
import { claimIdentity } from './private/one-per-identity';
import {
  assumeRolePermission, changeKeyPermission, identityPermission, lookPermission, Permission, zonePermissions,
} from './private/permissions';
import { Provider } from './private/provider';
import { signingResource } from './private/signing-resource';
import { checkChoice, checkReference, checkSlotTtl, checkType, isUnknown, ttlInSeconds, waitInSeconds } from './private/validation';
import { Watched, watchedSigning } from './private/watched';
import { ProblemAlarmOptions } from './problem-alarm-options';
import { RecordConflict } from './record-conflict';

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

    checkIdentity(props.identity, ownSigningOf(props.identity, region), { stack, domain, region, known: asItIs });
    const method = signing._bind({ stack, domain, region }, this);
    const { delegation } = method;
    const hostedZone = zoneToWrite(domain, method, props);
    if (delegation) checkSlotTtl(props.recordTtl);
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
        checkIdentity(props.identity, finalOwnSigningOf(props.identity, target.region), target);
        checkSameName(domain, target.domain);
        signing._check(target);
        checkZone(target);
        this.claim(props, target.domain, target.region, ...furtherRegions);
      }),
    });
    if (props.region === stack.region && !isUnknown(stack.region)) {
      // No warning: with an env from the start it does no harm, and `--strict` fails for warnings.
      Annotations.of(this).addInfoV2('cdk-ses-dkim:ownRegion', `region '${region}' is that of the stack. Leave region out. If the stack `
        + 'was deployed with it and without env, keep the logical ids that it has, as docs/moving.md says: otherwise '
        + 'CloudFormation replaces what it has for this identity, also a rotating key');
    }
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
    identityWithRecords(props.identity).forEach(each => createFirst(each, resource));
    if (props.hostedZoneRole) roleWithPolicies(props.hostedZoneRole).forEach(each => createFirst(each, resource));

    if (method.rotatingKey) {
      const rotation = provider.rotation();
      let last = resource;
      for (const each of furtherRegions) {
        const next = signingResource(this, `Resource-${each}`, { stack, region: each, domain }, {
          ...properties, Region: unlessDefault(each, stack.region), Signing: method.further!.properties,
        }, resourceOptions);
        next.node.addDependency(last); // so the first one makes the key, and no turn closes a circle
        method.rotatingKey.addFurther(each, next);
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
    this.dkimRecords = delegation ? cnamesOf(delegation, domain) : writtenRecords(method.records, attribute);
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
    if (props.detailedMetrics && !props.watch) {
      throw new Error('detailedMetrics is given without watch. Give watch: true too: without it nobody looks');
    }
    if (!props.watch) return;
    const watchedIn = (each: string): WatchedIdentity => ({
      Identity: domain,
      Region: unlessDefault(each, stack.region),
      Signing: watchedSigning(method.properties, attribute),
      DelegatedTo: properties.DelegatedTo,
      DetailedMetrics: props.detailedMetrics || undefined,
    });
    for (const [each, signed] of [[region, resource] as const, ...method.rotatingKey?.further ?? []]) {
      provider.watcher().add(watchedIn(each), each, signed, method.rotatingKey);
    }
    this.watched = new Watched(this, watchedIn(region), [region, ...furtherRegions]);
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
   * It is an `Alarm`. With several Regions (`furtherRegions`) it is a `CompositeAlarm`. It sounds when one of its
   * alarms does, which are added too, one for each Region.
   *
   * Throws if `watch` is not set.
   *
   * @param id name of the alarm within this construct
   * @param options properties of the alarm
   */
  public addProblemAlarm(id: string, options: ProblemAlarmOptions = {}): AlarmBase {
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
      throw new Error(`The key of '${this.node.path}' does not rotate. Use DkimSigning.rotatingByoDkim(). The key of `
        + 'followSecret is changed by storing another one');
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
      if (comesLate(domain, region)) continue;
      claimIdentity(this, identityBehind(props.identity), region, domain);
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

function permissionsOnZone(stack: Stack, domain: string, props: EmailIdentityDkimProps): Permission[] {
  if (props.hostedZoneRole) return [assumeRolePermission(props.hostedZoneRole.roleRef.roleArn)];
  return props.hostedZone ? zonePermissions(stack, zoneIdOf(props.hostedZone), domain) : [];
}

/** Leaves a default value out of the template, so that 150 identities fit in one template. */
function unlessDefault<T>(value: T | undefined, defaultValue: T): T | undefined {
  return value === defaultValue ? undefined : value;
}

// The construct: what a stack says about the DKIM signing of one domain, turned into one custom resource and the rights for it.
import { CfnResource, Duration, RemovalPolicy, Stack, Stage, Token } from 'aws-cdk-lib';
import { IRole } from 'aws-cdk-lib/aws-iam';
import { IHostedZone } from 'aws-cdk-lib/aws-route53';
import { IEmailIdentity } from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';
import { DkimRecord } from './dkim-record';
import { DkimSigning } from './dkim-signing';
import {
  DEFAULT_RECORD_TTL, MAX_SERVICE_TIMEOUT, RESOURCE_TYPE, ResourceAttributes, ResourceProperties, serviceTimeout,
} from './private/contract';
import { accountOf, certainRegionOf, domainOf, regionOf, setsItsSigning } from './private/known-identity';
import { isPrivate, zoneNameOf } from './private/known-zone';
import { claimIdentity, logicalIdFor } from './private/one-per-identity';
import { Provider } from './private/provider';
import { identityRights, Right, roleRights, zoneRights } from './private/rights';
import {
  checkAccount, checkDomain, checkRegion, checkRemovalPolicy, checkSameRegion, checkZoneId, checkZoneName, ttlInSeconds, waitInSeconds,
} from './private/validation';

/**
 * What to do when a record of that name is already in the hosted zone and says something else.
 *
 * @see https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
 */
export enum RecordConflict {
  /**
   * The deployment fails and names both values. Nothing is changed.
   */
  FAIL = 'FAIL',

  /**
   * The record is replaced, and belongs to this construct from then on: it goes when the construct goes.
   */
  OVERWRITE = 'OVERWRITE',
}

/**
 * Properties of an `EmailIdentityDkim`.
 */
export interface EmailIdentityDkimProps {
  /**
   * The identity: a domain, made in this app or imported with `EmailIdentity.fromEmailIdentityName()` or `fromEmailIdentityArn()`.
   *
   * An identity made in this app is ready, with the records that it makes itself, before its signing is set.
   *
   * Throws if it is an e-mail address (its domain signs for it), not a domain name, not lower case or of another account, if it sets its own
   * signing (`dkimIdentity`), and if it already has an `EmailIdentityDkim` in the same Region and account.
   *
   * @see https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
   */
  readonly identity: IEmailIdentity;

  /**
   * How mail is signed.
   *
   * @default DkimSigning.easyDkim()
   * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim.html
   */
  readonly signing?: DkimSigning;

  /**
   * The public hosted zone that the records are written to: that of the domain itself or of a parent domain.
   *
   * Only records below `_domainkey.<domain>` are read and written, and none that somebody else wrote is changed or deleted.
   *
   * Throws if the zone is private, does not hold the domain or its id is not one of Route 53, if the domain has more than 196 characters, if it is
   * given for a replica (which has no records of its own), and if it is of another account and there is no `hostedZoneRole`. What cannot be seen
   * at synthesis, as with a zone that is imported by its id, is found at deployment.
   *
   * @default - no records are written; publish `dkimRecords` where the domain's DNS is
   * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim.html
   */
  readonly hostedZone?: IHostedZone;

  /**
   * Role that is assumed to read and change the hosted zone, for a zone in another account.
   *
   * It has to trust this stack's account, and to allow `route53:GetHostedZone`, `route53:ListResourceRecordSets` and
   * `route53:ChangeResourceRecordSets` on the zone and `route53:GetChange` on `arn:aws:route53:::change/*`. Changes can be limited to the
   * record names `*._domainkey.<domain>`, the types `CNAME` and `TXT`, and the actions `CREATE` and `DELETE`.
   *
   * Throws if there is no `hostedZone`.
   *
   * @default - the function's own role, with rights on the zone that are limited in just this way
   * @see https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html
   */
  readonly hostedZoneRole?: IRole;

  /**
   * How long resolvers may keep the records: 0 to 2147483647 seconds.
   *
   * Throws if it is more, or not in whole seconds.
   *
   * @default Duration.minutes(30)
   * @see https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
   */
  readonly recordTtl?: Duration;

  /**
   * What to do when a record of that name is already in the hosted zone and says something else.
   *
   * A record that says the same is used, and is left where it is in the end.
   *
   * @default RecordConflict.FAIL
   * @see https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
   */
  readonly recordConflict?: RecordConflict;

  /**
   * How long the deployment waits for SES to see the records: 1 second to 1 hour.
   *
   * It ends when the status is `SUCCESS`, and fails with what SES last saw when the time is over. SES usually needs minutes, and goes on
   * looking for up to 72 hours. Without a hosted zone, the records have to be published by somebody else in the meantime. An hour is all that
   * CloudFormation gives: the other work is in it, and its last minute is kept for the answer.
   *
   * Throws if it is out of these bounds, or not in whole seconds.
   *
   * @default - the deployment ends without waiting; `dkimStatus` says what SES knew at its end
   * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
   */
  readonly waitForVerification?: Duration;

  /**
   * Code of the Region in which the identity is, for example `eu-west-1`.
   *
   * For an identity that is imported by its name. Throws if it does not look like a Region, or contradicts the Region of the identity.
   *
   * @default - the Region in the identity's ARN, or of the stack that makes the identity
   * @see https://docs.aws.amazon.com/general/latest/gr/ses.html
   */
  readonly region?: string;

  /**
   * What happens to signing and records when the construct is removed: `DESTROY` or `RETAIN`.
   *
   * With `DESTROY` the identity goes back to Easy DKIM, so that SES forgets the key, and the records that this library wrote are deleted.
   * With `RETAIN` both stay as they are, and are yours from then on. A signing or record that was there before the construct stays in either case.
   *
   * Throws if it is another policy.
   *
   * @default RemovalPolicy.DESTROY
   * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * DKIM signing of an Amazon SES domain identity.
 *
 * A deployment makes SES, the private key and the DNS records agree, and tells SES to sign with a key only after its record can be
 * looked up. All constructs in a stack share one function, one log group and one role.
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
   * The records that have to be in DNS, as deploy-time values: three CNAMEs for Easy DKIM, one TXT for BYODKIM, none for a replica.
   *
   * They are the same whether or not there is a hosted zone.
   *
   * @see https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
   */
  public readonly dkimRecords: DkimRecord[];

  /**
   * What SES said about the records when the deployment ended: `PENDING`, `SUCCESS`, `FAILED`, `TEMPORARY_FAILURE` or `NOT_STARTED`.
   *
   * It does not change between deployments. `SUCCESS` for sure only with `waitForVerification`.
   *
   * @see https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DkimAttributes.html
   */
  public readonly dkimStatus: string;

  /**
   * Easy DKIM only: the zone of SES in which the targets of the CNAME records are, for example `dkim.amazonses.com`.
   *
   * @see https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DkimAttributes.html
   */
  public readonly signingHostedZone?: string;

  /**
   * BYODKIM only: the selector that mail is signed with.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6376#section-3.1
   */
  public readonly selector?: string;

  /**
   * BYODKIM only: SHA-256 of the public key (SPKI DER), 64 hexadecimal digits in lower case.
   *
   * To see from outside which key is in use: `openssl pkey -in key.pem -pubout -outform DER | sha256sum` prints the same.
   *
   * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.7
   */
  public readonly publicKeySha256?: string;

  /**
   * Sets the signing of one identity.
   *
   * Throws what the properties say, and if the rights of all identities in the stack need more managed policies than a role takes: 10, with
   * 30 identities in each at the most, fewer with long names or a zone or secret of their own.
   *
   * @param scope where in the app: the function is shared with the other constructs of its stack
   * @param id name within the scope
   * @param props the identity, and how it signs
   */
  constructor(scope: Construct, id: string, props: EmailIdentityDkimProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const domain = domainOf(props.identity);
    const region = regionIn(stack, props.region ?? regionOf(props.identity));

    checkDomain(domain);
    checkRegion('region', region);
    checkSameRegion(region, domain, certainRegionOf(props.identity));
    checkAccount('identity', accountOf(props.identity), stack.account, 'Put the EmailIdentityDkim into a stack of that account');
    const signing = (props.signing ?? DkimSigning.easyDkim())._bind({ stack, domain, region });
    checkZone(this, domain, signing.records.count > 0, props);
    if (setsItsSigning(props.identity)) {
      throw new Error(`identity '${domain}' sets its signing itself, by dkimIdentity or dkimSigningAttributes, and each would undo what the other one `
        + 'does. Leave that out: signing is what this construct sets');
    }
    claimIdentity(this, props.identity, region, domain);

    const provider = Provider.of(this);
    const rights = provider.grant([
      identityRights(stack, region, domain),
      ...rightsOnZone(stack, domain, props),
      ...signing.rights,
    ]);

    const wait = props.waitForVerification && waitInSeconds(props.waitForVerification);
    const properties = {
      Identity: domain,
      Region: unlessDefault(region, stack.region),
      Signing: signing.properties,
      HostedZoneId: props.hostedZone?.hostedZoneId,
      HostedZoneRoleArn: props.hostedZoneRole?.roleArn,
      RecordTtl: unlessDefault(props.recordTtl && ttlInSeconds(props.recordTtl), DEFAULT_RECORD_TTL.toString()),
      RecordConflict: unlessDefault(props.recordConflict, RecordConflict.FAIL),
      WaitForVerification: wait,
      RemovalPolicy: unlessDefault(props.removalPolicy && checkRemovalPolicy(props.removalPolicy), 'DESTROY'),
    } satisfies ResourceProperties;
    const timeout = Token.isUnresolved(wait) ? MAX_SERVICE_TIMEOUT : serviceTimeout(Number(wait ?? 0));
    // Not CDK's CustomResource, which also says that Delete deletes: CloudFormation does that anyway, and 150 times makes a tenth of the template. RETAIN
    // is the handler's to do: it keeps signing and records, but has to let go of them.
    const resource = new CfnResource(this, 'Resource', {
      type: RESOURCE_TYPE,
      properties: { ServiceToken: provider.serviceToken, ServiceTimeout: timeout.toString(), ...properties },
    });
    resource.overrideLogicalId(logicalIdFor(stack, region, domain));
    resource.node.addDependency(rights);
    // With its children, because EmailIdentity can make records of its own: the handler has to find them, not to collide with them.
    // The role, with its policies, has to be there as long as there are records to delete. What is in another stage is deployed on its own, and CDK
    // knows no order between stages.
    for (const first of [props.identity, props.hostedZoneRole]) {
      if (first && Stage.of(first) === Stage.of(this)) resource.node.addDependency(first);
    }

    const attribute = (name: keyof ResourceAttributes) => resource.getAtt(name).toString();
    this.dkimStatus = attribute('DkimStatus');
    this.dkimRecords = Array.from({ length: signing.records.count }, (_, index) => index + 1).map(number => ({
      name: attribute(`RecordName${number}`),
      type: signing.records.type,
      value: attribute(`RecordValue${number}`),
      data: attribute(`RecordData${number}`),
    }));
    // CloudFormation fails a stack that asks for an attribute which is not there.
    switch (signing.properties.Method) {
      case 'EASY_DKIM':
        this.signingHostedZone = attribute('SigningHostedZone');
        break;
      case 'BYODKIM':
        this.selector = attribute('Selector');
        this.publicKeySha256 = attribute('PublicKeySha256');
        break;
    }
  }
}

function checkZone(scope: Construct, domain: string, hasRecords: boolean, props: EmailIdentityDkimProps): void {
  const zone = props.hostedZone;
  if (!zone) {
    if (props.hostedZoneRole) throw new Error('hostedZoneRole is given without hostedZone. Give the zone that the role may change, or leave the role out');
    return;
  }
  if (!hasRecords) {
    throw new Error(`hostedZone is given for '${domain}', a replica, whose records are its parent's. Leave hostedZone out, and give it to the `
      + 'EmailIdentityDkim of the parent');
  }
  checkZoneId(domain, zone.hostedZoneId);
  checkZoneName(domain, zoneNameOf(zone));
  if (!props.hostedZoneRole) {
    checkAccount('hostedZone', zone.env.account, Stack.of(scope).account, 'Give a hostedZoneRole of that account');
  }
  if (isPrivate(zone)) throw new Error(privateZoneMessage(zone));
  // A VPC can still be added to the zone after this.
  scope.node.addValidation({ validate: () => isPrivate(zone) ? [privateZoneMessage(zone)] : [] });
}

function privateZoneMessage(zone: IHostedZone): string {
  return `hostedZone '${zone.node.path}' is private, and SES and the receivers of mail look in the public DNS. Pass the public zone of the domain`;
}

function rightsOnZone(stack: Stack, domain: string, props: EmailIdentityDkimProps): Right[] {
  if (props.hostedZoneRole) return [roleRights(props.hostedZoneRole.roleArn)];
  return props.hostedZone ? zoneRights(stack, props.hostedZone.hostedZoneId, domain) : [];
}

/** `Aws.REGION` is the stack's Region, whether or not that is known. */
function regionIn(stack: Stack, region: string): string {
  return Token.isUnresolved(region) && stack.resolve(region)?.Ref === 'AWS::Region' ? stack.region : region;
}

/** What has its default is left out, so that 150 identities fit in one template. */
function unlessDefault<T>(value: T | undefined, defaultValue: T): T | undefined {
  return value === defaultValue ? undefined : value;
}

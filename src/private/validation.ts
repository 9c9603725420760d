// What synthesis refuses. Each error says what is wrong, which value was found and what to do.
import { Duration, RemovalPolicy, Token, Tokenization } from 'aws-cdk-lib';
import { DOMAIN, HOSTED_ZONE_ID, LABEL, MAX_SERVICE_TIMEOUT, REGION } from './contract';

/**
 * The longest TTL that Route 53 accepts, in seconds:
 * https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
 */
const MAX_TTL = 2147483647;

/**
 * The longest domain with room for the name of a registry record: `cdk-ses-dkim-<32
 * digits>._domainkey.<domain>`. A name in DNS has at most 253 characters.
 */
const MAX_DOMAIN_IN_ZONE = 196;

/**
 * Whether synthesis does not know the value yet. A check lets such a value pass.
 *
 * A context look-up gives a dummy value until the CDK CLI has looked it up. The CLI does that only if
 * the app does not throw, so a check must not refuse the dummy value.
 */
function isUnknown(text: string): boolean {
  return Token.isUnresolved(text) || text.startsWith('dummy-value-for-');
}

/**
 * Checks a domain. It must be in lower case, because the IAM conditions on record names compare in
 * lower case.
 */
export function checkDomain(domain: string): void {
  if (isUnknown(domain)) return;
  if (domain.includes('@')) {
    const domainOfAddress = domain.slice(domain.lastIndexOf('@') + 1).toLowerCase();
    throw new Error(`identity '${domain}' is an e-mail address, and only domains have DKIM signing of their own. `
      + `Pass the identity of the domain '${domainOfAddress}': it signs for its addresses too`);
  }
  if (domain !== domain.toLowerCase()) {
    throw new Error(`identity '${domain}' has upper-case letters. Write '${domain.toLowerCase()}', in `
      + 'ses.EmailIdentity too');
  }
  if (!DOMAIN.test(domain)) {
    throw new Error(`identity '${domain}' is not a domain name. Write it as in 'mail.example.com': labels of 1 to 63 `
      + "letters, digits and inner hyphens, no dot at the end, other scripts in their 'xn--' form");
  }
}

/** https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DkimSigningAttributes.html */
export function checkSelector(selector: string): void {
  if (isUnknown(selector) || LABEL.test(selector)) return;
  const lowerCase = selector.toLowerCase();
  if (LABEL.test(lowerCase)) {
    throw new Error(`selector '${selector}' has upper-case letters. Write '${lowerCase}': DNS does not tell them `
      + 'apart');
  }
  throw new Error(`selector '${selector}' is not one that SES takes. Use 1 to 63 letters, digits and inner hyphens, `
    + "without dots or underscores, for example 'mail-2026'");
}

/**
 * Checks that a resource is in the account of the stack. The function has no permissions in another
 * account.
 *
 * @param advice what to do if it is in another account
 */
export function checkAccount(property: string, account: string, ownAccount: string, advice: string): void {
  if (!isOtherAccount(account, ownAccount)) return;
  throw new Error(`${property} is in account '${account}', and the stack is deployed to account '${ownAccount}'. `
    + advice);
}

function isOtherAccount(account: string, ownAccount: string): boolean {
  return ![account, ownAccount].some(id => isUnknown(id)) && account !== ownAccount;
}

/** The zone that holds a domain is the zone of the domain or of a parent domain. */
export function checkZoneName(domain: string, zoneName?: string): void {
  if (zoneName === undefined || isUnknown(domain) || isUnknown(zoneName)) return;
  const zone = zoneName.toLowerCase().replace(/\.$/, '');
  if (domain !== zone && !domain.endsWith(`.${zone}`)) {
    throw new Error(`hostedZone '${zoneName}' does not hold the domain '${domain}'. Pass the zone of '${domain}' or of `
      + 'a parent domain, or leave hostedZone out and publish dkimRecords yourself');
  }
}

/** Checks the id of the zone, and that the names of the records in it are not too long for DNS. */
export function checkZoneId(domain: string, zoneId: string): void {
  if (!isUnknown(zoneId) && !HOSTED_ZONE_ID.test(zoneId)) {
    throw new Error(`hostedZone has the id '${zoneId}', which is not one of Route 53. Import the zone by its id alone, `
      + "for example 'Z0123456789ABC'");
  }
  if (!isUnknown(domain) && domain.length > MAX_DOMAIN_IN_ZONE) {
    throw new Error(`identity '${domain}' has ${domain.length} characters, and the names of its records would be `
      + `longer than the 253 of DNS. Use a domain of at most ${MAX_DOMAIN_IN_ZONE}, or leave hostedZone out and `
      + 'publish dkimRecords yourself');
  }
}

/**
 * An identity is in one Region. The same domain in another Region is another identity, which the user
 * did not pass.
 */
export function checkSameRegion(region: string, identity: string, ofIdentity: string | undefined): void {
  if (ofIdentity === undefined || [region, ofIdentity].some(code => isUnknown(code)) || region === ofIdentity) return;
  throw new Error(`region is '${region}', and the identity '${identity}' is in '${ofIdentity}'. Leave region out, or `
    + `pass the identity of '${region}', for example with ses.EmailIdentity.fromEmailIdentityName()`);
}

export function checkRegion(property: string, region: string): void {
  if (isUnknown(region) || REGION.test(region)) return;
  throw new Error(`${property} '${region}' is not an AWS Region. Write its code, for example 'eu-west-1'`);
}

/** The parent of a replica is the identity of the same domain in another Region. */
export function checkParentRegion(parentRegion: string, region: string): void {
  checkRegion('parentRegion', parentRegion);
  if (parentRegion === region) {
    throw new Error(`parentRegion '${parentRegion}' is the identity's own Region. A replica's parent is in another `
      + 'Region; for the parent itself use DkimSigning.easyDkim()');
  }
}

/**
 * CloudFormation waits for one hour at most:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
 */
export function waitInSeconds(wait: Duration): string {
  const why = 'CloudFormation waits for an hour at the most; leave waitForVerification out to end the deployment '
    + 'without waiting';
  return wholeSeconds('waitForVerification', wait, { min: 1, max: MAX_SERVICE_TIMEOUT, why });
}

export function ttlInSeconds(ttl: Duration): string {
  return wholeSeconds('recordTtl', ttl, { min: 0, max: MAX_TTL, why: 'That is what Route 53 takes' });
}

interface Limits {
  readonly min: number;
  readonly max: number;
  readonly why: string;
}

/** A duration as a property of the template. All scalars there are strings. */
function wholeSeconds(property: string, duration: Duration, { min, max, why }: Limits): string {
  const seconds = duration.toSeconds({ integral: false });
  if (!duration.isUnresolved() && (!Number.isInteger(seconds) || seconds < min || seconds > max)) {
    throw new Error(`${property} is ${seconds} seconds, and has to be ${min} to ${max} whole seconds. ${why}`);
  }
  return Tokenization.stringifyNumber(seconds);
}

export function checkRemovalPolicy(policy: RemovalPolicy): 'DESTROY' | 'RETAIN' {
  switch (policy) {
    case RemovalPolicy.DESTROY: return 'DESTROY';
    case RemovalPolicy.RETAIN: return 'RETAIN';
    default:
      throw new Error(`removalPolicy '${policy}' has no meaning for DKIM signing. Use RemovalPolicy.DESTROY or `
        + 'RemovalPolicy.RETAIN');
  }
}

interface SecretOptions {
  readonly jsonField?: string;
  readonly versionStage?: string;
  readonly versionId?: string;
}

export function checkSecretOptions(options: SecretOptions): void {
  const { versionId, versionStage } = options;
  if (versionId !== undefined && versionStage !== undefined) {
    throw new Error(`versionId '${versionId}' and versionStage '${versionStage}' both say which version of the secret `
      + 'to read. Give one of them');
  }
  for (const [option, value] of Object.entries(options)) {
    if (value === '') throw new Error(`${option} is empty. Leave it out to take the default`);
  }
  if (versionId !== undefined && !isUnknown(versionId) && (versionId.length < 32 || versionId.length > 64)) {
    throw new Error(`versionId '${versionId}' is not the id of a version: those have 32 to 64 characters. A staging `
      + 'label goes into versionStage');
  }
}

/**
 * Secrets Manager gives a secret to another account only by its complete ARN, and only with a customer
 * managed key:
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html
 *
 * @param known what the app knows about the secret
 */
export function checkCrossAccountSecret(
  account: string, ownAccount: string, known: { fullArn?: string; keyArn?: string },
): void {
  if (!isOtherAccount(account, ownAccount)) return;
  if (known.fullArn !== undefined && known.keyArn !== undefined) return;
  throw new Error(`privateKey is in a secret of account '${account}', which can only be read by its complete ARN and `
    + 'with a customer managed key. Import it with Secret.fromSecretAttributes(), with secretCompleteArn and '
    + 'encryptionKey');
}

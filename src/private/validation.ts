// What is refused at synthesis. Each check says what was found and what to do; a value that is only known at deployment passes.
import { Duration, RemovalPolicy, Token, Tokenization } from 'aws-cdk-lib';
import { DOMAIN, HOSTED_ZONE_ID, LABEL, MAX_SERVICE_TIMEOUT, REGION } from './contract';

/** Route 53 takes a TTL of 0 to 2147483647: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html */
const MAX_TTL = 2147483647;

/** Left of the 253 characters of a name for a record of ours: `cdk-ses-dkim-<32 digits>._domainkey.` comes before the domain. */
const LONGEST_DOMAIN_IN_ZONE = 196;

/** Known at deployment only; or looked up, with a value in its place until the CDK CLI has done so, which it does not do for an app that throws. */
function isUnknown(text: string): boolean {
  return Token.isUnresolved(text) || text.startsWith('dummy-value-for-');
}

/** DKIM is set on domains. IAM compares record names in lower case, so the name has to be lower case from the start. */
export function checkDomain(domain: string): void {
  if (isUnknown(domain)) return;
  if (domain.includes('@')) {
    const ofAddress = domain.slice(domain.lastIndexOf('@') + 1).toLowerCase();
    throw new Error(`identity '${domain}' is an e-mail address, and only domains have DKIM signing of their own. `
      + `Pass the identity of the domain '${ofAddress}': it signs for its addresses too`);
  }
  if (domain !== domain.toLowerCase()) {
    throw new Error(`identity '${domain}' has upper-case letters. Write '${domain.toLowerCase()}', in ses.EmailIdentity too`);
  }
  if (!DOMAIN.test(domain)) {
    throw new Error(`identity '${domain}' is not a domain name. Write it as in 'mail.example.com': labels of 1 to 63 letters, digits and inner `
      + "hyphens, no dot at the end, other scripts in their 'xn--' form");
  }
}

/** https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DkimSigningAttributes.html */
export function checkSelector(selector: string): void {
  if (isUnknown(selector) || LABEL.test(selector)) return;
  if (LABEL.test(selector.toLowerCase())) {
    throw new Error(`selector '${selector}' has upper-case letters. Write '${selector.toLowerCase()}': DNS does not tell them apart`);
  }
  throw new Error(`selector '${selector}' is not one that SES takes. Use 1 to 63 letters, digits and inner hyphens, without dots or `
    + "underscores, for example 'mail-2026'");
}

/** The function works with the rights of its own account. */
export function checkAccount(property: string, account: string, ownAccount: string, wayOut: string): void {
  if ([account, ownAccount].some(id => isUnknown(id)) || account === ownAccount) return;
  throw new Error(`${property} is in account '${account}', and the stack is deployed to account '${ownAccount}'. ${wayOut}`);
}

/** The zone that holds the domain is its own or a parent's. */
export function checkZoneName(domain: string, zoneName?: string): void {
  if (zoneName === undefined || isUnknown(domain) || isUnknown(zoneName)) return;
  const zone = zoneName.toLowerCase().replace(/\.$/, '');
  if (domain !== zone && !domain.endsWith(`.${zone}`)) {
    throw new Error(`hostedZone '${zoneName}' does not hold the domain '${domain}'. Pass the zone of '${domain}' or of a parent domain, or `
      + 'leave hostedZone out and publish dkimRecords yourself');
  }
}

export function checkZoneId(domain: string, zoneId: string): void {
  if (!isUnknown(zoneId) && !HOSTED_ZONE_ID.test(zoneId)) {
    throw new Error(`hostedZone has the id '${zoneId}', which is not one of Route 53. Import the zone by its id alone, for example 'Z0123456789ABC'`);
  }
  if (!isUnknown(domain) && domain.length > LONGEST_DOMAIN_IN_ZONE) {
    throw new Error(`identity '${domain}' has ${domain.length} characters, and the names of its records would be longer than the 253 of DNS. `
      + `Use a domain of at most ${LONGEST_DOMAIN_IN_ZONE}, or leave hostedZone out and publish dkimRecords yourself`);
  }
}

/** Another Region than the identity's would be another identity, which nobody passed. */
export function checkSameRegion(region: string, identity: string, ofIdentity: string | undefined): void {
  if (ofIdentity === undefined || [region, ofIdentity].some(code => isUnknown(code)) || region === ofIdentity) return;
  throw new Error(`region is '${region}', and the identity '${identity}' is in '${ofIdentity}'. Leave region out, or pass the identity of '${region}', `
    + 'for example with ses.EmailIdentity.fromEmailIdentityName()');
}

export function checkRegion(property: string, region: string): void {
  if (isUnknown(region) || REGION.test(region)) return;
  throw new Error(`${property} '${region}' is not an AWS Region. Write its code, for example 'eu-west-1'`);
}

/** The parent of a replica is an identity of the same domain somewhere else. */
export function checkParentRegion(parentRegion: string, region: string): void {
  checkRegion('parentRegion', parentRegion);
  if (parentRegion === region) {
    throw new Error(`parentRegion '${parentRegion}' is the identity's own Region. A replica's parent is in another Region; `
      + 'for the parent itself use DkimSigning.easyDkim()');
  }
}

/** CloudFormation waits for an hour at the most: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html */
export function waitInSeconds(wait: Duration): string {
  return seconds('waitForVerification', wait, 1, MAX_SERVICE_TIMEOUT,
    'CloudFormation waits for an hour at the most; leave waitForVerification out to end the deployment without waiting');
}

export function ttlInSeconds(ttl: Duration): string {
  return seconds('recordTtl', ttl, 0, MAX_TTL, 'That is what Route 53 takes');
}

function seconds(property: string, duration: Duration, least: number, most: number, why: string): string {
  const value = duration.toSeconds({ integral: false });
  if (!duration.isUnresolved() && (!Number.isInteger(value) || value < least || value > most)) {
    throw new Error(`${property} is ${value} seconds, and has to be ${least} to ${most} whole seconds. ${why}`);
  }
  return Tokenization.stringifyNumber(value);
}

export function checkRemovalPolicy(policy: RemovalPolicy): 'DESTROY' | 'RETAIN' {
  switch (policy) {
    case RemovalPolicy.DESTROY: return 'DESTROY';
    case RemovalPolicy.RETAIN: return 'RETAIN';
    default: throw new Error(`removalPolicy '${policy}' has no meaning for DKIM signing. Use RemovalPolicy.DESTROY or RemovalPolicy.RETAIN`);
  }
}

export function checkSecretOptions(options: { jsonField?: string; versionStage?: string; versionId?: string }): void {
  if (options.versionId !== undefined && options.versionStage !== undefined) {
    throw new Error(`versionId '${options.versionId}' and versionStage '${options.versionStage}' both say which version of the secret to read. `
      + 'Give one of them');
  }
  for (const [option, value] of Object.entries(options)) {
    if (value === '') throw new Error(`${option} is empty. Leave it out to take the default`);
  }
  const { versionId } = options;
  if (versionId !== undefined && !isUnknown(versionId) && (versionId.length < 32 || versionId.length > 64)) {
    throw new Error(`versionId '${versionId}' is not the id of a version: those have 32 to 64 characters. A staging label goes into versionStage`);
  }
}

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html */
export function checkForeignSecret(account: string | undefined, ownAccount: string, known: { fullArn?: string; keyArn?: string }): void {
  if (account === undefined || [account, ownAccount].some(id => isUnknown(id)) || account === ownAccount) return;
  if (known.fullArn !== undefined && known.keyArn !== undefined) return;
  throw new Error(`privateKey is in a secret of account '${account}', which can only be read by its complete ARN and with a customer managed key. `
    + 'Import it with Secret.fromSecretAttributes(), with secretCompleteArn and encryptionKey');
}

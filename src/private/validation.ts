// What synthesis refuses. Each error says what is wrong, which value was found and what to do.
import { Duration, RemovalPolicy, Stack, Token, Tokenization } from 'aws-cdk-lib';
import { aws_route53 } from 'aws-cdk-lib/interfaces';
import {
  DEFAULT_RECORD_OVERLAP, DEFAULT_SELECTOR_FIELD, DOMAIN, EXTERNAL_ID, HOSTED_ZONE_ID, LABEL, MAX_NAME,
  MAX_SELECTOR_PREFIX, MAX_SLOT_TTL, placeIn, recordNameLength, REGION, REGISTRY_LABEL, REGISTRY_LABEL_LENGTH,
  SERVICE_TIMEOUT,
} from './contract';
import { hasDynamicReference } from './dynamic-reference';
import { holds, zoneIdOf, zoneNameOf } from './known-zone';
import { looksLikeKey, shown } from './shown';

/**
 * The longest TTL that Route 53 accepts, in seconds:
 * https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
 */
const MAX_TTL = 2147483647;

/**
 * Whether synthesis does not know the value yet. A check lets such a value pass.
 *
 * A context look-up gives a dummy value until the CDK CLI has looked it up. The CLI does that only if
 * the app does not throw, so a check must not refuse the dummy value, nor a text with it in it.
 */
export function isUnknown(text: string): boolean {
  return Token.isUnresolved(text) || text.includes('dummy-value-for-') || hasDynamicReference(text);
}

/**
 * JavaScript checks no types, and the user would read "Cannot read properties of undefined". The error does not show
 * the value, because it can be a key.
 *
 * @param member what every right value has
 */
export function checkType(property: string, value: unknown, member: string, advice: string): void {
  const members = value as { [name: string]: unknown } | undefined | null;
  if (members?.[member] !== undefined) return;
  throw new Error(`${property} is ${kindOf(value)}. ${advice}`);
}

/**
 * The same for what stands for a resource: an L2, an L1, or a construct of somebody else.
 *
 * @param reference the member of CDK's interface, and one text in it
 */
export function checkReference(
  property: string, value: unknown, [reference, text]: readonly [string, string], advice: string,
): void {
  const members = (value ?? {}) as { [name: string]: { [name: string]: unknown } | undefined };
  if (members.node && members.env && typeof members[reference]?.[text] === 'string') return;
  throw new Error(`${property} is ${kindOf(value)}. ${advice}`);
}

/** The same for a text. */
export function checkText(property: string, value: unknown, advice: string): void {
  if (typeof value !== 'string') throw new Error(`${property} is ${kindOf(value)}. ${advice}`);
}

/** The same for a text of a form. */
function checkForm(property: string, value: string, form: RegExp, advice: string): void {
  checkText(property, value, advice);
  if (!isUnknown(value) && !form.test(value)) throw new Error(`${property} is ${shown(value)}. ${advice}`);
}

/** An enum is one of a few texts, and another language or JavaScript can give any. */
export function checkChoice(property: string, value: unknown, choices: readonly string[], advice: string): void {
  if (value === undefined || value === null || Token.isUnresolved(value) || choices.includes(value as string)) return;
  throw new Error(`${property} is ${shown(value)}. ${advice}`);
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return `${value}`;
  return typeof value === 'object' ? 'another object' : `a ${typeof value}`;
}

/**
 * Checks a domain. It must be in lower case, because the IAM conditions on record names compare in
 * lower case.
 */
export function checkDomain(domain: string): void {
  if (isUnknown(domain)) return;
  const domainOfAddress = domain.slice(domain.lastIndexOf('@') + 1).toLowerCase();
  if (domain.includes('@') && DOMAIN.test(domainOfAddress)) {
    throw new Error(`identity ${shown(domain)} is an e-mail address, and only domains have DKIM signing of their own. `
      + `Pass the identity of the domain ${shown(domainOfAddress)}: it signs for its addresses too`);
  }
  if (domain !== domain.toLowerCase() && DOMAIN.test(domain.toLowerCase())) {
    throw new Error(`identity ${shown(domain)} has upper-case letters. Write ${shown(domain.toLowerCase())}, in `
      + 'ses.EmailIdentity too');
  }
  if (!DOMAIN.test(domain)) {
    throw new Error(`identity ${shown(domain)} is not a domain name. Write it as in 'mail.example.com': labels of 1 to 63 `
      + "letters, digits and inner hyphens, no dot at the end, other scripts in their 'xn--' form");
  }
}

/** The domains of a role for their hosted zone. */
export function checkDomains(domains: string[]): void {
  if (!Array.isArray(domains) || domains.length === 0) {
    throw new Error('domains is empty. Name each domain whose DKIM records the role may change');
  }
  for (const domain of domains) {
    checkText('domains', domain, 'Pass a list of domain names');
    checkDomain(domain);
  }
}

export function checkAccountId(property: string, account: string): void {
  checkForm(property, account, /^\d{12}$/, "Give the account's 12 digits in quotes");
}

/** A wildcard would let other roles in. */
export function checkStackName(property: string, name: string): void {
  checkForm(property, name, /^[A-Za-z][A-Za-z0-9-]{0,127}$/, 'Give the name of the stack in CloudFormation');
}

/** IAM takes longer ones too, with commas. But it has to go into a tag, where a rotating key finds it. */
export function checkExternalId(property: string, id: string): void {
  checkForm(property, id, EXTERNAL_ID, 'Give 2 to 256 letters, digits and _+=.@:/-');
}

/** Checks that the name of the record with the key is not too long for DNS. */
export function checkSelectorIn(domain: string, selector: string): void {
  if (isUnknown(selector)) return;
  checkRecordName(`the record of selector ${shown(selector)}`, domain, selector.length, ', or a shorter selector');
}

/** https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DkimSigningAttributes.html */
export function checkSelector(selector: string): void {
  if (isUnknown(selector) || LABEL.test(selector)) return;
  const lowerCase = selector.toLowerCase();
  if (REGISTRY_LABEL.test(lowerCase)) {
    throw new Error(`selector ${shown(selector)} is the name of a registry record. Choose another one, for example 'mail-2026'`);
  }
  if (LABEL.test(lowerCase)) {
    throw new Error(`selector ${shown(selector)} has upper-case letters. Write ${shown(lowerCase)}: DNS does not tell `
      + 'them apart');
  }
  throw new Error(`selector ${shown(selector)} is not one that SES takes. Use 1 to 63 letters, digits and inner hyphens, `
    + "without dots or underscores, for example 'mail-2026'");
}

/**
 * Checks that a resource is in the account of the stack. The function has no permissions in another
 * account.
 *
 * @param advice what to do if it is in another account
 */
export function checkAccount(property: string, account: string, ownAccount: string, advice: string): void {
  if (!isOther(account, ownAccount)) return;
  throw new Error(`${property} is in account ${shown(account)}, and the stack is deployed to account `
    + `${shown(ownAccount)}. ${advice}`);
}

function isOther(found: string, own: string): boolean {
  return ![found, own].some(value => isUnknown(value)) && found !== own;
}

/** The zone that holds a domain is the zone of the domain or of a parent domain. */
export function checkZoneName(domain: string, zoneName?: string): void {
  if (zoneName === undefined || isUnknown(domain) || isUnknown(zoneName)) return;
  if (!holds(zoneName, domain)) {
    throw new Error(`hostedZone ${shown(zoneName)} does not hold the domain ${shown(domain)}. Pass the zone of `
      + `${shown(domain)} or of a parent domain, or leave hostedZone out and publish dkimRecords yourself`);
  }
}

/** Checks the id of the zone, and that the name of the registry record in it is not too long for DNS. */
export function checkZoneId(domain: string, zoneId: string): void {
  if (!isUnknown(zoneId) && !HOSTED_ZONE_ID.test(zoneId)) {
    throw new Error(`hostedZone has the id ${shown(zoneId)}, which is not one of Route 53. Import the zone by its id `
      + "alone, for example 'Z0123456789ABC'");
  }
  checkRecordName('the registry record', domain, REGISTRY_LABEL_LENGTH,
    ', or leave hostedZone out and publish dkimRecords yourself');
}

/**
 * Checks that the name of a record is not too long for DNS.
 *
 * @param record what it is called in the error
 * @param label how many characters the first label of its name has
 * @param otherWay what else than a shorter domain would help
 */
function checkRecordName(record: string, domain: string, label: number, otherWay = ''): void {
  const length = recordNameLength(domain, label);
  if (isUnknown(domain) || length <= MAX_NAME) return;
  throw new Error(`identity ${shown(domain)} has ${domain.length} characters, so the name of ${record} would have `
    + `${length}, and DNS takes ${MAX_NAME}. Use a domain of at most ${domain.length - (length - MAX_NAME)}${otherWay}`);
}

/**
 * An identity is in one Region. The same domain in another Region is another identity, which the user
 * did not pass.
 */
export function checkSameRegion(region: string, identity: string, ofIdentity: string | undefined): void {
  if (ofIdentity === undefined || [region, ofIdentity].some(code => isUnknown(code)) || region === ofIdentity) return;
  throw new Error(`region is ${shown(region)}, and the identity ${shown(identity)} is in ${shown(ofIdentity)}. Leave `
    + `region out, or pass the identity of ${shown(region)}, for example with ses.EmailIdentity.fromEmailIdentityName()`);
}

export function checkRegion(property: string, region: string): void {
  checkText(property, region, "Write the code of a Region, for example 'eu-west-1'");
  if (isUnknown(region) || REGION.test(region)) return;
  throw new Error(`${property} ${shown(region)} is not an AWS Region. Write its code, for example 'eu-west-1'`);
}

/** No credentials are good for two partitions. A partition that is not known is no reason to refuse. */
export function checkPartition(property: string, partition: string | undefined, own: string | undefined): void {
  if (partition === undefined || own === undefined || isUnknown(partition) || partition === own) return;
  throw new Error(`${property} is in partition ${shown(partition)} of AWS, and the rest is in ${shown(own)}. No `
    + 'credentials are good for both. Keep all in one partition');
}

/** The parent of a replica is the identity of the same domain in another Region. */
export function checkParentRegion(parentRegion: string, region: string): void {
  checkRegion('parentRegion', parentRegion);
  if (parentRegion === region) {
    const found = isUnknown(region) ? '' : `${shown(region)} `;
    throw new Error(`parentRegion ${found}is the identity's own Region. A replica's parent is in another Region; for `
      + 'the parent itself use DkimSigning.easyDkim()');
  }
}

/** Each has a custom resource and a tag of its own, so synthesis has to know them. */
export function checkFurtherRegions(furtherRegions: readonly string[], own: string): void {
  checkType('furtherRegions', furtherRegions, 'map', "Give a list of the codes of Regions, for example ['eu-west-1']");
  for (const [index, region] of furtherRegions.entries()) {
    checkRegion('furtherRegions:', region);
    if (isUnknown(region)) {
      throw new Error('furtherRegions has a Region that only the deployment knows. Write the codes of the Regions');
    }
    if (region !== own && furtherRegions.indexOf(region) === index) continue;
    const what = region === own ? 'the Region of identity' : 'there twice';
    throw new Error(`furtherRegions has ${shown(region)}, which is ${what}. Give each further Region once`);
  }
}

/**
 * CloudFormation waits for one hour at most:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
 */
export function waitInSeconds(wait: Duration): string {
  const why = 'CloudFormation waits for an hour at the most; leave waitForVerification out to end the deployment '
    + 'without waiting';
  return wholeSeconds('waitForVerification', wait, { min: 1, max: SERVICE_TIMEOUT, why });
}

export function ttlInSeconds(ttl: Duration): string {
  return wholeSeconds('recordTtl', ttl, { min: 0, max: MAX_TTL, why: 'That is what Route 53 takes' });
}

export function overlapInSeconds(overlap: Duration): string {
  return wholeSeconds('overlap', overlap, {
    min: 86_400, max: 365 * 86_400, why: 'Mail on its way needs the record for days, and no longer than that',
  });
}

interface RotationOptions {
  readonly interval?: Duration;
  readonly schedule?: string;
  readonly overlap?: Duration;
  readonly keyLength?: number;
  readonly selectorPrefix?: string;
  readonly encryptionKey?: unknown;
  readonly delegatedTo?: aws_route53.IHostedZoneRef;
  readonly furtherRegions?: readonly string[];
}

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html */
export function checkRotation(options: RotationOptions): void {
  const { interval, schedule, overlap, keyLength, selectorPrefix, encryptionKey } = options;
  if (interval && schedule !== undefined) {
    throw new Error('interval and schedule both say when the key is changed. Give one of them');
  }
  if (interval) {
    checkType('interval', interval, 'toDays', 'Pass a Duration, for example Duration.days(90)');
    const days = interval.toDays({ integral: false });
    if (!interval.isUnresolved() && (!Number.isInteger(days) || days < 1 || days > 999)) {
      throw new Error(`interval is ${days} days, and has to be 1 to 999 whole days. That is what Secrets Manager takes`);
    }
  }
  if (schedule !== undefined) {
    checkText('schedule', schedule, "Give a cron() expression, for example 'cron(0 9 ? * 3#1 *)'");
    if (!isUnknown(schedule) && !isCron(schedule)) {
      throw new Error(`schedule ${shown(schedule)} is not a cron() expression of Secrets Manager: six fields, of which the `
        + "first is 0, the third or the fifth is ?, and the last is *, for example 'cron(0 9 ? * 3#1 *)'. For a number of days "
        + 'use interval');
    }
  }
  if (overlap) overlapInSeconds(overlap);
  if (keyLength !== undefined && !Token.isUnresolved(keyLength) && ![1024, 2048].includes(keyLength)) {
    throw new Error(`keyLength is ${typeof keyLength === 'number' ? keyLength : shown(keyLength)}. Use 2048 or 1024`);
  }
  if (selectorPrefix !== undefined) {
    checkText('selectorPrefix', selectorPrefix, "Give the first part of the selectors, for example 'dkim'");
    if (!isUnknown(selectorPrefix) && !(LABEL.test(selectorPrefix) && selectorPrefix.length <= MAX_SELECTOR_PREFIX)) {
      throw new Error(`selectorPrefix ${shown(selectorPrefix)} cannot begin a selector. Use 1 to ${MAX_SELECTOR_PREFIX} `
        + "lower-case letters, digits and inner hyphens, for example 'dkim'");
    }
  }
  if (encryptionKey) checkReference('encryptionKey', encryptionKey, ['keyRef', 'keyArn'], 'Pass a key, for example of Key.fromKeyArn()');
}

/** The days are those of the month or those of the week, and the other field says nothing. */
function isCron(schedule: string): boolean {
  const [, ofMonth, ofWeek] = /^cron\(0 [\w#?*,/-]+ ([\w#?*,/-]+) [\w#?*,/-]+ ([\w#?*,/-]+) \*\)$/.exec(schedule) ?? [];
  return (ofMonth === '?') !== (ofWeek === '?');
}

/** The days from one change to the next, at the least, where nothing says when: from January to July. */
const HALF_A_YEAR = 181;

/** Checks a rotating key whose domain has its DNS elsewhere. Its records have names after that of the zone. */
export function checkDelegation(options: RotationOptions): void {
  const { delegatedTo, interval, schedule, overlap, furtherRegions = [] } = options;
  if (!delegatedTo) return;
  checkReference('delegatedTo', delegatedTo, ['hostedZoneRef', 'hostedZoneId'],
    'Pass a hosted zone, for example of HostedZone.fromHostedZoneAttributes()');
  if (furtherRegions.length > 0) {
    throw new Error('delegatedTo and furtherRegions are both given. A key has two selectors then, and a Region that keeps one would '
      + 'keep it from all. Give each Region a construct of its own, with another selectorPrefix');
  }
  const zoneName = zoneNameOf(delegatedTo);
  if (zoneName === undefined) {
    throw new Error(`delegatedTo is the hosted zone ${shown(zoneIdOf(delegatedTo))}, whose name is not known in this app. `
      + 'Import it with its name: HostedZone.fromHostedZoneAttributes()');
  }
  if (!isUnknown(zoneName) && !DOMAIN.test(zoneName)) {
    throw new Error(`delegatedTo is the hosted zone of ${shown(zoneName)}, and has to be that of a domain of at least two labels, `
      + 'in lower case, with letters, digits and hyphens');
  }
  if (interval?.isUnresolved() || overlap?.isUnresolved() || schedule !== undefined) return;
  const every = interval?.toDays() ?? HALF_A_YEAR;
  const days = overlap?.toDays({ integral: false }) ?? DEFAULT_RECORD_OVERLAP / 86_400;
  if (every > days) return;
  throw new Error(`interval is ${interval ? '' : 'by default '}${every} days, and overlap ${days}. With delegatedTo there are two `
    + 'selectors, and each holds its key until the overlap is over. Give a longer interval, or a shorter overlap');
}

/** Checks that the name of the registry record is not too long for DNS, with the name of that zone after the domain. */
export function checkDelegatedName(domain: string, zoneName: string): void {
  if (isUnknown(domain) || isUnknown(zoneName)) return;
  const length = recordNameLength(placeIn(zoneName, domain), REGISTRY_LABEL_LENGTH);
  if (length <= MAX_NAME) return;
  throw new Error(`delegatedTo is the hosted zone of ${shown(zoneName)}, so the name of the registry record of ${shown(domain)} `
    + `there would have ${length} characters, and DNS takes ${MAX_NAME}. Give a zone with a shorter name`);
}

/** Resolvers remember a record for so long, and a slot gets another key. */
export function checkSlotTtl(ttl: Duration | undefined): void {
  if (!ttl || ttl.isUnresolved() || ttl.toSeconds({ integral: false }) <= MAX_SLOT_TTL) return;
  throw new Error(`recordTtl is ${ttl.toSeconds({ integral: false })} seconds, and with delegatedTo at most ${MAX_SLOT_TTL}: a `
    + 'selector is used again, when resolvers have forgotten its key. Give a shorter one, or leave recordTtl out');
}

/** CloudWatch Logs encrypts with a key of its own Region. The key can be one of another account. */
export function checkLogKey(keyArn: string, region: string, stack: Stack): void {
  if (!isOther(region, stack.region)) return;
  throw new Error(`logEncryptionKey ${shown(keyArn)} is in ${shown(region)}, and the log is in ${shown(stack.region)}. Pass a `
    + 'key of the Region of the stack');
}

/** Secrets Manager encrypts with a key of its own Region. */
export function checkKeyOfStack(keyArn: string, found: { account: string; region: string }, stack: Stack): void {
  if (!isOther(found.account, stack.account) && !isOther(found.region, stack.region)) return;
  throw new Error(`encryptionKey ${shown(keyArn)} is not of the account and Region of the stack, where the secret is. Pass a `
    + 'key of this account and Region');
}

interface Limits {
  readonly min: number;
  readonly max: number;
  readonly why: string;
}

/** A duration as a property of the template. All scalars there are strings. */
function wholeSeconds(property: string, duration: Duration, { min, max, why }: Limits): string {
  checkType(property, duration, 'toSeconds', 'Pass a Duration, for example Duration.minutes(30)');
  const seconds = duration.toSeconds({ integral: false });
  if (!duration.isUnresolved() && (!Number.isInteger(seconds) || seconds < min || seconds > max)) {
    throw new Error(`${property} is ${seconds} seconds, and has to be ${min} to ${max} whole seconds. ${why}`);
  }
  return Tokenization.stringifyNumber(seconds);
}

export function checkRemovalPolicy(policy: RemovalPolicy): RemovalPolicy {
  if (policy === RemovalPolicy.DESTROY || policy === RemovalPolicy.RETAIN) return policy;
  throw new Error(`removalPolicy ${shown(policy)} has no meaning for DKIM signing. Use RemovalPolicy.DESTROY or `
    + 'RemovalPolicy.RETAIN');
}

/** The handler takes no more. */
const MAX_OPTION = 512;

/** A policy needs the ARN of a secret, and a name alone does not say how it ends. */
export function checkSecretId(path: string, id: string): void {
  if (isUnknown(id) || id.startsWith('arn:')) return;
  throw new Error(`secret '${path}' has the id ${shown(id)}, which is no ARN. Import it by its ARN, or by its name with `
    + 'Secret.fromSecretNameV2()');
}

interface SecretOptions {
  readonly jsonField?: string;
  readonly versionStage?: string;
  readonly versionId?: string;
}

export function checkSecretOptions({ jsonField, versionId, versionStage }: SecretOptions): void {
  checkPartsOfSecret({ jsonField, versionId, versionStage });
  if (versionId !== undefined && versionStage !== undefined) {
    throw new Error(`versionId ${shown(versionId)} and versionStage ${shown(versionStage)} both say which version of the `
      + 'secret to read. Give one of them');
  }
  if (versionId !== undefined && !isUnknown(versionId) && (versionId.length < 32 || versionId.length > 64)) {
    throw new Error(`versionId ${shown(versionId)} is not the id of a version: those have 32 to 64 characters. A staging `
      + 'label goes into versionStage');
  }
}

function checkPartsOfSecret(parts: Readonly<Record<string, string | undefined>>): void {
  for (const [option, value] of Object.entries(parts)) {
    if (value === undefined || value === null) continue;
    checkText(option, value, 'Give a text');
    if (value === '') throw new Error(`${option} is empty. Leave it out to take the default`);
    if (value.length <= MAX_OPTION && !looksLikeKey(value)) continue;
    throw new Error(`${option} is ${shown(value)}. It names a part of the secret, in at most ${MAX_OPTION} characters. `
      + 'There is no way to pass the key itself: it would end in the template');
  }
}

interface FollowingOptions {
  readonly selector?: string;
  readonly selectorField?: string;
}

/** The secret says all of a key that is followed, and Secrets Manager says which version counts. */
export function checkFollowing(
  { selector, selectorField = DEFAULT_SELECTOR_FIELD }: FollowingOptions,
  { jsonField, versionId, versionStage }: SecretOptions,
): void {
  if (selector !== undefined) {
    throw new Error(`selector ${shown(selector)} is given with followSecret, and the secret says the selector. Leave it out`);
  }
  if (!jsonField) {
    throw new Error("followSecret needs a jsonField. Store key and selector as a JSON object, and name the key's field");
  }
  if (jsonField === selectorField) {
    throw new Error(`selectorField and jsonField are both ${shown(jsonField)}. Give key and selector a field each`);
  }
  const version = versionId ?? versionStage;
  if (version !== undefined) {
    throw new Error(`privateKey names version ${shown(version)}, and followSecret follows the current one. Leave it out`);
  }
  checkPartsOfSecret({ selectorField });
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
  if (!isOther(account, ownAccount)) return;
  if (known.fullArn !== undefined && known.keyArn !== undefined) return;
  throw new Error(`privateKey is in a secret of account ${shown(account)}, which can only be read by its complete ARN and `
    + 'with a customer managed key. Import it with Secret.fromSecretAttributes(), with secretCompleteArn and '
    + 'encryptionKey');
}

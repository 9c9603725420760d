// The methods of DKIM signing in SES. Each gives the handler's properties, the permissions and the number
// of records.
import { ArnFormat, Duration, Stack, Token, Tokenization } from 'aws-cdk-lib';
import { RecordType } from 'aws-cdk-lib/aws-route53';
import { EasyDkimSigningKeyLength } from 'aws-cdk-lib/aws-ses';
import { aws_kms, aws_route53 } from 'aws-cdk-lib/interfaces';
import { Construct } from 'constructs';
import { DkimPrivateKey } from './dkim-private-key';
import { comparisonKey } from './private/comparison-key';
import {
  DEFAULT_RECORD_OVERLAP, DEFAULT_ROTATING_KEY_LENGTH, DEFAULT_SELECTOR_FIELD,
  DEFAULT_SELECTOR_PREFIX, MAX_RECORDS, slotsOf,
} from './private/contract';
import { partsOfArn } from './private/known-arn';
import { keyBehind } from './private/known-key';
import { partitionOf, regionIn } from './private/known-region';
import { secretResource, warnOfOtherKey } from './private/known-secret';
import { zoneNameOf } from './private/known-zone';
import { asItIs, comesLate, KnownTarget, SigningTarget } from './private/late-value';
import { decryptPermission, maxSecretArn, Permission, replicationPermissions, secretPermission } from './private/permissions';
import { RotatingKey } from './private/rotating-key';
import { shown } from './private/shown';
import { SigningConfig } from './private/signing-config';
import {
  checkChoice, checkCrossAccountSecret, checkDelegatedName, checkDelegation, checkFollowing, checkFurtherRegions,
  checkKeyOfStack, checkParentRegion, checkPartition, checkRotation, checkSelector, checkSelectorIn, checkText,
  checkType, overlapInSeconds,
} from './private/validation';

/**
 * Options of Easy DKIM.
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-easy.html
 */
export interface EasyDkimSigningOptions {
  /**
   * Length of the key pairs that SES creates: 1024 or 2048 bits.
   *
   * SES changes the length at most once in 24 hours. A new length can bring new tokens, and with them
   * new records.
   *
   * @default - the length that the identity has: SES makes new ones with 2048 bits
   * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-1024-2048.html
   */
  readonly keyLength?: EasyDkimSigningKeyLength;
}

/**
 * Options of BYODKIM ("bring your own DKIM").
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-bring-your-own.html
 */
export interface ByoDkimSigningOptions {
  /**
   * Name under which the public key is published: `<selector>._domainkey.<domain>`.
   *
   * 1 to 63 lower-case letters, digits and inner hyphens; no dots, no underscores. The name has at most
   * 253 characters. Choose a new selector for a new key. Then a receiver can still verify mail that was
   * signed with the old key.
   *
   * Throws if it is left out without `followSecret`, or given with it.
   *
   * @default - with `followSecret`, the secret says the selector
   * @see https://www.rfc-editor.org/rfc/rfc6376#section-3.1
   */
  readonly selector?: string;

  /**
   * The private key. The function derives the public key from it.
   *
   * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-bring-your-own.html
   */
  readonly privateKey: DkimPrivateKey;

  /**
   * Whether a new key in the secret is used without a deployment.
   *
   * The secret has the selector beside the key, in another field of its JSON. When somebody stores a new key
   * with a new selector, a function publishes it, tells SES, and waits until SES has verified it. Then the
   * record of the key before stays for 14 days. If SES does not verify the key within an hour, SES gets the
   * key before again.
   *
   * A function looks every hour. It looks within minutes of the change, if the secret is in the account and
   * the Region of the stack.
   *
   * Throws if `privateKey` names no `jsonField`, or names a version. The construct throws if there is no
   * hosted zone.
   *
   * @default false
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_update-secret-value.html
   */
  readonly followSecret?: boolean;

  /**
   * The field of the secret with the selector, with `followSecret`.
   *
   * Throws if it is given without `followSecret`.
   *
   * @default 'selector'
   */
  readonly selectorField?: string;
}

/**
 * Options of Deterministic Easy DKIM (DEED).
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-deed.html
 */
export interface DeterministicEasyDkimSigningOptions {
  /**
   * Code of the Region with the parent identity, for example `eu-west-1`.
   *
   * The parent is the identity of the same domain there. It is verified and uses Easy DKIM. The Region
   * differs from the Region of this identity. The parent is not a replica itself.
   *
   * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-deed.html
   */
  readonly parentRegion: string;
}

/**
 * Options of a rotating key. All of them can be left out.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html
 */
export interface RotatingByoDkimSigningOptions {
  /**
   * Time between two changes of the key: 1 to 999 whole days.
   *
   * Throws if it is shorter, longer or not whole days, or if `schedule` is given too.
   *
   * @default - twice a year, on a day and at an hour that follow from the domain
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
   */
  readonly interval?: Duration;

  /**
   * When the key is changed, as a `cron()` expression of Secrets Manager, in UTC.
   *
   * For example `cron(0 9 ? * 3#1 *)`: at nine on the first Tuesday of each month. Secrets Manager takes
   * whole hours only.
   *
   * Throws if it is not a `cron()` expression, or if `interval` is given too.
   *
   * @default - see `interval`
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
   */
  readonly schedule?: string;

  /**
   * How long the record of the previous key stays in DNS after a change: at least 1 day.
   *
   * Mail can be delivered days after it was signed. Receivers need the record until then.
   *
   * Throws if it is shorter, longer than 365 days, or not a whole number of seconds.
   *
   * @default Duration.days(14)
   * @see https://www.rfc-editor.org/rfc/rfc6376#section-3.1
   */
  readonly overlap?: Duration;

  /**
   * Length of the keys in bits: 1024 or 2048.
   *
   * A rotation makes no shorter key than the current one.
   *
   * Throws if it is another number.
   *
   * @default 2048
   * @see https://www.rfc-editor.org/rfc/rfc8301#section-3.2
   */
  readonly keyLength?: number;

  /**
   * First part of the selectors: 1 to 47 lower-case letters, digits and inner hyphens.
   *
   * A selector is `<prefix>-<date>-<6 hexadecimal digits>`, for example `dkim-20261126-0a1b2c`. None is used twice.
   * With `delegatedTo` there are two, which take turns: `<prefix>-1` and `<prefix>-2`.
   *
   * Throws if it is not of that form.
   *
   * @default 'dkim'
   * @see https://www.rfc-editor.org/rfc/rfc6376#section-3.1
   */
  readonly selectorPrefix?: string;

  /**
   * The KMS key that encrypts the secret with the keys, as an L2 or an L1.
   *
   * The key is in the account and the Region of the stack. The policy of an imported key, or of an L1, must
   * let the account use it.
   *
   * @default - the key `aws/secretsmanager` of the account
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
   */
  readonly encryptionKey?: aws_kms.IKeyRef;

  /**
   * A hosted zone for the records, for a domain whose DNS is at another provider.
   *
   * Any public zone works, as an L2 or an L1. For a zone in another account, give `hostedZoneRole`. Two CNAMEs
   * at the other provider lead to the zone. `dkimRecords` of the construct has them. They never change. SES is
   * told only when both are published. Until then the deployment fails, or waits as long as `waitForVerification` says.
   * Each change of the key takes a quarter of an hour longer, until resolvers have forgotten the key before.
   *
   * The construct throws
   *
   * - if it has a `hostedZone` too,
   * - if the name of the zone is not known in the app,
   * - if `recordTtl` is longer than 15 minutes,
   * - if `interval` is not longer than `overlap`.
   *
   * Not yet seen on real SES.
   *
   * @default - the `hostedZone` of the construct
   * @see https://www.rfc-editor.org/rfc/rfc6376#section-3.6.2
   */
  readonly delegatedTo?: aws_route53.IHostedZoneRef;

  /**
   * Codes of other Regions in which the same domain is signed with the same key, for example `eu-west-1`.
   *
   * The domain must be an identity of the account in each of them. One record serves all Regions. A change
   * of the key goes from one Region to the next when SES has verified it. If SES does not verify it in one of
   * them, all Regions get the old key again. Each Region is one more resource of the stack. With `watch`,
   * every Region is watched, and an alarm is for all of them.
   *
   * The construct throws if one is not the code of a Region, is given twice, is the Region of `identity`, or
   * is in another partition. It throws if `delegatedTo` is given too.
   *
   * @default - only the Region of `identity`
   * @see https://docs.aws.amazon.com/ses/latest/dg/regions.html
   */
  readonly furtherRegions?: string[];
}

/**
 * How the mail of a domain is DKIM-signed.
 *
 * Create it with `easyDkim()`, `byoDkim()`, `rotatingByoDkim()` or `deterministicEasyDkim()`. Do not
 * subclass it.
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim.html
 */
export abstract class DkimSigning {
  /**
   * Easy DKIM: SES creates the key pairs, keeps the private keys and rotates them.
   *
   * Three CNAME records in DNS point to the public keys.
   *
   * @param options length of the keys
   * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-easy.html
   */
  public static easyDkim(options: EasyDkimSigningOptions = {}): DkimSigning {
    return new EasyDkim(options ?? {});
  }

  /**
   * BYODKIM: SES signs with your own RSA key.
   *
   * One TXT record in DNS holds the public key. With `followSecret`, a new key in the secret is used without
   * a deployment.
   *
   * Throws if SES or DNS does not accept the selector.
   *
   * @param options selector and private key
   * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-bring-your-own.html
   * @example
   *
   * const secret = secretsmanager.Secret.fromSecretNameV2(this, 'Key', 'mail/dkim');
   *
   * const signing = DkimSigning.byoDkim({
   *   selector: 'mail-2026',
   *   privateKey: DkimPrivateKey.fromSecret(secret, { jsonField: 'privateKey' }),
   * });
   */
  public static byoDkim(options: ByoDkimSigningOptions): DkimSigning {
    return options?.followSecret ? new FollowedByoDkim(options) : new ByoDkim(options);
  }

  /**
   * A BYODKIM key that is made in the cloud and changed on a schedule.
   *
   * The construct creates a secret in Secrets Manager. The deployment makes the first key in it. Later,
   * Secrets Manager changes the key: it calls a function that publishes the new key, tells SES to use
   * it, and waits until SES has verified it. If SES does not verify it, SES gets the old key again. The
   * record of the old key stays for an overlap. Nobody ever sees a private key.
   *
   * The construct throws if there is no hosted zone. `delegatedTo` is for a domain with another DNS provider.
   *
   * @param options when the key changes, and how keys and selectors are made
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html
   * @example
   *
   * declare const identity: ses.IEmailIdentity;
   * declare const hostedZone: route53.IHostedZone;
   *
   * new EmailIdentityDkim(this, 'Dkim', { identity, hostedZone, signing: DkimSigning.rotatingByoDkim() });
   */
  public static rotatingByoDkim(options: RotatingByoDkimSigningOptions = {}): DkimSigning {
    return new RotatingByoDkim(options ?? {});
  }

  /**
   * Deterministic Easy DKIM (DEED): the identity is a replica, and uses the keys of the same domain in
   * another Region.
   *
   * The CNAME records of the parent serve both identities. So a replica needs no records and takes no
   * hosted zone.
   *
   * The construct throws if `parentRegion` is not a Region, if it is the Region of this identity, or if
   * a hosted zone is given.
   *
   * @param options the Region of the parent
   * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-deed.html
   */
  public static deterministicEasyDkim(options: DeterministicEasyDkimSigningOptions): DkimSigning {
    return new DeterministicEasyDkim(options);
  }

  /**
   * Throws if the deployment could not do it. `_bind` calls it, and the construct again at the end of
   * synthesis.
   *
   * @internal
   */
  public abstract _check(target: KnownTarget): void;

  /**
   * @param scope the construct, for resources of the method
   * @internal
   */
  public abstract _bind(target: SigningTarget, scope: Construct): SigningConfig;
}

class EasyDkim extends DkimSigning {
  constructor(private readonly options: EasyDkimSigningOptions) {
    super();
    checkChoice('keyLength', options.keyLength, Object.values(EasyDkimSigningKeyLength),
      'Use EasyDkimSigningKeyLength.RSA_1024_BIT or EasyDkimSigningKeyLength.RSA_2048_BIT');
  }

  public _check(): void {
    // The only option is known from the start.
  }

  public _bind(): SigningConfig {
    const { keyLength } = this.options;
    return {
      properties: { Method: 'EASY_DKIM', KeyLength: keyLength },
      permissions: [],
      records: { type: RecordType.CNAME, count: MAX_RECORDS },
    };
  }
}

class ByoDkim extends DkimSigning {
  private readonly selector: string;

  constructor(private readonly options: ByoDkimSigningOptions) {
    super();
    const { selector, selectorField } = options ?? {};
    checkText('selector', selector, "Give the name of the key in DNS, for example 'mail-2026'");
    checkSelector(selector!);
    checkType('privateKey', options.privateKey, '_secret', 'Pass what DkimPrivateKey.fromSecret() gives');
    if (selectorField !== undefined) {
      throw new Error(`selectorField ${shown(selectorField)} is given without followSecret. Leave it out, or give `
        + 'followSecret: true in place of the selector');
    }
    this.selector = selector!;
  }

  public _check(target: KnownTarget): void {
    const selector = target.known(this.selector);
    checkSelector(selector);
    checkSelectorIn(target.domain, selector);
    checkSecret(this.options.privateKey, target);
  }

  public _bind(target: SigningTarget, scope: Construct): SigningConfig {
    this._check({ ...target, known: asItIs });
    const key = this.options.privateKey;
    warnOfKeyOf(key, scope);
    return {
      properties: {
        Method: 'BYODKIM',
        Selector: this.selector,
        SecretArn: key._secretArn,
        SecretArnForm: key._arnForm,
        JsonField: key._options.jsonField,
        VersionStage: key._options.versionStage,
        VersionId: key._options.versionId,
      },
      permissions: permissionsOnSecret(key, target.stack),
      generatedSecret: key._isGenerated ? key._secret.node.path : undefined,
      records: { type: RecordType.TXT, count: 1 },
    };
  }
}

class FollowedByoDkim extends DkimSigning {
  constructor(private readonly options: ByoDkimSigningOptions) {
    super();
    checkType('privateKey', options.privateKey, '_secret', 'Pass what DkimPrivateKey.fromSecret() gives');
    checkFollowing(options, options.privateKey._options);
  }

  public _check(target: KnownTarget): void {
    checkSecret(this.options.privateKey, target);
  }

  public _bind(target: SigningTarget, scope: Construct): SigningConfig {
    this._check({ ...target, known: asItIs });
    const { privateKey: key, selectorField } = this.options;
    warnOfKeyOf(key, scope);
    const follows = {
      SecretArn: key._secretArn,
      SecretArnForm: key._arnForm,
      JsonField: key._options.jsonField!,
      SelectorField: selectorField === DEFAULT_SELECTOR_FIELD ? undefined : selectorField,
    };
    const rotatingKey = new RotatingKey(scope, target, {
      follows: {
        properties: follows,
        name: key._name,
        maxLength: maxSecretArn(key._maxName),
        permissions: permissionsOnSecret(key, target.stack),
      },
    });
    return {
      properties: { Method: 'ROTATING_BYODKIM', SecretArn: rotatingKey.secretArn, Follows: follows },
      permissions: rotatingKey.permissions,
      rotatingKey,
      generatedSecret: key._isGenerated ? key._secret.node.path : undefined,
      records: { type: RecordType.TXT, count: 1 },
    };
  }
}

function checkSecret(key: DkimPrivateKey, { stack, known }: KnownTarget): void {
  const { account, region, partition } = environmentOfSecret(key, stack, known);
  checkPartition('privateKey', partition ?? partitionOf(region), partitionOf(stack.region));
  checkCrossAccountSecret(account, stack.account, {
    fullArn: key._fullArn, keyArn: key._encryptionKeyArn,
  });
}

function warnOfKeyOf(key: DkimPrivateKey, scope: Construct): void {
  const secret = secretResource(key._secret);
  if (secret) warnOfOtherKey(scope, secret, 'Give the secret its encryptionKey where it is created');
}

function permissionsOnSecret(key: DkimPrivateKey, stack: Stack): Permission[] {
  const { region } = environmentOfSecret(key, stack, asItIs);
  return [
    secretPermission(key._policyArn, key._maxName),
    ...(key._encryptionKeyArn ? [decryptPermission(key._encryptionKeyArn, region)] : []),
  ];
}

/**
 * The account and the Region of the secret.
 *
 * The ARN of the secret decides. It can be a token, without parts. Then the stack of the secret has the
 * account. The Region of an imported secret is the one in the ARN of its key, because a secret and its
 * key are in the same Region. Without a key it is the Region of the stack of the secret. An
 * environment-agnostic stack is in the Region of the stack that uses the secret.
 */
function environmentOfSecret(
  key: DkimPrivateKey, stack: Stack, known: KnownTarget['known'],
): { account: string; region: string; partition?: string } {
  const { env } = key._secret;
  const secret = partsOfArn(stack, known(key._secretArn), ArnFormat.COLON_RESOURCE_NAME);
  const encryptionKey = key._isCreatedInApp ? {}
    : partsOfArn(stack, key._encryptionKeyArn ?? '', ArnFormat.SLASH_RESOURCE_NAME);
  const regionOfStack = Token.isUnresolved(env.region) ? stack.region : env.region;
  return {
    account: secret.account ?? env.account,
    region: secret.region ?? encryptionKey.region ?? regionOfStack,
    partition: secret.partition,
  };
}

class RotatingByoDkim extends DkimSigning {
  constructor(private readonly options: RotatingByoDkimSigningOptions) {
    super();
    checkRotation(options);
  }

  public _check({ stack, domain, region, known }: KnownTarget): void {
    const { schedule, selectorPrefix, delegatedTo, furtherRegions = [] } = this.options;
    const prefix = selectorPrefix && known(selectorPrefix);
    checkRotation({ ...this.options, schedule: schedule && known(schedule), selectorPrefix: prefix });
    checkSelectorIn(domain, `${prefix ?? DEFAULT_SELECTOR_PREFIX}-20261126-0a1b2c`);
    checkDelegation(this.options);
    if (delegatedTo) checkDelegatedName(domain, known(zoneNameOf(delegatedTo)!));
    checkFurtherRegions(furtherRegions, regionIn(stack, region));
    for (const each of furtherRegions) {
      checkPartition(`furtherRegions: ${shown(each)}`, partitionOf(each), partitionOf(region) ?? partitionOf(stack.region));
    }
    const key = this.encryptionKey;
    if (!key) return;
    const keyArn = known(key.keyRef.keyArn);
    checkKeyOfStack(keyArn, { ...key.env, ...partsOfArn(stack, keyArn, ArnFormat.SLASH_RESOURCE_NAME) }, stack);
  }

  public _bind(target: SigningTarget, scope: Construct): SigningConfig {
    this._check({ ...target, known: asItIs });
    const { selectorPrefix, keyLength, overlap, delegatedTo: zone, furtherRegions = [] } = this.options;
    const rotatingKey = new RotatingKey(scope, target, { ...this.options, encryptionKey: this.encryptionKey });
    const common = {
      Method: 'ROTATING_BYODKIM',
      SecretArn: rotatingKey.secretArn,
      SelectorPrefix: selectorPrefix === DEFAULT_SELECTOR_PREFIX ? undefined : selectorPrefix,
      KeyLength: keyLength && keyLength !== DEFAULT_ROTATING_KEY_LENGTH
        ? Tokenization.stringifyNumber(keyLength) : undefined,
    } as const;
    const FurtherRegions = furtherRegions.length > 0 ? rotatingKey.furtherRegions : undefined;
    return {
      properties: { ...common, Schedule: rotatingKey.schedule, FurtherRegions },
      further: { regions: furtherRegions, properties: { ...common, IsFurther: 'true' } },
      permissions: rotatingKey.permissions,
      recordOverlap: overlap && overlap.toSeconds() !== DEFAULT_RECORD_OVERLAP ? overlapInSeconds(overlap) : undefined,
      rotatingKey,
      delegation: zone && { zone, zoneName: zoneNameOf(zone)!, slots: slotsOf(selectorPrefix) },
      records: { type: RecordType.TXT, count: 1 },
    };
  }

  private get encryptionKey(): aws_kms.IKeyRef | undefined {
    const { encryptionKey } = this.options;
    return encryptionKey && keyBehind(encryptionKey, alias =>
      new Error(`encryptionKey is given by the alias ${shown(alias)}, and the ARN of its key is not known in this app. Pass `
        + 'the key itself, for example with kms.Key.fromKeyArn() and the ARN of the key'));
  }
}

class DeterministicEasyDkim extends DkimSigning {
  constructor(private readonly options: DeterministicEasyDkimSigningOptions) {
    super();
    checkText('parentRegion', options?.parentRegion, "Write the code of a Region, for example 'eu-west-1'");
  }

  public _check({ stack, region, known }: KnownTarget): void {
    const parentRegion = regionIn(stack, known(this.options.parentRegion));
    const isOwn = !comesLate(parentRegion, region)
      && comparisonKey(stack, parentRegion) === comparisonKey(stack, region);
    checkParentRegion(isOwn ? region : parentRegion, region);
    checkPartition(`parentRegion ${shown(parentRegion)}`, partitionOf(parentRegion), partitionOf(region));
  }

  public _bind(target: SigningTarget): SigningConfig {
    this._check({ ...target, known: asItIs });
    const { parentRegion } = this.options;
    return {
      properties: { Method: 'DEED', ParentRegion: parentRegion },
      permissions: replicationPermissions(target.stack, parentRegion, target.region, target.domain),
      records: { type: RecordType.CNAME, count: 0 },
    };
  }
}

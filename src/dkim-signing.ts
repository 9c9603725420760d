// The methods of DKIM signing that SES has. Each knows its properties for the handler and the rights it needs beyond the identity's.
import { ArnFormat, Stack, Token } from 'aws-cdk-lib';
import { RecordType } from 'aws-cdk-lib/aws-route53';
import { EasyDkimSigningKeyLength } from 'aws-cdk-lib/aws-ses';
import { DkimPrivateKey } from './dkim-private-key';
import { DEFAULT_KEY_LENGTH, MAX_RECORDS, SigningProperties } from './private/contract';
import { partsOfArn } from './private/known-arn';
import { decryptRights, replicationRights, Right, secretRights } from './private/rights';
import { checkForeignSecret, checkParentRegion, checkSelector } from './private/validation';

/**
 * Options of Easy DKIM.
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-easy.html
 */
export interface EasyDkimSigningOptions {
  /**
   * Length of the key pairs that SES makes.
   *
   * 1024 or 2048 bits. SES changes it at most once in 24 hours, and may make new tokens, so new records, when it does.
   *
   * @default EasyDkimSigningKeyLength.RSA_2048_BIT
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
   * 1 to 63 lower-case letters, digits and inner hyphens; no dots, no underscores. A new key gets a new selector, so that mail which is
   * on its way can still be verified with the old one.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6376#section-3.1
   */
  readonly selector: string;

  /**
   * The private key. The public key is derived from it.
   *
   * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-bring-your-own.html
   */
  readonly privateKey: DkimPrivateKey;
}

/**
 * Options of Deterministic Easy DKIM (DEED).
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-deed.html
 */
export interface DeterministicEasyDkimSigningOptions {
  /**
   * Code of the Region in which the same domain is verified with Easy DKIM, for example `eu-west-1`.
   *
   * Another Region than the identity's, and not that of another replica.
   *
   * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-deed.html
   */
  readonly parentRegion: string;
}

/** What a method is told about the identity that it is for. */
interface SigningTarget {
  readonly stack: Stack;
  readonly domain: string;
  readonly region: string;
}

/** What a method comes down to. */
interface SigningConfig {
  readonly properties: SigningProperties;
  readonly rights: Right[];
  /** The records it needs in DNS: none for a replica, whose parent has them. */
  readonly records: { readonly type: RecordType; readonly count: number };
}

/**
 * How the mail of a domain is DKIM-signed: made with `easyDkim()`, `byoDkim()` or `deterministicEasyDkim()`, and not to be subclassed.
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim.html
 */
export abstract class DkimSigning {
  /**
   * Easy DKIM: SES makes the key pairs, keeps the private keys and rotates them. Three CNAME records point to the public keys.
   *
   * @param options length of the keys
   * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-easy.html
   */
  public static easyDkim(options: EasyDkimSigningOptions = {}): DkimSigning {
    return new EasyDkim(options);
  }

  /**
   * BYODKIM: mail is signed with your own RSA key. One TXT record holds the public key.
   *
   * Throws if the selector is not one that SES and DNS take.
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
    return new ByoDkim(options);
  }

  /**
   * Deterministic Easy DKIM (DEED): the identity is a replica of the same domain's identity in another Region, with its keys.
   *
   * The parent's CNAME records serve both, so a replica has no records of its own and takes no hosted zone. The construct throws if
   * `parentRegion` is the identity's own Region or not a Region at all, or if it is given a hosted zone.
   *
   * @param options where the parent is
   * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-deed.html
   */
  public static deterministicEasyDkim(options: DeterministicEasyDkimSigningOptions): DkimSigning {
    return new DeterministicEasyDkim(options);
  }

  /** @internal */
  public abstract _bind(target: SigningTarget): SigningConfig;
}

class EasyDkim extends DkimSigning {
  constructor(private readonly options: EasyDkimSigningOptions) {
    super();
  }

  public _bind(): SigningConfig {
    const { keyLength = DEFAULT_KEY_LENGTH } = this.options;
    return {
      properties: { Method: 'EASY_DKIM', KeyLength: keyLength === DEFAULT_KEY_LENGTH ? undefined : keyLength },
      rights: [],
      records: { type: RecordType.CNAME, count: MAX_RECORDS },
    };
  }
}

class ByoDkim extends DkimSigning {
  constructor(private readonly options: ByoDkimSigningOptions) {
    super();
    checkSelector(options.selector);
  }

  public _bind(target: SigningTarget): SigningConfig {
    const key = this.options.privateKey;
    const { secretArn, secretFullArn, env } = key._secret;
    const ofSecret = partsOfArn(target.stack, secretArn, ArnFormat.COLON_RESOURCE_NAME);
    // An imported secret is where its ARN says, or its key, which is in the Region of what it encrypts; its `env` is that of the stack that imports it.
    const ofKey = key._isMade ? {} : partsOfArn(target.stack, key._encryptionKeyArn ?? '', ArnFormat.SLASH_RESOURCE_NAME);
    const region = ofSecret.region ?? ofKey.region ?? unlessAnywhere(env.region, target.stack.region);
    checkForeignSecret(ofSecret.account ?? env.account, target.stack.account, {
      fullArn: key._isMade ? undefined : secretFullArn, keyArn: key._encryptionKeyArn,
    });
    return {
      properties: {
        Method: 'BYODKIM',
        Selector: this.options.selector,
        SecretArn: secretArn,
        JsonField: key._options.jsonField,
        VersionStage: key._options.versionStage,
        VersionId: key._options.versionId,
      },
      rights: [
        secretRights(key._policyArn),
        ...(key._encryptionKeyArn ? [decryptRights(key._encryptionKeyArn, region)] : []),
      ],
      records: { type: RecordType.TXT, count: 1 },
    };
  }
}

/** A stack that can be deployed anywhere is where the one that uses it is. */
function unlessAnywhere(region: string, otherwise: string): string {
  return Token.isUnresolved(region) ? otherwise : region;
}

class DeterministicEasyDkim extends DkimSigning {
  constructor(private readonly options: DeterministicEasyDkimSigningOptions) {
    super();
  }

  public _bind(target: SigningTarget): SigningConfig {
    checkParentRegion(this.options.parentRegion, target.region);
    return {
      properties: { Method: 'DEED', ParentRegion: this.options.parentRegion },
      rights: replicationRights(target.stack, this.options.parentRegion, target.region, target.domain),
      records: { type: RecordType.CNAME, count: 0 },
    };
  }
}

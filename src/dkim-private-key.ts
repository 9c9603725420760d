// Where a private key is: in a secret. There is no way to pass its text, so that it cannot get into a template or a log.
import { CfnResource, Lazy, Token } from 'aws-cdk-lib';
import { IKey, IAlias } from 'aws-cdk-lib/aws-kms';
import { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { checkSecretOptions } from './private/validation';

/**
 * Which part of a secret is the private key.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
 */
export interface DkimPrivateKeySecretOptions {
  /**
   * Name of the field that holds the key, in a secret whose value is a JSON object.
   *
   * One field at the top level; its value is a string. Throws if it is empty.
   *
   * @default - the whole secret value is the key
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
   */
  readonly jsonField?: string;

  /**
   * Staging label of the secret version to read, for example `AWSPREVIOUS`.
   *
   * Throws if it is empty, or given together with `versionId`.
   *
   * @default - `AWSCURRENT`; on update the key of `AWSPREVIOUS`, if that is the one published under the selector
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
   */
  readonly versionStage?: string;

  /**
   * Id of the secret version to read: 32 to 64 characters, usually a UUID.
   *
   * Pinning the version is how a change of the key becomes a change of the stack: a new version of the secret alone never starts a
   * deployment. Throws if it is empty or not of that length, or given together with `versionStage`.
   *
   * @default - the version with the staging label `versionStage`
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
   */
  readonly versionId?: string;
}

/**
 * A private key for BYODKIM.
 *
 * RSA with 1024 to 2048 bits (2048 recommended), unencrypted. PEM (PKCS #1 or PKCS #8) and base64 of the DER are both understood, with
 * or without line breaks. The key is read at deployment, by the function that talks to SES, and is in no template, property or log.
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-bring-your-own.html
 */
export class DkimPrivateKey {
  /**
   * A private key that is kept in AWS Secrets Manager.
   *
   * The rights to read the secret, and to decrypt with its customer managed key where `secret.encryptionKey` is known, are added to the
   * function. A secret of another account must be imported by its complete ARN and needs two more things on its own side: a resource
   * policy that allows `secretsmanager:GetSecretValue` to this account, and a customer managed key whose key policy allows
   * `kms:Decrypt` to this account (import the secret with `encryptionKey`). The construct throws if it is imported in another way.
   *
   * With neither `versionId` nor `versionStage`, a selector keeps its key: an update that finds another key in the secret goes on with the
   * key that the secret had before (`AWSPREVIOUS`), if that is the one published under the selector. A new key takes effect with a new
   * selector.
   *
   * Throws if both `versionId` and `versionStage` are given, if an option is an empty string, and if the secret was imported with an alias
   * as `encryptionKey` whose key is not known.
   *
   * @param secret the secret that holds the key, made in this app or imported
   * @param options which part of the secret to read
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html
   */
  public static fromSecret(secret: ISecret, options: DkimPrivateKeySecretOptions = {}): DkimPrivateKey {
    checkSecretOptions(options);
    return new DkimPrivateKey(secret, options, keyArnOf(secret));
  }

  private constructor(
    /** @internal */
    readonly _secret: ISecret,
    /** @internal */
    readonly _options: DkimPrivateKeySecretOptions,
    /** @internal */
    readonly _encryptionKeyArn?: string,
  ) {}

  /**
   * Whether the secret is made in this app, not imported.
   *
   * @internal
   */
  public get _isMade(): boolean {
    return CfnResource.isCfnResource(this._secret.node.defaultChild);
  }

  /**
   * ARN for an IAM policy. Secrets Manager appends six characters to the name, which a partial ARN does not have; nor has the ARN by which CDK refers to
   * a secret that it makes in another Region.
   * https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html
   *
   * @internal
   */
  public get _policyArn(): string {
    const { secretArn, secretFullArn } = this._secret;
    if (secretFullArn === undefined) return `${secretArn}-??????`;
    if (!this._isMade) return secretFullArn;
    return Lazy.uncachedString({
      produce: context => {
        const rendered = context.resolve(secretFullArn);
        return typeof rendered === 'string' || 'Fn::Join' in rendered ? `${secretFullArn}-??????` : secretFullArn;
      },
    });
  }
}

/** IAM compares keys and does not know aliases, so an alias is followed to its key. */
function keyArnOf(secret: ISecret): string | undefined {
  const key: IKey | undefined = secret.encryptionKey;
  if (!key || !('aliasTargetKey' in key)) {
    if (key && !Token.isUnresolved(key.keyArn) && key.keyArn.includes(':alias/')) throw aliasAsKey(secret, key.keyArn);
    return key?.keyArn;
  }
  try {
    return (key as IAlias).aliasTargetKey.keyArn;
  } catch {
    throw aliasAsKey(secret, (key as IAlias).aliasName);
  }
}

function aliasAsKey(secret: ISecret, alias: string): Error {
  return new Error(`secret '${secret.node.path}' is encrypted with the key of alias '${alias}', which is not known here. `
    + 'Import the secret with the key itself as encryptionKey, for example kms.Key.fromKeyArn() with the ARN of the key');
}

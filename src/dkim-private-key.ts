// A reference to a private key in AWS Secrets Manager. Key text cannot be passed, so it cannot end in a
// template or a log.
import { IResolveContext, Lazy, Tokenization } from 'aws-cdk-lib';
import { aws_secretsmanager } from 'aws-cdk-lib/interfaces';
import { resourceOf } from './private/known-resource';
import { encryptionKeyArnOf, fullArnOf, secretArnOf, secretNameOf, secretResource } from './private/known-secret';
import { checkReference, checkSecretId, checkSecretOptions, isUnknown } from './private/validation';

/**
 * Which part of a secret is the private key.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
 */
export interface DkimPrivateKeySecretOptions {
  /**
   * Name of the field that holds the key, for a secret whose value is a JSON object.
   *
   * The field is at the top level and its value is a string. Throws if the name is empty.
   *
   * @default - the whole secret value is the key
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
   */
  readonly jsonField?: string;

  /**
   * Staging label of the secret version to read, for example `AWSPREVIOUS`.
   *
   * Throws if it is empty, or if `versionId` is given too.
   *
   * @default - `AWSCURRENT`; an update reads `AWSPREVIOUS` if that key is the one published under the
   * selector
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
   */
  readonly versionStage?: string;

  /**
   * Id of the secret version to read: 32 to 64 characters, usually a UUID.
   *
   * A new version of a secret does not start a deployment. If you name the version here, a new key is a
   * change of the stack.
   *
   * Throws if it is empty, if it is shorter than 32 or longer than 64 characters, or if `versionStage`
   * is given too.
   *
   * @default - the version with the staging label `versionStage`
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
   */
  readonly versionId?: string;
}

/**
 * A private key for BYODKIM.
 *
 * It is an unencrypted RSA key of 1024 to 2048 bits; 2048 is recommended. Its form is PEM (PKCS #1 or
 * PKCS #8) or the base64 of the DER, with or without line breaks. Only the function that calls SES
 * reads the key, during a deployment. The key is in no template, no property and no log.
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-bring-your-own.html
 */
export class DkimPrivateKey {
  /**
   * A private key in AWS Secrets Manager.
   *
   * The function gets the permission to read the secret. If its key is known, the function also gets the
   * permission to decrypt with that key: the `encryptionKey` of an L2, or the `kmsKeyId` of an L1.
   *
   * A secret of another account must be imported by its complete ARN, with its customer managed key as
   * `encryptionKey`. Otherwise the construct throws. The resource policy of the secret must allow
   * `secretsmanager:GetSecretValue` to this account. The key policy must allow `kms:Decrypt` to it.
   *
   * Without `versionId` and `versionStage`, a selector keeps its key. If the secret has a new key, and
   * its previous key (`AWSPREVIOUS`) is the one published under the selector, an update uses the
   * previous key. To use the new key, choose a new selector.
   *
   * Throws if
   *
   * - an option is empty, longer than 512 characters, or the text of a key,
   * - both `versionId` and `versionStage` are given,
   * - the key of the secret is known only by its alias, or, of an L1, only by the deployment,
   * - an L1 is imported by another id than the ARN of the secret.
   *
   * @param secret the secret that holds the key, created in this app or imported, as an L2 or an L1
   * @param options which part of the secret is the key
   * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html
   */
  public static fromSecret(
    secret: aws_secretsmanager.ISecretRef, options: DkimPrivateKeySecretOptions = {},
  ): DkimPrivateKey {
    checkReference('secret', secret, ['secretRef', 'secretId'], 'Pass the secret that holds the key, for example of '
      + 'Secret.fromSecretCompleteArn(). There is no way to pass the key itself');
    checkSecretId(secret.node.path, secretArnOf(secret));
    checkSecretOptions(options ?? {});
    return new DkimPrivateKey(secret, options ?? {}, encryptionKeyArnOf(secret));
  }

  private constructor(
    /** @internal */
    readonly _secret: aws_secretsmanager.ISecretRef,
    /** @internal */
    readonly _options: DkimPrivateKeySecretOptions,
    /** @internal */
    readonly _encryptionKeyArn?: string,
  ) {}

  /**
   * The ARN of the secret. It can lack the six characters at its end.
   *
   * @internal
   */
  public get _secretArn(): string {
    return secretArnOf(this._secret);
  }

  /**
   * What tells the secret from others.
   *
   * @internal
   */
  public get _name(): string {
    return secretNameOf(this._secret);
  }

  /**
   * The ARN, if it is complete. For a secret that this app creates, only the rendered ARN shows it.
   *
   * @internal
   */
  public get _fullArn(): string | undefined {
    return this._isCreatedInApp ? undefined : fullArnOf(this._secret);
  }

  /**
   * Whether this app creates the secret. If not, the secret is imported.
   *
   * @internal
   */
  public get _isCreatedInApp(): boolean {
    return resourceOf(this._secret) !== undefined;
  }

  /**
   * Whether this app creates the secret without a key in it: the value is random, or there is none.
   *
   * @internal
   */
  public get _isGenerated(): boolean {
    const resource = secretResource(this._secret);
    if (!resource) return false;
    const { secretString, generateSecretString: generated } = resource;
    if (secretString !== undefined || Tokenization.isResolvable(generated)) return false;
    const field = this._options.jsonField;
    return !field || !generated?.secretStringTemplate || generated.generateStringKey === field;
  }

  /**
   * How long the name of the secret can be at the most, if synthesis knows it. CloudFormation makes the
   * name from the logical id, with a hyphen and twelve characters.
   *
   * @internal
   */
  public get _maxName(): number | undefined {
    const resource = secretResource(this._secret);
    if (!resource) return undefined;
    const name = resource.name ?? `${resource.stack.resolve(resource.logicalId)}-123456789012`;
    return isUnknown(name) ? undefined : name.length;
  }

  /**
   * The ARN of the secret for an IAM policy.
   *
   * Secrets Manager adds a hyphen and six random characters to the name of a secret. A partial ARN
   * lacks them, so the policy has a wildcard for each.
   * https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html
   *
   * @internal
   */
  public get _policyArn(): string {
    const arn = this._secretArn;
    if (!this._isCreatedInApp) return this._fullArn === undefined ? `${arn}-??????` : arn;
    // One token for each secret: a policy has room for many identities that share it.
    if (!policyArns.has(this._secret)) {
      policyArns.set(this._secret, Lazy.uncachedString({
        produce: context => this.isPartial(context.resolve(arn)) ? `${arn}-??????` : arn,
      }));
    }
    return policyArns.get(this._secret)!;
  }

  /**
   * The form of the ARN, if the handler cannot see it: a partial ARN whose end may look like the six
   * random characters. A known end does not if another character than a hyphen is before it. That of a dynamic
   * reference, in braces, is not known.
   * https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
   *
   * @internal
   */
  public get _arnForm(): 'PARTIAL' {
    const produce = (context: IResolveContext) => {
      const rendered = context.resolve(this._secretArn);
      const end = rendered['Fn::Join']?.[1].at(-1) ?? rendered;
      return this.isPartial(rendered) && !(typeof end === 'string' && /[^-].{4}[^}]{2}$/.test(end)) ? 'PARTIAL' : undefined;
    };
    return Lazy.uncachedString({ produce }) as 'PARTIAL';
  }

  /**
   * CDK also uses a partial ARN for a secret that the app creates in another Region. Only the rendered
   * form of the ARN shows that.
   */
  private isPartial(rendered: any): boolean {
    if (fullArnOf(this._secret) === undefined) return true;
    return this._isCreatedInApp && (typeof rendered === 'string' || 'Fn::Join' in rendered);
  }
}

const policyArns = new WeakMap<aws_secretsmanager.ISecretRef, string>();

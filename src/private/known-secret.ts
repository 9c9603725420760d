// What synthesis knows about a secret: its ARN, its resource, and the key that encrypts it.
import { Annotations, Stack, Token } from 'aws-cdk-lib';
import { CfnSecret, ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { aws_secretsmanager } from 'aws-cdk-lib/interfaces';
import { Construct } from 'constructs';
import { keyArnOf, keyBehind } from './known-key';
import { resourceOf } from './known-resource';
import { renderedProperties } from './rendered-properties';
import { shown } from './shown';
import { isUnknown } from './validation';

/** The key of the account itself, which each secret has that names no other. It needs no permission. */
const KEY_OF_ACCOUNT = /(^|:)alias\/aws\/secretsmanager$/;

/** The whole ARN of the secret, or the part of it that the app knows. */
export function secretArnOf(secret: aws_secretsmanager.ISecretRef): string {
  return secret.secretRef.secretId;
}

/** The whole ARN, if that is known to be it. An L2 says so. For others, what CDK does: the end of the ARN decides. */
export function fullArnOf(secret: aws_secretsmanager.ISecretRef): string | undefined {
  if (isL2(secret)) return secret.secretFullArn;
  const arn = secretArnOf(secret);
  return isUnknown(arn) || /-[a-z0-9]{6}$/i.test(arn) ? arn : undefined;
}

/** What tells the secret from others: its name, if the app imports it, by whatever ARN. */
export function secretNameOf(secret: aws_secretsmanager.ISecretRef): string {
  return isL2(secret) && !resourceOf(secret) ? secret.secretName : secretArnOf(secret);
}

/** The resource of the secret, if the app creates it. */
export function secretResource(secret: aws_secretsmanager.ISecretRef): CfnSecret | undefined {
  const resource = resourceOf(secret);
  return CfnSecret.isCfnSecret(resource) ? resource : undefined;
}

/** The ARN of the customer managed key of the secret. Throws if there is one, and it is not known which. */
export function encryptionKeyArnOf(secret: aws_secretsmanager.ISecretRef): string | undefined {
  if (isL2(secret)) {
    return secret.encryptionKey && keyBehind(secret.encryptionKey, alias =>
      new Error(`secret '${secret.node.path}' is encrypted with the key of alias '${alias}', and the ARN of that `
        + 'key is not known in this app. Import the secret with the key itself as encryptionKey, for example with '
        + 'kms.Key.fromKeyArn() and the ARN of the key')).keyRef.keyArn;
  }
  const resource = secretResource(secret);
  if (!resource?.kmsKeyId || KEY_OF_ACCOUNT.test(resource.kmsKeyId)) return undefined;
  const arn = keyArnOf(resource, resource.kmsKeyId);
  if (arn !== undefined) return arn;
  const found = Token.isUnresolved(resource.kmsKeyId) ? 'a value that only the deployment knows' : shown(resource.kmsKeyId);
  throw new Error(`kmsKeyId of secret '${secret.node.path}' is ${found}, and the ARN of that key is not known in this app. `
    + 'Give kmsKeyId the ARN of the key, or pass the secret with the key itself as encryptionKey: '
    + 'Secret.fromSecretAttributes(), with its ref as secretCompleteArn');
}

/**
 * Warns if an Aspect or an override gives the secret another key, when the policies are made already. It is no error:
 * the policy of that key can let everybody in the account use it through Secrets Manager.
 */
export function warnOfOtherKey(scope: Construct, secret: CfnSecret, advice: string): void {
  const { kmsKeyId: before } = secret;
  const validate = () => {
    const { KmsKeyId: now } = renderedProperties(secret);
    const isAsBefore = JSON.stringify(now) === JSON.stringify(Stack.of(secret).resolve(before));
    if (now !== undefined && !KEY_OF_ACCOUNT.test(now) && !isAsBefore) {
      Annotations.of(scope).addWarningV2('cdk-ses-dkim:secretKey', `An Aspect or an override encrypts secret '${secret.node.path}' `
        + `with another key, and the functions get no permission for that key. ${advice}`);
    }
    return [];
  };
  scope.node.addValidation({ validate }); // after all Aspects, and before the warnings are written
}

function isL2(secret: aws_secretsmanager.ISecretRef): secret is ISecret {
  return 'secretFullArn' in secret;
}

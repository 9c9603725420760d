// The KMS key behind an alias: an IAM policy cannot name a key by its alias.
import { Token } from 'aws-cdk-lib';
import { IAlias, IKey } from 'aws-cdk-lib/aws-kms';

/** @param unknown gives the error when the app does not know which key it is */
export function keyBehind(key: IKey, unknown: (alias: string) => Error): IKey {
  if (!('aliasTargetKey' in key)) {
    if (!Token.isUnresolved(key.keyArn) && key.keyArn.includes(':alias/')) throw unknown(key.keyArn);
    return key;
  }
  try {
    return (key as IAlias).aliasTargetKey;
  } catch {
    throw unknown((key as IAlias).aliasName);
  }
}

// What synthesis knows about a KMS key: which key it is. An IAM policy cannot name a key by its alias.
import { Stack, Token } from 'aws-cdk-lib';
import { CfnAlias, CfnKey, IAlias } from 'aws-cdk-lib/aws-kms';
import { aws_kms } from 'aws-cdk-lib/interfaces';
import { IConstruct } from 'constructs';
import { comesLate } from './late-value';
import { referencesIn } from './references';

/**
 * The key itself, also if an alias is given for it.
 *
 * @param unknown gives the error when the app does not know which key it is
 */
export function keyBehind(key: aws_kms.IKeyRef, unknown: (alias: string) => Error): aws_kms.IKeyRef {
  if (!('aliasTargetKey' in key)) {
    const { keyArn } = key.keyRef;
    if (!Token.isUnresolved(keyArn) && keyArn.includes(':alias/')) throw unknown(keyArn);
    return key;
  }
  try {
    return (key as IAlias).aliasTargetKey;
  } catch {
    throw unknown((key as IAlias).aliasName);
  }
}

/**
 * The ARN of a key that a resource of CloudFormation names, if the app knows it.
 *
 * @param name an ARN, an id, an alias, or a reference to one of them
 */
export function keyArnOf(resource: IConstruct, name: string): string | undefined {
  if (/^arn:.*:key\//.test(name)) return name;
  if (!Token.isUnresolved(name)) {
    return name.includes('alias/') ? undefined
      : Stack.of(resource).formatArn({ service: 'kms', resource: 'key', resourceName: name });
  }
  const [target] = comesLate(name) ? [] : referencesIn(resource, name);
  if (CfnKey.isCfnKey(target)) return target.attrArn;
  return CfnAlias.isCfnAlias(target) ? keyArnOf(target, target.targetKeyId) : undefined;
}

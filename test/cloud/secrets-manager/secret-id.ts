// What a caller may name a secret by: its ARN, the ARN without the random end, or its name.
import { partitionOf } from '../partition';
import { Random, randomText } from '../time/random';

/** Which secret: a name is taken once for an account and Region. */
export interface SecretName {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

const LETTERS_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** Six characters differ for each new secret of one name. So a policy for a deleted secret is none for the new one. */
export function newSecretArn(secret: SecretName, random: Random): string {
  return `${partialArn(secret)}-${randomText(random, LETTERS_AND_DIGITS, 6)}`;
}

export function partialArn({ account, region, name }: SecretName): string {
  return `arn:${partitionOf(region)}:secretsmanager:${region}:${account}:secret:${name}`;
}

/**
 * Whether the caller means this secret. Names are for the caller's own account. An ARN that ends like a complete one is
 * taken for one: a secret whose own name ends in a hyphen and six characters is not found by its partial ARN.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
 */
export function means(secretId: string, caller: { account: string }, secret: SecretName & { arn: string }): boolean {
  if (!secretId.startsWith('arn:')) return secretId === secret.name && caller.account === secret.account;
  const looksComplete = /-[a-zA-Z0-9]{6}$/.test(secretId);
  return secretId === (looksComplete ? secret.arn : partialArn(secret));
}

// The reference to a private key: the permissions on its secret, its encryption key, and the ways in.
import { CfnParameter } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { aws_secretsmanager } from 'aws-cdk-lib/interfaces';
import { DkimPrivateKey } from '../src';
import { mailStack } from './mail-stack';

const PARTIAL = 'arn:aws:secretsmanager:eu-west-1:222222222222:secret:dkim';

test('a policy names a secret by its complete ARN, or with wildcards for the six characters that are not known', () => {
  const stack = mailStack();
  const policyArn = (secret: aws_secretsmanager.ISecretRef) =>
    stack.resolve(DkimPrivateKey.fromSecret(secret)._policyArn);

  expect(policyArn(new secretsmanager.Secret(stack, 'Made'))).toEqual({ Ref: expect.stringMatching(/^Made/) });
  expect(policyArn(secretsmanager.Secret.fromSecretCompleteArn(stack, 'Complete', `${PARTIAL}-AbCdEf`))).toBe(
    `${PARTIAL}-AbCdEf`,
  );
  expect(policyArn(secretsmanager.Secret.fromSecretPartialArn(stack, 'Partial', PARTIAL))).toBe(`${PARTIAL}-??????`);
  const stored = '{{resolve:ssm:/mail/secret-arn}}';
  expect(policyArn(secretsmanager.CfnSecret.fromSecretId(stack, 'Stored', stored))).toBe(stored);
  expect(policyArn(secretsmanager.Secret.fromSecretNameV2(stack, 'ByName', 'mail/dkim'))).toEqual({
    'Fn::Join': [
      '',
      ['arn:', { Ref: 'AWS::Partition' }, ':secretsmanager:us-east-1:111111111111:secret:mail/dkim-??????'],
    ],
  });
});

test('the length of its name is known of a secret of the app, as an L2 or an L1', () => {
  const stack = mailStack();
  const maxName = (secret: aws_secretsmanager.ISecretRef) => DkimPrivateKey.fromSecret(secret)._maxName;

  expect(maxName(new secretsmanager.CfnSecret(stack, 'L1'))).toBe('L1-123456789012'.length);
  expect(maxName(new secretsmanager.CfnSecret(stack, 'Named', { name: 'mail/dkim' }))).toBe('mail/dkim'.length);
  expect(maxName(new secretsmanager.Secret(stack, 'L2', { secretName: 'mail/dkim' }))).toBe('mail/dkim'.length);
  expect(maxName(new secretsmanager.CfnSecret(stack, 'Stored', { name: '{{resolve:ssm:/x}}' }))).toBeUndefined();
  expect(maxName(secretsmanager.CfnSecret.fromSecretId(stack, 'Imported', `${PARTIAL}-AbCdEf`))).toBeUndefined();
});

test('the handler is told of a partial ARN only where its end can be taken for the six characters', () => {
  const stack = mailStack();
  const byName = (id: string, name: string) => secretsmanager.Secret.fromSecretNameV2(stack, id, name);
  const arnForm = (secret: secretsmanager.ISecret) => stack.resolve(DkimPrivateKey.fromSecret(secret)._arnForm);
  const parameter = new CfnParameter(stack, 'Name').valueAsString;

  expect(arnForm(new secretsmanager.Secret(stack, 'Made'))).toBeUndefined();
  expect(arnForm(secretsmanager.Secret.fromSecretCompleteArn(stack, 'Complete', `${PARTIAL}-AbCdEf`))).toBeUndefined();
  for (const name of ['key', 'mail/dkim', 'mail/dkim-secrets', 'mail/dkim-secre', 'mail/dkim_secret']) {
    expect(arnForm(byName(name, name))).toBeUndefined();
  }
  const stored = '{{resolve:ssm:/mail/secret:1}}';
  for (const name of ['mail/dkim-secret', 'a-abc.12', stored, `mail/${stored}`, parameter, `mail/${parameter}`, `${parameter}-prod`]) {
    expect(arnForm(byName(`In${name}`, name))).toBe('PARTIAL');
  }
  expect(arnForm(secretsmanager.Secret.fromSecretPartialArn(stack, 'Partial', `${PARTIAL}-secret`))).toBe('PARTIAL');
});

test('the encryption key of a secret is used if the secret construct knows it', () => {
  const stack = mailStack();
  const encryptionKey = new kms.Key(stack, 'Key');
  const imported = secretsmanager.Secret.fromSecretAttributes(stack, 'Imported', {
    secretCompleteArn: `${PARTIAL}-AbCdEf`,
    encryptionKey,
  });

  expect(DkimPrivateKey.fromSecret(new secretsmanager.Secret(stack, 'Made', { encryptionKey }))._encryptionKeyArn).toBe(
    encryptionKey.keyArn,
  );
  expect(DkimPrivateKey.fromSecret(imported)._encryptionKeyArn).toBe(encryptionKey.keyArn);
  expect(DkimPrivateKey.fromSecret(new secretsmanager.Secret(stack, 'Plain'))._encryptionKeyArn).toBeUndefined();
});

test('an alias is replaced by its key, because an IAM policy cannot name a key by its alias', () => {
  const stack = mailStack();
  const key = new kms.Key(stack, 'Key');
  const secret = new secretsmanager.Secret(stack, 'Secret', { encryptionKey: key.addAlias('dkim') });

  expect(DkimPrivateKey.fromSecret(secret)._encryptionKeyArn).toBe(key.keyArn);
});

test('a key that is imported by the ARN of its alias is refused', () => {
  const stack = mailStack();
  const encryptionKey = kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:111111111111:alias/dkim');
  const secret = secretsmanager.Secret.fromSecretAttributes(stack, 'Secret', {
    secretCompleteArn: 'arn:aws:secretsmanager:us-east-1:111111111111:secret:dkim-AbCdEf', encryptionKey,
  });

  expect(() => DkimPrivateKey.fromSecret(secret)).toThrow(
    /encrypted with the key of alias 'arn:aws:kms:us-east-1:111111111111:alias\/dkim'/,
  );
});

test('an imported alias whose key is not known is refused, with advice', () => {
  const stack = mailStack();
  const encryptionKey = kms.Alias.fromAliasName(stack, 'Alias', 'alias/dkim');
  const secret = secretsmanager.Secret.fromSecretAttributes(stack, 'Secret', {
    secretCompleteArn: `${PARTIAL}-AbCdEf`,
    encryptionKey,
  });

  expect(() => DkimPrivateKey.fromSecret(secret)).toThrow(
    "secret 'Mail/Secret' is encrypted with the key of alias 'alias/dkim', and the ARN of that key is not known in "
    + 'this app. Import the secret with the key itself');
});

test('both a version id and a staging label are refused, and so is an empty option', () => {
  const secret = new secretsmanager.Secret(mailStack(), 'Secret');

  expect(() => DkimPrivateKey.fromSecret(secret, { versionId: 'a1', versionStage: 'AWSPENDING' })).toThrow(
    /Give one of them/,
  );
  expect(() => DkimPrivateKey.fromSecret(secret, { jsonField: '' })).toThrow(/jsonField is empty/);
});

test('a key can be given only by its secret, not as text', () => {
  const waysIn = Object.getOwnPropertyNames(DkimPrivateKey).filter(
    name => !['length', 'name', 'prototype'].includes(name),
  );

  expect(waysIn).toEqual(['fromSecret']);
});

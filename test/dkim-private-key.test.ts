import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { DkimPrivateKey } from '../src';
import { mailStack } from './mail-stack';

const PARTIAL = 'arn:aws:secretsmanager:eu-west-1:222222222222:secret:dkim';

test('the rights on a secret are on its complete ARN if there is one, or on the six characters that are missing', () => {
  const stack = mailStack();
  const policyArn = (secret: secretsmanager.ISecret) => stack.resolve(DkimPrivateKey.fromSecret(secret)._policyArn);

  expect(policyArn(new secretsmanager.Secret(stack, 'Made'))).toEqual({ Ref: expect.stringMatching(/^Made/) });
  expect(policyArn(secretsmanager.Secret.fromSecretCompleteArn(stack, 'Complete', `${PARTIAL}-AbCdEf`))).toBe(`${PARTIAL}-AbCdEf`);
  expect(policyArn(secretsmanager.Secret.fromSecretPartialArn(stack, 'Partial', PARTIAL))).toBe(`${PARTIAL}-??????`);
  expect(policyArn(secretsmanager.Secret.fromSecretNameV2(stack, 'ByName', 'mail/dkim'))).toEqual(
    { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':secretsmanager:us-east-1:111111111111:secret:mail/dkim-??????']] });
});

test('the customer managed key is known if the secret knows it', () => {
  const stack = mailStack();
  const encryptionKey = new kms.Key(stack, 'Key');
  const imported = secretsmanager.Secret.fromSecretAttributes(stack, 'Imported', { secretCompleteArn: `${PARTIAL}-AbCdEf`, encryptionKey });

  expect(DkimPrivateKey.fromSecret(new secretsmanager.Secret(stack, 'Made', { encryptionKey }))._encryptionKeyArn).toBe(encryptionKey.keyArn);
  expect(DkimPrivateKey.fromSecret(imported)._encryptionKeyArn).toBe(encryptionKey.keyArn);
  expect(DkimPrivateKey.fromSecret(new secretsmanager.Secret(stack, 'Plain'))._encryptionKeyArn).toBeUndefined();
});

test('an alias is followed to its key, because IAM does not know aliases', () => {
  const stack = mailStack();
  const key = new kms.Key(stack, 'Key');
  const secret = new secretsmanager.Secret(stack, 'Secret', { encryptionKey: key.addAlias('dkim') });

  expect(DkimPrivateKey.fromSecret(secret)._encryptionKeyArn).toBe(key.keyArn);
});

test('the ARN of an alias in place of its key is refused too', () => {
  const stack = mailStack();
  const encryptionKey = kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:111111111111:alias/dkim');
  const secret = secretsmanager.Secret.fromSecretAttributes(stack, 'Secret', {
    secretCompleteArn: 'arn:aws:secretsmanager:us-east-1:111111111111:secret:dkim-AbCdEf', encryptionKey,
  });

  expect(() => DkimPrivateKey.fromSecret(secret)).toThrow(/encrypted with the key of alias 'arn:aws:kms:us-east-1:111111111111:alias\/dkim'/);
});

test('an alias that cannot be followed is refused with the way out', () => {
  const stack = mailStack();
  const encryptionKey = kms.Alias.fromAliasName(stack, 'Alias', 'alias/dkim');
  const secret = secretsmanager.Secret.fromSecretAttributes(stack, 'Secret', { secretCompleteArn: `${PARTIAL}-AbCdEf`, encryptionKey });

  expect(() => DkimPrivateKey.fromSecret(secret)).toThrow(
    /secret 'Mail\/Secret' is encrypted with the key of alias 'alias\/dkim', which is not known here. Import the secret with the key itself/);
});

test('there is one way to say which version to read', () => {
  const secret = new secretsmanager.Secret(mailStack(), 'Secret');

  expect(() => DkimPrivateKey.fromSecret(secret, { versionId: 'a1', versionStage: 'AWSPENDING' })).toThrow(/Give one of them/);
  expect(() => DkimPrivateKey.fromSecret(secret, { jsonField: '' })).toThrow(/jsonField is empty/);
});

test('there is no way to pass the text of a key', () => {
  const waysIn = Object.getOwnPropertyNames(DkimPrivateKey).filter(name => !['length', 'name', 'prototype'].includes(name));

  expect(waysIn).toEqual(['fromSecret']);
});

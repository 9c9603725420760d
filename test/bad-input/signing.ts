// Bad input: the method of signing, selectors, Regions of parents, and which secret has the key.
import { Aws, CfnParameter, Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { aws_secretsmanager } from 'aws-cdk-lib/interfaces';
import { byo, dkim, HOSTILE, HOSTILE_SHOWN, imported, KEY_TEXT, secret } from './app';
import { AtSynthesis, Refusal } from './refusal';
import { DkimPrivateKey, DkimSigning } from '../../src';

const NOT_SHOWN = 'that look like a key, and are not shown)';
const SECRET_ARN = 'arn:aws:secretsmanager:us-east-1:222222222222:secret:dkim';

const replicaOf = (parentRegion: unknown) =>
  dkim(() => ({ signing: DkimSigning.deterministicEasyDkim({ parentRegion: parentRegion as string }) }));

const badSelector = (title: string, selector: string, value = `'${selector}'`): AtSynthesis =>
  ({ title: `selector: ${title}`, parts: { value }, build: byo(selector) });

/** BYODKIM with a secret that was imported so. */
const keyIn = (found: (stack: Stack) => aws_secretsmanager.ISecretRef) => dkim((stack) => ({
  signing: DkimSigning.byoDkim({ selector: 's1', privateKey: DkimPrivateKey.fromSecret(found(stack)) }),
}));

/** The same with a secret that the app creates as an L1. */
const keyOfL1 = (title: string, value: string, kmsKeyId: (stack: Stack) => string): AtSynthesis => ({
  title: `secret: an L1 with ${title}`,
  parts: { value },
  build: keyIn((stack) => new secretsmanager.CfnSecret(stack, 'Secret', { kmsKeyId: kmsKeyId(stack) })),
});

export const SIGNING: readonly Refusal[] = [
  {
    place: 'synthesis',
    says: 'signing is {kind}',
    advises: 'Pass what a method of DkimSigning gives',
    why: "`ses.DkimIdentity` is CDK's own, for `ses.EmailIdentity`.",
    atSynthesis: [
      {
        title: "signing: CDK's own class",
        parts: { kind: 'another object' },
        build: dkim(() => ({ signing: ses.DkimIdentity.easyDkim() })),
      },
      { title: 'signing: a text', parts: { kind: 'a string' }, build: dkim(() => ({ signing: 'EASY_DKIM' })) },
    ],
  },
  {
    place: 'synthesis',
    says: 'keyLength is {value}',
    advises: 'Use EasyDkimSigningKeyLength.RSA_1024_BIT or EasyDkimSigningKeyLength.RSA_2048_BIT',
    why: 'SES makes keys of 1024 or 2048 bits, and no others.',
    atSynthesis: [
      { title: 'keyLength: a number', parts: { value: "'2048'" }, build: dkim(() => ({ signing: DkimSigning.easyDkim({ keyLength: 2048 as any }) })) },
      {
        title: 'keyLength: 4096 bits',
        parts: { value: "'RSA_4096_BIT'" },
        build: dkim(() => ({ signing: DkimSigning.easyDkim({ keyLength: 'RSA_4096_BIT' as any }) })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: 'selector {value} is not one that SES takes',
    advises: 'Use 1 to 63 letters, digits and inner hyphens, without dots or underscores, for example '
      + "'mail-2026'",
    why: 'The selector is one label of the name of the record, `<selector>._domainkey.<domain>`.',
    atSynthesis: [
      badSelector('an underscore', 'mail_2026'),
      badSelector('a dot', 'mail.2026'),
      badSelector('the name of the whole record', 's1._domainkey.example.com'),
      badSelector('empty', ''),
      badSelector('a blank', 'mail 2026'),
      badSelector('a hyphen first', '-mail'),
      badSelector('a hyphen last', 'mail-'),
      badSelector('64 characters', 'a'.repeat(64)),
      badSelector('another script', 'schlüssel'),
      badSelector('commands for a terminal', HOSTILE, HOSTILE_SHOWN),
      badSelector('the text of a key', KEY_TEXT, `(86 characters ${NOT_SHOWN}`),
      badSelector('the base64 of a key, in short lines', 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n'.repeat(20), `(660 characters ${NOT_SHOWN}`),
      badSelector('4,000 characters', 's-'.repeat(2000), `'${'s-'.repeat(128)}…' (4000 characters)`),
    ],
  },
  {
    place: 'synthesis',
    says: 'selector {value} is the name of a registry record',
    advises: "Choose another one, for example 'mail-2026'",
    why: 'Registry records say which records are of which stack. They are named `cdk-ses-dkim-<32 digits>._domainkey.<domain>`.',
    atSynthesis: [badSelector('the name of a registry record', `cdk-ses-dkim-${'0'.repeat(32)}`)],
  },
  {
    place: 'synthesis',
    says: 'selector {value} has upper-case letters',
    advises: 'Write {selector}: DNS does not tell them apart',
    why: 'IAM conditions distinguish upper case and lower case, so the library uses lower case only.',
    atSynthesis: [
      { title: 'selector: upper case', parts: { value: "'Mail'", selector: "'mail'" }, build: byo('Mail') },
    ],
  },
  {
    place: 'synthesis',
    says: 'selector is {kind}',
    advises: "Give the name of the key in DNS, for example 'mail-2026'",
    why: 'A selector is a text.',
    atSynthesis: [
      { title: 'selector: null', parts: { kind: 'null' }, build: byo(null) },
      { title: 'selector: a number', parts: { kind: 'a number' }, build: byo(2026) },
      { title: 'selector: a list', parts: { kind: 'another object' }, build: byo(['s1']) },
      {
        title: 'selector: no options at all',
        parts: { kind: 'undefined' },
        build: dkim(() => ({ signing: DkimSigning.byoDkim(undefined as any) })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: 'identity {value} has {length} characters, so the name of the record of selector {selector} would have {name}, and '
      + 'DNS takes 253',
    advises: 'Use a domain of at most {most}, or a shorter selector',
    why: 'The name of the record is `<selector>._domainkey.<domain>`.',
    atSynthesis: [
      {
        title: 'selector: too long for the domain',
        parts: {
          value: `'${'a.'.repeat(85)}example.com'`, length: '181', selector: `'${'s'.repeat(63)}'`, name: '256', most: '178',
        },
        build: dkim((stack) => ({
          identity: imported(stack, `${'a.'.repeat(85)}example.com`),
          signing: DkimSigning.byoDkim({ selector: 's'.repeat(63), privateKey: DkimPrivateKey.fromSecret(secret(stack)) }),
        })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: 'parentRegion {region}is the identity\'s own Region',
    advises: "A replica's parent is in another Region; for the parent itself use DkimSigning.easyDkim()",
    why: 'A replica uses the keys of the same domain in another Region: [Several Regions](regions.md).',
    atSynthesis: [
      { title: "parentRegion: the identity's own", parts: { region: "'us-east-1' " }, build: replicaOf('us-east-1') },
      { title: "parentRegion: the identity's own, as a token", parts: { region: "'us-east-1' " }, build: replicaOf(Aws.REGION) },
      {
        title: "parentRegion: the identity's own, from one parameter",
        parts: { region: '' },
        build: dkim((stack) => {
          const region = new CfnParameter(stack, 'Where').valueAsString;
          return { region, signing: DkimSigning.deterministicEasyDkim({ parentRegion: region }) };
        }),
      },
    ],
  },
  {
    place: 'synthesis',
    says: 'parentRegion is {kind}',
    advises: "Write the code of a Region, for example 'eu-west-1'",
    why: 'A Region is a text.',
    atSynthesis: [
      { title: 'parentRegion: none', parts: { kind: 'undefined' }, build: replicaOf(undefined) },
      { title: 'parentRegion: a list', parts: { kind: 'another object' }, build: replicaOf(['eu-west-1']) },
    ],
  },
  {
    place: 'synthesis',
    says: 'parentRegion {value} is not an AWS Region',
    advises: "Write its code, for example 'eu-west-1'",
    why: 'Use the code of the Region.',
    atSynthesis: [{ title: 'parentRegion: a name', parts: { value: "'Ireland'" }, build: replicaOf('Ireland') }],
  },
  {
    place: 'synthesis',
    says: "parentRegion {value} is in partition {partition} of AWS, and the rest is in 'aws'",
    advises: 'No credentials are good for both. Keep all in one partition',
    why: 'China and GovCloud have accounts of their own.',
    atSynthesis: [
      {
        title: 'parentRegion: of another partition',
        parts: { value: "'us-gov-west-1'", partition: "'aws-us-gov'" },
        build: replicaOf('us-gov-west-1'),
      },
    ],
  },
  {
    place: 'synthesis',
    says: 'privateKey is {kind}',
    advises: 'Pass what DkimPrivateKey.fromSecret() gives',
    why: 'The key stays in Secrets Manager. The construct takes a reference to it.',
    atSynthesis: [
      {
        title: 'privateKey: none',
        parts: { kind: 'undefined' },
        build: dkim(() => ({ signing: DkimSigning.byoDkim({ selector: 's1', privateKey: undefined as any }) })),
      },
      {
        title: 'privateKey: the secret itself',
        parts: { kind: 'another object' },
        build: dkim((stack) => ({ signing: DkimSigning.byoDkim({ selector: 's1', privateKey: secret(stack) as any }) })),
      },
      {
        title: 'privateKey: the text of the key',
        parts: { kind: 'a string' },
        build: dkim(() => ({ signing: DkimSigning.byoDkim({ selector: 's1', privateKey: KEY_TEXT as any }) })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: 'secret is {kind}',
    advises: 'Pass the secret that holds the key, for example of Secret.fromSecretCompleteArn(). There is no way to pass the '
      + 'key itself',
    why: 'A value in the app is in the template too, which many people can read.',
    atSynthesis: [
      { title: 'secret: none', parts: { kind: 'undefined' }, build: () => DkimPrivateKey.fromSecret(undefined as any) },
      { title: 'secret: the text of the key', parts: { kind: 'a string' }, build: () => DkimPrivateKey.fromSecret(KEY_TEXT as any) },
    ],
  },
  {
    place: 'synthesis',
    says: '{option} is {value}. It names a part of the secret, in at most 512 characters',
    advises: 'There is no way to pass the key itself: it would end in the template',
    why: 'The options of `DkimPrivateKey.fromSecret()` say where in the secret the key is.',
    atSynthesis: [
      {
        title: 'jsonField: the text of a key',
        parts: { option: 'jsonField', value: `(86 characters ${NOT_SHOWN}` },
        build: byo('s1', { jsonField: KEY_TEXT }),
      },
      {
        title: 'versionStage: the base64 of a key',
        parts: { option: 'versionStage', value: `(128 characters ${NOT_SHOWN}` },
        build: byo('s1', { versionStage: 'MIIEvQIB'.repeat(16) }),
      },
      {
        title: 'jsonField: 600 characters',
        parts: { option: 'jsonField', value: `'${'a-'.repeat(128)}…' (600 characters)` },
        build: byo('s1', { jsonField: 'a-'.repeat(300) }),
      },
    ],
  },
  {
    place: 'synthesis',
    says: '{option} is {kind}',
    advises: 'Give a text',
    why: 'The options of `DkimPrivateKey.fromSecret()` are texts.',
    atSynthesis: [
      { title: 'jsonField: a number', parts: { option: 'jsonField', kind: 'a number' }, build: byo('s1', { jsonField: 1 }) },
      { title: 'versionId: a number', parts: { option: 'versionId', kind: 'a number' }, build: byo('s1', { versionId: 1 }) },
      {
        title: 'versionStage: a list',
        parts: { option: 'versionStage', kind: 'another object' },
        build: byo('s1', { versionStage: ['AWSCURRENT'] }),
      },
    ],
  },
  {
    place: 'synthesis',
    says: '{option} is empty',
    advises: 'Leave it out to take the default',
    why: 'An empty text names nothing. The usual cause is an environment variable that is not set.',
    atSynthesis: ['jsonField', 'versionStage', 'versionId'].map((option): AtSynthesis =>
      ({ title: `${option}: empty`, parts: { option }, build: byo('s1', { [option]: '' }) })),
  },
  {
    place: 'synthesis',
    says: 'versionId {id} and versionStage {stage} both say which version of the secret to read',
    advises: 'Give one of them',
    why: 'A version has one id, and labels that move from version to version.',
    atSynthesis: [
      {
        title: 'versionId: with versionStage',
        parts: { id: `'${'1'.repeat(32)}'`, stage: "'AWSPREVIOUS'" },
        build: byo('s1', { versionId: '1'.repeat(32), versionStage: 'AWSPREVIOUS' }),
      },
    ],
  },
  {
    place: 'synthesis',
    says: 'versionId {id} is not the id of a version: those have 32 to 64 characters',
    advises: 'A staging label goes into versionStage',
    why: '`aws secretsmanager list-secret-version-ids` shows the ids.',
    atSynthesis: ['AWSCURRENT', '1', '1'.repeat(65)].map((versionId): AtSynthesis =>
      ({ title: `versionId: '${versionId.slice(0, 10)}'`, parts: { id: `'${versionId}'` }, build: byo('s1', { versionId }) })),
  },
  {
    place: 'synthesis',
    says: "privateKey is in a secret of account '222222222222', which can only be read by its complete ARN and with a customer "
      + 'managed key',
    advises: 'Import it with Secret.fromSecretAttributes(), with secretCompleteArn and encryptionKey',
    why: 'Secrets Manager requires that: [Other accounts](other-accounts.md).',
    atSynthesis: [
      {
        title: 'secret: of another account, by its partial ARN',
        build: keyIn((stack) => secretsmanager.Secret.fromSecretAttributes(stack, 'Secret', {
          secretPartialArn: SECRET_ARN,
          encryptionKey: kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:222222222222:key/1'),
        })),
      },
      {
        title: 'secret: of another account, without its key',
        build: keyIn((stack) => secretsmanager.Secret.fromSecretCompleteArn(stack, 'Secret', `${SECRET_ARN}-AbCdEf`)),
      },
    ],
  },
  {
    place: 'synthesis',
    says: "privateKey is in partition 'aws-cn' of AWS, and the rest is in 'aws'",
    advises: 'No credentials are good for both. Keep all in one partition',
    why: 'China and GovCloud have accounts of their own.',
    atSynthesis: [
      {
        title: 'secret: of another partition',
        build: keyIn((stack) => secretsmanager.Secret.fromSecretCompleteArn(
          stack, 'Secret', 'arn:aws-cn:secretsmanager:cn-north-1:111111111111:secret:dkim-AbCdEf')),
      },
    ],
  },
  {
    place: 'synthesis',
    says: "secret 'Mail/Secret' is encrypted with the key of alias {alias}, and the ARN of that key is not known in this app",
    advises: 'Import the secret with the key itself as encryptionKey, for example with kms.Key.fromKeyArn() and the ARN of the '
      + 'key',
    why: 'An IAM policy cannot name a key by its alias.',
    atSynthesis: [
      {
        title: 'secret: with an alias of a key',
        parts: { alias: "'alias/dkim'" },
        build: keyIn((stack) => secretsmanager.Secret.fromSecretAttributes(stack, 'Secret', {
          secretCompleteArn: `${SECRET_ARN}-AbCdEf`, encryptionKey: kms.Alias.fromAliasName(stack, 'Key', 'alias/dkim'),
        })),
      },
      {
        title: 'secret: with the ARN of an alias',
        parts: { alias: "'arn:aws:kms:us-east-1:111111111111:alias/dkim'" },
        build: keyIn((stack) => secretsmanager.Secret.fromSecretAttributes(stack, 'Secret', {
          secretCompleteArn: `${SECRET_ARN}-AbCdEf`,
          encryptionKey: kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:111111111111:alias/dkim'),
        })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: "kmsKeyId of secret 'Mail/Secret' is {value}, and the ARN of that key is not known in this app",
    advises: 'Give kmsKeyId the ARN of the key, or pass the secret with the key itself as encryptionKey: '
      + 'Secret.fromSecretAttributes(), with its ref as secretCompleteArn',
    why: 'An IAM policy names a key by its ARN. A value that comes with the deployment can be an ARN, an id or an alias.',
    atSynthesis: [
      keyOfL1('an alias of a key', "'alias/dkim'", () => 'alias/dkim'),
      keyOfL1('a key from a parameter', 'a value that only the deployment knows', (stack) => new CfnParameter(stack, 'KeyId').valueAsString),
    ],
  },
  {
    place: 'synthesis',
    says: "secret 'Mail/Secret' has the id {value}, which is no ARN",
    advises: 'Import it by its ARN, or by its name with Secret.fromSecretNameV2()',
    why: '`CfnSecret.fromSecretId()` takes any text. A policy needs the ARN.',
    atSynthesis: [
      {
        title: 'secret: the L1, imported by a name',
        parts: { value: "'mail/dkim'" },
        build: keyIn((stack) => secretsmanager.CfnSecret.fromSecretId(stack, 'Secret', 'mail/dkim')),
      },
    ],
  },
];

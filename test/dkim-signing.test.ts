// The signing methods: the properties, the permissions and the records of each.
import { Aws, Lazy } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { DkimPrivateKey, DkimSigning } from '../src';
import { mailStack } from './mail-stack';

const bind = (signing: DkimSigning, stack = mailStack()) =>
  stack.resolve(signing._bind({ stack, domain: 'example.com', region: 'eu-west-1' }, stack));

test('Easy DKIM needs three CNAMEs, and names the key length only if it is not the default of 2048 bits', () => {
  expect(bind(DkimSigning.easyDkim())).toEqual({
    properties: { Method: 'EASY_DKIM' }, permissions: [], records: { type: 'CNAME', count: 3 },
  });
  expect(
    bind(DkimSigning.easyDkim({ keyLength: ses.EasyDkimSigningKeyLength.RSA_1024_BIT })).properties.KeyLength,
  ).toBe('RSA_1024_BIT');
});

test('BYODKIM needs one TXT and the permission to read the secret, and names the secret and the selector', () => {
  const stack = mailStack();
  const secret = secretsmanager.Secret.fromSecretCompleteArn(
    stack,
    'Secret',
    'arn:aws:secretsmanager:us-west-2:111111111111:secret:dkim-AbCdEf',
  );

  const bound = bind(
    DkimSigning.byoDkim({ selector: 'mail-2026', privateKey: DkimPrivateKey.fromSecret(secret) }),
    stack,
  );

  expect(bound).toMatchObject({
    properties: { Method: 'BYODKIM', Selector: 'mail-2026', SecretArn: secret.secretArn },
    permissions: [{ actions: ['secretsmanager:GetSecretValue'], resources: [secret.secretArn] }],
    records: { type: 'TXT', count: 1 },
  });
});

test('BYODKIM names the JSON field and the version of the secret', () => {
  const stack = mailStack();
  const secret = new secretsmanager.Secret(stack, 'Secret');
  const properties = (options: Parameters<typeof DkimPrivateKey.fromSecret>[1]) =>
    bind(DkimSigning.byoDkim({ selector: 's', privateKey: DkimPrivateKey.fromSecret(secret, options) }), stack)
      .properties;

  expect(properties({ jsonField: 'key', versionStage: 'AWSPENDING' })).toMatchObject({
    JsonField: 'key',
    VersionStage: 'AWSPENDING',
  });
  expect(properties({ versionId: '11112222-3333-4444-5555-666677778888' })).toMatchObject({
    VersionId: '11112222-3333-4444-5555-666677778888',
  });
});

test('the encryption key may be used only through Secrets Manager in the Region of the secret', () => {
  const stack = mailStack();
  const encryptionKey = kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-west-2:222222222222:key/1');
  const decrypt = (secret: secretsmanager.ISecret) =>
    bind(DkimSigning.byoDkim({ selector: 's', privateKey: DkimPrivateKey.fromSecret(secret) }), stack).permissions[1];

  expect(
    decrypt(
      secretsmanager.Secret.fromSecretAttributes(stack, 'Imported', {
        secretCompleteArn: 'arn:aws:secretsmanager:us-west-2:222222222222:secret:dkim-AbCdEf',
        encryptionKey,
      }),
    ),
  ).toMatchObject({
    actions: ['kms:Decrypt'],
    resources: [encryptionKey.keyArn],
    conditions: { StringLike: { 'kms:ViaService': ['secretsmanager.us-west-2.*'] } },
  });
  expect(decrypt(secretsmanager.Secret.fromSecretAttributes(stack, 'AnyPartition', {
    secretPartialArn: `arn:${Aws.PARTITION}:secretsmanager:ap-south-1:111111111111:secret:dkim`, encryptionKey,
  }))).toMatchObject({ conditions: { StringLike: { 'kms:ViaService': ['secretsmanager.ap-south-1.*'] } } });
  expect(decrypt(new secretsmanager.Secret(stack, 'Made', { encryptionKey }))).toMatchObject({
    conditions: { StringLike: { 'kms:ViaService': ['secretsmanager.us-east-1.*'] } },
  });
});

test('a selector with a dot is refused, and a selector that is a token is accepted', () => {
  const privateKey = DkimPrivateKey.fromSecret(new secretsmanager.Secret(mailStack(), 'Secret'));

  expect(() => DkimSigning.byoDkim({ selector: 'mail.2026', privateKey })).toThrow(
    /selector 'mail.2026' is not one that SES takes/,
  );
  expect(() => DkimSigning.byoDkim({ selector: Lazy.string({ produce: () => 's' }), privateKey })).not.toThrow();
});

test('a replica needs no records, and may read its parent and replicate its key', () => {
  const bound = bind(DkimSigning.deterministicEasyDkim({ parentRegion: 'us-west-2' }));

  expect(bound).toMatchObject({ properties: { Method: 'DEED', ParentRegion: 'us-west-2' }, records: { count: 0 } });
  expect(bound.permissions.map((permission: any) => [permission.actions, permission.resources])).toEqual(
    ['ses:GetEmailIdentity', 'ses:ReplicateEmailIdentityDkimSigningKey'].map(action => [
      [action],
      [{ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':ses:us-west-2:111111111111:identity/example.com']] }],
    ]),
  );
});

test('a replica is refused if its parent Region is its own Region, or not a Region', () => {
  expect(() => bind(DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }))).toThrow(
    /is the identity's own Region/,
  );
  expect(() => bind(DkimSigning.deterministicEasyDkim({ parentRegion: 'Ireland' }))).toThrow(/is not an AWS Region/);
});

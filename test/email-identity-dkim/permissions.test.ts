// The permissions in the template: on the identity, the zone, the secret, its key and the parent of a replica.
import { App, CfnParameter, Fn, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { exampleCom, ZONE_ROLE } from './example-com';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim } from '../../src';
import { ACCOUNT, imported, propertiesOf, statementFor, statementsOf, zone } from '../mail-stack';

const arn = (rest: string) => ({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, rest]] });

const byoDkimWith = (secret: secretsmanager.ISecret) =>
  DkimSigning.byoDkim({ selector: 's', privateKey: DkimPrivateKey.fromSecret(secret) });

test('the function may read the identity and set its signing', () => {
  expect(statementFor(exampleCom().stack, 'ses:PutEmailIdentityDkimSigningAttributes')).toEqual({
    Effect: 'Allow',
    Action: [
      'ses:GetEmailIdentity', 'ses:PutEmailIdentityDkimSigningAttributes', 'ses:TagResource', 'ses:UntagResource',
    ],
    Resource: arn(':ses:us-east-1:111111111111:identity/example.com'),
    Condition: { 'ForAllValues:StringLike': { 'aws:TagKeys': 'cdk-ses-dkim-*' } }, // none of the user's tags
  });
});

test('without a hosted zone, the function has no permission on Route 53', () => {
  expect(JSON.stringify(statementsOf(exampleCom().stack))).not.toContain('route53');
});

test('on a zone of this account, the permissions are limited by record name, record type and action', () => {
  const { stack } = exampleCom(of => ({ hostedZone: zone(of, 'example.com') }));

  expect(statementFor(stack, 'route53:GetHostedZone').Resource).toEqual(arn(':route53:::hostedzone/Z0EXAMPLE'));
  expect(statementFor(stack, 'route53:ChangeResourceRecordSets')).toEqual({
    Effect: 'Allow',
    Action: 'route53:ChangeResourceRecordSets',
    Resource: arn(':route53:::hostedzone/Z0EXAMPLE'),
    Condition: {
      'ForAllValues:StringLike': {
        'route53:ChangeResourceRecordSetsNormalizedRecordNames': '*._domainkey.example.com',
      },
      'ForAllValues:StringEquals': {
        'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME', 'TXT'],
        'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
      },
      'Null': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': 'false' },
    },
  });
  expect(statementFor(stack, 'route53:GetChange').Resource).toEqual(arn(':route53:::change/*'));
});

test('with a role for the zone, the function may only assume that role', () => {
  const { stack } = exampleCom(of => ({
    hostedZone: zone(of, 'example.com'), hostedZoneRole: iam.Role.fromRoleArn(of, 'ZoneRole', ZONE_ROLE),
  }));

  expect(statementFor(stack, 'sts:AssumeRole')).toEqual({
    Effect: 'Allow', Action: 'sts:AssumeRole', Resource: ZONE_ROLE,
  });
  expect(JSON.stringify(statementsOf(stack))).not.toContain('route53:');
});

test('the record names of a domain that is a token are limited too', () => {
  const { stack } = exampleCom(of => ({
    identity: imported(of, new CfnParameter(of, 'Domain').valueAsString), hostedZone: zone(of, 'example.com'),
  }));

  const { Condition } = statementFor(stack, 'route53:ChangeResourceRecordSets');
  expect(Condition['ForAllValues:StringLike']['route53:ChangeResourceRecordSetsNormalizedRecordNames']).toEqual(
    { 'Fn::Join': ['', ['*._domainkey.', { Ref: 'Domain' }]] });
});

test('a replica may read its parent and replicate its key', () => {
  const { stack } = exampleCom(() => ({ signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }) }));

  expect(statementFor(stack, 'ses:ReplicateEmailIdentityDkimSigningKey')).toEqual({
    Effect: 'Allow',
    Action: 'ses:ReplicateEmailIdentityDkimSigningKey',
    Resource: arn(':ses:eu-west-1:111111111111:identity/example.com'),
    Condition: { 'ForAllValues:StringEquals': { 'ses:ReplicaRegion': 'us-east-1' } },
  });
});

test('the function may read the secret, and decrypt it through Secrets Manager', () => {
  const { stack } = exampleCom(of => ({
    signing: byoDkimWith(new secretsmanager.Secret(of, 'Secret', { encryptionKey: new kms.Key(of, 'Key') })),
  }));

  expect(statementFor(stack, 'secretsmanager:GetSecretValue').Resource).toEqual({
    Ref: expect.stringMatching(/^Secret/),
  });
  expect(statementFor(stack, 'kms:Decrypt')).toEqual({
    Effect: 'Allow',
    Action: 'kms:Decrypt',
    Resource: { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] },
    Condition: { StringLike: { 'kms:ViaService': 'secretsmanager.us-east-1.*' } },
  });
});

test('secrets and keys of two stacks are told apart, even if they have the same logical ids', () => {
  const app = new App();
  const env = { account: ACCOUNT, region: 'us-east-1' };
  const mail = new Stack(app, 'Mail', { env });
  for (const name of ['One', 'Two']) {
    const keys = new Stack(app, name, { env });
    const secret = new secretsmanager.Secret(keys, 'Secret', { encryptionKey: new kms.Key(keys, 'Key') });
    const identity = imported(mail, `${name.toLowerCase()}.example`);
    new EmailIdentityDkim(mail, name, { identity, signing: byoDkimWith(secret) });
  }

  const imports = ['One', 'Two'].map(name => ({ 'Fn::ImportValue': expect.stringMatching(`^${name}:`) }));
  expect(statementFor(mail, 'secretsmanager:GetSecretValue').Resource).toEqual(imports);
  expect(statementFor(mail, 'kms:Decrypt').Resource).toEqual(imports);
});

test('if the ARN of an imported secret is a token, the Region is taken from the ARN of its key', () => {
  const { stack } = exampleCom(of => ({
    signing: byoDkimWith(secretsmanager.Secret.fromSecretAttributes(of, 'Secret', {
      secretCompleteArn: Fn.importValue('Secret'),
      encryptionKey: kms.Key.fromKeyArn(of, 'Key', 'arn:aws:kms:eu-west-1:111111111111:key/1'),
    })),
  }));

  expect(statementFor(stack, 'kms:Decrypt').Condition).toEqual({
    StringLike: { 'kms:ViaService': 'secretsmanager.eu-west-1.*' },
  });
});

describe('a secret that the app creates in eu-west-1, for mail in us-east-1', () => {
  interface Keys {
    readonly secretIn: (stack: Stack) => secretsmanager.Secret;
    readonly crossRegionReferences?: boolean;
    readonly account?: string;
  }

  function mailStackWith({ secretIn, crossRegionReferences = false, account = ACCOUNT }: Keys): Stack {
    const app = new App();
    const keys = new Stack(app, 'Keys', { env: { account, region: 'eu-west-1' }, crossRegionReferences });
    const mail = new Stack(app, 'Mail', { env: { account: ACCOUNT, region: 'us-east-1' }, crossRegionReferences });
    new EmailIdentityDkim(mail, 'Dkim', {
      identity: imported(mail, 'example.com'), signing: byoDkimWith(secretIn(keys)),
    });
    return mail;
  }

  const named = (keys: Stack) => new secretsmanager.Secret(keys, 'Secret', { secretName: 'mail/dkim' });
  const encrypted = (keys: Stack) =>
    new secretsmanager.Secret(keys, 'Secret', { encryptionKey: new kms.Key(keys, 'Key') });

  test('a secret of another Region with a name is allowed with wildcards for its last six characters', () => {
    const mail = mailStackWith({ secretIn: named });

    expect(JSON.stringify(statementFor(mail, 'secretsmanager:GetSecretValue').Resource)).toContain(
      ':secretsmanager:eu-west-1:111111111111:secret:mail/dkim-??????');
    expect(JSON.stringify(propertiesOf(mail).Signing.SecretArn)).not.toContain('?');
  });

  test('a secret of another Region by reference is allowed by its ARN, and decrypted in its own Region', () => {
    const mail = mailStackWith({ secretIn: encrypted, crossRegionReferences: true });

    expect(JSON.stringify(statementFor(mail, 'secretsmanager:GetSecretValue').Resource)).not.toContain('?');
    expect(statementFor(mail, 'kms:Decrypt').Condition).toEqual({
      StringLike: { 'kms:ViaService': 'secretsmanager.eu-west-1.*' },
    });
  });

  test('a secret that the app creates in another account is refused, because its complete ARN is not known', () => {
    expect(() => mailStackWith({ secretIn: named, account: '222222222222' })).toThrow(
      /privateKey is in a secret of account '222222222222'.*Import it with Secret.fromSecretAttributes/s);
  });
});

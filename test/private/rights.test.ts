import { Aws, Stack } from 'aws-cdk-lib';
import { continueRights, decryptRights, identityRights, replicationRights, roleRights, secretRights, zoneRights } from '../../src/private/rights';

const stack = new Stack(undefined, 'Mail', { env: { account: '111111111111', region: 'us-east-1' } });
const arn = (rest: string) => ({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, rest]] });

test('an identity is read and its signing set, and nothing else', () => {
  expect(stack.resolve(identityRights(stack, 'eu-west-1', 'example.com'))).toMatchObject({
    actions: ['ses:GetEmailIdentity', 'ses:PutEmailIdentityDkimSigningAttributes'],
    resources: [arn(':ses:eu-west-1:111111111111:identity/example.com')],
  });
});

test("a parent is read, and its key replicated to the replica's Region only", () => {
  const [read, replicate] = stack.resolve(replicationRights(stack, 'eu-west-1', 'us-east-1', 'example.com'));
  const resources = [arn(':ses:eu-west-1:111111111111:identity/example.com')];

  expect(read).toMatchObject({ actions: ['ses:GetEmailIdentity'], resources });
  expect(replicate).toMatchObject({
    actions: ['ses:ReplicateEmailIdentityDkimSigningKey'],
    resources,
    conditions: { 'ForAllValues:StringEquals': { 'ses:ReplicaRegion': ['us-east-1'] } },
  });
});

test('in a zone, nothing but DKIM records of the domain can be created or deleted', () => {
  const [read, change, watch] = stack.resolve(zoneRights(stack, 'Z0EXAMPLE', 'mail.example.com'));

  expect(read).toMatchObject({
    actions: ['route53:GetHostedZone', 'route53:ListResourceRecordSets'],
    resources: [arn(':route53:::hostedzone/Z0EXAMPLE')],
  });
  expect(change).toMatchObject({
    actions: ['route53:ChangeResourceRecordSets'],
    resources: [arn(':route53:::hostedzone/Z0EXAMPLE')],
    conditions: {
      'ForAllValues:StringLike': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['*._domainkey.mail.example.com'] },
      'ForAllValues:StringEquals': {
        'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME', 'TXT'],
        'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
      },
      'Null': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['false'] },
    },
  });
  expect(watch).toMatchObject({ actions: ['route53:GetChange'], resources: [arn(':route53:::change/*')] });
});

test('a secret is decrypted through Secrets Manager of its Region only, in every partition', () => {
  expect(stack.resolve(decryptRights('arn:key', Aws.REGION))).toMatchObject({
    actions: ['kms:Decrypt'],
    resources: ['arn:key'],
    conditions: { StringLike: { 'kms:ViaService': [{ 'Fn::Join': ['', ['secretsmanager.', { Ref: 'AWS::Region' }, '.*']] }] } },
  });
});

test.each([
  ['sts:AssumeRole', roleRights('arn:it')],
  ['secretsmanager:GetSecretValue', secretRights('arn:it')],
  ['lambda:InvokeFunction', continueRights('arn:it')],
])('%s is allowed on the one resource', (action, right) => {
  expect(right).toMatchObject({ actions: [action], resources: ['arn:it'] });
});

// The IAM permissions of the function: each allows the calls of one task, on the resources of one identity.
import { Aws, Stack } from 'aws-cdk-lib';
import {
  assumeRolePermission, decryptPermission, identityPermission, replicationPermissions, secretPermission,
  selfInvokePermission, zonePermissions,
} from '../../src/private/permissions';

const stack = new Stack(undefined, 'Mail', { env: { account: '111111111111', region: 'us-east-1' } });
const arn = (rest: string) => ({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, rest]] });

test('the function may read an identity, set its signing and tag it, and nothing else', () => {
  expect(stack.resolve(identityPermission(stack, 'eu-west-1', 'example.com'))).toMatchObject({
    actions: [
      'ses:GetEmailIdentity', 'ses:PutEmailIdentityDkimSigningAttributes', 'ses:TagResource', 'ses:UntagResource',
    ],
    resources: [arn(':ses:eu-west-1:111111111111:identity/example.com')],
  });
});

test('the function may read a parent, and replicate its key only to the Region of the replica', () => {
  const [read, replicate] = stack.resolve(replicationPermissions(stack, 'eu-west-1', 'us-east-1', 'example.com'));
  const resources = [arn(':ses:eu-west-1:111111111111:identity/example.com')];

  expect(read).toMatchObject({ actions: ['ses:GetEmailIdentity'], resources });
  expect(replicate).toMatchObject({
    actions: ['ses:ReplicateEmailIdentityDkimSigningKey'],
    resources,
    conditions: { 'ForAllValues:StringEquals': { 'ses:ReplicaRegion': ['us-east-1'] } },
  });
});

test('the function may create and delete only DKIM records of the domain in a zone', () => {
  const [read, change, readChange] = stack.resolve(zonePermissions(stack, 'Z0EXAMPLE', 'mail.example.com'));

  expect(read).toMatchObject({
    actions: ['route53:GetHostedZone', 'route53:ListResourceRecordSets'],
    resources: [arn(':route53:::hostedzone/Z0EXAMPLE')],
  });
  expect(change).toMatchObject({
    actions: ['route53:ChangeResourceRecordSets'],
    resources: [arn(':route53:::hostedzone/Z0EXAMPLE')],
    conditions: {
      'ForAllValues:StringLike': {
        'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['*._domainkey.mail.example.com'],
      },
      'ForAllValues:StringEquals': {
        'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME', 'TXT'],
        'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
      },
      'Null': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['false'] },
    },
  });
  expect(readChange).toMatchObject({ actions: ['route53:GetChange'], resources: [arn(':route53:::change/*')] });
});

test('the function may decrypt only through Secrets Manager in the Region of the secret, in every partition', () => {
  expect(stack.resolve(decryptPermission('arn:key', Aws.REGION))).toMatchObject({
    actions: ['kms:Decrypt'],
    resources: ['arn:key'],
    conditions: {
      StringLike: { 'kms:ViaService': [{ 'Fn::Join': ['', ['secretsmanager.', { Ref: 'AWS::Region' }, '.*']] }] },
    },
  });
});

test.each([
  ['sts:AssumeRole', assumeRolePermission('arn:it')],
  ['secretsmanager:GetSecretValue', secretPermission('arn:it')],
  ['lambda:InvokeFunction', selfInvokePermission('arn:it')],
])('%s is allowed on exactly one resource', (action, right) => {
  expect(right).toMatchObject({ actions: [action], resources: ['arn:it'] });
});

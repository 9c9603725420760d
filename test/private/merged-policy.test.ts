// The shared policy document: what is merged into one statement, and how large it can be at deployment.
import { Aws, CfnParameter, Fn, Stack } from 'aws-cdk-lib';
import { DocumentSize, MAX_POLICY_SIZE, measure, policyDescription, policyDocument } from '../../src/private/merged-policy';
import {
  assumeRolePermission, decryptPermission, identityPermission, Permission, replicationPermissions, secretPermission,
  selfInvokePermission, zonePermissions,
} from '../../src/private/permissions';

const stack = new Stack(undefined, 'Mail', { env: { account: '111111111111', region: 'us-east-1' } });
const resolved = (permissions: Permission[]) => stack.resolve(policyDocument(stack, permissions));

function maxDocumentSize(of: Stack, permissions: Permission[]): number {
  const size = new DocumentSize();
  for (const permission of permissions) size.add(measure(of, [permission]));
  return size.characters;
}

test('permissions of one kind become one statement', () => {
  const document = resolved([
    secretPermission('arn:one'),
    assumeRolePermission('arn:role'),
    secretPermission('arn:two'),
  ]);

  expect(document).toEqual({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: ['arn:one', 'arn:two'] },
      { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: 'arn:role' },
    ],
  });
});

test('a zone that two identities share is in the document once, even if their tokens for it differ', () => {
  const parameter = new CfnParameter(stack, 'ZoneId');
  const ofTwo = [
    ...zonePermissions(stack, parameter.valueAsString, 'a.example'),
    ...zonePermissions(stack, Fn.ref('ZoneId'), 'b.example'),
  ];

  const [read, change, readChange, ...none] = resolved(ofTwo).Statement;

  expect(read.Resource).toEqual({
    'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':route53:::hostedzone/', { Ref: 'ZoneId' }]],
  });
  expect(change.Resource).toEqual(read.Resource);
  expect(change.Condition['ForAllValues:StringLike']).toEqual({
    'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['*._domainkey.a.example', '*._domainkey.b.example'],
  });
  expect(change.Condition['ForAllValues:StringEquals']['route53:ChangeResourceRecordSetsRecordTypes']).toEqual([
    'CNAME',
    'TXT',
  ]);
  expect(readChange.Action).toBe('route53:GetChange');
  expect(none).toEqual([]);
});

test('permissions with different Regions in their conditions are separate statements', () => {
  const document = resolved([
    decryptPermission('arn:key1', 'us-east-1'),
    decryptPermission('arn:key2', 'eu-west-1'),
    decryptPermission('arn:key3', 'us-east-1'),
    ...replicationPermissions(stack, 'us-west-2', 'us-east-1', 'a.example'),
    ...replicationPermissions(stack, 'us-west-2', 'eu-west-1', 'a.example'),
  ]);

  const conditional = document.Statement.filter((statement: any) => statement.Condition);
  expect(conditional.map((statement: any) => [statement.Action, Object.values(statement.Condition)])).toEqual([
    ['kms:Decrypt', [{ 'kms:ViaService': 'secretsmanager.us-east-1.*' }]],
    ['kms:Decrypt', [{ 'kms:ViaService': 'secretsmanager.eu-west-1.*' }]],
    ['ses:ReplicateEmailIdentityDkimSigningKey', [{ 'ses:ReplicaRegion': 'us-east-1' }]],
    ['ses:ReplicateEmailIdentityDkimSigningKey', [{ 'ses:ReplicaRegion': 'eu-west-1' }]],
  ]);
});

/** The document as IAM gets it at deployment, with these values of the tokens. */
function deployed(of: Stack, permissions: Permission[], values: { [ref: string]: string }): string {
  return JSON.stringify(of.resolve(policyDocument(of, permissions)), (_, value) => {
    if (value?.Ref) return values[value.Ref];
    const [, parts] = value?.['Fn::Join'] ?? [];
    if (parts) return parts.map((part: any) => typeof part === 'string' ? part : values[part.Ref]).join('');
    return value;
  });
}

const LONGEST = { 'AWS::Partition': 'aws-us-gov', 'AWS::Region': 'ap-northeast-1xx', 'AWS::AccountId': '111111111111' };

test.each([
  ['us-east-1', 'aws'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['cn-north-1', 'aws-cn'],
  ['xx-future-1', 'aws-us-gov'],
  [undefined, 'aws-us-gov'],
])('the estimated size is the real size: Region %s, partition %s at the most', (region, partition) => {
  const of = new Stack(undefined, 'Mail', { env: { region } });
  const one = [
    ...zonePermissions(of, 'Z0EXAMPLE', 'example.com'), ...zonePermissions(of, 'Z0EXAMPLE', 'example.org'),
    identityPermission(of, 'us-east-1', 'example.com'),
    assumeRolePermission('arn:role'),
  ];
  const another = [identityPermission(of, 'us-east-1', 'example.org'), assumeRolePermission('arn:role')];
  const size = new DocumentSize();
  for (const permissions of [one, another, one]) expect(size.add(measure(of, permissions))).toBe(true);

  expect(size.characters).toBe(deployed(of, [...one, ...another], { ...LONGEST, 'AWS::Partition': partition }).length);
});

test('what does not fit is not added', () => {
  const permissions = (domain: string) => measure(stack, [identityPermission(stack, 'us-east-1', domain)]);
  const size = new DocumentSize();
  size.add(permissions('one.example'));
  const before = size.characters;

  expect(size.add(permissions('two.example'), before)).toBe(false);
  expect(size.characters).toBe(before);
  expect(size.add(permissions('one.example'), before)).toBe(true);
});

test('the estimated size is never less than the real size, even if all names are tokens', () => {
  const agnostic = new Stack();
  const parameter = (id: string) => new CfnParameter(agnostic, id).valueAsString;
  const domain = parameter('Domain');
  const permissions = [
    selfInvokePermission(parameter('Function')),
    identityPermission(agnostic, Aws.REGION, domain),
    ...zonePermissions(agnostic, parameter('Zone'), domain),
    ...replicationPermissions(agnostic, parameter('Parent'), Aws.REGION, domain),
    secretPermission(`${parameter('Secret')}-??????`),
    decryptPermission(parameter('Key'), Aws.REGION),
    assumeRolePermission(parameter('Role')),
  ];
  const region = 'ap-northeast-1xx';
  const arn = (service: string, name: string) => `arn:aws-us-gov:${service}:${region}:111111111111:${name}`;

  const size = deployed(agnostic, permissions, {
    ...LONGEST,
    Domain: 'd'.repeat(253),
    Zone: 'Z'.repeat(32),
    Parent: region,
    Function: arn('lambda', `function:${'f'.repeat(64)}`),
    Secret: arn('secretsmanager', `secret:${'s'.repeat(60)}-${'r'.repeat(12)}`),
    Key: arn('kms', `key/mrk-${'0'.repeat(32)}`),
    Role: `arn:aws-us-gov:iam::111111111111:role/${'r'.repeat(64)}`,
  }).length;

  expect(size).toBeLessThanOrEqual(maxDocumentSize(agnostic, permissions));
});

test('44 identities with usual names in one zone fit into one policy', () => {
  const permissions = Array.from({ length: 44 }, (_, index) => `customer-${index}.example.com`).flatMap(domain => [
    identityPermission(stack, 'us-east-1', domain), ...zonePermissions(stack, 'Z0123456789ABCDEFGHIJ', domain),
  ]);

  expect(maxDocumentSize(stack, permissions)).toBeLessThanOrEqual(MAX_POLICY_SIZE);
});

test('a Region in a condition that only the deployment knows is reckoned with the most characters of a Region', () => {
  const ofParameter = new CfnParameter(stack, 'SecretRegion').valueAsString;
  const longest = 'us-isob-eastern1';

  const sizeFor = (region: string) => maxDocumentSize(stack, [decryptPermission('arn:key', region)]);
  expect(sizeFor(ofParameter)).toBe(sizeFor(longest));
});

test('a dynamic reference counts as a parameter does, in the size and among the names that can change', () => {
  const reference = '{{resolve:ssm:/mail/domain}}';
  const parameter = new CfnParameter(stack, 'Domain').valueAsString;
  const of = (domain: string) => identityPermission(stack, 'us-east-1', domain);

  expect(maxDocumentSize(stack, [of(reference)])).toBe(maxDocumentSize(stack, [of(parameter)]));
  expect(policyDescription(stack, [of(reference)])).toBe(reference);
  expect(policyDescription(stack, [of('example.com')])).toBeUndefined();
});

import { Aws, CfnParameter, Fn, Stack } from 'aws-cdk-lib';
import { MAX_POLICY_SIZE, policyDocument, reckonedSize } from '../../src/private/merged-policy';
import { continueRights, decryptRights, identityRights, replicationRights, Right, roleRights, secretRights, zoneRights } from '../../src/private/rights';

const stack = new Stack(undefined, 'Mail', { env: { account: '111111111111', region: 'us-east-1' } });
const resolved = (rights: Right[]) => stack.resolve(policyDocument(stack, rights));

test('rights of one kind become one statement', () => {
  const document = resolved([secretRights('arn:one'), roleRights('arn:role'), secretRights('arn:two')]);

  expect(document).toEqual({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: ['arn:one', 'arn:two'] },
      { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: 'arn:role' },
    ],
  });
});

test('what several identities share is in the document once, also when its tokens differ', () => {
  const parameter = new CfnParameter(stack, 'ZoneId');
  const ofTwo = [
    ...zoneRights(stack, parameter.valueAsString, 'a.example'),
    ...zoneRights(stack, Fn.ref('ZoneId'), 'b.example'),
  ];

  const [read, change, watch, ...none] = resolved(ofTwo).Statement;

  expect(read.Resource).toEqual({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':route53:::hostedzone/', { Ref: 'ZoneId' }]] });
  expect(change.Resource).toEqual(read.Resource);
  expect(change.Condition['ForAllValues:StringLike']).toEqual({
    'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['*._domainkey.a.example', '*._domainkey.b.example'],
  });
  expect(change.Condition['ForAllValues:StringEquals']['route53:ChangeResourceRecordSetsRecordTypes']).toEqual(['CNAME', 'TXT']);
  expect(watch.Action).toBe('route53:GetChange');
  expect(none).toEqual([]);
});

test('a condition that is not the same keeps statements apart', () => {
  const document = resolved([
    decryptRights('arn:key1', 'us-east-1'), decryptRights('arn:key2', 'eu-west-1'), decryptRights('arn:key3', 'us-east-1'),
    ...replicationRights(stack, 'us-west-2', 'us-east-1', 'a.example'), ...replicationRights(stack, 'us-west-2', 'eu-west-1', 'a.example'),
  ]);

  const conditional = document.Statement.filter((statement: any) => statement.Condition);
  expect(conditional.map((statement: any) => [statement.Action, Object.values(statement.Condition)])).toEqual([
    ['kms:Decrypt', [{ 'kms:ViaService': 'secretsmanager.us-east-1.*' }]],
    ['kms:Decrypt', [{ 'kms:ViaService': 'secretsmanager.eu-west-1.*' }]],
    ['ses:ReplicateEmailIdentityDkimSigningKey', [{ 'ses:ReplicaRegion': 'us-east-1' }]],
    ['ses:ReplicateEmailIdentityDkimSigningKey', [{ 'ses:ReplicaRegion': 'eu-west-1' }]],
  ]);
});

/** The document as IAM gets it, in the place where its names are longest. */
function deployed(of: Stack, rights: Right[], values: { [ref: string]: string }): string {
  return JSON.stringify(of.resolve(policyDocument(of, rights)), (_, value) => {
    if (value?.Ref) return values[value.Ref];
    if (value?.['Fn::Join']) return value['Fn::Join'][1].map((part: any) => typeof part === 'string' ? part : values[part.Ref]).join('');
    return value;
  });
}

const LONGEST = { 'AWS::Partition': 'aws-us-gov', 'AWS::Region': 'ap-northeast-1xx', 'AWS::AccountId': '111111111111' };

test('the reckoned size is the size in the partition with the longest name', () => {
  const rights = [...zoneRights(stack, 'Z0EXAMPLE', 'example.com'), identityRights(stack, 'us-east-1', 'example.com'), roleRights('arn:role')];

  expect(reckonedSize(stack, rights)).toBe(deployed(stack, rights, LONGEST).length);
});

test('the reckoned size is never less than the real one, whatever is known at deployment only', () => {
  const agnostic = new Stack();
  const parameter = (id: string) => new CfnParameter(agnostic, id).valueAsString;
  const domain = parameter('Domain');
  const rights = [
    continueRights(parameter('Function')),
    identityRights(agnostic, Aws.REGION, domain),
    ...zoneRights(agnostic, parameter('Zone'), domain),
    ...replicationRights(agnostic, parameter('Parent'), Aws.REGION, domain),
    secretRights(`${parameter('Secret')}-??????`),
    decryptRights(parameter('Key'), Aws.REGION),
    roleRights(parameter('Role')),
  ];
  const region = 'ap-northeast-1xx';
  const arn = (service: string, name: string) => `arn:aws-us-gov:${service}:${region}:111111111111:${name}`;

  const size = deployed(agnostic, rights, {
    ...LONGEST,
    Domain: 'd'.repeat(253),
    Zone: 'Z'.repeat(32),
    Parent: region,
    Function: arn('lambda', `function:${'f'.repeat(64)}`),
    Secret: arn('secretsmanager', `secret:${'s'.repeat(60)}-${'r'.repeat(12)}`),
    Key: arn('kms', `key/mrk-${'0'.repeat(32)}`),
    Role: `arn:aws-us-gov:iam::111111111111:role/${'r'.repeat(64)}`,
  }).length;

  expect(size).toBeLessThanOrEqual(reckonedSize(agnostic, rights));
});

test('30 identities with usual names in one zone fit', () => {
  const rights = Array.from({ length: 30 }, (_, index) => `customer-${index}.mail.example.com`).flatMap(domain => [
    identityRights(stack, 'us-east-1', domain), ...zoneRights(stack, 'Z0123456789ABCDEFGHIJ', domain),
  ]);

  expect(reckonedSize(stack, rights)).toBeLessThanOrEqual(MAX_POLICY_SIZE);
});

test('a Region in a condition that only the deployment knows is reckoned with the most characters of a Region', () => {
  const ofParameter = new CfnParameter(stack, 'SecretRegion').valueAsString;
  const longest = 'us-isob-eastern1';

  const sizeFor = (region: string) => reckonedSize(stack, [decryptRights('arn:key', region)]);
  expect(sizeFor(ofParameter)).toBe(sizeFor(longest));
});

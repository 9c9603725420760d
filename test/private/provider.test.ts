// The function of a stack: its role, its log group, and the policies that many identities share.
import { App, Aspects, CfnResource, NestedStack, Stack } from 'aws-cdk-lib';
import { Annotations as Found, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Construct } from 'constructs';
import { DkimPrivateKey } from '../../src';
import {
  assumeRolePermission, identityPermission, secretPermission, zonePermissions,
} from '../../src/private/permissions';
import { Provider } from '../../src/private/provider';
import { mailStack, resourcesOf, statementFor } from '../mail-stack';

const POLICY = 'AWS::IAM::ManagedPolicy';

const permissionsOf = (stack: Stack, domain: string) => [
  identityPermission(stack, stack.region, domain), ...zonePermissions(stack, 'Z0EXAMPLE', domain),
];
const usualPermissions = (stack: Stack, index: number) => permissionsOf(stack, `mail-${index}.example.com`);

/** A stack whose function has the permissions for `count` identities. */
function stackWith(count: number, permissions = usualPermissions): Stack {
  const stack = mailStack();
  for (let index = 0; index < count; index += 1) Provider.of(stack).grant(permissions(stack, index));
  return stack;
}

const policiesOf = (stack: Stack) => Object.values(resourcesOf(stack, POLICY));

/** The size that IAM counts, with `aws` as the partition. */
const sizeOf = (policy: any) => JSON.stringify(policy.Properties.PolicyDocument)
  .replace(/\{"Fn::Join":\["",\["(.*?)",\{"Ref":"AWS::Partition"\},"(.*?)"\]\]\}/g, '"$1aws$2"').length;

test('all constructs of a stack share one function, at whatever depth they are', () => {
  const stack = mailStack();

  expect(Provider.of(new Construct(stack, 'Deep'))).toBe(Provider.of(stack));
  Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 1);
});

test('a nested stack has a function of its own, because it is deployed on its own', () => {
  const stack = mailStack();

  expect(Provider.of(new NestedStack(stack, 'Nested'))).not.toBe(Provider.of(stack));
});

test('the logical ids of the function, its role and its log group never change', () => {
  const stack = stackWith(0);
  Provider.of(stack);

  expect(Object.keys(resourcesOf(stack))).toEqual([
    'cdksesdkimLogs941BB7B6', 'cdksesdkimRole249BD9BF', 'cdksesdkimHandlerAF5469EF',
  ]);
});

test('the function runs on Node.js 24 with x86_64, 512 MB and 15 minutes, and has no environment variables', () => {
  const stack = mailStack();
  Provider.of(stack);

  const [handler] = Object.values(resourcesOf(stack, 'AWS::Lambda::Function'));
  expect(handler.Properties).toMatchObject({
    Runtime: 'nodejs24.x',
    Architectures: ['x86_64'],
    MemorySize: 512,
    Timeout: 900,
    Handler: 'deployment/index.handler',
  });
  expect(handler.Properties.Environment).toBeUndefined();
});

test('the function has a log group of its own that keeps logs for a month, and may write to no other', () => {
  const stack = stackWith(1);

  const [[logGroupId, logGroup]] = Object.entries(resourcesOf(stack, 'AWS::Logs::LogGroup'));
  const [role] = Object.values(resourcesOf(stack, 'AWS::IAM::Role'));
  const [handler] = Object.values(resourcesOf(stack, 'AWS::Lambda::Function'));
  expect(logGroup).toMatchObject({ Properties: { RetentionInDays: 30 }, DeletionPolicy: 'Delete' });
  expect(handler.Properties.LoggingConfig).toEqual({ LogGroup: { Ref: logGroupId } });
  expect(Object.keys(role.Properties)).toEqual(['AssumeRolePolicyDocument']);
  expect(statementFor(stack, 'logs:PutLogEvents')).toEqual({
    Effect: 'Allow',
    Action: [
      'cloudformation:DescribeStackResource', 'cloudformation:DescribeStacks',
      'logs:CreateLogStream', 'logs:PutLogEvents',
    ],
    Resource: [{ Ref: 'AWS::StackId' }, { 'Fn::GetAtt': [logGroupId, 'Arn'] }],
  });
});

test('another construct with the id of the function is refused', () => {
  const stack = mailStack();
  new Construct(stack, 'cdk-ses-dkim');

  expect(() => Provider.of(stack)).toThrow(
    "The id 'cdk-ses-dkim' in stack 'Mail' is taken by another construct, or by another copy of this library");
});

test.each([[1, 1], [46, 1], [60, 2], [150, 4], [220, 5]])('%i identities need %i policies', (identities, policies) => {
  const found = policiesOf(stackWith(identities));

  expect(found).toHaveLength(policies);
  expect(found.map(sizeOf).filter(size => size > 6144)).toEqual([]);
  expect(found.map(policy => policy.Properties.Roles)).toEqual(
    Array(policies).fill([{ Ref: 'cdksesdkimRole249BD9BF' }]),
  );
});

test('220 identities with a shared zone and a shared secret fit into a stack that can always be updated', () => {
  const usual = (stack: Stack, index: number) => [
    ...permissionsOf(stack, `customer-${index}.example.com`),
    secretPermission('arn:aws:secretsmanager:us-east-1:111111111111:secret:dkim-key-AbCdEf'),
  ];

  const found = policiesOf(stackWith(220, usual));

  expect(found).toHaveLength(5);
  expect(found.map(sizeOf).filter(size => size > 6144)).toEqual([]);
});

test('a secret of the app that many identities share takes the room of one, also in its name', () => {
  const stack = mailStack();
  const secret = new secretsmanager.Secret(stack, 'Secret', { secretName: 'x'.repeat(512) });
  for (let index = 0; index < 40; index += 1) {
    const key = DkimPrivateKey.fromSecret(secret);
    Provider.of(stack).grant([
      identityPermission(stack, stack.region, `mail-${index}.example.com`), secretPermission(key._policyArn, key._maxName),
    ]);
  }

  expect(policiesOf(stack)).toHaveLength(1);
});

test('the permissions of each identity are in one policy, whole', () => {
  const policies = policiesOf(stackWith(150)).map(policy => JSON.stringify(policy.Properties.PolicyDocument));

  for (let index = 0; index < 150; index += 1) {
    const withName = (name: string) => policies.map(policy => policy.includes(name));
    const withRecord = withName(`"*._domainkey.mail-${index}.example.com"`);
    expect(withRecord.filter(Boolean)).toHaveLength(1);
    expect(withName(`identity/mail-${index}.example.com"`)).toEqual(withRecord);
  }
});

test.each([1, 60, 220])('of %i identities, one policy has what the function does for itself, and all others depend on it', (count) => {
  const stack = stackWith(count);
  const policies = Object.entries(resourcesOf(stack, POLICY));
  const own = { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { 'Fn::GetAtt': ['cdksesdkimHandlerAF5469EF', 'Arn'] } };
  const ownActions = ['lambda:InvokeFunction', 'cloudformation:DescribeStacks', 'logs:PutLogEvents'];
  const actionsOf = ([, policy]: typeof policies[number]) =>
    policy.Properties.PolicyDocument.Statement.flatMap(({ Action }: any) => Action);
  const [first, ...others] = policies.sort((one, another) =>
    Number(actionsOf(another).includes(own.Action)) - Number(actionsOf(one).includes(own.Action)));

  expect(first[1].Properties.PolicyDocument.Statement.slice(0, 2)).toEqual([
    own,
    expect.objectContaining({ Action: expect.arrayContaining(['cloudformation:DescribeStacks', 'logs:PutLogEvents']) }),
  ]);
  expect(first[1].DependsOn).toBeUndefined();
  expect(others.flatMap(actionsOf).filter(action => ownActions.includes(action))).toEqual([]);
  expect(others.map(([, { DependsOn }]) => DependsOn)).toEqual(others.map(() => [first[0]]));
});

test('with a zone for each identity and long names, a policy has room for fewer identities', () => {
  const long = (stack: Stack, index: number) => {
    const domain = `${'long-name-of-a-customer-'.repeat(2)}${index}.mail.example.com`;
    return [
      identityPermission(stack, stack.region, domain),
      ...zonePermissions(stack, `Z0123456789ABCDEFGH${index}`, domain),
    ];
  };

  const found = policiesOf(stackWith(30, long));

  expect(found.length).toBeGreaterThan(1);
  expect(found.map(sizeOf).filter(size => size > 6144)).toEqual([]);
});

test('the logical id of a policy changes if its content changes, and only then', () => {
  const id = (domain: string) => {
    const stack = stackWith(1, of => permissionsOf(of, domain));
    return Object.keys(resourcesOf(stack, POLICY))[0];
  };

  expect(id('example.com')).toBe(id('example.com'));
  expect(id('example.com')).not.toBe(id('example.org'));
  expect(id('example.com')).toMatch(/^cdksesdkimPolicy156190F43[0-9A-F]{8}$/);
});

test('a resource that depends on a policy names its final logical id, also if the policy changes later', () => {
  const stack = mailStack();
  const dependent = new CfnResource(stack, 'Dependent', { type: 'Custom::Dependent' });
  dependent.node.addDependency(Provider.of(stack).grant(permissionsOf(stack, 'example.com')));

  Provider.of(stack).grant(permissionsOf(stack, 'example.org')); // changes the policy, and its logical id

  expect(resourcesOf(stack).Dependent.DependsOn).toEqual(Object.keys(resourcesOf(stack, POLICY)));
});

test('the logical id of a policy is the same if it is read before CDK has resolved references to other stacks', () => {
  const idOf = (lookEarly: boolean) => {
    const app = new App();
    const secret = new CfnResource(new Stack(app, 'Secrets'), 'Secret', { type: 'AWS::SecretsManager::Secret' });
    const stack = new Stack(app, 'Mail');
    Provider.of(stack).grant([secretPermission(secret.getAtt('Id').toString())]);
    const [policy] = stack.node.findAll().filter(node => node instanceof iam.CfnManagedPolicy);
    const early = lookEarly && stack.resolve(policy.logicalId);
    const [id] = Object.keys(resourcesOf(stack, POLICY));
    return { early, id };
  };

  const { early, id } = idOf(true);

  expect(id).not.toBe(early);
  expect(id).toBe(idOf(false).id);
});

/** So many that each identity needs a policy of its own. */
const manyPermissions = (_stack: Stack, index: number) => Array.from({ length: 60 }, (_, number) =>
  secretPermission(`arn:aws:secretsmanager:us-east-1:111111111111:secret:${index}-${number}-${'s'.repeat(30)}`));

const QUOTA = 'cdk-ses-dkim:managedPoliciesPerRole';

function policiesWithQuota(count: number, quota: unknown): number {
  const stack = mailStack(undefined, quota === undefined ? {} : { [QUOTA]: quota });
  for (let index = 0; index < count; index += 1) Provider.of(stack).grant(manyPermissions(stack, index));
  return policiesOf(stack).length;
}

// CloudFormation creates a changed policy before it deletes the old one, and an update can change all of them.
test.each([[undefined, 5], [10, 5], ['12', 6], [15, 7], [20, 10]])(
  'a stack has half as many policies as a role can have: with the quota %p, %i', (quota, most) => {
    expect(policiesWithQuota(most, quota)).toBe(most);
    const more = () => policiesWithQuota(most + 1, quota);
    expect(more).toThrow(`identities in stack 'Mail' need more than ${most} managed policies`);
    expect(more).toThrow(/Put some of the EmailIdentityDkim constructs into another stack/);
  });

test('the advice to raise the quota is given where it can be raised', () => {
  expect(() => policiesWithQuota(6, undefined)).toThrow(/raise the quota .* to at most 20, and set the context value/);
  expect(() => policiesWithQuota(11, 20)).not.toThrow(/raise the quota/);
});

test('with a VPC, a role has room for one policy less', () => {
  const inVpc = (count: number) => {
    const stack = stackWith(count, manyPermissions);
    Provider.configure(stack, { vpc: new ec2.Vpc(stack, 'Vpc') });
    return () => policiesOf(stack);
  };

  expect(inVpc(4)()).toHaveLength(5);
  expect(inVpc(5)).toThrow(/need 5 managed policies, as many again .* and the VPC of the function another/);
});

test.each([['none'], [9], [21], [12.5], [true], [''], [[20]], [{}]])('%p is no quota', (quota) => {
  expect(() => policiesWithQuota(1, quota)).toThrow(
    `The context value '${QUOTA}' is ${JSON.stringify(quota)}. It must be a whole number from 10 to 20`);
});

test('cdk-nag finds nothing in the function and its policies, with and without a hosted zone', () => {
  const stack = stackWith(60);
  Provider.of(stack).grant([assumeRolePermission('arn:aws:iam::222222222222:role/dns')]);
  Aspects.of(stack).add(new AwsSolutionsChecks({ reports: false }));

  expect(Found.fromStack(stack).findError('*', Match.anyValue())).toEqual([]);
  expect(Found.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
});

test('a policy without Route 53 permissions acknowledges no finding of cdk-nag', () => {
  const [policy] = policiesOf(stackWith(1, () => [assumeRolePermission('arn:aws:iam::222222222222:role/dns')]));

  expect(policy.Metadata).toBeUndefined();
});

import { Annotations, App, Aspects, CfnResource, NestedStack, Stack } from 'aws-cdk-lib';
import { Annotations as Found, Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Construct } from 'constructs';
import { Provider } from '../../src/private/provider';
import { identityRights, roleRights, secretRights, zoneRights } from '../../src/private/rights';
import { mailStack, resourcesOf } from '../mail-stack';

const POLICY = 'AWS::IAM::ManagedPolicy';

const rightsOf = (stack: Stack, domain: string) => [identityRights(stack, stack.region, domain), ...zoneRights(stack, 'Z0EXAMPLE', domain)];

/** A stack whose provider has the rights of so many identities. */
function stackWith(count: number, rights = (stack: Stack, index: number) => rightsOf(stack, `mail-${index}.example.com`)): Stack {
  const stack = mailStack();
  for (let index = 0; index < count; index += 1) Provider.of(stack).grant(rights(stack, index));
  return stack;
}

const policiesOf = (stack: Stack) => Object.values(resourcesOf(stack, POLICY));

/** As IAM counts: with the partition in its place. */
const sizeOf = (policy: any) => JSON.stringify(policy.Properties.PolicyDocument)
  .replace(/\{"Fn::Join":\["",\["(.*?)",\{"Ref":"AWS::Partition"\},"(.*?)"\]\]\}/g, '"$1aws$2"').length;

test('the function is one for the whole stack, wherever it is asked for', () => {
  const stack = mailStack();

  expect(Provider.of(new Construct(stack, 'Deep'))).toBe(Provider.of(stack));
  Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 1);
});

test('a nested stack has its own, because it is deployed on its own', () => {
  const stack = mailStack();

  expect(Provider.of(new NestedStack(stack, 'Nested'))).not.toBe(Provider.of(stack));
});

test('the logical ids of what all resources hang on never change', () => {
  const stack = stackWith(0);
  Provider.of(stack);

  expect(Object.keys(resourcesOf(stack))).toEqual(['cdksesdkimLogs941BB7B6', 'cdksesdkimRole249BD9BF', 'cdksesdkimHandlerAF5469EF']);
});

test('the function has what the handler needs, and no environment', () => {
  const stack = mailStack();
  Provider.of(stack);

  const [handler] = Object.values(resourcesOf(stack, 'AWS::Lambda::Function'));
  expect(handler.Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['x86_64'], MemorySize: 512, Timeout: 900, Handler: 'deployment/index.handler' });
  expect(handler.Properties.Environment).toBeUndefined();
});

test('logs go to a log group of its own, for a month, and the role may write to no other', () => {
  const stack = mailStack();
  Provider.of(stack);

  const [[logGroupId, logGroup]] = Object.entries(resourcesOf(stack, 'AWS::Logs::LogGroup'));
  const [role] = Object.values(resourcesOf(stack, 'AWS::IAM::Role'));
  const [handler] = Object.values(resourcesOf(stack, 'AWS::Lambda::Function'));
  expect(logGroup).toMatchObject({ Properties: { RetentionInDays: 30 }, DeletionPolicy: 'Delete' });
  expect(handler.Properties.LoggingConfig).toEqual({ LogGroup: { Ref: logGroupId } });
  expect(role.Properties.ManagedPolicyArns).toBeUndefined();
  expect(role.Properties.Policies.map((policy: any) => policy.PolicyDocument.Statement)).toEqual([[
    { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: { 'Fn::GetAtt': [logGroupId, 'Arn'] } },
    { Effect: 'Allow', Action: ['cloudformation:DescribeStackResource', 'cloudformation:DescribeStacks'], Resource: { Ref: 'AWS::StackId' } },
  ]]);
});

test('the id in the stack is its own', () => {
  const stack = mailStack();
  new Construct(stack, 'cdk-ses-dkim');

  expect(() => Provider.of(stack)).toThrow("The id 'cdk-ses-dkim' in stack 'Mail' is taken by another construct, or by another copy of this library");
});

test.each([[1, 1], [30, 1], [31, 2], [150, 5]])('%i identities share policies: %i', (identities, policies) => {
  const found = policiesOf(stackWith(identities));

  expect(found).toHaveLength(policies);
  expect(found.map(sizeOf).filter(size => size > 6144)).toEqual([]);
  expect(found.map(policy => policy.Properties.Roles)).toEqual(Array(policies).fill([{ Ref: 'cdksesdkimRole249BD9BF' }]));
});

test('each identity is in one policy', () => {
  const names = policiesOf(stackWith(31)).map(policy => policy.Properties.PolicyDocument.Statement
    .flatMap((statement: any) => statement.Condition?.['ForAllValues:StringLike']?.['route53:ChangeResourceRecordSetsNormalizedRecordNames'] ?? []));

  expect(names[0]).toHaveLength(30);
  expect(names[1]).toEqual(['*._domainkey.mail-30.example.com']);
});

test('each policy lets the function continue itself, because it can be the last one that is left', () => {
  const invokes = policiesOf(stackWith(31)).map(policy => policy.Properties.PolicyDocument.Statement[0]);

  expect(invokes).toEqual(Array(2).fill({
    Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { 'Fn::GetAtt': ['cdksesdkimHandlerAF5469EF', 'Arn'] },
  }));
});

test('a policy is closed before it is full, with 30 zones and long names', () => {
  const long = (stack: Stack, index: number) => {
    const domain = `${'long-name-of-a-customer-'.repeat(2)}${index}.mail.example.com`;
    return [identityRights(stack, stack.region, domain), ...zoneRights(stack, `Z0123456789ABCDEFGH${index}`, domain)];
  };

  const found = policiesOf(stackWith(30, long));

  expect(found.length).toBeGreaterThan(1);
  expect(found.map(sizeOf).filter(size => size > 6144)).toEqual([]);
});

test("a policy's logical id changes with its content, and only then", () => {
  const id = (domain: string) => Object.keys(resourcesOf(stackWith(1, stack => rightsOf(stack, domain)), POLICY))[0];

  expect(id('example.com')).toBe(id('example.com'));
  expect(id('example.com')).not.toBe(id('example.org'));
  expect(id('example.com')).toMatch(/^cdksesdkimPolicy156190F43[0-9A-F]{8}$/);
});

test('what depends on a policy names it as it is in the template in the end', () => {
  const stack = mailStack();
  const dependent = new CfnResource(stack, 'Dependent', { type: 'Custom::Dependent' });
  dependent.node.addDependency(Provider.of(stack).grant(rightsOf(stack, 'example.com')));

  Provider.of(stack).grant(rightsOf(stack, 'example.org')); // changes the policy after it was named

  expect(resourcesOf(stack).Dependent.DependsOn).toEqual(Object.keys(resourcesOf(stack, POLICY)));
});

test('the id is that of the content in the template, also if somebody looked before references to other stacks were known', () => {
  const idOf = (lookEarly: boolean) => {
    const app = new App();
    const secret = new CfnResource(new Stack(app, 'Secrets'), 'Secret', { type: 'AWS::SecretsManager::Secret' });
    const stack = new Stack(app, 'Mail');
    Provider.of(stack).grant([secretRights(secret.getAtt('Id').toString())]);
    const [policy] = stack.node.findAll().filter(node => node instanceof iam.CfnManagedPolicy);
    const early = lookEarly && stack.resolve(policy.logicalId);
    const [id] = Object.keys(resourcesOf(stack, POLICY));
    return { early, id };
  };

  const { early, id } = idOf(true);

  expect(id).not.toBe(early);
  expect(id).toBe(idOf(false).id);
});

const eachInItsOwnPolicy = (_stack: Stack, index: number) =>
  Array.from({ length: 60 }, (_, number) => secretRights(`arn:aws:secretsmanager:us-east-1:111111111111:secret:${index}-${number}-${'s'.repeat(30)}`));

test('a role takes ten policies, and an eleventh is refused with a way out', () => {
  expect(policiesOf(stackWith(10, eachInItsOwnPolicy))).toHaveLength(10);
  expect(() => stackWith(11, eachInItsOwnPolicy)).toThrow(
    /identities in stack 'Mail' need more than 10 managed policies.*Put some of the EmailIdentityDkim constructs into another stack/);
});

test('more policies than can be replaced at once are warned of', () => {
  const warnings = (count: number) => Found.fromStack(stackWith(count, eachInItsOwnPolicy)).findWarning('*', Match.anyValue());

  expect(warnings(5)).toEqual([]);
  expect(warnings(7).map(warning => warning.entry.data)).toEqual([expect.stringMatching(
    /more than 5 managed policies.*an update that changes all of them will fail.*\[ack: cdk-ses-dkim:policyReplacement\]/)]);
});

test('the warning can be acknowledged', () => {
  const stack = stackWith(6, eachInItsOwnPolicy);

  Annotations.of(stack).acknowledgeWarning('cdk-ses-dkim:policyReplacement', 'The quota is 20');

  expect(Found.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
});

test('cdk-nag finds nothing, with and without a hosted zone', () => {
  const stack = stackWith(31);
  Provider.of(stack).grant([roleRights('arn:aws:iam::222222222222:role/dns')]);
  Aspects.of(stack).add(new AwsSolutionsChecks({ reports: false }));

  expect(Found.fromStack(stack).findError('*', Match.anyValue())).toEqual([]);
  expect(Found.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
});

test('nothing is acknowledged that is not there', () => {
  const [policy] = policiesOf(stackWith(1, () => [roleRights('arn:aws:iam::222222222222:role/dns')]));

  expect(policy.Metadata).toBeUndefined();
});

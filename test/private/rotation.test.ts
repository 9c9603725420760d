// The function of a stack that changes keys: its settings, its rule, and many rotating identities in one stack.
import { Aspects, CfnResource, PropertyInjectors, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Construct } from 'constructs';
import { DkimFunction, DkimFunctionOptions, DkimSigning, EmailIdentityDkim } from '../../src';
import { RESOURCE_TYPE } from '../../src/private/contract';
import { rotating, rotatingBelow, statementsOfFunction } from '../email-identity-dkim/rotating';
import { imported, mailStack, resourcesOf, zone } from '../mail-stack';

const POLICY = 'AWS::IAM::ManagedPolicy';

const propertiesOfAll = (stack: Stack, type: string) =>
  Object.values(resourcesOf(stack, type)).map(({ Properties }) => Properties);

/** Identities whose zone, domains and ids are as long as somebody may have them. */
function many(stack: Stack, count: number, idOf = (index: number) => `Dkim${index}`): Stack {
  const hostedZone = zone(stack, 'example.com', 'Z0123456789ABCDEFGHIJ');
  for (let index = 0; index < count; index += 1) {
    new EmailIdentityDkim(stack, idOf(index), {
      identity: imported(stack, `mail${index}.example.com`), hostedZone, signing: DkimSigning.rotatingByoDkim(),
    });
  }
  return stack;
}

/** The longest that an input can be at deployment, in characters. */
function longestInput({ Input: { 'Fn::Join': [, parts] } }: any, nameEnd = '-123456789012-AbCdEf'): number {
  const arn = (logicalId: string) => `arn:aws-us-gov:secretsmanager:ap-southeast-99:111111111111:secret:${logicalId}${nameEnd}`;
  return parts.map((part: any) => part.Ref ? arn(part.Ref) : part).join('').length;
}

describe('many rotating identities in a stack', () => {
  let template: any;

  beforeAll(() => {
    template = Template.fromStack(many(mailStack(), 150)).toJSON();
  });

  test('150 stay within what CloudFormation takes: 500 resources, 1 MB', () => {
    const resources: any[] = Object.values(template.Resources);

    expect(resources.length).toBeLessThanOrEqual(475);
    // The size with `suppressTemplateIndentation`.
    expect(JSON.stringify(template).length).toBeLessThanOrEqual(500_000);
  });

  test('and within what IAM takes: each role has half of its policies at the most, none too long', () => {
    const policies = Object.entries<any>(template.Resources).filter(([, { Type }]) => Type === POLICY);
    const sizes = policies.map(([, { Properties }]) => JSON.stringify(Properties.PolicyDocument).length);

    for (const which of [true, false]) {
      expect(policies.filter(([id]) => id.startsWith('cdksesdkimRotation') === which).length).toBeLessThanOrEqual(5);
    }
    expect(Math.min(...sizes)).toBeGreaterThan(1000);
  });

  test('and within ten functions at once: the next custom resource waits for the schedule of an earlier one', () => {
    const resources = Object.values<any>(template.Resources).filter(({ Type }) => Type === RESOURCE_TYPE);
    const schedules = resources.map(({ DependsOn }) => DependsOn
      .filter((id: string) => template.Resources[id].Type === 'AWS::SecretsManager::RotationSchedule'));

    expect(schedules.filter(ids => ids.length === 0)).toHaveLength(10);
    expect(new Set(schedules.flat()).size).toBe(140);
  });

  test('and within what EventBridge takes: 5 targets a rule, 8,192 characters a target, each secret once', () => {
    const rules: any[] = Object.values(template.Resources).filter(({ Type }: any) => Type === 'AWS::Events::Rule');
    const targets = rules.flatMap(({ Properties }) => Properties.Targets);
    const named = targets.flatMap(({ Input }) => Input['Fn::Join'][1]).flatMap(part => part.Ref ?? []);

    for (const { Properties } of rules) expect(Properties.Targets.length).toBeLessThanOrEqual(5);
    for (const target of targets) expect(longestInput(target)).toBeLessThanOrEqual(8192);
    expect(new Set(named).size).toBe(150);
    expect(named).toHaveLength(150);
  });
});

test('names as long as CDK makes them still fit into the targets', () => {
  const stack = mailStack();
  const deep = new Construct(new Construct(stack, 'a'.repeat(120)), 'b'.repeat(120)) as Stack;
  const hostedZone = zone(stack, 'example.com', 'Z0123456789ABCDEFGHIJ');
  for (let index = 0; index < 45; index += 1) {
    new EmailIdentityDkim(deep, `c${index}`, {
      identity: imported(stack, `mail${index}.example.com`), hostedZone, signing: DkimSigning.rotatingByoDkim(),
    });
  }

  const rules = propertiesOfAll(stack, 'AWS::Events::Rule');
  const targets = rules.flatMap(({ Targets }) => Targets);
  for (const { Targets } of rules) expect(Targets.length).toBeLessThanOrEqual(5);
  for (const target of targets) expect(longestInput(target)).toBeLessThanOrEqual(8192);
  expect(targets.flatMap(({ Input }) => Input['Fn::Join'][1]).filter(part => part.Ref)).toHaveLength(45);
});

test('one rule has room for as many secrets as a stack, however deep their constructs are', () => {
  const stack = mailStack();
  const deep = new Construct(new Construct(stack, 'a'.repeat(120)), 'b'.repeat(120)) as Stack;
  const hostedZone = zone(stack, 'example.com', 'Z0123456789ABCDEFGHIJ');
  for (let index = 0; index < 158; index += 1) {
    new EmailIdentityDkim(deep, `c${index}`, {
      identity: imported(stack, `m${index}.example.com`), hostedZone, signing: DkimSigning.rotatingByoDkim(),
    });
  }
  const [rule, ...others] = propertiesOfAll(stack, 'AWS::Events::Rule');

  expect(others).toEqual([]);
  expect(rule.Targets.length).toBeLessThanOrEqual(5);
});

test('only a stack that would have no room otherwise names its secrets by their tag, and cdk-nag knows why', () => {
  const keysOf = (stack: Stack, which: 'deployment' | 'rotation') => statementsOfFunction(stack, which)
    .filter(({ Action }) => Action.includes('secretsmanager:PutSecretValue'));
  const [few, lots] = [20, 130].map(count => many(mailStack(), count));
  Aspects.of(lots).add(new AwsSolutionsChecks({ reports: false }));

  expect(Annotations.fromStack(lots).findError('*', Match.anyValue())).toEqual([]);
  for (const which of ['deployment', 'rotation'] as const) {
    expect(keysOf(few, which).flatMap(({ Resource }) => Resource)).toHaveLength(20);
    for (const { Resource, Condition } of keysOf(lots, which)) {
      expect(JSON.stringify(Resource)).toContain(':secretsmanager:us-east-1:111111111111:secret:*');
      expect(Condition).toEqual({ StringEquals: { 'aws:ResourceTag/cdk-ses-dkim:StackId': { Ref: 'AWS::StackId' } } });
    }
  }
});

describe('DkimFunction.configure is about both functions', () => {
  const vpcIn = (stack: Stack) => ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-1',
    availabilityZones: ['us-east-1a', 'us-east-1b'],
    privateSubnetIds: ['subnet-1', 'subnet-2'],
    privateSubnetRouteTableIds: ['rtb-1', 'rtb-1'],
  });
  const everySetting = (stack: Stack): DkimFunctionOptions => ({
    logRetention: logs.RetentionDays.ONE_YEAR,
    logEncryptionKey: kms.Key.fromKeyArn(stack, 'LogKey', 'arn:aws:kms:us-east-1:111111111111:key/logs'),
    vpc: vpcIn(stack),
    securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')],
    reservedConcurrentExecutions: 20,
  });

  test.each<[string, (stack: Stack, configure: () => void) => void]>([
    ['before the constructs', (stack, configure) => { configure(); rotating({}, undefined, stack); }],
    ['between them', (stack, configure) => { rotating({}, undefined, stack); configure(); rotatingBelow(stack, 'mail'); }],
    ['after them', (stack, configure) => { rotating({}, undefined, stack); configure(); }],
  ])('given %s: VPC, security groups, log retention and log key; the concurrency is that of the deployment', (_, build) => {
    const stack = mailStack();
    build(stack, () => DkimFunction.configure(stack, everySetting(stack)));
    const functions = propertiesOfAll(stack, 'AWS::Lambda::Function');

    expect(functions.map(({ VpcConfig }) => VpcConfig)).toEqual(
      [1, 2].map(() => ({ SubnetIds: ['subnet-1', 'subnet-2'], SecurityGroupIds: ['sg-1'] })));
    expect(functions.map(({ ReservedConcurrentExecutions }) => ReservedConcurrentExecutions)).toEqual([20, undefined]);
    expect(propertiesOfAll(stack, 'AWS::Logs::LogGroup')).toEqual([1, 2].map(() => ({
      RetentionInDays: 365, KmsKeyId: 'arn:aws:kms:us-east-1:111111111111:key/logs',
    })));
    for (const which of ['deployment', 'rotation'] as const) {
      expect(statementsOfFunction(stack, which).flatMap(({ Action }) => Action)).toContain('ec2:CreateNetworkInterface');
    }
  });

  test('without security groups, each function has one of its own', () => {
    const { stack } = rotating();
    DkimFunction.configure(stack, { vpc: vpcIn(stack) });

    expect(Object.keys(resourcesOf(stack, 'AWS::EC2::SecurityGroup'))).toHaveLength(2);
  });

  test('a role is that of both, with the rights of both', () => {
    const { stack } = rotating();
    const role = new iam.Role(stack, 'Mine', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    DkimFunction.configure(stack, { role });
    const [id] = Object.keys(resourcesOf(stack, 'AWS::IAM::Role'));

    expect(Object.keys(resourcesOf(stack, 'AWS::IAM::Role'))).toHaveLength(1);
    expect(propertiesOfAll(stack, 'AWS::Lambda::Function').map(({ Role }) => Role)).toEqual(
      [1, 2].map(() => ({ 'Fn::GetAtt': [id, 'Arn'] })));
    expect(propertiesOfAll(stack, POLICY).map(({ Roles }) => Roles)).toEqual([1, 2].map(() => [{ Ref: id }]));
  });

  test('a role that both have must have room for the policies of both, twice while an update changes them', () => {
    const build = (count: number) => {
      const stack = many(mailStack(), count);
      const role = iam.Role.fromRoleArn(stack, 'Mine', 'arn:aws:iam::111111111111:role/dkim');
      DkimFunction.configure(stack, { role });
      return stack;
    };

    expect(() => Template.fromStack(build(20))).not.toThrow();
    expect(() => Template.fromStack(build(150))).toThrow(
      /need \d+ managed policies for two functions with one role, as many again .* A role can have 10\. Give/);
  });

  test('a role that must not be changed gets no policy', () => {
    const { stack } = rotating();
    const arn = 'arn:aws:iam::111111111111:role/fixed';
    DkimFunction.configure(stack, { role: iam.Role.fromRoleArn(stack, 'Fixed', arn, { mutable: false }) });

    expect(resourcesOf(stack, POLICY)).toEqual({});
    expect(propertiesOfAll(stack, 'AWS::Lambda::Function').map(({ Role }) => Role)).toEqual([arn, arn]);
    const all = resourcesOf(stack);
    expect(Object.values(all).flatMap(({ DependsOn }) => DependsOn ?? []).filter(id => !(id in all))).toEqual([]);
  });
});

test('a property injector reaches both functions', () => {
  const stack = mailStack();
  PropertyInjectors.of(stack).add({
    constructUniqueId: lambda.Function.PROPERTY_INJECTION_ID,
    inject: props => ({ ...props, memorySize: 1024 }),
  });
  rotating({}, undefined, stack);

  expect(propertiesOfAll(stack, 'AWS::Lambda::Function').map(({ MemorySize }) => MemorySize)).toEqual([1024, 1024]);
});

test('a permissions boundary reaches both roles', () => {
  const { stack } = rotating();
  iam.PermissionsBoundary.of(stack).apply(iam.ManagedPolicy.fromManagedPolicyName(stack, 'Boundary', 'boundary'));

  const boundaries = propertiesOfAll(stack, 'AWS::IAM::Role').map(({ PermissionsBoundary: boundary }) => JSON.stringify(boundary));
  expect(boundaries).toEqual([1, 2].map(() => expect.stringContaining(':policy/boundary')));
});

test('an Aspect that gives the rotation another role is noticed', () => {
  const { stack } = rotating();
  Aspects.of(stack).add({
    visit: node => {
      if (node instanceof lambda.CfnFunction && node.handler?.startsWith('rotation')) node.role = 'arn:aws:iam::111111111111:role/x';
    },
  });

  expect(() => Template.fromStack(stack)).toThrow(/gives the function another role/);
});

test('each function has its entry, and they share code, runtime and settings', () => {
  const [deployment, rotation] = propertiesOfAll(rotating().stack, 'AWS::Lambda::Function');

  expect([deployment.Handler, rotation.Handler]).toEqual(['deployment/index.handler', 'rotation/index.handler']);
  const { Description: _, Handler, Role, LoggingConfig, ...rest } = deployment;
  expect(rotation).toMatchObject(rest);
});

test('a stack without a rotating key has nothing of this', () => {
  const stack = mailStack();
  new EmailIdentityDkim(stack, 'Dkim', { identity: imported(stack, 'example.com') });

  expect(Object.keys(resourcesOf(stack)).filter(id => /Rotation|Hourly/.test(id))).toEqual([]);
});

test('when a rotating key is added, what the stack has already stays as it is, but for the policy', () => {
  const plain = (stack: Stack) =>
    new EmailIdentityDkim(stack, 'Plain', { identity: imported(stack, 'plain.example.org') }).node.defaultChild as CfnResource;
  const before = mailStack();
  plain(before);
  const after = mailStack();
  plain(after);
  rotating({}, undefined, after);
  const all = resourcesOf(after);

  for (const [id, resource] of Object.entries(resourcesOf(before)).filter(([, { Type }]) => Type !== POLICY)) {
    expect({ ...all[id], DependsOn: undefined }).toEqual({ ...resource, DependsOn: undefined });
  }
});

// The settings of the function that all constructs of a stack share: they can be given at any time, and once.
import { App, Aspects, CfnParameter, NestedStack, PropertyInjectors, Stack, Stage } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import {
  AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R4Checks, NIST80053R5Checks, PCIDSS321Checks,
} from 'cdk-nag';
import { Construct } from 'constructs';
import { imported, mailStack, resourcesOf, statementFor, TemplateResource } from './mail-stack';
import { DkimFunction, DkimFunctionOptions, EmailIdentityDkim } from '../src';

const ROLE_ARN = 'arn:aws:iam::111111111111:role/company/dkim';
const OWN_ROLE = 'cdksesdkimRole249BD9BF';
const POLICY = 'AWS::IAM::ManagedPolicy';

let stack: Stack;

beforeEach(() => {
  stack = mailStack();
});

function dkim(domain = 'example.com', scope: Construct = stack): void {
  const in_ = Stack.of(scope);
  new EmailIdentityDkim(scope, `Dkim of ${domain}`, { identity: imported(in_, domain) });
}

function only(type: string): TemplateResource {
  const found = Object.values(resourcesOf(stack, type));
  expect(found).toHaveLength(1);
  return found[0];
}

function importedVpc(id = 'Vpc'): ec2.IVpc {
  return ec2.Vpc.fromVpcAttributes(stack, id, {
    vpcId: 'vpc-1',
    availabilityZones: ['us-east-1a', 'us-east-1b'],
    privateSubnetIds: ['subnet-1', 'subnet-2'],
    privateSubnetRouteTableIds: ['rtb-1', 'rtb-1'],
    publicSubnetIds: ['subnet-3', 'subnet-4'],
    publicSubnetRouteTableIds: ['rtb-2', 'rtb-2'],
  });
}

function importedRole(id = 'Role', options?: iam.FromRoleArnOptions): iam.IRole {
  return iam.Role.fromRoleArn(stack, id, ROLE_ARN, options);
}

function group(id: string, securityGroupId: string): ec2.ISecurityGroup {
  return ec2.SecurityGroup.fromSecurityGroupId(stack, id, securityGroupId);
}

/** Settings of every kind. */
function everySetting(): DkimFunctionOptions {
  return {
    role: importedRole(),
    logRetention: logs.RetentionDays.ONE_YEAR,
    logEncryptionKey: new kms.Key(stack, 'Key', { enableKeyRotation: true }),
    vpc: importedVpc(),
    vpcSubnets: { subnets: [importedVpc('Same').privateSubnets[1]] },
    securityGroups: [group('Group', 'sg-1')],
    reservedConcurrentExecutions: 20,
  };
}

describe.each<[string, (configure: () => void) => void]>([
  ['before the first construct', configure => { configure(); dkim(); dkim('example.org'); }],
  ['between two constructs', configure => { dkim(); configure(); dkim('example.org'); }],
  ['after the last construct', configure => { dkim(); dkim('example.org'); configure(); }],
])('settings that are given %s', (_when, build) => {
  test('are those of the function', () => {
    build(() => DkimFunction.configure(stack, everySetting()));

    expect(only('AWS::Lambda::Function').Properties).toMatchObject({
      Role: ROLE_ARN,
      VpcConfig: { SubnetIds: ['subnet-2'], SecurityGroupIds: ['sg-1'] },
      ReservedConcurrentExecutions: 20,
    });
    expect(only('AWS::Logs::LogGroup').Properties).toEqual({
      RetentionInDays: 365, KmsKeyId: { 'Fn::GetAtt': ['Key961B73FD', 'Arn'] },
    });
    expect(resourcesOf(stack, 'AWS::IAM::Role')).toEqual({});
    const roles = Object.values(resourcesOf(stack, POLICY)).map(({ Properties }) => Properties.Roles);
    expect(roles).toEqual([['dkim'], ['dkim']]);
  });

  test('leave what they do not name as it is', () => {
    build(() => DkimFunction.configure(stack, { reservedConcurrentExecutions: 5 }));

    expect(only('AWS::Lambda::Function').Properties).toMatchObject({
      ReservedConcurrentExecutions: 5, Role: { 'Fn::GetAtt': [OWN_ROLE, 'Arn'] },
    });
    expect(only('AWS::Lambda::Function').Properties.VpcConfig).toBeUndefined();
    expect(only('AWS::Logs::LogGroup').Properties).toEqual({ RetentionInDays: 30 });
  });

  test('and a role of the app: the function depends on it, and its rights are attached to it', () => {
    const role = new iam.Role(stack, 'Mine', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    build(() => DkimFunction.configure(stack, { role }));

    const id = stack.getLogicalId(role.node.defaultChild as iam.CfnRole);
    expect(only('AWS::Lambda::Function').Properties.Role).toEqual({ 'Fn::GetAtt': [id, 'Arn'] });
    expect(only('AWS::Lambda::Function').DependsOn).toEqual([id]);
    expect(only(POLICY).Properties.Roles).toEqual([{ Ref: id }]);
    expect(Object.keys(resourcesOf(stack, 'AWS::IAM::Role'))).toEqual([id]);
  });

  test('and a role that must not be changed: no policy is made, and nothing depends on one', () => {
    build(() => DkimFunction.configure(stack, { role: importedRole('Fixed', { mutable: false }), vpc: importedVpc() }));

    expect(resourcesOf(stack, POLICY)).toEqual({});
    const dependencies = Object.values(resourcesOf(stack)).flatMap(({ DependsOn }) => DependsOn ?? []);
    expect(dependencies.filter(id => !(id in resourcesOf(stack)))).toEqual([]);
  });

  test('win over a property injector', () => {
    const injected = new iam.Role(stack, 'Injected', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    PropertyInjectors.of(stack).add({
      constructUniqueId: lambda.Function.PROPERTY_INJECTION_ID,
      inject: props => ({ ...props, role: injected, vpc: importedVpc('Injected VPC'), reservedConcurrentExecutions: 1 }),
    });
    build(() => DkimFunction.configure(stack, everySetting()));

    expect(only('AWS::Lambda::Function').Properties).toMatchObject({
      Role: ROLE_ARN,
      VpcConfig: { SubnetIds: ['subnet-2'], SecurityGroupIds: ['sg-1'] },
      ReservedConcurrentExecutions: 20,
    });
    const roles = Object.values(resourcesOf(stack, POLICY)).map(({ Properties }) => Properties.Roles);
    expect(roles).toEqual([['dkim'], ['dkim']]);
  });
});

test('the first construct has no influence on what a later one gets', () => {
  dkim();
  const before = resourcesOf(stack);
  stack = mailStack();
  dkim();
  dkim('example.org');

  const shared = Object.keys(before).filter(id => /^cdksesdkim(Handler|Role|Logs)/.test(id));
  const after = resourcesOf(stack);
  expect(shared).toHaveLength(3);
  expect(shared.map(id => after[id])).toEqual(shared.map(id => before[id]));
});

test('settings alone make no function', () => {
  DkimFunction.configure(stack, { reservedConcurrentExecutions: 5 });

  expect(resourcesOf(stack)).toEqual({});
});

test('settings are those of one stack: nested stacks and other stacks have their own', () => {
  const nested = new NestedStack(stack, 'Nested');
  DkimFunction.configure(new Construct(nested, 'Deep'), { reservedConcurrentExecutions: 5 });
  dkim();
  dkim('example.org', nested);

  expect(only('AWS::Lambda::Function').Properties.ReservedConcurrentExecutions).toBeUndefined();
  const [inner] = Object.values(resourcesOf(nested, 'AWS::Lambda::Function'));
  expect(inner.Properties.ReservedConcurrentExecutions).toBe(5);
});

describe('two answers', () => {
  const configure = (id: string, options: DkimFunctionOptions) => () =>
    DkimFunction.configure(new Construct(stack, id), options);

  test.each<[string, () => [DkimFunctionOptions, DkimFunctionOptions], string]>([
    ['role', () => [{ role: importedRole() }, { role: iam.Role.fromRoleName(stack, 'Other', 'other') }],
      "'Mail/One' gives 'arn:aws:iam::111111111111:role/company/dkim', 'Mail/Two' gives 'Mail/Other'"],
    ['logRetention', () => [{ logRetention: 30 }, { logRetention: 365 }], "'Mail/One' gives 30, 'Mail/Two' gives 365"],
    ['logEncryptionKey',
      () => [{ logEncryptionKey: new kms.Key(stack, 'A') }, { logEncryptionKey: new kms.Key(stack, 'B') }],
      "'Mail/One' gives 'Mail/A', 'Mail/Two' gives 'Mail/B'"],
    ['vpc', () => [
      { vpc: importedVpc('A'), securityGroups: [group('G', 'sg-1')] },
      { vpc: importedVpc('B'), securityGroups: [group('H', 'sg-2')] },
    ], "'Mail/One' gives 'vpc-1' with 2 subnets and 1 security groups"],
    ['vpc', () => [{ vpc: importedVpc('A') }, { vpc: importedVpc('B'), vpcSubnets: { availabilityZones: ['us-east-1a'] } }],
      "'Mail/Two' gives 'vpc-1' with 1 subnets and the default security groups"],
    ['reservedConcurrentExecutions', () => [{ reservedConcurrentExecutions: 1 }, { reservedConcurrentExecutions: 2 }],
      "'Mail/One' gives 1, 'Mail/Two' gives 2"],
  ])('that differ are refused, naming both constructs: %s', (setting, build, said) => {
    const [one, two] = build();
    configure('One', one)();

    expect(configure('Two', two)).toThrow(`it has two different answers for ${setting}: `);
    expect(configure('Three', two)).toThrow(said.replace('Mail/Two', 'Mail/Three'));
  });

  test('that are the same are one, also if it is written in two ways', () => {
    configure('One', { ...everySetting(), vpcSubnets: undefined, securityGroups: [group('A', 'sg-1'), group('B', 'sg-2')] })();
    dkim();
    const same = {
      role: importedRole('Again'), vpc: importedVpc('Again too'), securityGroups: [group('C', 'sg-2'), group('D', 'sg-1')],
    };

    expect(configure('Two', same)).not.toThrow();
    expect(configure('Three', { logRetention: logs.RetentionDays.ONE_YEAR, role: undefined })).not.toThrow();
    expect(only('AWS::Lambda::Function').Properties.ReservedConcurrentExecutions).toBe(20);
  });

  test('for different settings are no conflict, and the default security group is made once', () => {
    configure('One', { vpc: importedVpc() })();
    dkim();
    configure('Two', { logRetention: logs.RetentionDays.INFINITE })();
    configure('Three', { vpc: importedVpc('Again') })();

    only('AWS::EC2::SecurityGroup');
    expect(only('AWS::Logs::LogGroup').Properties).toBeUndefined();
  });
});

describe('a setting that cannot work is refused', () => {
  test.each<[string, () => DkimFunctionOptions, string | RegExp]>([
    ['a role of another account', () => ({ role: iam.Role.fromRoleArn(stack, 'R', 'arn:aws:iam::222222222222:role/r') }),
      "role is in account '222222222222', and the stack is deployed to account '111111111111'"],
    ['subnets without a VPC', () => ({ vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED } }),
      'vpcSubnets is given without a vpc'],
    ['security groups without a VPC', () => ({ securityGroups: [group('G', 'sg-1')] }),
      'securityGroups is given without a vpc'],
    ['public subnets', () => ({ vpc: importedVpc(), vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } }),
      "vpcSubnets has the public subnet 'Mail/Vpc/PublicSubnet1'"],
    ['no concurrency at all', () => ({ reservedConcurrentExecutions: 0 }), 'reservedConcurrentExecutions is 0'],
    ['half an execution', () => ({ reservedConcurrentExecutions: 1.5 }), 'reservedConcurrentExecutions is 1.5'],
  ])('%s', (_what, options, reason) => {
    expect(() => DkimFunction.configure(stack, options())).toThrow(reason);
  });

  test('a log setting, if a property injector gives another log group', () => {
    const logGroup = new logs.LogGroup(stack, 'Company');
    PropertyInjectors.of(stack).add({
      constructUniqueId: lambda.Function.PROPERTY_INJECTION_ID, inject: props => ({ ...props, logGroup }),
    });
    dkim();

    expect(() => DkimFunction.configure(stack, { logRetention: 30 }))
      .toThrow("logRetention has no effect in stack 'Mail': a property injector gives the function another log group");
  });

  test('a role that comes after a property injector has given rights to the first one; before that it works', () => {
    const configure = () => DkimFunction.configure(stack, { role: importedRole() });
    PropertyInjectors.of(stack).add({
      constructUniqueId: lambda.Function.PROPERTY_INJECTION_ID,
      inject: props => ({ ...props, tracing: lambda.Tracing.ACTIVE }),
    });
    dkim();
    expect(configure).toThrow('Call it before the first EmailIdentityDkim of the stack');

    stack = mailStack();
    PropertyInjectors.of(stack).add({
      constructUniqueId: lambda.Function.PROPERTY_INJECTION_ID,
      inject: props => ({ ...props, tracing: lambda.Tracing.ACTIVE }),
    });
    configure();
    dkim();
    expect(only('AWS::IAM::Policy').Properties.Roles).toEqual(['dkim']);
  });
});

test('a number that is known at deployment is taken', () => {
  const parameter = new CfnParameter(stack, 'Concurrency', { type: 'Number' });
  DkimFunction.configure(stack, { reservedConcurrentExecutions: parameter.valueAsNumber });
  DkimFunction.configure(new Construct(stack, 'Again'), { reservedConcurrentExecutions: parameter.valueAsNumber });
  dkim();

  expect(only('AWS::Lambda::Function').Properties.ReservedConcurrentExecutions).toEqual({ Ref: 'Concurrency' });
});

test('CloudWatch Logs may use a key of the app, for log groups of this account and Region', () => {
  DkimFunction.configure(stack, { logEncryptionKey: new kms.Key(stack, 'Key') });
  dkim();

  const [, statement] = only('AWS::KMS::Key').Properties.KeyPolicy.Statement;
  expect(statement).toMatchObject({
    Principal: { Service: { 'Fn::Join': ['', ['logs.us-east-1.', { Ref: 'AWS::URLSuffix' }]] } },
    Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': expect.anything() } },
  });
});

test('role, key and VPC can be in another stack of the app', () => {
  const app = new App();
  const env = { account: '111111111111', region: 'us-east-1' };
  const company = new Stack(app, 'Company', { env });
  stack = new Stack(app, 'Mail', { env });
  DkimFunction.configure(stack, {
    role: new iam.Role(company, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') }),
    logEncryptionKey: new kms.Key(company, 'Key'),
    vpc: new ec2.Vpc(company, 'Vpc'),
  });
  dkim();

  const { dependencies } = Stage.of(stack)!.synth().getStackByName('Mail');
  expect(dependencies.map(({ id }) => id)).toContain('Company');
  expect(JSON.stringify(only('AWS::Lambda::Function').Properties.VpcConfig)).toContain('Fn::ImportValue');
});

test('the function is made after the ways that lead out of its subnets', () => {
  DkimFunction.configure(stack, { vpc: new ec2.Vpc(stack, 'Vpc') });
  dkim();

  expect(only('AWS::Lambda::Function').DependsOn).toEqual(expect.arrayContaining([
    expect.stringMatching(/^VpcPrivateSubnet1DefaultRoute/), expect.stringMatching(/^cdksesdkimSecurityGroup/),
  ]));
});

test.each(Object.entries({
  AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R4Checks, NIST80053R5Checks, PCIDSS321Checks,
}))('cdk-nag finds nothing with all settings, and with the default security group: %s', (_name, RulePack) => {
  for (const securityGroups of [undefined, [group('G', 'sg-1')]]) {
    stack = mailStack();
    DkimFunction.configure(stack, { ...everySetting(), securityGroups: securityGroups && [group('G', 'sg-1')] });
    dkim();
    Aspects.of(stack).add(new RulePack({ reports: false }));

    const found = Annotations.fromStack(stack);
    expect([...found.findError('*', Match.anyValue()), ...found.findWarning('*', Match.anyValue())]).toEqual([]);
  }
});

test('a role that CDK makes when it is asked for has the permissions, and nothing that is no policy', () => {
  const role = new iam.LazyRole(stack, 'Given', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  DkimFunction.configure(stack, { role });
  dkim();

  expect(only(POLICY).Properties.Roles).toEqual([stack.resolve(role.roleName)]);
  expect(only('AWS::IAM::Role').Properties).not.toHaveProperty('ManagedPolicyArns');
});

test('the permissions of an identity are with the role that is given', () => {
  DkimFunction.configure(stack, { role: importedRole() });
  dkim();

  expect(statementFor(stack, 'ses:PutEmailIdentityDkimSigningAttributes').Effect).toBe('Allow');
  expect(statementFor(stack, 'logs:PutLogEvents').Effect).toBe('Allow');
});

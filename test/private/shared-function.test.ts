// What is derived from the function is read from the function as it came out: property injectors, Aspects and
// overrides can give it another role, another log group or a VPC.
import { Aspects, CfnResource, PropertyInjectors, Stack, Stage, Tags } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { IConstruct } from 'constructs';
import { DkimFunction, EmailIdentityDkim } from '../../src';
import { imported, mailStack, resourcesOf, statementFor, statementsOf, TemplateResource } from '../mail-stack';

const ROLE = 'AWS::IAM::Role';
const POLICY = 'AWS::IAM::ManagedPolicy';
const OWN_ROLE = 'cdksesdkimRole249BD9BF';
const VPC_CONFIG = { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] };

let stack: Stack;

beforeEach(() => {
  stack = mailStack();
});

function dkim(): void {
  new EmailIdentityDkim(stack, 'Dkim', { identity: imported(stack, 'example.com') });
}

function inject(more: () => Partial<lambda.FunctionProps>): void {
  PropertyInjectors.of(stack).add({
    constructUniqueId: lambda.Function.PROPERTY_INJECTION_ID, inject: props => ({ ...props, ...more() }),
  });
}

function lambdaRole(id = 'Given'): iam.Role {
  return new iam.Role(stack, id, { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
}

function idOf(construct: IConstruct): string {
  return stack.getLogicalId(construct.node.defaultChild as CfnResource);
}

function theFunction(): TemplateResource {
  return Object.values(resourcesOf(stack, 'AWS::Lambda::Function'))[0];
}

/** The roles of each policy. */
function attachedTo(): unknown[] {
  return Object.values(resourcesOf(stack, POLICY)).map(({ Properties }) => Properties.Roles);
}

/** The policy that lets Lambda attach the function to a VPC, by its logical id. */
function networkPolicies(): string[] {
  return Object.keys(resourcesOf(stack, POLICY)).filter(id => id.includes('Network'));
}

/** Calls back for each function, as an Aspect. */
function forEachFunction(change: (found: lambda.CfnFunction) => void): void {
  Aspects.of(stack).add({ visit: node => { if (node instanceof lambda.CfnFunction) change(node); } });
}

describe('G5 a property injector for functions', () => {
  test('G5 a function that it puts into a VPC has the rights for that', () => {
    const vpc = new ec2.Vpc(stack, 'Vpc');
    inject(() => ({ vpc }));
    dkim();

    expect(theFunction().Properties.VpcConfig).toBeDefined();
    expect(statementFor(stack, 'ec2:CreateNetworkInterface').Effect).toBe('Allow');
    expect(attachedTo()).toEqual([[{ Ref: OWN_ROLE }], [{ Ref: OWN_ROLE }]]);
  });

  test('G5 the policies are those of the role that it gives to the function, and no other role is made', () => {
    const role = lambdaRole();
    inject(() => ({ role }));
    dkim();

    expect(theFunction().Properties.Role).toEqual({ 'Fn::GetAtt': [idOf(role), 'Arn'] });
    expect(attachedTo()).toEqual([[{ Ref: idOf(role) }]]);
    expect(Object.keys(resourcesOf(stack, ROLE))).toEqual([idOf(role)]);
  });

  test('G5 with a role and a VPC, that role has the rights for the VPC', () => {
    const role = lambdaRole();
    inject(() => ({ role, vpc: new ec2.Vpc(stack, 'Vpc') }));
    dkim();

    expect(networkPolicies()).toHaveLength(1);
    expect(attachedTo()).toEqual([[{ Ref: idOf(role) }], [{ Ref: idOf(role) }]]);
  });

  test.each<[string, () => logs.ILogGroup, unknown]>([
    ['a new log group', () => new logs.LogGroup(stack, 'Log'), { 'Fn::GetAtt': ['Log95422804', 'Arn'] }],
    [
      'an imported log group',
      () => logs.LogGroup.fromLogGroupArn(stack, 'Log', 'arn:aws:logs:us-east-1:111111111111:log-group:company:*'),
      'arn:aws:logs:us-east-1:111111111111:log-group:company:*',
    ],
  ])('G5 the function may write to %s that it gives, and no other is made', (_what, make, arn) => {
    const logGroup = make();
    inject(() => ({ logGroup }));
    dkim();

    expect(statementFor(stack, 'logs:PutLogEvents').Resource).toEqual([{ Ref: 'AWS::StackId' }, arn]);
    expect(Object.keys(resourcesOf(stack, 'AWS::Logs::LogGroup'))).not.toContain('cdksesdkimLogs941BB7B6');
  });

  test('G5 without any log group, the function may make the one that Lambda gives it, and write to it', () => {
    inject(() => ({ logGroup: undefined }));
    dkim();

    const { Action, Resource } = statementFor(stack, 'logs:PutLogEvents');
    expect(Action).toContain('logs:CreateLogGroup');
    expect(JSON.stringify(Resource[1])).toContain(':log-group:/aws/lambda/');
    expect(Object.keys(resourcesOf(stack, 'Custom::LogRetention'))).toEqual([]);
  });

  test('G5 what it adds besides, with the permissions for it, stays', () => {
    inject(() => ({ tracing: lambda.Tracing.ACTIVE, deadLetterQueueEnabled: true, functionName: 'company-dkim' }));
    dkim();

    const [{ Properties: { PolicyDocument, Roles } }] = Object.values(resourcesOf(stack, 'AWS::IAM::Policy'));
    expect(JSON.stringify(PolicyDocument)).toMatch(/sqs:SendMessage.*xray:PutTraceSegments/);
    expect(Roles).toEqual([{ Ref: OWN_ROLE }]);
    expect(attachedTo()).toEqual([[{ Ref: OWN_ROLE }]]);
  });
});

test('injectors for roles and log groups change those of the function', () => {
  const boundary = iam.ManagedPolicy.fromManagedPolicyName(stack, 'Boundary', 'boundary');
  PropertyInjectors.of(stack).add(
    {
      constructUniqueId: iam.Role.PROPERTY_INJECTION_ID,
      inject: props => ({ ...props, permissionsBoundary: boundary } as iam.RoleProps),
    },
    {
      constructUniqueId: logs.LogGroup.PROPERTY_INJECTION_ID,
      inject: props => ({ ...props, retention: logs.RetentionDays.TEN_YEARS }),
    },
  );
  dkim();

  expect(resourcesOf(stack, ROLE)[OWN_ROLE].Properties.PermissionsBoundary).toBeDefined();
  expect(resourcesOf(stack).cdksesdkimLogs941BB7B6.Properties.RetentionInDays).toBe(3653);
});

describe('an Aspect or an override', () => {
  test.each<[string, (found: lambda.CfnFunction) => void]>([
    ['attaches the function to a VPC', found => { found.vpcConfig = VPC_CONFIG; }],
    ['writes the VPC into the template', found => found.addPropertyOverride('VpcConfig.SubnetIds', ['subnet-1'])],
  ])('that %s: the role has the rights for that before the function is made', (_what, change) => {
    forEachFunction(change);
    dkim();

    expect(theFunction().DependsOn).toEqual(expect.arrayContaining(networkPolicies()));
    expect(networkPolicies()).toHaveLength(1);
  });

  test('that takes the function out of its VPC: the rights go with it', () => {
    DkimFunction.configure(stack, { vpc: new ec2.Vpc(stack, 'Vpc') });
    dkim();
    forEachFunction(found => { found.vpcConfig = undefined; });

    expect(networkPolicies()).toEqual([]);
    expect(theFunction().DependsOn).not.toContainEqual(expect.stringContaining('Network'));
  });

  test('that gives another log group: the function may write to that one', () => {
    forEachFunction(found => { found.loggingConfig = { logGroup: 'company' }; });
    dkim();

    const [, arn] = statementFor(stack, 'logs:PutLogEvents').Resource;
    expect(JSON.stringify(arn)).toContain(':log-group:company:*');
  });

  test('that gives another role is refused, as the permissions would be with a role that nobody uses', () => {
    dkim();
    forEachFunction(found => { found.role = 'arn:aws:iam::111111111111:role/company'; });

    expect(() => Stage.of(stack)!.synth())
      .toThrow(/gives the function another role, "arn:aws:iam::111111111111:role\/company".*DkimFunction\.configure/);
  });

  test('that gives the role of the function its ARN, as it is already, is none', () => {
    const arn = 'arn:aws:iam::111111111111:role/company';
    DkimFunction.configure(stack, { role: iam.Role.fromRoleArn(stack, 'Company', arn) });
    dkim();
    forEachFunction(found => { found.role = arn; });

    expect(attachedTo()).toEqual([['company']]);
  });
});

test('without a VPC there are no rights on network interfaces', () => {
  dkim();

  expect(statementsOf(stack).flatMap(({ Action }) => Action).filter(action => action.startsWith('ec2:'))).toEqual([]);
});

test('the rights on network interfaces are for Lambda, and not for the code of the function', () => {
  DkimFunction.configure(stack, { vpc: new ec2.Vpc(stack, 'Vpc') });
  dkim();

  const rights = statementsOf(stack).filter(({ Action }) => [Action].flat()[0].startsWith('ec2:'));
  expect(rights.map(({ Condition }) => Condition)).toEqual(
    Array(2).fill({ Null: { 'lambda:SourceFunctionArn': 'true' } }));
});

test('tags, boundaries and suppressions reach the function, its role and its log group', () => {
  Tags.of(stack).add('team', 'mail');
  iam.PermissionsBoundary.of(stack).apply(iam.ManagedPolicy.fromManagedPolicyName(stack, 'Boundary', 'boundary'));
  dkim();
  const paths = stack.node.findChild('cdk-ses-dkim').node.findAll().map(({ node }) => node.path);

  expect(paths).toEqual(expect.arrayContaining(
    ['Mail/cdk-ses-dkim/Handler/Resource', 'Mail/cdk-ses-dkim/Role/Resource', 'Mail/cdk-ses-dkim/Logs/Resource']));
  const tags = Object.values(resourcesOf(stack)).filter(({ Properties }) => Properties.Tags).map(({ Type }) => Type);
  expect(tags).toEqual(expect.arrayContaining([ROLE, 'AWS::Lambda::Function', 'AWS::Logs::LogGroup']));
  expect(resourcesOf(stack, ROLE)[OWN_ROLE].Properties.PermissionsBoundary).toBeDefined();
});

// The order in CloudFormation: what is created before the custom resource, and therefore deleted after it.
import { App, CfnResource, NestedStack, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { aws_iam, aws_ses } from 'aws-cdk-lib/interfaces';
import { Construct } from 'constructs';
import { created, exampleCom } from './example-com';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim } from '../../src';
import { customResourceOf, imported, mailStack, propertiesOf, resourcesOf, zone } from '../mail-stack';

/** The types of the resources that the custom resource depends on. */
function dependencies(stack: Stack): string[] {
  const resources = resourcesOf(stack);
  const [resource] = Object.values(resourcesOf(stack, 'Custom::EmailIdentityDkim'));
  return resource.DependsOn!.map(id => resources[id].Type).sort();
}

test('the policy of the function is created before the custom resource', () => {
  const { stack } = exampleCom();

  expect(customResourceOf(stack).DependsOn).toEqual(Object.keys(resourcesOf(stack, 'AWS::IAM::ManagedPolicy')));
});

test('an identity of the same stack is created before the custom resource, with the records of the identity', () => {
  const { stack } = exampleCom(of => {
    const hostedZone = new route53.PublicHostedZone(of, 'Zone', { zoneName: 'example.com' });
    const identity = new ses.EmailIdentity(of, 'Identity', { identity: ses.Identity.publicHostedZone(hostedZone) });
    return { hostedZone, identity };
  });

  expect(dependencies(stack)).toEqual([
    'AWS::IAM::ManagedPolicy',
    'AWS::Route53::RecordSet', 'AWS::Route53::RecordSet', 'AWS::Route53::RecordSet',
    'AWS::SES::EmailIdentity',
  ]);
});

test.each<[string, (identity: ses.EmailIdentity) => aws_ses.IEmailIdentityRef]>([
  ['its name', identity => ses.EmailIdentity.fromEmailIdentityName(identity.stack, 'Imported', identity.emailIdentityName)],
  ['its L1', identity => identity.node.defaultChild as ses.CfnEmailIdentity],
])('the same, if the construct is given %s', (_, given) => {
  const { stack } = exampleCom(of => {
    const hostedZone = new route53.PublicHostedZone(of, 'Zone', { zoneName: 'example.com' });
    const identity = new ses.EmailIdentity(of, 'Identity', { identity: ses.Identity.publicHostedZone(hostedZone) });
    return { hostedZone, identity: given(identity) };
  });

  expect(dependencies(stack)).toEqual(expect.arrayContaining(['AWS::Route53::RecordSet', 'AWS::SES::EmailIdentity']));
});

test.each<[string, (role: iam.Role) => aws_iam.IRoleRef]>([
  ['itself', role => role],
  ['by its L1', role => role.node.defaultChild as iam.CfnRole],
  ['by its ARN', role => iam.Role.fromRoleArn(role.stack, 'Imported', role.roleArn)],
  ['by its name', role => iam.Role.fromRoleName(role.stack, 'Imported', role.roleName)],
])('a hosted zone role of the same stack, given %s, is created before the custom resource, with its policies', (_, given) => {
  const { stack } = exampleCom(of => {
    const role = new iam.Role(of, 'Role', { assumedBy: new iam.AccountRootPrincipal() });
    role.addToPolicy(new iam.PolicyStatement({ actions: ['route53:GetHostedZone'], resources: ['*'] }));
    return { hostedZone: zone(of, 'example.com'), hostedZoneRole: given(role) };
  });

  expect(dependencies(stack)).toEqual(['AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy', 'AWS::IAM::Role']);
});

describe('one construct can wait for another, although the policy that both need names the secrets of both', () => {
  const secret = (of: Stack, id: string) =>
    DkimPrivateKey.fromSecret(secretsmanager.Secret.fromSecretNameV2(of, id, id), { jsonField: 'key' });

  test.each<[string, (of: Stack, id: string) => DkimSigning]>([
    ['a rotating key', () => DkimSigning.rotatingByoDkim()],
    ['a followed key', (of, id) => DkimSigning.byoDkim({ privateKey: secret(of, `key-${id}`), followSecret: true })],
  ])('%s', (_, signing) => {
    const stack = mailStack();
    const [one, two] = ['one', 'two'].map(id => new EmailIdentityDkim(stack, id, {
      identity: imported(stack, `${id}.example`), hostedZone: zone(stack, `${id}.example`), signing: signing(stack, id),
    }));
    two.node.addDependency(one);
    const idOf = (dkim: EmailIdentityDkim): string =>
      stack.resolve((dkim.node.defaultChild as CfnResource).logicalId);

    // Template.fromStack refuses a circle of dependencies.
    expect(resourcesOf(stack)[idOf(two)].DependsOn).toContain(idOf(one));
  });
});

test('what is below a role that is imported by the ARN of another one comes first, too', () => {
  const { stack } = exampleCom(of => {
    const { roleArn } = new iam.Role(of, 'Role', { assumedBy: new iam.AccountRootPrincipal() });
    const hostedZoneRole = iam.Role.fromRoleArn(of, 'Imported', roleArn);
    hostedZoneRole.addToPrincipalPolicy(new iam.PolicyStatement({ actions: ['route53:GetHostedZone'], resources: ['*'] }));
    return { hostedZone: zone(of, 'example.com'), hostedZoneRole };
  });

  expect(dependencies(stack)).toEqual(['AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy', 'AWS::IAM::Role']);
});

describe('what waits for all of a nested stack comes after what is in it', () => {
  test.each<[string, (role: iam.Role) => aws_iam.IRoleRef]>([
    ['itself', role => role],
    ['by its L1', role => role.node.defaultChild as iam.CfnRole],
    ['by its ARN', role => iam.Role.fromRoleArn(role.stack, 'Imported', role.roleArn)],
  ])('a policy of a hosted zone role of the parent stack that is given %s', (_, given) => {
    const parent = mailStack();
    const nested = new NestedStack(parent, 'Nested');
    const role = new iam.Role(parent, 'Role', { assumedBy: new iam.AccountRootPrincipal() });
    new ssm.StringParameter(nested, 'Parameter', { stringValue: 'x' }).grantRead(role);

    exampleCom(of => ({ hostedZone: zone(of, 'example.com'), hostedZoneRole: given(role) }), nested);

    // Template.fromStack refuses a circle of dependencies.
    const [{ DependsOn }] = Object.values(resourcesOf(parent, 'AWS::CloudFormation::Stack'));
    expect(DependsOn).toEqual([parent.resolve((role.node.defaultChild as CfnResource).logicalId)]);
  });

  test('a record of the identity that uses another nested stack, which uses the construct', () => {
    const stack = mailStack();
    const identity = created(stack, 'example.com');
    const dkim = new EmailIdentityDkim(stack, 'Dkim', { identity });
    const nested = new NestedStack(stack, 'Nested');
    new ssm.StringParameter(nested, 'Status', { stringValue: dkim.dkimStatus });
    const parameter = new ssm.StringParameter(nested, 'Parameter', { stringValue: 'x' });
    new CfnResource(identity, 'Record', { type: 'AWS::Route53::RecordSet', properties: { Name: parameter.parameterName } });

    expect(dependencies(stack)).toEqual(['AWS::IAM::ManagedPolicy', 'AWS::SES::EmailIdentity']);
  });
});

test('the construct can be a child of its own identity', () => {
  const stack = mailStack();
  const identity = created(stack, 'example.com');

  new EmailIdentityDkim(identity, 'Dkim', { identity });

  expect(dependencies(stack)).toEqual(['AWS::IAM::ManagedPolicy', 'AWS::SES::EmailIdentity']);
});

describe('H what is below the identity and uses the construct comes after it', () => {
  let stack: Stack;
  let identity: ses.EmailIdentity;
  let dkim: EmailIdentityDkim;

  beforeEach(() => {
    stack = mailStack();
    identity = created(stack, 'example.com');
    dkim = new EmailIdentityDkim(stack, 'Dkim', { identity });
  });

  const record = (scope: Construct, name: string, value: string) => new route53.CnameRecord(scope, 'Record', {
    zone: route53.HostedZone.fromHostedZoneId(scope, 'Zone', 'Z0EXAMPLE'), recordName: `${name}.`, domainName: value,
  });
  const idOf = (construct: Construct): string =>
    stack.resolve((construct.node.defaultChild as CfnResource).logicalId);

  test.each<[string, () => unknown]>([
    ['by its attributes', () => record(identity, dkim.dkimRecords[0].name, dkim.dkimRecords[0].value)],
    ['through another resource', () => {
      const parameter = new ssm.StringParameter(stack, 'Name', { stringValue: dkim.dkimRecords[0].name });
      record(identity, 'x', parameter.stringValue);
    }],
    ['by a dependency', () => record(identity, 'x', 'y').node.addDependency(dkim)],
    ['by a dependency on its resource', () => {
      const resource = record(identity, 'x', 'y').node.defaultChild as CfnResource;
      resource.addDependency(dkim.node.defaultChild as CfnResource);
    }],
  ])('%s', (_, use) => {
    use();

    // Template.fromStack refuses a circle of dependencies.
    expect(dependencies(stack)).toEqual(['AWS::IAM::ManagedPolicy', 'AWS::SES::EmailIdentity']);
  });

  test('also if the construct itself is below its identity, with a record of its own', () => {
    const other = created(stack, 'example.org', 'Other');
    const below = new EmailIdentityDkim(other, 'Dkim', { identity: other });
    record(below, below.dkimRecords[0].name, below.dkimRecords[0].value);

    expect(() => Template.fromStack(stack)).not.toThrow();
  });

  test('but a record that does not use it comes first, also if it is added later', () => {
    record(identity, 'x', 'y');

    expect(dependencies(stack)).toContain('AWS::Route53::RecordSet');
  });

  test('two identities whose records use the construct of the other end in no circle', () => {
    const other = created(stack, 'example.org', 'Other');
    const second = new EmailIdentityDkim(stack, 'Second', { identity: other });
    record(identity, second.dkimRecords[0].name, 'y');
    record(other, dkim.dkimRecords[0].name, 'y').node.addDependency(dkim);

    expect(() => Template.fromStack(stack)).not.toThrow();
  });

  test('an identity that waits for another construct still comes first', () => {
    const other = created(stack, 'example.org', 'Other');
    other.node.addDependency(dkim);
    const second = new EmailIdentityDkim(stack, 'Second', { identity: other });

    expect(resourcesOf(stack)[idOf(second)].DependsOn).toContain(idOf(other));
  });
});

test('the stack of the identity is deployed before the stack of the construct, without an export', () => {
  const app = new App();
  const identities = new Stack(app, 'Identities');
  const signing = new Stack(app, 'Signing');

  new EmailIdentityDkim(signing, 'Dkim', { identity: created(identities, 'example.com') });

  const { dependencies: earlierStacks } = app.synth().getStackByName('Signing');
  expect(earlierStacks.map(artifact => artifact.id)).toContain('Identities');
  expect(Template.fromStack(identities).toJSON().Outputs).toBeUndefined();
  expect(propertiesOf(signing).Identity).toBe('example.com');
});

test('an identity of another stage is accepted, although CDK orders nothing between stages', () => {
  const app = new App();
  const identity = created(new Stack(new Stage(app, 'One'), 'Identities'), 'example.com');
  const stack = new Stack(new Stage(app, 'Two'), 'Signing');

  new EmailIdentityDkim(stack, 'Dkim', { identity });

  expect(propertiesOf(stack).Identity).toBe('example.com');
});

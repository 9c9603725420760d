// What the construct adds to a template: the resources, the properties of the custom resource, and their size.
import { CfnResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { byoDkim, exampleCom, ZONE_ROLE } from './example-com';
import { EmailIdentityDkim, RecordConflict } from '../../src';
import { RESOURCE_TYPE } from '../../src/private/contract';
import { customResourceOf, imported, mailStack, propertiesOf, resourcesOf, zone } from '../mail-stack';

test('one identity has five resources: function, log group, role, policy and custom resource', () => {
  const { stack } = exampleCom(of => ({ hostedZone: zone(of, 'example.com') }));

  expect(Object.values(resourcesOf(stack)).map(resource => resource.Type).sort()).toEqual([
    'AWS::IAM::ManagedPolicy', 'AWS::IAM::Role', 'AWS::Lambda::Function', 'AWS::Logs::LogGroup', RESOURCE_TYPE,
  ]);
});

test('a property that has its default value is left out of the template', () => {
  const { stack } = exampleCom(of => ({
    hostedZone: zone(of, 'example.com'),
    region: 'us-east-1',
    recordTtl: Duration.minutes(30),
    recordConflict: RecordConflict.FAIL,
    removalPolicy: RemovalPolicy.DESTROY,
  }));

  expect(propertiesOf(stack)).toEqual({
    Identity: 'example.com', HostedZoneId: 'Z0EXAMPLE', Signing: { Method: 'EASY_DKIM' },
  });
});

test('every property that has another value is in the template', () => {
  const { stack } = exampleCom(of => ({
    signing: byoDkim(of),
    hostedZone: zone(of, 'example.com'),
    hostedZoneRole: iam.Role.fromRoleArn(of, 'ZoneRole', ZONE_ROLE),
    region: 'eu-west-1',
    recordTtl: Duration.minutes(5),
    recordConflict: RecordConflict.OVERWRITE,
    waitForVerification: Duration.minutes(10),
    removalPolicy: RemovalPolicy.RETAIN,
  }));

  expect(propertiesOf(stack)).toEqual({
    Identity: 'example.com',
    Region: 'eu-west-1',
    Signing: { Method: 'BYODKIM', Selector: 'mail-2026', SecretArn: { Ref: expect.stringMatching(/^Secret/) } },
    HostedZoneId: 'Z0EXAMPLE',
    HostedZoneRoleArn: ZONE_ROLE,
    RecordTtl: '300',
    RecordConflict: 'OVERWRITE',
    WaitForVerification: '600',
    RemovalPolicy: 'RETAIN',
  });
});

test('the service timeout is 30 minutes plus the wait for verification, and at most an hour', () => {
  const timeout = (waitForVerification?: Duration) =>
    customResourceOf(exampleCom(() => ({ waitForVerification })).stack).Properties.ServiceTimeout;

  expect(timeout()).toBe('1800');
  expect(timeout(Duration.minutes(10))).toBe('2400');
  expect(timeout(Duration.hours(1))).toBe('3600');
});

test('the custom resource is the default child, so that the app can override its properties', () => {
  const { stack, dkim } = exampleCom();
  (dkim.node.defaultChild as CfnResource).addPropertyOverride('ServiceTimeout', '60');

  expect(customResourceOf(stack).Properties.ServiceTimeout).toBe('60');
});

test('with RETAIN, CloudFormation still calls the handler to delete the custom resource', () => {
  const resource = customResourceOf(exampleCom(() => ({ removalPolicy: RemovalPolicy.RETAIN })).stack);

  expect(resource.DeletionPolicy).toBeUndefined();
  expect(resource.UpdateReplacePolicy).toBeUndefined();
});

test('two constructs share one function, and neither of them changes it', () => {
  const one = exampleCom(() => ({ waitForVerification: Duration.minutes(10) })).stack;
  const two = mailStack();
  new EmailIdentityDkim(two, 'Dkim', { identity: imported(two, 'example.com') });
  new EmailIdentityDkim(two, 'Other', {
    identity: imported(two, 'example.org'), removalPolicy: RemovalPolicy.RETAIN, signing: byoDkim(two),
  });

  expect(resourcesOf(two, 'AWS::Lambda::Function')).toEqual(resourcesOf(one, 'AWS::Lambda::Function'));
  expect(resourcesOf(two, 'AWS::IAM::Role')).toEqual(resourcesOf(one, 'AWS::IAM::Role'));
  const tokens = Object.values(resourcesOf(two, RESOURCE_TYPE))
    .map(resource => JSON.stringify(resource.Properties.ServiceToken));
  expect(tokens).toHaveLength(2);
  expect(new Set(tokens).size).toBe(1);
});

test('150 identities fit in one stack', () => {
  const stack = mailStack();
  const hostedZone = zone(stack, 'example.com', 'Z0123456789ABCDEFGHIJ');
  for (let index = 0; index < 150; index += 1) {
    new EmailIdentityDkim(stack, `Dkim${index}`, { identity: imported(stack, `mail${index}.example.com`), hostedZone });
  }

  const template = Template.fromStack(stack).toJSON();
  expect(Object.keys(template.Resources).length).toBeLessThanOrEqual(159);
  // The size with `suppressTemplateIndentation`. The indentation of the default adds half of it again.
  expect(JSON.stringify(template).length).toBeLessThanOrEqual(82_000);
});

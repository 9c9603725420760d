// A rotating key for several Regions in the template: a custom resource, rights, tags and a watch for each of them.
import { Aspects, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as ses from 'aws-cdk-lib/aws-ses';
import * as sns from 'aws-cdk-lib/aws-sns';
import { HIPAASecurityChecks } from 'cdk-nag';
import { only, rotating, scheduleOf, secretOf, settingsOf, statementsOfFunction } from './rotating';
import { DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps, RotatingByoDkimSigningOptions } from '../../src';
import { RESOURCE_TYPE } from '../../src/private/contract';
import { ACCOUNT, mailStack, resourcesOf, TemplateResource, zone } from '../mail-stack';

const FURTHER = ['eu-west-1', 'ap-southeast-2'];

type Options = RotatingByoDkimSigningOptions;
const inAll = (options: Options = {}, props: Partial<EmailIdentityDkimProps> = {}, stack?: Stack) =>
  rotating({ furtherRegions: FURTHER, ...options }, () => props, stack);

const regionOf = ({ Properties }: TemplateResource): string | undefined => Properties.Region;

/** The custom resources by their Region, that of the stack first. */
function customResources(stack: Stack): [string, TemplateResource][] {
  const order = [undefined, ...FURTHER];
  return Object.entries(resourcesOf(stack, RESOURCE_TYPE))
    .sort(([, a], [, b]) => order.indexOf(regionOf(a)) - order.indexOf(regionOf(b)));
}

const identityArn = (region: unknown) =>
  ({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:ses:${region}:${ACCOUNT}:identity/example.com`]] });

/** Whose metrics an alarm looks at. */
const regionsIn = ({ Dimensions }: any): string[] =>
  Dimensions.flatMap(({ Name, Value }: any) => Name === 'Region' ? [Value] : []);

test('each further Region adds one resource, and the others keep their logical ids', () => {
  const [one, all] = [rotating().stack, inAll().stack].map(stack => Object.entries(resourcesOf(stack)));

  expect(all.length - one.length).toBe(2);
  const ids = one.filter(([, { Type }]) => Type !== 'AWS::IAM::ManagedPolicy').map(([id]) => id); // named by content
  expect(all.map(([id]) => id)).toEqual(expect.arrayContaining(ids));
});

test('each signs with the key of the one secret, and the first one has the schedule', () => {
  const { stack } = inAll({ selectorPrefix: 'mail', keyLength: 1024 });
  const [[, first], [europe, second], [sydney, third]] = customResources(stack);
  const common = {
    Method: 'ROTATING_BYODKIM', SecretArn: { Ref: secretOf(stack).id }, SelectorPrefix: 'mail', KeyLength: '1024',
  };

  expect(first.Properties.Signing).toEqual({
    ...common,
    Schedule: expect.any(String),
    FurtherRegions: [
      { Region: 'eu-west-1', LogicalResourceId: europe }, { Region: 'ap-southeast-2', LogicalResourceId: sydney },
    ],
  });
  for (const each of [second, third]) {
    expect(each.Properties).toEqual({
      ...first.Properties, Region: regionOf(each), Signing: { ...common, IsFurther: 'true' },
    });
  }
});

test('each comes after the one before it, and the schedule after all', () => {
  const { stack } = inAll();
  const ids = customResources(stack).map(([id]) => id);

  for (const [index, [, { DependsOn }]] of customResources(stack).entries()) {
    expect(DependsOn!.filter(id => ids.includes(id))).toEqual(index > 0 ? [ids[index - 1]] : []);
  }
  expect(scheduleOf(stack).DependsOn).toEqual(expect.arrayContaining(ids));
});

test('the tags name the resource of each, also one with a logical id of its own', () => {
  const { stack, dkim } = inAll();
  const [, [europe]] = customResources(stack);
  expect(settingsOf(stack)).toMatchObject({ 'FurtherRegion:eu-west-1': europe });

  const other = inAll();
  (other.dkim.node.findChild('Resource-eu-west-1') as any).overrideLogicalId('Mine');
  expect(settingsOf(other.stack)).toMatchObject({ 'FurtherRegion:eu-west-1': 'Mine' });
  expect(customResources(other.stack)[0][1].Properties.Signing.FurtherRegions[0].LogicalResourceId).toBe('Mine');
  expect(dkim.secret).toBeDefined();
});

test('both functions may do in each Region what they may do in the first, and nothing in another', () => {
  const { stack } = inAll();

  for (const which of ['deployment', 'rotation'] as const) {
    const resources = statementsOfFunction(stack, which)
      .filter(({ Action }) => [Action].flat().some(action => action.startsWith('ses:')))
      .flatMap(({ Resource }) => Resource);
    expect(resources).toEqual(['us-east-1', ...FURTHER].map(identityArn));
  }
});

test('in an environment-agnostic stack the first Region is that of the stack', () => {
  const { stack } = inAll({}, {}, mailStack({}));

  expect(customResources(stack).map(([, resource]) => regionOf(resource))).toEqual([undefined, ...FURTHER]);
});

test('the Region of the stack can be a further one', () => {
  const { stack } = rotating({ furtherRegions: ['us-east-1'] }, () => ({ region: 'eu-west-1' }));

  expect(Object.values(resourcesOf(stack, RESOURCE_TYPE)).map(regionOf).sort()).toEqual(['eu-west-1', undefined]);
  expect(settingsOf(stack)).toMatchObject({ 'Region': 'eu-west-1', 'FurtherRegion:us-east-1': expect.any(String) });
});

test('a second construct in a further Region is refused', () => {
  const { stack } = inAll();

  expect(() => new EmailIdentityDkim(stack, 'Second', {
    identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Again', 'example.com'), region: 'eu-west-1',
  })).toThrow('already has an EmailIdentityDkim in its Region');
});

test('the turns of many keys with further Regions close no circle', () => {
  const stack = mailStack();
  for (let index = 0; index < 12; index++) {
    const domain = `d${index}.example.com`;
    new EmailIdentityDkim(stack, `Dkim${index}`, {
      identity: ses.EmailIdentity.fromEmailIdentityName(stack, `Identity${index}`, domain),
      hostedZone: zone(stack, domain),
      signing: DkimSigning.rotatingByoDkim({ furtherRegions: FURTHER }),
    });
  }
  const resources = resourcesOf(stack);
  const isDone = new Set<string>();
  const visit = (id: string, path: readonly string[]) => {
    expect(path).not.toContain(id);
    if (isDone.has(id)) return;
    for (const each of [resources[id]?.DependsOn ?? []].flat()) visit(each, [...path, id]);
    isDone.add(id);
  };
  for (const id of Object.keys(resources)) visit(id, []);
  const waits = Object.values(resourcesOf(stack, RESOURCE_TYPE)).filter(({ DependsOn = [] }) =>
    DependsOn.some(id => id.endsWith('Rotation')));
  expect(waits.length).toBeGreaterThan(0); // there are turns
});

test('each is watched', () => {
  const { stack } = inAll({}, { watch: true, detailedMetrics: true });
  const input = JSON.stringify(Template.fromStack(stack).findResources('AWS::Events::Rule'));
  for (const region of FURTHER) expect(input).toContain(region);
});

test('one Region has one alarm', () => {
  const { stack, dkim } = inAll({ furtherRegions: [] }, { watch: true });
  expect(dkim.addProblemAlarm('Alarm')).toBeInstanceOf(cloudwatch.Alarm);

  expect(regionsIn(only(stack, 'AWS::CloudWatch::Alarm').Properties)).toEqual(['us-east-1']);
  expect(resourcesOf(stack, 'AWS::CloudWatch::CompositeAlarm')).toEqual({});
});

test('several Regions have one alarm too, over an alarm for each', () => {
  const { stack, dkim } = inAll({}, { watch: true });
  const alarm = dkim.addProblemAlarm('Alarm', { alarmName: 'mail', evaluationPeriods: 3 });
  alarm.addAlarmAction(new SnsAction(new sns.Topic(stack, 'Topic')));
  dkim.onProblem('Rule');

  const parts = Object.entries(resourcesOf(stack, 'AWS::CloudWatch::Alarm'));
  expect(parts.map(([, { Properties }]) => regionsIn(Properties))).toEqual([['us-east-1'], ...FURTHER.map(region => [region])]);
  for (const [, { Properties }] of parts) {
    expect(Properties).toMatchObject({ EvaluationPeriods: 3, TreatMissingData: 'breaching' });
    expect(Properties).not.toHaveProperty('AlarmName');
    expect(Properties).not.toHaveProperty('AlarmActions');
  }
  const { Properties } = only(stack, 'AWS::CloudWatch::CompositeAlarm');
  expect(Properties).toMatchObject({
    AlarmName: 'mail',
    AlarmDescription: expect.stringContaining(`in us-east-1, ${FURTHER.join(', ')}: `),
    AlarmActions: [expect.anything()],
    AlarmRule: {
      'Fn::Join': ['', [
        '(ALARM("', { 'Fn::GetAtt': [parts[0][0], 'Arn'] }, '") OR ALARM("', { 'Fn::GetAtt': [parts[1][0], 'Arn'] },
        '") OR ALARM("', { 'Fn::GetAtt': [parts[2][0], 'Arn'] }, '"))',
      ]],
    },
  });
  Template.fromStack(stack).hasResourceProperties('AWS::Events::Rule', {
    EventPattern: { resources: [stack.resolve(alarm.alarmArn)] },
  });
});

test('the alarm of several Regions has a logical id of its own: CloudFormation changes no type', () => {
  const alarmsOf = (furtherRegions: string[]) => {
    const { stack, dkim } = inAll({ furtherRegions }, { watch: true });
    dkim.addProblemAlarm('Alarm');
    return [...Object.keys(resourcesOf(stack, 'AWS::CloudWatch::Alarm')), ...Object.keys(resourcesOf(stack, 'AWS::CloudWatch::CompositeAlarm'))];
  };
  const [one] = alarmsOf([]);

  expect(alarmsOf(FURTHER)).not.toContain(one);
});

test('cdk-nag finds nothing in an alarm for several Regions', () => {
  const { stack, dkim } = inAll({}, { watch: true });
  dkim.onProblem('Rule');
  Aspects.of(stack).add(new HIPAASecurityChecks({ reports: false }));
  expect(Annotations.fromStack(stack).findError('*', Match.stringLikeRegexp('CloudWatchAlarmAction'))).toEqual([]);
});

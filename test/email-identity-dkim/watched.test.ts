// A watched identity in the template: the function that looks, the rules that call it, metrics, alarm and event.
import { Aspects, CfnParameter, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import * as sns from 'aws-cdk-lib/aws-sns';
import {
  AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R4Checks, NIST80053R5Checks, PCIDSS321Checks,
} from 'cdk-nag';
import { byoDkim, exampleCom } from './example-com';
import { DkimFunction, DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';
import { RESOURCE_TYPE } from '../../src/private/contract';
import { imported, mailStack, resourcesOf, TemplateResource, zone } from '../mail-stack';

const RULE = 'AWS::Events::Rule';
const POLICY = 'AWS::IAM::ManagedPolicy';
const LONGEST_INPUT = 8192;

const watched = (props: Partial<EmailIdentityDkimProps> = {}, stack?: Stack) =>
  exampleCom(() => ({ watch: true, ...props }), stack);

/** The resources that only a stack with a watched identity has. */
function ofWatching(stack: Stack): [string, TemplateResource][] {
  return Object.entries(resourcesOf(stack)).filter(([id]) => id.startsWith('cdksesdkimWatch'));
}

function statementsOfWatching(stack: Stack): any[] {
  return ofWatching(stack).filter(([, { Type }]) => Type === POLICY)
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
}

function rules(stack: Stack, kind: 'Hourly' | 'Health'): TemplateResource[] {
  return ofWatching(stack).filter(([id]) => id.includes(kind)).map(([, resource]) => resource)
    .filter(({ Type }) => Type === RULE);
}

/** An input as the deployment makes it, of references that have this value. */
function delivered(input: any, value = 'x'): any {
  return JSON.parse((typeof input === 'string' ? input : input['Fn::Join'][1]
    .map((part: unknown) => typeof part === 'string' ? part : value).join('')).replace('<detail>', '{}'));
}

function withMany(count: number, props: (stack: Stack, index: number) => Partial<EmailIdentityDkimProps>): Stack {
  const stack = mailStack();
  for (let index = 0; index < count; index += 1) {
    const identity = imported(stack, `mail-${index}.example.com`);
    new EmailIdentityDkim(stack, `Dkim${index}`, { identity, watch: true, ...props(stack, index) });
  }
  return stack;
}

test('a stack without a watched identity has nothing of it', () => {
  const { stack } = exampleCom();
  DkimFunction.configure(stack, { logRetention: logs.RetentionDays.ONE_YEAR });
  expect(ofWatching(stack)).toEqual([]);
  expect(Object.keys(resourcesOf(stack))).toHaveLength(5);
});

test('what the first watched identity of a stack adds, whatever its method', () => {
  const { stack } = watched();
  expect(ofWatching(stack).map(([id, { Type }]) => `${id} ${Type}`).sort()).toEqual([
    'cdksesdkimWatchHandler5B381B55 AWS::Lambda::Function',
    'cdksesdkimWatchHealth118E9B7EA AWS::Events::Rule',
    'cdksesdkimWatchHealth1PermissionC087D949 AWS::Lambda::Permission',
    'cdksesdkimWatchHourly1C16C6431 AWS::Events::Rule',
    'cdksesdkimWatchHourly1Permission04FB7F21 AWS::Lambda::Permission',
    'cdksesdkimWatchLogs257D9D50 AWS::Logs::LogGroup',
    'cdksesdkimWatchPolicy17A2A8131 AWS::IAM::ManagedPolicy',
    'cdksesdkimWatchRoleA8631CB1 AWS::IAM::Role',
  ]);
});

test('the function can look at the identity and write its log, and nothing else', () => {
  const { stack } = exampleCom(of => ({ watch: true, signing: byoDkim(of), hostedZone: zone(of, 'example.com') }));
  expect(statementsOfWatching(stack).map(({ Action, Resource }) => [Action, Resource])).toEqual([
    [['logs:CreateLogStream', 'logs:PutLogEvents'], { 'Fn::GetAtt': ['cdksesdkimWatchLogs257D9D50', 'Arn'] }],
    ['ses:GetEmailIdentity', {
      'Fn::Join': ['', [
        'arn:', { Ref: 'AWS::Partition' }, ':ses:us-east-1:111111111111:identity/example.com',
      ]],
    }],
  ]);
});

test('of a replica it looks at the parent too', () => {
  const { stack } = watched({ signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }) });
  const [, { Action, Resource }] = statementsOfWatching(stack);
  expect(Action).toBe('ses:GetEmailIdentity');
  expect(JSON.stringify(Resource)).toMatch(/us-east-1.*eu-west-1/);
});

test('the hourly rule says what to look at, and how each identity is to sign', () => {
  const stack = mailStack();
  exampleCom(() => ({ watch: true }), stack);
  new EmailIdentityDkim(stack, 'Byo', {
    identity: imported(stack, 'byo.example.com'), watch: true, detailedMetrics: true, signing: byoDkim(stack),
  });
  new EmailIdentityDkim(stack, 'Deed', {
    identity: imported(stack, 'deed.example.com'),
    watch: true,
    region: 'eu-central-1',
    signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }),
  });
  new EmailIdentityDkim(stack, 'Unwatched', { identity: imported(stack, 'other.example.com') });

  const [{ Properties }] = rules(stack, 'Hourly');
  expect(Properties.ScheduleExpression).toMatch(/^cron\(([5-9]|[123]\d) \* \* \* \? \*\)$/);
  expect(Properties.Targets).toHaveLength(1);
  const { Input } = Properties.Targets[0];
  expect(delivered(Input, 'a1')).toEqual({
    Run: 0,
    Runs: 1,
    Identities: [
      { Identity: 'example.com', Signing: { Method: 'EASY_DKIM' } },
      {
        Identity: 'byo.example.com',
        Signing: { Method: 'BYODKIM', Selector: 'mail-2026', PublicKeySha256: 'a1' },
        DetailedMetrics: true,
      },
      { Identity: 'deed.example.com', Region: 'eu-central-1', Signing: { Method: 'DEED', ParentRegion: 'eu-west-1' } },
    ],
  });
  expect(JSON.stringify(Input)).toContain('PublicKeySha256');
  expect(JSON.stringify(Input)).not.toContain('Secret');
});

test('AWS Health wakes a look at the same identities, with what it says', () => {
  const [{ Properties }] = rules(watched().stack, 'Health');
  expect(Properties.EventPattern).toMatchObject({ source: ['aws.health'], detail: { service: ['SES'] } });
  const { InputTransformer } = Properties.Targets[0];
  expect(InputTransformer.InputPathsMap).toEqual({ detail: '$.detail' });
  expect(delivered(InputTransformer.InputTemplate)).toMatchObject({ Health: {}, Identities: [{ Identity: 'example.com' }] });
});

test('nobody looks before the signing is set, and only these rules may call the function', () => {
  const { stack } = watched();
  for (const { DependsOn } of [...rules(stack, 'Hourly'), ...rules(stack, 'Health')]) {
    expect(DependsOn).toEqual(expect.arrayContaining([
      Object.keys(resourcesOf(stack, RESOURCE_TYPE))[0], expect.stringMatching(/WatchPolicy/),
    ]));
  }
  expect(Object.values(resourcesOf(stack, 'AWS::Lambda::Permission')).map(({ Properties }) => Properties.SourceArn)).toEqual([
    { 'Fn::GetAtt': ['cdksesdkimWatchHourly1C16C6431', 'Arn'] }, { 'Fn::GetAtt': ['cdksesdkimWatchHealth118E9B7EA', 'Arn'] },
  ]);
});

const SHARED = new WeakMap<Stack, { zone: route53.IHostedZone; key: DkimSigning }>();

function sharedIn(stack: Stack) {
  if (!SHARED.has(stack)) SHARED.set(stack, { zone: zone(stack, 'example.com'), key: byoDkim(stack) });
  return SHARED.get(stack)!;
}

// Of replicas, the permissions of the stack's other function leave no room for more.
test.each<[number, string, (stack: Stack) => Partial<EmailIdentityDkimProps>]>([
  [150, 'Easy DKIM in one zone', stack => ({ hostedZone: sharedIn(stack).zone })],
  [150, 'BYODKIM in one zone', stack => ({ hostedZone: sharedIn(stack).zone, signing: sharedIn(stack).key })],
  [90, 'replicas', () => ({ signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }) })],
])('%i identities fit into the quotas of stack, role, rule and input: %s', (count, _, props) => {
  const stack = withMany(count, props);
  const template = Template.fromStack(stack).toJSON();

  expect(Object.keys(template.Resources).length).toBeLessThanOrEqual(500);
  expect(JSON.stringify(template).length).toBeLessThan(1_000_000);
  expect(ofWatching(stack).filter(([, { Type }]) => Type === POLICY).length).toBeLessThanOrEqual(9);
  for (const kind of ['Hourly', 'Health'] as const) {
    const all = rules(stack, kind).map(({ Properties }) => Properties.Targets);
    expect(all.filter(({ length }) => length > 5)).toEqual([]);
    const inputs = all.flat().map(({ Input, InputTransformer }: any) =>
      delivered(Input ?? InputTransformer.InputTemplate, 'a'.repeat(64)));
    const sizes = inputs.map(input => JSON.stringify(input).length);
    expect(sizes.filter(size => size > LONGEST_INPUT)).toEqual([]);
    expect(inputs.flatMap(({ Identities }) => Identities).map(({ Identity }) => Identity)).toEqual(
      Array.from({ length: count }, (__, index) => `mail-${index}.example.com`));
    expect(inputs.map(({ Run, Runs }) => [Run, Runs])).toEqual(inputs.map((__, index) => [index, inputs.length]));
  }
});

test('what only the deployment knows counts with the longest that it can be', () => {
  const stack = mailStack();
  for (let index = 0; index < 60; index += 1) {
    const identity = ses.EmailIdentity.fromEmailIdentityName(
      stack, `Identity${index}`, new CfnParameter(stack, `Domain${index}`).valueAsString);
    new EmailIdentityDkim(stack, `Dkim${index}`, { identity, watch: true });
  }
  const inputs = rules(stack, 'Hourly').flatMap(({ Properties }) => Properties.Targets).map(({ Input }: any) => Input);
  expect(inputs.length).toBeGreaterThan(1);
  for (const input of inputs) expect(JSON.stringify(delivered(input, 'x'.repeat(253))).length).toBeLessThanOrEqual(LONGEST_INPUT);
});

describe('metrics', () => {
  test('are those that the function writes, of domain and Region, one value an hour', () => {
    const { stack, dkim } = watched({ detailedMetrics: true });
    const all = {
      Problem: dkim.metricProblem(),
      LookFailed: dkim.metricLookFailed(),
      Verified: dkim.metricVerified(),
      SigningEnabled: dkim.metricSigningEnabled(),
      KeyPublished: dkim.metricKeyPublished(),
    };
    for (const [metricName, metric] of Object.entries(all)) {
      expect(stack.resolve(metric.toMetricConfig().metricStat)).toMatchObject({
        namespace: 'cdk-ses-dkim',
        metricName,
        dimensions: [{ name: 'Domain', value: 'example.com' }, { name: 'Region', value: 'us-east-1' }],
        statistic: ['Problem', 'LookFailed'].includes(metricName) ? 'Maximum' : 'Minimum',
      });
      expect(metric.period.toHours()).toBe(1);
    }
  });

  test('take the options of any metric', () => {
    expect(watched().dkim.metricProblem({ label: 'mail', statistic: cloudwatch.Stats.SUM })).toMatchObject({
      label: 'mail', statistic: 'Sum',
    });
  });

  test('are refused where nobody looks, with what to do', () => {
    const { dkim } = exampleCom();
    for (const use of [
      () => dkim.metricProblem(), () => dkim.metricVerified(), () => dkim.addProblemAlarm('Alarm'), () => dkim.onProblem('Rule'),
    ]) expect(use).toThrow('Mail/Dkim is not watched, so it has neither metrics nor alarms. Give it watch: true');
  });

  test('that nobody asked for are refused, with what to do', () => {
    for (const name of ['metricVerified', 'metricSigningEnabled', 'metricKeyPublished'] as const) {
      expect(() => watched().dkim[name]()).toThrow(/Mail\/Dkim has no metric \w+\. Give it detailedMetrics: true/);
    }
  });

  test('of more than nothing are refused', () => {
    expect(() => exampleCom(() => ({ detailedMetrics: true }))).toThrow('detailedMetrics is given without watch');
  });
});

describe('an alarm', () => {
  test('sounds for a problem, and when nobody has looked', () => {
    const { stack, dkim } = watched();
    expect(dkim.addProblemAlarm('Alarm')).toBeInstanceOf(cloudwatch.Alarm);
    Template.fromStack(stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'Problem',
      Namespace: 'cdk-ses-dkim',
      Period: 3600,
      Statistic: 'Maximum',
      Threshold: 1,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'breaching',
      AlarmDescription: Match.stringLikeRegexp('DKIM of example.com in us-east-1'),
    });
  });

  test('takes name, text and patience', () => {
    const { stack, dkim } = watched();
    dkim.addProblemAlarm('Alarm', { alarmName: 'mail', alarmDescription: 'Call us', evaluationPeriods: 2 });
    Template.fromStack(stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'mail', AlarmDescription: 'Call us', EvaluationPeriods: 2,
    });
  });

  test('there can be two', () => {
    const { dkim } = watched();
    expect(dkim.addProblemAlarm('One').node.id).toBe('One');
    expect(dkim.addProblemAlarm('Two').node.id).toBe('Two');
  });
});

describe('onProblem', () => {
  test('calls a target when the alarm begins to sound; nobody needs a right to put events', () => {
    const { stack, dkim } = watched();
    const alarm = dkim.addProblemAlarm('Alarm');
    const rule = dkim.onProblem('Rule', { target: new targets.SnsTopic(new sns.Topic(stack, 'Topic')) });

    expect(rule).toBeInstanceOf(events.Rule);
    Template.fromStack(stack).hasResourceProperties(RULE, {
      EventPattern: {
        'source': ['aws.cloudwatch'],
        'detail-type': ['CloudWatch Alarm State Change'],
        'resources': [stack.resolve(alarm.alarmArn)],
        'detail': { state: { value: ['ALARM'] } },
      },
      Targets: [Match.objectLike({ Arn: Match.anyValue() })],
    });
    Template.fromStack(stack).resourceCountIs('AWS::CloudWatch::Alarm', 1);
    expect(JSON.stringify(resourcesOf(stack, POLICY))).not.toContain('events:');
  });

  test('adds an alarm where there is none, once', () => {
    const { stack, dkim } = watched();
    dkim.onProblem('OnProblem', { ruleName: 'one' }); // the alarm has another id
    dkim.onProblem('Two');
    dkim.addProblemAlarm('Alarm');
    Template.fromStack(stack).resourceCountIs('AWS::CloudWatch::Alarm', 2);
    Template.fromStack(stack).hasResourceProperties(RULE, { Name: 'one' });
  });
});

describe('the rules of a company', () => {
  const role = (stack: Stack) => iam.Role.fromRoleArn(stack, 'Given', 'arn:aws:iam::111111111111:role/given');
  const vpc = (stack: Stack) => ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-1', availabilityZones: ['a'], privateSubnetIds: ['subnet-1'],
  });

  test.each([['before', true], ['after', false]])('log and VPC are those of the stack\'s function: said %s', (_, isBefore) => {
    const stack = mailStack();
    const configure = () => DkimFunction.configure(stack, {
      vpc: vpc(stack), logRetention: logs.RetentionDays.ONE_YEAR, reservedConcurrentExecutions: 3, role: role(stack),
    });
    if (isBefore) configure();
    watched({}, stack);
    if (!isBefore) configure();

    const resources = Object.fromEntries(ofWatching(stack));
    const { VpcConfig, ReservedConcurrentExecutions, Role } = resources.cdksesdkimWatchHandler5B381B55.Properties;
    expect(VpcConfig.SubnetIds).toEqual(['subnet-1']);
    expect(resources.cdksesdkimWatchLogs257D9D50.Properties.RetentionInDays).toBe(365);
    // Its role is its own: that of the other function may read keys.
    expect(ReservedConcurrentExecutions).toBeUndefined();
    expect(Role).toEqual({ 'Fn::GetAtt': ['cdksesdkimWatchRoleA8631CB1', 'Arn'] });
  });

  test('roles that are made outside of the app', () => {
    const stack = mailStack();
    iam.Role.customizeRoles(stack, {
      usePrecreatedRoles: { 'Mail/cdk-ses-dkim/Role': 'dkim-role', 'Mail/cdk-ses-dkim/Watch/Role': 'watch-role' },
    });
    watched({}, stack);
    expect(resourcesOf(stack, 'AWS::IAM::Role')).toEqual({});
    expect(resourcesOf(stack, POLICY)).toEqual({});
    expect(JSON.stringify(Object.fromEntries(ofWatching(stack)).cdksesdkimWatchHandler5B381B55.Properties.Role))
      .toContain('watch-role');
  });

  test.each(Object.entries({
    AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R4Checks, NIST80053R5Checks, PCIDSS321Checks,
  }))('cdk-nag finds nothing: %s', (_name, RulePack) => {
    const { stack, dkim } = watched();
    dkim.onProblem('Rule');
    Aspects.of(stack).add(new RulePack({ reports: false }));
    expect(Annotations.fromStack(stack).findError('*', Match.anyValue())).toEqual([]);
    expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
  });
});

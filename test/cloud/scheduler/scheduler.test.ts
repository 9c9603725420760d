// The local EventBridge Scheduler through the real SDK client: when a schedule calls its function, with whose rights,
// and when it goes.
import {
  CreateScheduleCommand, CreateScheduleCommandInput, DeleteScheduleCommand, GetScheduleCommand, SchedulerClient,
} from '@aws-sdk/client-scheduler';
import { LocalCloud, Template } from '..';
import { FUNCTION_RESOURCES, functionAssets } from '../cloudformation/test-function';
import { Principal } from '../credentials';
import { refusal } from '../minimal-context';

const ACCOUNT = '111111111111';
const GROUP_ARN = { 'Fn::GetAtt': ['Group', 'Arn'] };
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const assetDirectory = functionAssets('exports.handler = async () => undefined;');

let cloud: LocalCloud;
let group: string;
let functionArn: string;
let roleArn: string;
let client: SchedulerClient;

function allow(Action: string, Resource: unknown) {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource }] };
}

/** A function, a group, and the role that schedules of this group take. */
function template(trusted: unknown = GROUP_ARN): Template {
  const trust = {
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { Service: 'scheduler.amazonaws.com' },
    Condition: { StringEquals: { 'aws:SourceArn': trusted, 'aws:SourceAccount': ACCOUNT } },
  };
  return {
    Resources: {
      ...FUNCTION_RESOURCES,
      Group: { Type: 'AWS::Scheduler::ScheduleGroup' },
      Waker: {
        Type: 'AWS::IAM::Role',
        Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [trust] } },
      },
      Rights: {
        Type: 'AWS::IAM::ManagedPolicy',
        Properties: {
          PolicyDocument: allow('lambda:InvokeFunction', { 'Fn::GetAtt': ['Function', 'Arn'] }),
          Roles: [{ Ref: 'Waker' }],
        },
      },
    },
  };
}

async function deploy(...trusted: unknown[]): Promise<void> {
  const { resources } = await cloud.cloudFormation.deploy({
    stackName: 'app', template: template(...trusted), assetDirectory,
  });
  group = resources.Group.physicalId;
  functionArn = String(resources.Function.attributes.Arn);
  roleArn = String(resources.Waker.attributes.Arn);
}

function clientOf(principal: Principal): SchedulerClient {
  const credentials = cloud.issueCredentials(principal);
  return new SchedulerClient({ region: 'us-east-1', endpoint: cloud.scheduler.endpoint, credentials, maxAttempts: 1 });
}

function at(inMs: number): string {
  return `at(${new Date(cloud.clock.now() + inMs).toISOString().slice(0, 19)})`;
}

function create(overrides: Partial<CreateScheduleCommandInput> = {}, by = client) {
  return by.send(new CreateScheduleCommand({
    Name: 'wake',
    GroupName: group,
    ScheduleExpression: at(10 * MINUTE),
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: 'DELETE',
    Target: { Arn: functionArn, RoleArn: roleArn, Input: '{"text":"hello"}' },
    ...overrides,
  }));
}

/** When the function ran, in milliseconds after the given moment. */
function runsAfter(began: number): number[] {
  return cloud.lambda.invocations.map(({ at: ran }) => ran - began);
}

beforeEach(async () => {
  cloud = await LocalCloud.start({ functions: 'in-process' });
  client = clientOf({ account: ACCOUNT });
  await deploy();
});
afterEach(() => cloud.stop());

test('the function is called with the input, once, in the minute after the time, and the schedule is gone', async () => {
  const began = cloud.clock.now();
  await create();
  await cloud.clock.pass(10 * MINUTE - SECOND);
  expect(cloud.lambda.invocations).toEqual([]);
  expect(cloud.scheduler.schedules()).toHaveLength(1);

  await cloud.clock.pass(HOUR);

  expect(cloud.lambda.invocations).toMatchObject([{ event: '{"text":"hello"}', chain: 1 }]);
  const [ran] = runsAfter(began);
  expect(ran).toBeGreaterThanOrEqual(10 * MINUTE - SECOND); // a time has no fractions of a second
  expect(ran).toBeLessThanOrEqual(11 * MINUTE + SECOND);
  expect(cloud.scheduler.schedules()).toEqual([]);
});

test('a schedule that is not to be deleted stays', async () => {
  await create({ ActionAfterCompletion: 'NONE' });
  await cloud.clock.pass(HOUR);
  expect(cloud.lambda.invocations).toHaveLength(1);
  expect(cloud.scheduler.schedules()).toHaveLength(1);
});

describe('a schedule that recurs', () => {
  const recurring = (properties: object) => ({
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      GroupName: { Ref: 'Group' },
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: { 'Fn::GetAtt': ['Function', 'Arn'] }, RoleArn: { 'Fn::GetAtt': ['Waker', 'Arn'] }, Input: '{"job":"look"}',
      },
      ...properties,
    },
    DependsOn: 'Rights',
  });
  const stack = async (resources: Template['Resources']) => {
    const { Resources } = template();
    const request = { stackName: 'app', template: { Resources: { ...Resources, ...resources } }, assetDirectory };
    expect((await cloud.cloudFormation.deploy(request)).status).toBe('UPDATE_COMPLETE');
  };

  test('calls at each of its times, changed when the stack says so, until it goes', async () => {
    await stack({ Look: recurring({ ScheduleExpression: 'rate(1 hour)' }) });
    const began = cloud.clock.now();
    await cloud.clock.pass(3 * HOUR + 2 * MINUTE);
    expect(runsAfter(began).map((ms) => Math.floor((ms + SECOND) / HOUR))).toEqual([1, 2, 3]);
    expect(cloud.lambda.invocations).toMatchObject([1, 2, 3].map(() => ({ event: '{"job":"look"}', chain: 1 })));

    await stack({ Look: recurring({ ScheduleExpression: 'cron(0 8 * * ? *)' }) });
    await cloud.clock.pass(48 * HOUR);
    expect(cloud.lambda.invocations.slice(3).map(({ at: ran }) => new Date(ran).getUTCHours())).toEqual([8, 8]);

    await stack({});
    await cloud.clock.pass(48 * HOUR);
    expect(cloud.lambda.invocations).toHaveLength(5);
    expect(cloud.scheduler.schedules()).toEqual([]);
  });

  test('keeps no test waiting that waits for what never comes; switched off, it calls nobody', async () => {
    await stack({ Look: recurring({ ScheduleExpression: 'rate(1 hour)' }) });
    await expect(cloud.clock.drive('nothing', () => new Promise(() => undefined))).rejects.toThrow('nobody sleeps');
    await stack({ Look: recurring({ ScheduleExpression: 'rate(1 hour)', State: 'DISABLED' }) });
    await cloud.clock.pass(5 * HOUR);
    expect(cloud.lambda.invocations).toEqual([]);
  });

  test('made by the API as well, in a group of its own or the default one, spread over its window', async () => {
    await deploy(`arn:aws:scheduler:us-east-1:${ACCOUNT}:schedule-group/default`);
    const FlexibleTimeWindow = { Mode: 'FLEXIBLE' as const, MaximumWindowInMinutes: 30 };
    await create({ GroupName: undefined, ScheduleExpression: 'rate(1 hour)', FlexibleTimeWindow });
    expect(await client.send(new GetScheduleCommand({ Name: 'wake' })))
      .toMatchObject({ GroupName: 'default', ScheduleExpression: 'rate(1 hour)', State: 'ENABLED' });
    await cloud.clock.pass(20 * HOUR);
    const late = runsAfter(0).map((ms) => ms % HOUR);
    expect(Math.max(...late) - Math.min(...late)).toBeGreaterThan(5 * MINUTE);
    await client.send(new DeleteScheduleCommand({ Name: 'wake' }));
    const { length } = cloud.lambda.invocations;
    await cloud.clock.pass(20 * HOUR);
    expect(cloud.lambda.invocations).toHaveLength(length);
  });
});

test('how late it may be, and that it is delivered twice, are settings', async () => {
  const began = cloud.clock.now();
  Object.assign(cloud.scheduler.settings, { precision: 0, deliveries: 2 });
  await create();
  await cloud.clock.pass(HOUR);
  const [first, second] = runsAfter(began);
  expect(first).toBeLessThanOrEqual(10 * MINUTE + SECOND);
  expect(second).toBeLessThanOrEqual(10 * MINUTE + SECOND);
});

test('who may read a schedule reads its input; a deleted one calls nobody', async () => {
  await create();
  const { Target } = await client.send(new GetScheduleCommand({ Name: 'wake', GroupName: group }));
  expect(Target?.Input).toBe('{"text":"hello"}');
  const nobody = clientOf({ account: ACCOUNT, roleArn: 'arn:aws:iam::111111111111:role/nobody' });
  expect(await refusal(nobody.send(new GetScheduleCommand({ Name: 'wake', GroupName: group }))))
    .toMatchObject({ name: 'AccessDeniedException' });

  await client.send(new DeleteScheduleCommand({ Name: 'wake', GroupName: group }));
  await cloud.clock.pass(HOUR);
  expect(cloud.lambda.invocations).toEqual([]);
});

test('with their group all schedules go', async () => {
  await create();
  await create({ Name: 'another' });
  await cloud.cloudFormation.delete('app');
  await cloud.clock.pass(HOUR);
  expect(cloud.scheduler.schedules()).toEqual([]);
  expect(cloud.lambda.invocations).toEqual([]);
  expect(await refusal(create())).toMatchObject({ name: 'ResourceNotFoundException' });
});

test('a name is taken until its schedule has gone; the same request again is none', async () => {
  await create({ ClientToken: 'token-1' });
  await create({ ClientToken: 'token-1' });
  expect(await refusal(create({ ClientToken: 'token-2' })))
    .toMatchObject({ name: 'ConflictException', message: 'Schedule wake already exists.' });
  await cloud.clock.pass(HOUR);
  await create({ ClientToken: 'token-2' });
  await cloud.clock.pass(HOUR);
  expect(cloud.lambda.invocations).toHaveLength(2);
});

describe('rights', () => {
  const CALLER = `arn:aws:iam::${ACCOUNT}:role/caller`;
  const callerWith = (...statements: object[]) => {
    cloud.iam.putRole({ arn: CALLER, assumeRolePolicy: { Statement: [] } });
    cloud.iam.putRolePolicy(CALLER, 'rights', { Statement: statements.map((each) => ({ Effect: 'Allow', ...each })) });
    return clientOf({ account: ACCOUNT, roleArn: CALLER });
  };
  const creates = () =>
    ({ Action: 'scheduler:CreateSchedule', Resource: `arn:aws:scheduler:us-east-1:${ACCOUNT}:schedule/${group}/*` });
  const passes = (service: string) =>
    ({ Action: 'iam:PassRole', Resource: roleArn, Condition: { StringEquals: { 'iam:PassedToService': service } } });

  test('the caller needs the right on schedules of the group, and to pass the role to the service', async () => {
    await create({}, callerWith(creates(), passes('scheduler.amazonaws.com')));
    expect(await refusal(create({}, callerWith(creates())))).toMatchObject({ name: 'AccessDeniedException' });
    expect(await refusal(create({}, callerWith(creates(), passes('ec2.amazonaws.com')))))
      .toMatchObject({ name: 'AccessDeniedException' });
    expect(await refusal(create({}, callerWith(passes('scheduler.amazonaws.com')))))
      .toMatchObject({ name: 'AccessDeniedException' });
  });

  test.each([
    ['trusts another group', `arn:aws:scheduler:us-east-1:${ACCOUNT}:schedule-group/other`],
    ['trusts one schedule', `arn:aws:scheduler:us-east-1:${ACCOUNT}:schedule/default/wake`],
  ])('a role that %s is refused', async (_, trusted) => {
    await deploy(trusted);
    expect(await refusal(create())).toMatchObject({
      name: 'ValidationException',
      message: 'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.',
    });
  });

  test('what the role may not do yet is tried again', async () => {
    await create();
    cloud.iam.removeRolePolicy(roleArn, cloudPolicies()[0]);
    await cloud.clock.pass(15 * MINUTE);
    expect(cloud.lambda.invocations).toEqual([]);
    cloud.iam.putRolePolicy(roleArn, 'again', allow('lambda:InvokeFunction', functionArn) as never);
    await cloud.clock.pass(5 * MINUTE);
    expect(cloud.lambda.invocations).toHaveLength(1);
  });

  test('but not for longer than the schedule says', async () => {
    const RetryPolicy = { MaximumEventAgeInSeconds: 600 };
    await create({ Target: { Arn: functionArn, RoleArn: roleArn, RetryPolicy } });
    cloud.iam.removeRolePolicy(roleArn, cloudPolicies()[0]);
    await cloud.clock.pass(25 * MINUTE);
    cloud.iam.putRolePolicy(roleArn, 'again', allow('lambda:InvokeFunction', functionArn) as never);
    await cloud.clock.pass(24 * HOUR);
    expect(cloud.lambda.invocations).toEqual([]);
  });

  /** The managed policies of the stack, by ARN. */
  function cloudPolicies(): string[] {
    return cloud.cloudFormation.eventsNow('app')
      .flatMap(({ logicalId, physicalId }) => logicalId === 'Rights' && physicalId ? [physicalId] : []);
  }
});

test.each<[string, () => Partial<CreateScheduleCommandInput>, string]>([
  ['an expression of another form', () => ({ ScheduleExpression: 'at(tomorrow)' }), 'Invalid Schedule Expression'],
  ['a time in the past', () => ({ ScheduleExpression: at(-MINUTE) }), 'Invalid Schedule Expression'],
  ['a name with a slash', () => ({ Name: '../b' }), 'failed to satisfy constraint'],
  ['input that is no JSON', () => ({ Target: { Arn: functionArn, RoleArn: roleArn, Input: 'hello' } }), 'well-formed'],
  [
    'input above 256 KB',
    () => ({ Target: { Arn: functionArn, RoleArn: roleArn, Input: JSON.stringify('x'.repeat(256 * 1024)) } }),
    '256 KB',
  ],
])('%s is refused', async (_, parameters, message) => {
  const error = await refusal(create(parameters()));
  expect(error).toMatchObject({ name: 'ValidationException', $metadata: { httpStatusCode: 400 } });
  expect(error.message).toContain(message);
});

test('faults hit its calls as those of every service', async () => {
  cloud.faults.add({ service: 'scheduler', operation: 'CreateSchedule', kind: 'throttle' });
  expect(await refusal(create())).toMatchObject({ name: 'ThrottlingException' });
  await create();
});

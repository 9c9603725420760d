// Rotation as Secrets Manager does it: the four steps, their repeats, the labels that are left, and what is refused.
import {
  CancelRotateSecretCommand, GetSecretValueCommand, PutSecretValueCommand, UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { FunctionMode } from '..';
import { refusal } from '../minimal-context';
import { ACCOUNT, FOUR_STEPS, HOUR, MINUTE, permission, rotationAssets, RotationFixture } from './rotation-fixture';

const assets = rotationAssets();
const INCOMPLETE = {
  name: 'InvalidRequestException', message: "A previous rotation isn't complete. That rotation will be reattempted.",
};

let fixture: RotationFixture;

async function started(functions?: FunctionMode, seed?: number): Promise<void> {
  fixture = await RotationFixture.start(assets, { functions, seed });
  await fixture.withValue();
}

afterEach(() => fixture.cloud.stop());

describe.each<FunctionMode>(['process', 'in-process'])('a function that runs %s', (mode) => {
  test('is called for the four steps in their order, and the new version is the current one', async () => {
    await started(mode);
    const { VersionId } = await fixture.rotate();
    expect(await fixture.stages()).toEqual({ 'first-version': ['AWSCURRENT'], [VersionId!]: ['AWSPENDING'] });

    await fixture.clock.pass(MINUTE);

    const [{ RotationToken }] = fixture.events;
    expect(fixture.events).toEqual(FOUR_STEPS.map((Step) =>
      ({ Step, SecretId: fixture.arn, ClientRequestToken: VersionId, RotationToken })));
    expect(await fixture.stages()).toEqual({ 'first-version': ['AWSPREVIOUS'], [VersionId!]: ['AWSCURRENT'] });
    expect(await fixture.value()).toBe(`value of ${VersionId}`);
    const { RotationEnabled, RotationLambdaARN, LastRotatedDate } = await fixture.describe();
    expect({ RotationEnabled, RotationLambdaARN })
      .toEqual({ RotationEnabled: true, RotationLambdaARN: fixture.functionArn });
    expect(LastRotatedDate!.getTime()).toBeLessThan(fixture.clock.now());
  });
});

test('one seed gives the same calls, in both ways of running a function', async () => {
  const calls = async (functions: FunctionMode) => {
    await started(functions, 7);
    await fixture.failIn('testSecret');
    await fixture.rotate({ ClientRequestToken: 'b'.repeat(32), RotationRules: { AutomaticallyAfterDays: 1 } });
    await fixture.clock.pass(5 * MINUTE);
    await fixture.failNoMore();
    await fixture.clock.pass(100 * HOUR);
    const made = fixture.cloud.calls.map(({ at, service, operation, body, status }) =>
      [at, service, operation, body, status].join(' '));
    await fixture.cloud.stop();
    return made.filter((call) => !call.includes('cloudformation'));
  };
  const first = await calls('in-process');
  expect(first.length).toBeGreaterThan(30);
  expect(await calls('in-process')).toEqual(first);
  expect(await calls('process')).toEqual(first);
});

describe('a step that fails', () => {
  beforeEach(() => started());

  test('makes the whole rotation begin again, later each time, until it is given up', async () => {
    const { VersionId } = await fixture.rotate();
    await fixture.failIn('setSecret');
    await fixture.clock.pass(3 * HOUR);
    expect(fixture.steps).toEqual(Array.from({ length: 5 }, () => ['createSecret', 'setSecret']).flat());
    const begun = fixture.cloud.lambda.invocations.filter((_, index) => index % 2 === 0).map(({ at }) => at);
    const pauses = begun.slice(1).map((at, index) => Math.round((at - begun[index]) / MINUTE));
    expect(pauses).toEqual([1, 2, 4, 8]);
    expect(await fixture.stages()).toEqual({ 'first-version': ['AWSCURRENT'], [VersionId!]: ['AWSPENDING'] });
  });

  test('goes well in a repeat, which begins with the first step', async () => {
    await fixture.failIn('finishSecret');
    const { VersionId } = await fixture.rotate();
    await fixture.clock.pass(90_000);
    await fixture.failNoMore();
    await fixture.clock.pass(HOUR);
    expect(fixture.steps).toEqual([...FOUR_STEPS, ...FOUR_STEPS, ...FOUR_STEPS]);
    expect(await fixture.value()).toBe(`value of ${VersionId}`);
  });

  test('leaves AWSPENDING behind, on an empty version too, and then every further request is refused', async () => {
    await fixture.failIn('createSecret');
    const { VersionId } = await fixture.rotate();
    expect(await refusal(fixture.rotate())).toMatchObject(INCOMPLETE);
    await fixture.clock.pass(3 * HOUR);
    await fixture.failNoMore();

    for (const request of [{}, { RotateImmediately: false }, { RotationRules: { AutomaticallyAfterDays: 3 } }]) {
      expect(await refusal(fixture.rotate(request))).toMatchObject(INCOMPLETE);
    }
    expect(await refusal(fixture.client.send(new GetSecretValueCommand({ SecretId: fixture.arn, VersionId }))))
      .toMatchObject({
        name: 'ResourceNotFoundException',
        message: `Secrets Manager can't find the specified secret value for VersionId: ${VersionId}`,
      });
    await fixture.client.send(new UpdateSecretVersionStageCommand({
      SecretId: fixture.arn, VersionStage: 'AWSPENDING', RemoveFromVersionId: VersionId,
    }));
    await fixture.rotate();
    await fixture.clock.pass(MINUTE);
    expect(fixture.steps.slice(-4)).toEqual(FOUR_STEPS);
  });

  test('is also one whose function dies, and the repeat finds what it did', async () => {
    fixture.cloud.faults.add({ service: 'secretsmanager', operation: 'PutSecretValue', kind: 'kill-after' });
    const { VersionId } = await fixture.rotate();
    await fixture.clock.pass(10 * MINUTE);
    expect(fixture.steps).toEqual(['createSecret', ...FOUR_STEPS]);
    expect(fixture.cloud.calls.filter(({ operation }) => operation === 'PutSecretValue')).toHaveLength(1);
    expect(await fixture.value()).toBe(`value of ${VersionId}`);
  });

  test('is also one that does not see yet what the step before has put, and a repeat mends it', async () => {
    Object.assign(fixture.cloud.secretsManager.settings, { staleReads: 'always', staleForMs: 30_000 });
    const { VersionId } = await fixture.rotate();
    await fixture.clock.pass(HOUR);
    expect(fixture.steps.slice(0, 1)).toEqual(['createSecret']);
    expect(fixture.steps.length).toBeGreaterThan(4);
    expect(await fixture.value()).toBe(`value of ${VersionId}`);
  });

  test('is also one that finds no place to run', async () => {
    fixture.cloud.lambda.settings.concurrency = 0;
    await fixture.rotate();
    await fixture.clock.pass(2 * MINUTE);
    fixture.cloud.lambda.settings.concurrency = 10;
    await fixture.clock.pass(HOUR);
    expect(fixture.steps).toEqual(FOUR_STEPS);
  });

  test.each([
    ['createSecret', ['createSecret'], 'has made no value'],
    ['finishSecret', FOUR_STEPS, 'has moved no label'],
  ])('is also a %s that says yes, called as %j, and %s', async (step, steps) => {
    await fixture.failIn(step, 'does-nothing');
    await fixture.rotate();
    await fixture.clock.pass(3 * HOUR);
    expect(fixture.steps).toEqual([steps, steps, steps, steps, steps].flat());
  });

  test.each([
    ['unlabelled', 5, 1],
    ['labelled again', 5, 5],
    ['none', 1, 1],
  ] as const)('and has taken AWSPENDING off: repeats %s', async (repeatWithoutLabel, begun, reached) => {
    Object.assign(fixture.cloud.secretsManager.settings, { repeatWithoutLabel });
    await fixture.rotate();
    await fixture.failIn('setSecret', 'takes-label-off');
    await fixture.failIn('setSecret');
    await fixture.clock.pass(3 * HOUR);
    const runs = (wanted: string) => fixture.steps.filter((step) => step === wanted).length;
    expect([runs('createSecret'), runs('setSecret')]).toEqual([begun, reached]);
  });
});

test.each([
  ['afterwards', FOUR_STEPS.flatMap((step) => [step, step])],
  ['at the same time', FOUR_STEPS.flatMap((step) => [step, step])],
] as const)('steps can come twice: %s', async (secondCalls, expected) => {
  await started();
  Object.assign(fixture.cloud.secretsManager.settings, { secondCalls });
  const { VersionId } = await fixture.rotate();
  await fixture.clock.pass(MINUTE);
  expect(fixture.steps).toEqual(expected);
  const [first, second] = fixture.cloud.lambda.invocations;
  expect(first.at === second.at).toBe(secondCalls === 'at the same time');
  expect(await fixture.value()).toBe(`value of ${VersionId}`);
});

test('the same token while its rotation goes on is the same rotation', async () => {
  await started();
  const ClientRequestToken = 'a'.repeat(32);
  expect((await fixture.rotate({ ClientRequestToken })).VersionId).toBe(ClientRequestToken);
  expect((await fixture.rotate({ ClientRequestToken })).VersionId).toBe(ClientRequestToken);
  await fixture.clock.pass(MINUTE);
  expect(fixture.steps).toEqual(FOUR_STEPS);
});

test('a value that is put by hand meanwhile ends the rotation\'s claim, and no repeat rescues it', async () => {
  await started();
  fixture.cloud.eventBridge.settings.trail = true;
  await fixture.rotate();
  await fixture.client.send(new PutSecretValueCommand({ SecretId: fixture.arn, SecretString: 'by hand' }));
  expect(Object.values((await fixture.stages())!)).toEqual([['AWSPREVIOUS'], ['AWSCURRENT']]);
  await fixture.clock.pass(3 * HOUR);
  expect(await fixture.value()).toBe('by hand');
  const told = fixture.cloud.eventBridge.events.map(({ detail }) => (detail as { eventName: string }).eventName);
  expect(told).toEqual(expect.arrayContaining(['RotationAbandoned', 'RotationStarted', 'RotationFailed']));
});

describe('a trial of the configuration', () => {
  beforeEach(() => started());

  const configure = (ScheduleExpression = 'rate(30 days)') =>
    fixture.rotate({ RotateImmediately: false, RotationRules: { ScheduleExpression } });

  test('calls testSecret alone, on a pending version without a value, and takes it away', async () => {
    const { VersionId } = await configure();
    expect(await fixture.stages()).toMatchObject({ [VersionId!]: ['AWSPENDING'] });
    expect(await refusal(fixture.value('AWSPENDING'))).toMatchObject({ name: 'ResourceNotFoundException' });
    await fixture.clock.pass(MINUTE);
    expect(fixture.steps).toEqual(['testSecret']);
    expect(await fixture.stages()).toEqual({ 'first-version': ['AWSCURRENT'] });
    expect((await fixture.describe()).LastRotatedDate).toBeUndefined();
  });

  test.each([
    ['leaves AWSPENDING', true],
    ['leaves nothing', false],
  ] as const)('that fails %s', async (failedTrial, isRefused) => {
    Object.assign(fixture.cloud.secretsManager.settings, { failedTrial });
    await fixture.failIn('testSecret');
    await configure();
    await fixture.clock.pass(3 * HOUR);
    expect(fixture.steps).toEqual(['testSecret']);
    if (isRefused) expect(await refusal(configure('rate(20 days)'))).toMatchObject(INCOMPLETE);
    else await configure('rate(20 days)');
  });
});

test('a value that is put again meanwhile changes nothing', async () => {
  await started();
  const { VersionId } = await fixture.rotate();
  const ClientRequestToken = '2'.repeat(32);
  const put = () => fixture.client.send(new PutSecretValueCommand({
    SecretId: fixture.arn, SecretString: 'mine', ClientRequestToken, VersionStages: ['mine'],
  }));
  await put();
  fixture.cloud.secretsManager.put(fixture.arn, 'first', { versionId: 'first-version' });
  await put();
  expect(await fixture.stages()).toMatchObject({ [VersionId!]: ['AWSPENDING'] });
  await fixture.clock.pass(MINUTE);
  expect(await fixture.value()).toBe(`value of ${VersionId}`);
});

test('a rotation whose label is taken off is repeated beside a new one, until rotation is cancelled', async () => {
  await started();
  await fixture.failIn('setSecret');
  const { VersionId } = await fixture.rotate();
  await fixture.clock.pass(30_000);
  await fixture.client.send(new UpdateSecretVersionStageCommand({
    SecretId: fixture.arn, VersionStage: 'AWSPENDING', RemoveFromVersionId: VersionId,
  }));
  const { VersionId: second } = await fixture.rotate();
  await fixture.clock.pass(2 * MINUTE);
  const tokens = new Set(fixture.events.slice(2).map(({ ClientRequestToken }) => ClientRequestToken));
  expect(tokens).toEqual(new Set([VersionId, second]));
  await fixture.client.send(new CancelRotateSecretCommand({ SecretId: fixture.arn }));
  const { steps } = fixture;
  await fixture.clock.pass(24 * HOUR);
  expect(fixture.steps).toEqual(steps);
});

describe('cancelled', () => {
  beforeEach(() => started());

  test('a rotation that goes on calls no further step, and its label stays', async () => {
    await fixture.failIn('testSecret');
    const { VersionId } = await fixture.rotate({ RotationRules: { AutomaticallyAfterDays: 1 } });
    await fixture.clock.pass(30_000);
    await fixture.client.send(new CancelRotateSecretCommand({ SecretId: fixture.arn }));
    await fixture.failNoMore();
    const { steps } = fixture;
    await fixture.clock.pass(100 * HOUR);
    expect(fixture.steps).toEqual(steps);
    expect(await fixture.describe()).toMatchObject({
      RotationEnabled: false,
      RotationLambdaARN: fixture.functionArn,
      RotationRules: { AutomaticallyAfterDays: 1 },
      VersionIdsToStages: { [VersionId!]: ['AWSPENDING'] },
    });
    const { LastRotatedDate, NextRotationDate } = await fixture.describe();
    expect([LastRotatedDate, NextRotationDate]).toEqual([undefined, undefined]);
  });

  test('a secret that never had a rotation stays one', async () => {
    await fixture.client.send(new CancelRotateSecretCommand({ SecretId: fixture.arn }));
    expect((await fixture.describe()).RotationEnabled).toBeUndefined();
  });
});

describe('refused', () => {
  const CALLER = `arn:aws:iam::${ACCOUNT}:role/on-call`;
  const NOT_ALLOWED = { name: 'AccessDeniedException', message: expect.stringContaining('Ensure that the function policy') };

  beforeEach(() => started());

  test.each([
    ['another account', { SourceAccount: '222222222222' }],
    ['another service', { Principal: 'events.amazonaws.com' }],
    ['a source ARN, which is not documented', { SourceArn: { Ref: 'Secret' } }],
  ])('a function whose permission is for %s', async (_, properties) => {
    await fixture.deploy({ Permission: permission(properties) });
    expect(await refusal(fixture.rotate())).toMatchObject(NOT_ALLOWED);
    expect(await fixture.stages()).toEqual({ 'first-version': ['AWSCURRENT'] });
  });

  test('but not with a source ARN, when Secrets Manager is set to say so', async () => {
    fixture.cloud.secretsManager.settings.namesSecretAsSource = true;
    await fixture.deploy({ Permission: permission({ SourceArn: { Ref: 'Secret' } }) });
    await fixture.rotate();
    await fixture.clock.pass(MINUTE);
    expect(fixture.steps).toEqual(FOUR_STEPS);
  });

  test('a permission that is taken away fails the steps', async () => {
    await fixture.rotate();
    await fixture.deploy({ Permission: permission({ Principal: 'events.amazonaws.com' }) });
    await fixture.clock.pass(3 * HOUR);
    expect(fixture.steps.filter((step) => step === 'finishSecret')).toEqual([]);
  });

  test.each([
    ['no function', { RotationLambdaARN: undefined }, 'InvalidRequestException'],
    [
      'a function in another Region',
      { RotationLambdaARN: `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:x` },
      'ResourceNotFoundException',
    ],
    ['two schedules', { RotationRules: { AutomaticallyAfterDays: 1, ScheduleExpression: 'rate(1 day)' } }, 'InvalidParameterException'],
  ])('a request with %s', async (_, request, name) => {
    expect(await refusal(fixture.rotate(request))).toMatchObject({ name });
    expect((await fixture.describe()).RotationEnabled).toBeUndefined();
  });

  test('who may rotate the secret but not invoke the function', async () => {
    const { iam } = fixture.cloud;
    const rotate = { Effect: 'Allow' as const, Action: 'secretsmanager:RotateSecret', Resource: fixture.arn };
    const invoke = { Effect: 'Allow' as const, Action: 'lambda:InvokeFunction', Resource: fixture.functionArn };
    iam.putRole({ arn: CALLER, assumeRolePolicy: { Statement: [] } });
    const byCaller = () => fixture.rotate({}, fixture.clientOf({ account: ACCOUNT, roleArn: CALLER }));
    iam.putRolePolicy(CALLER, 'rights', { Statement: [rotate] });
    expect(await refusal(byCaller())).toMatchObject({ name: 'AccessDeniedException' });
    iam.putRolePolicy(CALLER, 'rights', { Statement: [invoke] });
    expect(await refusal(byCaller())).toMatchObject({ name: 'AccessDeniedException' });
    iam.putRolePolicy(CALLER, 'rights', { Statement: [rotate, invoke] });
    await byCaller();
  });
});

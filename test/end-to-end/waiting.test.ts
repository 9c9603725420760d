// Waiting for SES to verify, without holding a place: called again later, ended by SUCCESS, by FAILED and by the hour,
// cut by a crash, and no longer wanted.
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { failingAfter } from './hand-made';
import { PEM, publicKeyOf, REGION, Scene } from './scene';
import { EmailIdentityDkim } from '../../src';
import { LocalCloudOptions, ServiceError } from '../cloud';

const HOUR = { waitForVerification: Duration.hours(1) };
const MINUTE = 60_000;

let scene: Scene;

async function begin(options: LocalCloudOptions = {}): Promise<void> {
  scene = await Scene.withIdentity(options);
}
afterEach(() => scene.stop());

/** How often the function has asked to be called again later. */
function continuations(): number {
  return scene.cloud.calls.filter(({ service, status }) => service === 'scheduler' && status === 200).length;
}

function until(what: string, condition: () => boolean): Promise<void> {
  return scene.cloud.clock.until(what, condition);
}

/** Measures from now on how long a run of the function held one of the account's places. Gives what tells it. */
function placeHeld(): () => number {
  const { clock, lambda } = scene.cloud;
  let held = 0;
  let last = clock.now();
  let runs = 0;
  clock.watch(() => {
    held += runs * (clock.now() - last);
    last = clock.now();
    runs = lambda.invocations.filter(({ result }) => !result).length;
  });
  return () => held;
}

/** How often SES was told how to sign. */
function told(): number {
  return scene.cloud.calls.filter(({ operation, status }) =>
    operation === 'PutEmailIdentityDkimSigningAttributes' && status === 200).length;
}

/** Waits for a key that nobody has published yet. */
function waiting(): (stack: Stack) => void {
  return scene.byo('s1', scene.secrets.one, { ...HOUR, hostedZone: undefined });
}

test('the deployment ends when the record appears after 40 minutes, of which the function ran for seconds', async () => {
  await begin();
  const held = placeHeld();
  const deployment = scene.deploy('Mail', (stack: Stack) => {
    const { dkimStatus } = scene.byo('s1', scene.secrets.one, { ...HOUR, hostedZone: undefined })(stack);
    new CfnOutput(stack, 'Status', { value: dkimStatus });
  });
  await scene.cloud.clock.pass(40 * MINUTE);
  scene.publishKey('s1', PEM.one);
  expect(await deployment).toMatchObject({ status: 'CREATE_COMPLETE', outputs: { Status: 'SUCCESS' } });
  expect(continuations()).toBeGreaterThan(16); // so many runs Lambda allows that start each other
  expect(held()).toBeLessThan(MINUTE);
  expect(told()).toBe(1);
  expect(scene.cloud.scheduler.schedules()).toEqual([]);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

test('after the hour it fails before CloudFormation gives up, with status, error and the missing records', async () => {
  await begin();
  scene.cloud.dns.undelegate('example.com');
  const began = scene.cloud.clock.now();
  const result = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, HOUR));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toMatch(/status PENDING, last error HOST_NOT_FOUND, last looked 20/);
  expect(result.reason).toContain(`TXT s1._domainkey.example.com v=DKIM1; k=rsa; p=${publicKeyOf(PEM.one)}`);
  expect(result.reason).not.toContain('CloudFormation did not receive a response');
  const failed = result.events.find(({ status }) => status === 'CREATE_FAILED')!;
  expect(failed.at - began).toBeGreaterThan(50 * MINUTE);
  expect(scene.cloud.scheduler.schedules()).toEqual([]);
  expect(scene.all()).toEqual([]);
  expect(scene.identity()?.origin).toBe('AWS_SES');
});

test('a shorter wait ends after that time', async () => {
  await begin();
  scene.cloud.dns.undelegate('example.com');
  const result = await scene.deploy('Mail', scene.easy({ waitForVerification: Duration.minutes(5) }));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toContain(
    'SES has not verified DKIM of example.com within 300 seconds: status PENDING, last error HOST_NOT_FOUND',
  );
  const began = scene.cloud.calls.find(({ operation }) => operation === 'GetEmailIdentity')!.at;
  const failed = result.events.find(({ status }) => status === 'CREATE_FAILED')!.at;
  expect(failed - began).toBeLessThan(8 * MINUTE); // with the wait for INSYNC, and a schedule that is a minute late
});

test('when SES gives up, the deployment fails at once', async () => {
  await begin({ ses: { giveUpAfter: 5 * MINUTE } });
  scene.cloud.dns.undelegate('example.com');
  const began = scene.cloud.clock.now();
  const result = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, HOUR));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason)
    .toContain('SES gave up verifying DKIM of example.com: status FAILED, last error HOST_NOT_FOUND');
  const failed = result.events.find(({ status }) => status === 'CREATE_FAILED')!;
  expect(failed.at - began).toBeLessThan(10 * MINUTE);
});

test('the process of a further invocation dies: Lambda repeats it, and the wait goes on', async () => {
  await begin();
  const deployment = scene.deploy('Mail', waiting());
  await until('the first further invocation', () => continuations() === 1);
  scene.cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', skip: 2, kind: 'kill-before' });
  await until('the repeat of an invocation', () => scene.cloud.lambda.invocations.some(({ attempt }) => attempt === 2));
  scene.publishKey('s1', PEM.one);
  expect(await deployment).toMatchObject({ status: 'CREATE_COMPLETE' });
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

test.each([
  ['before it', 'kill-before'], ['after it', 'kill-after'],
] as const)('the process dies when it asks to be called again, %s: the wait goes on, and ends well', async (_, kind) => {
  await begin();
  scene.cloud.faults.add({ service: 'scheduler', operation: 'CreateSchedule', kind });
  const deployment = scene.deploy('Mail', waiting());
  await scene.cloud.clock.pass(10 * MINUTE);
  scene.publishKey('s1', PEM.one);
  expect(await deployment).toMatchObject({ status: 'CREATE_COMPLETE' });
  await scene.cloud.clock.pass(10 * MINUTE);
  expect(scene.cloud.scheduler.schedules()).toEqual([]);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

test.each<[string, 'throttle' | 'access-denied' | 'cut-after' | ServiceError]>([
  ['it is called too often', 'throttle'],
  ['the policy is too new', 'access-denied'],
  ['the role is too new', new ServiceError('ValidationException', 400, 'The execution role you provide must allow AWS '
    + 'EventBridge Scheduler to assume the role.')],
  ['the answer is lost', 'cut-after'],
])('Scheduler refuses at first, because %s: it is asked again', async (_, kind) => {
  await begin();
  scene.cloud.faults.add({ service: 'scheduler', kind, times: 2 });
  const deployment = scene.deploy('Mail', waiting());
  await scene.cloud.clock.pass(5 * MINUTE);
  scene.publishKey('s1', PEM.one);
  expect(await deployment).toMatchObject({ status: 'CREATE_COMPLETE' });
  expect(scene.cloud.scheduler.schedules()).toEqual([]);
});

test('the function may not be called again: the deployment fails and says so', async () => {
  await begin();
  scene.cloud.faults.add({ service: 'scheduler', kind: 'access-denied', times: 1000 });
  const result = await scene.deploy('Mail', waiting());
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toContain('The function could not start itself again');
});

test('the function is called late, and twice each time: one answer, and SES is told once', async () => {
  await begin();
  Object.assign(scene.cloud.scheduler.settings, { precision: 10 * MINUTE, deliveries: 2 });
  const deployment = scene.deploy('Mail', waiting());
  await scene.cloud.clock.pass(20 * MINUTE);
  scene.publishKey('s1', PEM.one);
  expect(await deployment).toMatchObject({ status: 'CREATE_COMPLETE' });
  await scene.cloud.clock.pass(30 * MINUTE);
  expect(told()).toBe(1);
  expect(scene.cloud.scheduler.schedules()).toEqual([]);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

test('a wait that ends with the hour is answered in time, also when its last call is late', async () => {
  await begin();
  scene.cloud.dns.undelegate('example.com');
  scene.cloud.scheduler.settings.precision = 0;
  const deployment = scene.deploy('Mail', scene.byo('s1', scene.secrets.one, HOUR));
  await scene.cloud.clock.pass(50 * MINUTE);
  scene.cloud.scheduler.settings.precision = MINUTE;
  expect((await deployment).reason).toContain('there was no time left for: SES to verify DKIM');
});

describe('while an identity waits, the stack', () => {
  /** Fails, as its identity does not exist. */
  const besideOneThatFails = (build: (stack: Stack) => unknown) => (stack: Stack) => {
    build(stack);
    new EmailIdentityDkim(stack, 'Failing', {
      identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Missing', 'missing.example'),
    });
  };
  const settled = () => scene.cloud.clock.pass(60 * MINUTE);

  test('is rolled back: no schedule is left, and nothing else of ours', async () => {
    await begin({ ses: { firstLook: 20 * MINUTE } });
    const result = await scene.deploy('Mail', (stack) => {
      scene.byo('s1', scene.secrets.one, HOUR)(stack);
      failingAfter(Duration.minutes(5), scene, stack); // in which the other one is called again
    });
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(continuations()).toBeGreaterThan(0);
    await settled();
    expect(scene.cloud.scheduler.schedules()).toEqual([]);
    expect({ origin: scene.identity()?.origin, records: scene.all() }).toEqual({ origin: 'AWS_SES', records: [] });
  });

  test('is updated and rolled back: the old signing is at work, and nobody looks any more', async () => {
    await begin({ ses: { firstLook: 20 * MINUTE } });
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, HOUR));
    scene.cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', skip: 1, kind: 'throttle', times: 40 });
    const result = await scene.deploy('Mail', besideOneThatFails(scene.byo('s2', scene.secrets.two, HOUR)));
    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    await settled();
    expect(scene.identity()).toMatchObject({ origin: 'EXTERNAL', tokens: ['s1'] });
    expect(scene.cloud.scheduler.schedules()).toEqual([]);
    const calls = scene.cloud.calls.length;
    await settled();
    expect(scene.cloud.calls.slice(calls)).toEqual([]);
  });

  test('no longer wants to wait: the schedules go with their group, and the identity stays', async () => {
    await begin();
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, HOUR));
    const result = await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, { recordTtl: Duration.minutes(9) }));
    expect(Object.values(result.resources).map(({ type }) => type)).not.toContain('AWS::Scheduler::ScheduleGroup');
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('is deleted after a wait that failed without a roll-back: nothing of ours is left', async () => {
    await begin();
    scene.cloud.dns.undelegate('example.com');
    const waits = scene.byo('s1', scene.secrets.one, { waitForVerification: Duration.minutes(2) });
    expect((await scene.deploy('Mail', waits, { disableRollback: true })).status).toBe('CREATE_FAILED');
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    await settled();
    expect(scene.cloud.scheduler.schedules()).toEqual([]);
    expect(scene.identity(REGION)?.origin).toBe('AWS_SES');
  });
});

test('records that were away (TEMPORARY_FAILURE): they are published again, and SUCCESS is waited for', async () => {
  await begin();
  await scene.deployed('Mail', scene.easy(HOUR));
  for (const line of scene.records()) scene.erase(line.split(' ')[1].replace(/\.$/, ''));
  await until('SES to miss the records', () => scene.identity()!.status === 'TEMPORARY_FAILURE');
  await scene.deployed('Mail', scene.easy({ ...HOUR, recordTtl: Duration.minutes(10) }));
  expect(scene.identity()?.status).toBe('SUCCESS');
  expect(await scene.send()).toMatchObject({ result: 'pass' });
});

test.each([
  'Easy DKIM', 'BYODKIM',
])('an identity that SES has given up (FAILED) is armed again (%s)', async (method) => {
  await begin({ ses: { giveUpAfter: 2 * MINUTE } });
  const props = { ...HOUR, recordTtl: Duration.minutes(10) };
  if (method === 'BYODKIM') {
    scene.cloud.dns.undelegate('example.com');
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one));
  }
  await until('SES to give up', () => scene.identity()!.status === 'FAILED');
  scene.cloud.dns.delegate('example.com', scene.cloud.route53.hostedZones()[0].nameServers);
  await scene.deployed('Mail', method === 'BYODKIM' ? scene.byo('s1', scene.secrets.one, props) : scene.easy(props));
  expect(scene.identity()?.status).toBe('SUCCESS');
  expect(await scene.send()).toMatchObject({ result: 'pass' });
});

// Waiting for SES to verify, longer than one invocation lives: continued, ended by SUCCESS, by
// FAILED and by the hour, and cut by a crash.
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { PEM, publicKeyOf, Scene } from './scene';
import { LocalCloudOptions } from '../cloud';

const HOUR = { waitForVerification: Duration.hours(1) };
const MINUTE = 60_000;

let scene: Scene;

async function begin(options: LocalCloudOptions = {}): Promise<void> {
  scene = await Scene.withIdentity(options);
}
afterEach(() => scene.stop());

/** Further invocations that the function has started itself. */
function continuations(): number {
  return scene.cloud.calls.filter(({ service, operation, status }) =>
    service === 'lambda' && operation === 'Invoke' && status === 202).length;
}

function until(what: string, condition: () => boolean): Promise<void> {
  return scene.cloud.clock.until(what, condition);
}

test('the deployment ends when the record appears after 40 minutes; the function has continued itself', async () => {
  await begin();
  const deployment = scene.deploy('Mail', (stack: Stack) => {
    const { dkimStatus } = scene.byo('s1', scene.secrets.one, { ...HOUR, hostedZone: undefined })(stack);
    new CfnOutput(stack, 'Status', { value: dkimStatus });
  });
  await scene.cloud.clock.pass(40 * MINUTE);
  scene.publishKey('s1', PEM.one);
  expect(await deployment).toMatchObject({ status: 'CREATE_COMPLETE', outputs: { Status: 'SUCCESS' } });
  // Two and a half quarters of an hour are three runs.
  expect(scene.cloud.lambda.invocations).toHaveLength(3);
  expect(continuations()).toBe(2);
  const told = scene.cloud.calls.filter(({ operation, status }) =>
    operation === 'PutEmailIdentityDkimSigningAttributes' && status === 200);
  expect(told).toHaveLength(1);
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
  expect(continuations()).toBe(4); // an hour is a little more than four times what an invocation has
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
  expect(continuations()).toBe(0);
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
  expect(failed.at - began).toBeLessThan(30 * MINUTE);
  expect(continuations()).toBeLessThanOrEqual(1);
});

test('the process of a further invocation dies: Lambda repeats it, and the wait goes on', async () => {
  await begin();
  const deployment = scene.deploy('Mail', scene.byo('s1', scene.secrets.one, { ...HOUR, hostedZone: undefined }));
  await until('the first further invocation', () => continuations() === 1);
  scene.cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', skip: 2, kind: 'kill-before' });
  await until('the repeat of an invocation', () => scene.cloud.lambda.invocations.some(({ attempt }) => attempt === 2));
  scene.publishKey('s1', PEM.one);
  expect(await deployment).toMatchObject({ status: 'CREATE_COMPLETE' });
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

test('the process dies when it has started the further invocation: two of them wait, and both end well', async () => {
  await begin();
  scene.cloud.faults.add({ service: 'lambda', operation: 'Invoke', kind: 'kill-after' });
  const deployment = scene.deploy('Mail', scene.byo('s1', scene.secrets.one, { ...HOUR, hostedZone: undefined }));
  await until('the first further invocation', () => continuations() >= 1);
  await scene.cloud.clock.pass(5 * MINUTE);
  scene.publishKey('s1', PEM.one);
  expect(await deployment).toMatchObject({ status: 'CREATE_COMPLETE' });
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

test('the further invocation is refused at first: it is asked for again', async () => {
  await begin();
  scene.cloud.faults.add({ service: 'lambda', operation: 'Invoke', kind: 'throttle' });
  const deployment = scene.deploy('Mail', scene.byo('s1', scene.secrets.one, { ...HOUR, hostedZone: undefined }));
  await until('the first further invocation', () => continuations() === 1);
  scene.publishKey('s1', PEM.one);
  expect(await deployment).toMatchObject({ status: 'CREATE_COMPLETE' });
});

test('the function may not start itself: the deployment fails and says so', async () => {
  await begin();
  scene.cloud.faults.add({ service: 'lambda', operation: 'Invoke', kind: 'access-denied', times: 1000 });
  const result = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, { ...HOUR, hostedZone: undefined }));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toContain('The function could not start itself again');
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

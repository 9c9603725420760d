// Waiting for SES to verify, longer than one invocation lives: continued, ended by SUCCESS, by FAILED and by the hour, and cut by a crash.
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { PEM, publicKeyOf, Scene } from './scene';
import { LocalCloudOptions } from '../cloud';

const HOUR = { waitForVerification: Duration.hours(1) };
const MINUTE = 60_000;
/** So slowly that each invocation has half a real second for sending on, as Lambda ends and repeats one that is late. */
const SLOWLY = { speed: 60 };

let scene: Scene;

async function begin(options: LocalCloudOptions = {}): Promise<void> {
  scene = await Scene.withIdentity({ speed: 120, ...options });
}
afterEach(() => scene.stop());

/** Further invocations that the function has started itself. */
function continuations(): number {
  return scene.cloud.calls.filter(({ service, operation, status }) => service === 'lambda' && operation === 'Invoke' && status === 202).length;
}

/** How often Lambda has run the function: started by CloudFormation, by itself, or repeated when it was late on a busy machine. */
function runs(): { all: number; repeated: number } {
  const { invocations } = scene.cloud.lambda;
  return { all: invocations.length, repeated: invocations.filter(({ attempt }) => attempt > 1).length };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await scene.cloud.clock.sleep(5_000);
}

test('the deployment ends when the record appears after 40 minutes; the function has continued itself', async () => {
  await begin(SLOWLY);
  const deployment = scene.deploy('Mail', (stack: Stack) => {
    const { dkimStatus } = scene.byo('s1', scene.secrets.one, { ...HOUR, hostedZone: undefined })(stack);
    new CfnOutput(stack, 'Status', { value: dkimStatus });
  });
  await scene.cloud.clock.sleep(40 * MINUTE);
  scene.publishKey('s1', PEM.one);
  expect(await deployment).toMatchObject({ status: 'CREATE_COMPLETE', outputs: { Status: 'SUCCESS' } });
  // Two and a half quarters of an hour are three runs. SES is told once, and once more by a repeat, which knows of nothing.
  const { all, repeated } = runs();
  expect(all).toBeGreaterThanOrEqual(3);
  expect(continuations() + repeated).toBeGreaterThanOrEqual(2);
  expect(continuations()).toBeGreaterThanOrEqual(1);
  const told = scene.cloud.calls.filter(({ operation, status }) => operation === 'PutEmailIdentityDkimSigningAttributes' && status === 200);
  expect(told.length).toBeLessThanOrEqual(1 + repeated);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
}, 3 * MINUTE);

test('after the hour it fails before CloudFormation gives up, with status, error and the records that SES should have found', async () => {
  await begin(SLOWLY);
  scene.cloud.dns.undelegate('example.com');
  const began = scene.cloud.clock.now();
  const result = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, HOUR));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toMatch(/status PENDING, last error HOST_NOT_FOUND, last looked 20/);
  expect(result.reason).toContain(`TXT s1._domainkey.example.com v=DKIM1; k=rsa; p=${publicKeyOf(PEM.one)}`);
  expect(result.reason).not.toContain('CloudFormation did not receive a response');
  const failed = result.events.find(({ status }) => status === 'CREATE_FAILED')!;
  expect(failed.at - began).toBeGreaterThan(50 * MINUTE);
  expect(continuations() + runs().repeated).toBeGreaterThanOrEqual(3);
  expect(continuations()).toBeGreaterThanOrEqual(1);
  expect(scene.all()).toEqual([]);
  expect(scene.identity()?.origin).toBe('AWS_SES');
}, 3 * MINUTE);

test('a shorter wait ends after that time', async () => {
  await begin();
  scene.cloud.dns.undelegate('example.com');
  const result = await scene.deploy('Mail', scene.easy({ waitForVerification: Duration.minutes(5) }));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toContain('SES has not verified DKIM of example.com within 300 seconds: status PENDING, last error HOST_NOT_FOUND');
  expect(continuations()).toBe(0);
});

test('when SES gives up, the deployment fails at once', async () => {
  await begin({ ses: { giveUpAfter: 5 * MINUTE } });
  scene.cloud.dns.undelegate('example.com');
  const began = scene.cloud.clock.now();
  const result = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, HOUR));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toContain('SES gave up verifying DKIM of example.com: status FAILED, last error HOST_NOT_FOUND');
  const failed = result.events.find(({ status }) => status === 'CREATE_FAILED')!;
  expect(failed.at - began).toBeLessThan(30 * MINUTE);
  expect(continuations()).toBeLessThanOrEqual(1);
});

test('the process of a further invocation dies: Lambda repeats it, and the wait goes on', async () => {
  await begin();
  const deployment = scene.deploy('Mail', scene.byo('s1', scene.secrets.one, { ...HOUR, hostedZone: undefined }));
  await until(() => continuations() === 1);
  scene.cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', skip: 2, kind: 'kill-before' });
  await until(() => scene.cloud.lambda.invocations.some(({ attempt }) => attempt === 2));
  scene.publishKey('s1', PEM.one);
  expect(await deployment).toMatchObject({ status: 'CREATE_COMPLETE' });
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

test('the process dies when it has just started the further invocation: two of them wait, and both end well', async () => {
  await begin();
  scene.cloud.faults.add({ service: 'lambda', operation: 'Invoke', kind: 'kill-after' });
  const deployment = scene.deploy('Mail', scene.byo('s1', scene.secrets.one, { ...HOUR, hostedZone: undefined }));
  await until(() => continuations() >= 1);
  await scene.cloud.clock.sleep(5 * MINUTE);
  scene.publishKey('s1', PEM.one);
  expect(await deployment).toMatchObject({ status: 'CREATE_COMPLETE' });
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

test('the further invocation is refused at first: it is asked for again', async () => {
  await begin();
  scene.cloud.faults.add({ service: 'lambda', operation: 'Invoke', kind: 'throttle' });
  const deployment = scene.deploy('Mail', scene.byo('s1', scene.secrets.one, { ...HOUR, hostedZone: undefined }));
  await scene.cloud.clock.sleep(13 * MINUTE);
  scene.cloud.clock.setSpeed(20); // the function has 15 seconds to start itself
  await until(() => continuations() === 1);
  scene.cloud.clock.setSpeed(120);
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
  await until(() => scene.identity()!.status === 'TEMPORARY_FAILURE');
  await scene.deployed('Mail', scene.easy({ ...HOUR, recordTtl: Duration.minutes(10) }));
  expect(scene.identity()?.status).toBe('SUCCESS');
  expect(await scene.send()).toMatchObject({ result: 'pass' });
});

test.each(['Easy DKIM', 'BYODKIM'])('an identity that SES has given up (FAILED) is armed again (%s)', async (method) => {
  await begin({ ses: { giveUpAfter: 2 * MINUTE } });
  const props = { ...HOUR, recordTtl: Duration.minutes(10) };
  if (method === 'BYODKIM') {
    scene.cloud.dns.undelegate('example.com');
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one));
  }
  await until(() => scene.identity()!.status === 'FAILED');
  scene.cloud.dns.delegate('example.com', scene.cloud.route53.hostedZones()[0].nameServers);
  await scene.deployed('Mail', method === 'BYODKIM' ? scene.byo('s1', scene.secrets.one, props) : scene.easy(props));
  expect(scene.identity()?.status).toBe('SUCCESS');
  expect(await scene.send()).toMatchObject({ result: 'pass' });
});

// Services that are busy, broken, cut off or not yet informed; and answers to CloudFormation that
// are given whatever happens.
import { CfnResource, Duration, Stack } from 'aws-cdk-lib';
import { ACCOUNT, CREATE_CALLS, DOMAIN, PEM, REGION, Scene } from './scene';
import { RecordConflict } from '../../src';
import { FaultKind, ServiceError } from '../cloud';

const WAIT = { waitForVerification: Duration.minutes(30) };

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

const OPERATIONS = CREATE_CALLS.filter(([,, before]) => before === 0);

describe('every call of a create, an update and a delete', () => {
  test.each<[string, FaultKind, number]>([
    ['is throttled', 'throttle', 3],
    ['fails on the service\'s side', 'error', 2],
    ['is refused, as the policy is not known everywhere yet', 'access-denied', 1],
    ['is cut off before it has an effect', 'cut-before', 2],
    ['is cut off after it had its effect', 'cut-after', 2],
    [
      'is refused while the zone is busy',
      new ServiceError('PriorRequestNotComplete', 400, 'The request was rejected'),
      2,
    ],
  ])('%s at first: nobody notices', async (_, kind, times) => {
    const disturb = () => {
      scene.cloud.faults.clear();
      for (const [service, operation] of OPERATIONS) {
        if (!(kind instanceof ServiceError) || service === 'route53') {
          scene.cloud.faults.add({ service, operation, kind, times });
        }
      }
    };
    disturb();
    expect(await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT)))
      .toMatchObject({ status: 'CREATE_COMPLETE' });
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    disturb();
    expect(await scene.deploy('Mail', scene.byo('s2', scene.secrets.two, WAIT)))
      .toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
    expect(scene.records()).toHaveLength(2);
    disturb();
    expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
    expect(scene.all()).toEqual([]);
    expect(scene.identity()?.origin).toBe('AWS_SES');
  });
});

// The first batch notes the record that is there, the second one replaces it.
test.each<FaultKind>([
  'cut-after', 'hang-after',
])('1 a record that is overwritten is in sync before SES is told, also with the answer lost: %s', async (kind) => {
  scene.write(`s1._domainkey.${DOMAIN}`, 'TXT', '"something else"');
  scene.cloud.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', skip: 1, kind });
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, { recordConflict: RecordConflict.OVERWRITE }));
  const at = (operation: string) =>
    scene.cloud.calls.filter((call) => call.operation === operation).map((call) => call.at);
  const [, replaced] = at('ChangeResourceRecordSets');
  const [told] = at('PutEmailIdentityDkimSigningAttributes');
  expect(told - replaced).toBeGreaterThanOrEqual(scene.cloud.route53.settings.insyncAfter);
});

test.each<FaultKind>([
  'cut-after', 'hang-after',
])('1 a record that is found is in sync before SES is told, also with the answer lost: %s', async (kind) => {
  scene.publishKey('s1', PEM.one);
  scene.cloud.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', kind });
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one));
  const at = (operation: string) =>
    scene.cloud.calls.filter((call) => call.operation === operation).map((call) => call.at);
  const [noted] = at('ChangeResourceRecordSets');
  const [told] = at('PutEmailIdentityDkimSigningAttributes');
  expect(told - noted).toBeGreaterThanOrEqual(scene.cloud.route53.settings.insyncAfter);
});

// The double says `ThrottlingException` only. AWS names more, and the SDK, which tries once here, would know them all:
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/throttling.html
test.each([
  ['RequestThrottled', 400], ['RequestThrottledException', 400], ['RequestTimeout', 400], ['RequestTimeoutException', 400],
  ['Unknown', 429],
])('9 a service is busy, and says %s (%d): nobody notices', async (code, status) => {
  for (const [service, operation] of [['secretsmanager', 'GetSecretValue'], ['ses', 'GetEmailIdentity']]) {
    scene.cloud.faults.add({ service, operation, kind: new ServiceError(code, status, 'Rate exceeded'), times: 2 });
  }
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

describe('policies that IAM spreads slowly', () => {
  test('are waited for', async () => {
    scene.cloud.cloudFormation.iamSettings.policyDelay = 60_000;
    expect(await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT)))
      .toMatchObject({ status: 'CREATE_COMPLETE' });
    expect(await scene.deploy('Mail', scene.byo('s2', scene.secrets.two, WAIT)))
      .toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(scene.log().join('\n')).toContain('AccessDenied');
    expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
    expect(scene.all()).toEqual([]);
  });

  test('are not waited for as long as the deployment may take: a refusal that stays is reported', async () => {
    scene.cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', kind: 'access-denied', times: 1000 });
    const result = await scene.deploy('Mail', scene.easy());
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason)
      .toMatch(/AccessDeniedException: .*A policy, permission boundary or service control policy forbids this call/);
  });
});

test('a service that stays busy until the time is over is named in the reason', async () => {
  scene.cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', kind: 'throttle', times: 10_000 });
  const result = await scene.deploy('Mail', scene.easy());
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toMatch(/no time left for: GetEmailIdentity, which last answered TooManyRequestsException/);
  expect(scene.cloud.lambda.invocations.filter(({ result: ended }) => ended?.error)).toEqual([]);
});

describe('CloudFormation is answered', () => {
  const withOverride = (path: string, value: unknown) => (stack: Stack) => {
    scene.byo('s1', scene.secrets.one, WAIT)(stack);
    (stack.node.findChild('Dkim').node.defaultChild as CfnResource).addPropertyOverride(path, value);
  };

  test.each([
    ['Signing.Method', 'FUTURE', 'Signing.Method'],
    ['Signing', 'BYODKIM', 'Signing'],
    ['Identity', { Domain: 'example.com' }, 'Identity'],
    ['WaitForVerification', 'PT1H', 'WaitForVerification'],
  ])('when a property has a shape that it does not know (%s), on create and on update', async (path, value, named) => {
    const created = await scene.deploy('Broken', withOverride(path, value));
    expect(created.status).toBe('ROLLBACK_COMPLETE');
    expect(created.reason).toContain(`The property ${named} is`);
    expect(scene.all()).toEqual([]);

    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    const before = scene.all();
    const updated = await scene.deploy('Mail', withOverride(path, value));
    expect(updated.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(updated.reason).toContain(`The property ${named} is`);
    expect(scene.all()).toEqual(before);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test.each(OPERATIONS)('when a call of %s hangs, %s: it is cut off and made again', async (service, operation) => {
    scene.cloud.faults.add({ service, operation, kind: 'hang' });
    expect(await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT)))
      .toMatchObject({ status: 'CREATE_COMPLETE' });
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('when a service never answers again, in time and by name', async () => {
    scene.cloud.faults.add({ service: 'secretsmanager', operation: 'GetSecretValue', kind: 'hang', times: 1000 });
    const result = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one));
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason).toMatch(/no time left for: GetSecretValue, which last answered TimeoutError/);
    expect(scene.cloud.lambda.invocations.filter(({ result: ended }) => ended?.error)).toEqual([]);
    expect(scene.all()).toEqual([]);
  });

  test.each<[string, FaultKind, number]>([
    ['fails once', 'error', 1],
    ['is cut off', 'cut-before', 1],
    ['is cut off after it has arrived', 'cut-after', 1],
    ['fails so often that Lambda has to repeat the event', 'error', 8],
  ])('when the answer %s', async (_, kind, times) => {
    scene.cloud.faults.add({ service: 's3', operation: 'PutObject', kind, times });
    expect(await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT)))
      .toMatchObject({ status: 'CREATE_COMPLETE' });
    expect(scene.records()).toHaveLength(1);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('with a reason that is cut to what CloudFormation takes', async () => {
    scene.write(
      's1._domainkey.example.com',
      'TXT',
      Array.from({ length: 15 }, (_, index) => `"${`${index}ü`.repeat(60)}"`).join(' '),
    );
    const result = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one));
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason).toContain('was not written by this construct');
  });
});

describe('a hand-made BYODKIM under the very selector', () => {
  beforeEach(async () => {
    const ref = { account: ACCOUNT, region: REGION, name: 'example.com' };
    scene.cloud.ses.deleteIdentity(ref);
    scene.cloud.ses.createIdentity({
      ...ref, dkim: { selector: 's1', privateKey: PEM.two.replace(/-----[A-Z ]+-----|\s/g, '') },
    });
    scene.publishKey('s1', PEM.two);
    await scene.verified();
  });

  test.each([
    ['meets its record', () => scene.secrets.one, undefined],
    ['cannot read the secret', () => scene.secret('no key'), undefined],
    ['cannot write to the zone', () => scene.secrets.two, ['route53', 'ChangeResourceRecordSets']],
  ])('survives a create that %s', async (_, secret, fault) => {
    const before = scene.all();
    if (fault) scene.cloud.faults.add({ service: fault[0], operation: fault[1], kind: Scene.refusal() });
    const result = await scene.deploy('Mail', scene.byo('s1', secret(), WAIT));
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(scene.all()).toEqual(before);
    expect(scene.identity()).toMatchObject({ origin: 'EXTERNAL', status: 'SUCCESS', tokens: ['s1'] });
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });
});

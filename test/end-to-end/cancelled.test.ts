// A request that CloudFormation cancels is still at work while its rollback runs: both have to end in the old state.
import { Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { byoDkim, PEM, Scene } from './scene';
import { EmailIdentityDkim } from '../../src';

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

/** The signing under test, and beside it an identity that does not exist, so that its resource fails early. */
function besideOneThatFails(selector: string, secret: 'one' | 'two', failing: boolean): (stack: Stack) => void {
  return (stack) => {
    scene.dkim(() => byoDkim(stack, selector, scene.secrets[secret]))(stack);
    if (!failing) return;
    new EmailIdentityDkim(stack, 'Failing', {
      identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Missing', 'missing.example'),
    });
  };
}

/** Route 53 takes its time, so that the request is in the middle of its work when the other one fails. */
function slowZone(insyncAfter: number): void {
  scene.cloud.route53.settings.insyncAfter = insyncAfter;
}

test.each([
  20_000, 60_000, 120_000,
])('a create that is cancelled while it works leaves nothing (in sync after %d ms)', async (insyncAfter) => {
  slowZone(insyncAfter);
  const result = await scene.deploy('Mail', besideOneThatFails('s1', 'one', true));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.events.map(({ reason }) => reason)).toContain('Resource creation cancelled');
  await scene.cloud.clock.pass(600_000);
  expect(scene.all()).toEqual([]);
  expect(scene.identity()?.origin).toBe('AWS_SES');
});

test.each([
  20_000, 60_000, 120_000,
])('an update that is cancelled at work gives way to the old signing (in sync after %d ms)', async (insyncAfter) => {
  await scene.deployed('Mail', besideOneThatFails('s1', 'one', false));
  await scene.verified();
  slowZone(insyncAfter);
  const result = await scene.deploy('Mail', besideOneThatFails('s2', 'two', true));
  expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
  await scene.cloud.clock.pass(600_000);
  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  await scene.destroy('Mail');
  expect(scene.all()).toEqual([]);
});

test('a hand-made signing with the same selector survives a create that is cancelled before it writes', async () => {
  const privateKey = PEM.one.replace(/-----[^-]+-----|\s/g, '');
  scene.cloud.ses.deleteIdentity({ account: '111111111111', region: 'us-east-1', name: 'example.com' });
  scene.cloud.ses.createIdentity({
    account: '111111111111', region: 'us-east-1', name: 'example.com', dkim: { selector: 's1', privateKey },
  });
  scene.cloud.faults.add({ service: 'secretsmanager', operation: 'GetSecretValue', kind: 'throttle', times: 500 });
  const result = await scene.deploy('Mail', besideOneThatFails('s1', 'two', true));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  await scene.cloud.clock.pass(600_000);
  expect(scene.identity()).toMatchObject({ origin: 'EXTERNAL', tokens: ['s1'] });
});

// A rotation begins at the moment in which a deployment has the stack sign otherwise.
import { Duration } from 'aws-cdk-lib';
import { thenFails } from './hand-made';
import { HOUR, MINUTE, RotatingScene, SHORT } from './rotating-scene';
import { Scene } from './scene';

let rotating: RotatingScene;

beforeEach(async () => {
  rotating = await RotatingScene.deployed(SHORT);
});
afterEach(() => rotating.stop());

test.each([['another key', 's9'], ['Easy DKIM', undefined]])('11 %s: it does not tell SES of its key afterwards', async (_, selector) => {
  const { scene, cloud, clock } = rotating;
  const secret = scene.secrets.one;
  const before = cloud.calls.length;
  // The deployment is slow, and a call of the rotation is lost.
  cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', kind: 'hang' });
  cloud.faults.add({
    service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', kind: 'hang', times: selector ? 1 : 2,
  });
  const deploying = scene.deploy('mail', selector ? scene.byo(selector, secret) : scene.easy());
  await clock.until('the deployment to look for a rotation', () =>
    cloud.calls.slice(before).some(({ operation }) => operation === 'DescribeSecret'));
  await clock.pass(100);
  rotating.rotate();
  expect((await deploying).status).toBe('UPDATE_COMPLETE');
  await clock.pass(HOUR);
  expect(scene.identity()).toMatchObject(selector ? { tokens: [selector] } : { origin: 'AWS_SES' });
  expect(rotating.rotationLog.join('')).toContain('is being changed to sign otherwise. Nothing more was changed');
});

test('the deployment is rolled back: the key is rotated as before', async () => {
  const { scene, clock, selector } = rotating;
  expect((await scene.deploy('mail', thenFails(scene.easy()))).status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(rotating.selector).toBe(selector);
  await rotating.rotated();
  await clock.pass(HOUR);
  expect(rotating.selector).not.toBe(selector);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: rotating.selector });
});

test('the hourly care has nothing to do while a deployment has the stack sign otherwise', async () => {
  const { scene, cloud, clock } = rotating;
  await clock.pass(30 * MINUTE);
  Object.assign(cloud.ses.settings, { firstLook: 24 * HOUR });
  const { status } = await scene.deploy('mail', scene.easy({ waitForVerification: Duration.minutes(60) }));
  await clock.pass(MINUTE);
  expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(rotating.rotationLog.join('')).not.toContain('care-failed');
  expect(rotating.rotationLog.join('')).toContain('"rotation-ended"');
});

test('a roll-back that cannot take the label off keeps the key from its rotation for a day, and no longer', async () => {
  const { scene, cloud, clock, selector } = rotating;
  cloud.faults.add({ service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', kind: Scene.refusal() });
  cloud.faults.add({ service: 'secretsmanager', operation: 'UpdateSecretVersionStage', kind: Scene.refusal(), skip: 1 });
  expect((await scene.deploy('mail', scene.easy())).status).toBe('UPDATE_ROLLBACK_COMPLETE');
  await clock.pass(25 * HOUR);
  rotating.rotate();
  await clock.pass(2 * HOUR);
  expect(rotating.selector).not.toBe(selector);
});

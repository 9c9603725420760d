// A rotating key on the local cloud: made by the deployment, changed by Secrets Manager's own protocol, and its old
// record retired.
import { HOUR, RotatingScene } from './rotating-scene';

let rotating: RotatingScene;

afterEach(() => rotating.stop());

test('the deployment makes the first key, publishes it and has SES sign with it', async () => {
  rotating = await RotatingScene.deployed({}); // an option that is left out has its default
  const { scene } = rotating;
  expect(rotating.selector).toMatch(/^dkim-2\d{7}-[0-9a-f]{6}$/);
  expect(rotating.selectorOf('AWSCURRENT')).toBe(rotating.selector);
  expect(rotating.labels.AWSPENDING).toBeUndefined();
  expect(rotating.published).toEqual([rotating.selector]);
  expect(await scene.send()).toMatchObject({ result: 'pass', keyLength: 2048 });
});

test('a rotation publishes the next key, has SES verify it, and mail passes before, during and after', async () => {
  rotating = await RotatingScene.deployed();
  const { scene } = rotating;
  const first = rotating.selector;
  const before = await scene.sent();
  await rotating.rotated();
  const second = rotating.selector;
  expect(second).not.toBe(first);
  expect(rotating.selectorOf('AWSCURRENT')).toBe(second);
  expect(rotating.selectorOf('AWSPREVIOUS')).toBe(first);
  expect(rotating.published).toEqual([first, second].sort());
  expect(scene.identity()).toMatchObject({ status: 'SUCCESS' });
  expect(await scene.send()).toMatchObject({ result: 'pass' });
  expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });

  // The overlap.
  await rotating.clock.pass(23 * HOUR);
  expect(rotating.published).toEqual([first, second].sort());
  await rotating.clock.pass(3 * HOUR);
  expect(rotating.published).toEqual([second]);
  expect(await scene.send()).toMatchObject({ result: 'pass' });
});

test('removing the construct leaves nothing of it', async () => {
  rotating = await RotatingScene.deployed();
  await rotating.rotated();
  const { scene } = rotating;
  expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  expect(scene.all()).toEqual([]);
  expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', tags: [] });
  expect(scene.cloud.secretsManager.described().length).toBe(2); // those of the scene
});

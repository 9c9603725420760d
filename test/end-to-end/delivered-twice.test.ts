// Lambda delivers each request of CloudFormation at least once: here it comes twice at the same moment.
import { build, METHODS, ORIGINS, parentExists } from './methods';
import { RotatingScene, SHORT } from './rotating-scene';
import { Scene } from './scene';

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
  scene.cloud.lambda.settings.deliveries = 2;
});
afterEach(() => scene.stop());

describe.each(METHODS)('4 %s', (method) => {
  test.each(METHODS.filter((other) => other !== method))('goes over to %s, and leaves nothing behind', async (other) => {
    const before = await parentExists(scene);
    await scene.deployed('Mail', build(scene, method));
    const early = await scene.sent();
    await scene.deployed('Mail', build(scene, other));
    expect(scene.identity()).toMatchObject({ status: 'SUCCESS', origin: ORIGINS[other] });
    expect(await scene.send()).toMatchObject({ result: 'pass' });
    expect(await scene.verdictOn(early)).toMatchObject({ result: 'pass' });
    expect(await scene.destroy('Mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
    if (other !== 'DEED') expect(scene.all()).toEqual(before); // a replica has no zone, so the records stay (adr/0007)
    expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', tags: {} });
  });

  test('is rolled back to', async () => {
    await parentExists(scene);
    await scene.deployed('Mail', build(scene, method));
    const signing = scene.identity()!;
    const { status } = await scene.deploy('Mail', scene.byo('s2', scene.secret('no key')));
    expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(scene.identity()).toMatchObject({ status: 'SUCCESS', origin: ORIGINS[method], tokens: signing.tokens });
    expect(await scene.send()).toMatchObject({ result: 'pass' });
  });
});

test('4 a rotating key is made once, and changed once', async () => {
  const rotating = new RotatingScene(scene);
  await rotating.deploy(SHORT);
  await scene.verified();
  await rotating.rotated();
  expect(rotating.published).toHaveLength(2);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: rotating.selector });
});

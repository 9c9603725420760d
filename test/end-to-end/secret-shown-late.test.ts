// Keys that are changed where Secrets Manager shows some seconds late what it has stored, each time.
import { FollowingScene, MINUTE } from './following-scene';
import { RotatingScene, SHORT } from './rotating-scene';
import { Scene } from './scene';

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
  scene.cloud.secretsManager.settings.staleReads = 'always';
});
afterEach(() => scene.stop());

describe('2 a rotating key', () => {
  let rotating: RotatingScene;

  beforeEach(async () => {
    rotating = new RotatingScene(scene);
    expect(await rotating.deploy(SHORT)).toMatchObject({ status: 'CREATE_COMPLETE' });
    await scene.verified();
  });

  test('the deployment waits for the first key, and the trial of the schedule for its version', async () => {
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: rotating.selector });
    expect(rotating.labels.AWSPENDING).toBeUndefined();
  });

  test('a rotation comes to its end', async () => {
    const before = rotating.selector;
    await rotating.rotated();
    expect(rotating.selector).not.toBe(before);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: rotating.selector });
  });
});

test('2 a key that is followed is used by the run that has found it', async () => {
  const following = new FollowingScene(scene);
  await following.deploy();
  await scene.verified();
  const { settings } = scene.cloud.secretsManager;
  settings.staleReads = 'never'; // the user's secret is shown when the event comes
  following.store('s2');
  settings.staleReads = 'always';
  await scene.cloud.clock.pass(5 * MINUTE);
  await following.expectSigned('s2');
});

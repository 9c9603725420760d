// The first key of a rotating key, where Secrets Manager shows what it has stored some seconds later.
import { RotatingScene, SHORT } from './rotating-scene';
import { Scene } from './scene';

test('the deployment waits for it', async () => {
  const rotating = new RotatingScene(await Scene.withIdentity());
  const { scene, cloud: { clock, secretsManager } } = rotating;
  secretsManager.settings.staleReads = 'always';
  const deployment = rotating.deploy(SHORT);
  await clock.until('the key is published', () => scene.records().length > 0);
  secretsManager.settings.staleReads = 'never'; // the schedule comes afterwards
  await deployment;
  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: rotating.selector });
  await rotating.stop();
});

// Watching: what a user is told of each thing that can go wrong with the DKIM of an identity, and that health is told too.
import { ACCOUNT, DOMAIN, newKey, PEM, publicKeyOf, REGION, Scene } from './scene';
import { HOUR, nextReport, reportsOn, said, WATCHED, watchers } from './watched';

const HEALTHY = { Problem: 0, LookFailed: 0, Verified: 1, SigningEnabled: 1, KeyPublished: 1 };

let scene: Scene;

afterEach(() => scene.stop());

describe('all is right', () => {
  beforeEach(async () => {
    scene = await Scene.withIdentity();
  });

  test('Easy DKIM, also as two of the three keys are empty', async () => {
    await scene.deployed('Mail', scene.easy(WATCHED));
    await scene.verified();

    expect(await nextReport(scene)).toEqual(HEALTHY);
    expect(said(scene)).toEqual([]);
  });

  test('BYODKIM', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WATCHED));
    await scene.verified();

    expect(await nextReport(scene)).toEqual(HEALTHY);
  });
});

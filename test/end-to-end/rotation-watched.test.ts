// A rotating key that is watched: a new key is no problem, and somebody else's signing is one.
import { ACCOUNT, DOMAIN, REGION, RotatingScene, SHORT } from './rotating-scene';
import { LocalCloudOptions } from '../cloud';
import { HOUR, nextReport, reportsOn, said, WATCHED } from './watched';

const HEALTHY = { Problem: 0, LookFailed: 0, Verified: 1, SigningEnabled: 1, KeyPublished: 1 };

let rotating: RotatingScene;

async function started(cloud?: LocalCloudOptions): Promise<void> {
  rotating = await RotatingScene.deployed(SHORT, WATCHED, cloud);
}

afterEach(() => rotating.stop());

test('it is healthy before, between and after changes of the key', async () => {
  await started();
  const { scene } = rotating;
  expect(await nextReport(scene)).toEqual(HEALTHY);
  for (let change = 0; change < 2; change++) {
    await rotating.rotated();
    expect(await nextReport(scene)).toEqual(HEALTHY);
  }
  await rotating.clock.pass(30 * HOUR); // the old records are retired
  expect(reportsOn(scene).at(-1)!.metrics).toEqual(HEALTHY);
  expect(said(scene)).toEqual([]);
});

test('a key that the stack has not told SES is a problem', async () => {
  await started();
  const { scene } = rotating;
  scene.cloud.ses.signIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN }, 'AWS_SES', {});
  expect(await nextReport(scene)).toMatchObject({ Problem: 1 });
  expect(said(scene).join()).toMatch(/the stack has set a rotating key/);
});

test('where SES names no selector, the record of the current key is looked for all the same', async () => {
  await started({ ses: { byoDkimTokens: 'none' } });
  await rotating.rotated();
  const { scene } = rotating;
  expect(await nextReport(scene)).toEqual(HEALTHY);
  const name = `${rotating.selectorOf('AWSCURRENT')}._domainkey.${DOMAIN}`;
  scene.erase(name);
  expect(await nextReport(scene)).toMatchObject({ Problem: 1, KeyPublished: 0 });
  expect(said(scene).join()).toContain(`${name} has no record`);
});

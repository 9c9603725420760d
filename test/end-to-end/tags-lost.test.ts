// The tags of an identity are gone. Then the registry records count, and those of the same domain in another Region say
// nothing of this one. Invariants 10 and 12.
import { identityDeployed } from './hand-made';
import { WAIT } from './methods';
import { EUROPE, IN_ALL, RegionsScene, SYDNEY } from './regions-scene';
import { DAY, SHORT } from './rotating-scene';
import { ACCOUNT, DOMAIN, REGION, Scene } from './scene';

const EASY = { origin: 'AWS_SES' };

let scene: Scene;

afterEach(() => scene.stop());

function tagsAreGone(region = REGION): void {
  const tags = scene.identity(region)!.tags.map(({ Key }) => Key);
  scene.cloud.ses.untagIdentity({ account: ACCOUNT, region, name: DOMAIN }, tags);
}

describe('a rotating key in several Regions, and the tags are gone in one of them', () => {
  let rotating: RegionsScene;

  beforeEach(async () => {
    rotating = await RegionsScene.inAll();
    ({ scene } = rotating);
    tagsAreGone(EUROPE);
  });

  test('that one leaves the list: SES is led back there, before its record goes', async () => {
    expect(IN_ALL.furtherRegions).toContain(EUROPE);
    await rotating.deploy({ ...SHORT, furtherRegions: [SYDNEY] });
    expect(scene.identity(EUROPE)).toMatchObject(EASY);
    await rotating.rotated();
    await rotating.clock.pass(2 * DAY);
    expect(rotating.published).toEqual([rotating.selector]);
  });

  test('the stack goes: SES is led back everywhere', async () => {
    await scene.destroy('mail');
    expect([REGION, EUROPE, SYDNEY].map((region) => scene.identity(region)!.origin)).toEqual(['AWS_SES', 'AWS_SES', 'AWS_SES']);
    expect(scene.all()).toEqual([]);
  });
});

test('one key for two Regions in two stacks: both go, and SES is led back in both', async () => {
  scene = await Scene.start();
  await identityDeployed(scene, true);
  scene.identityExists(EUROPE);
  await scene.deployed('here', scene.byo('s1', scene.secrets.one, WAIT));
  await scene.deployed('there', scene.byo('s1', scene.secrets.one, WAIT), { region: EUROPE });
  await identityDeployed(scene, false); // CloudFormation may write the tags anew
  await scene.destroy('here');
  expect(scene.identity()).toMatchObject(EASY);
  await scene.destroy('there', { region: EUROPE });
  expect(scene.identity(EUROPE)).toMatchObject(EASY);
  expect(scene.all()).toEqual([]);
});

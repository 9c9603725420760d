// Whoever may write the followed secret chooses the selector. It is not to be the name of a registry record.
import { DAY, FollowingScene, HOUR } from './following-scene';
import { RecordConflict } from '../../src';

const LABEL = `cdk-ses-dkim-${'ab'.repeat(16)}`;

let following: FollowingScene;

afterEach(() => following.stop());

test('12 2 a key under a name that only registry records have is not published', async () => {
  following = await FollowingScene.deployed();
  following.store(LABEL);
  await following.clock.pass(2 * HOUR);
  expect(following.published).toEqual(['s1']);
  await following.expectSigned('s1');
});

test('12 nor does one stay for good', async () => {
  following = await FollowingScene.deployed();
  following.store(LABEL);
  await following.clock.pass(2 * HOUR);
  await following.changed('s2');
  await following.clock.pass(20 * DAY);
  expect(following.scene.all().filter((line) => line.includes(LABEL))).toEqual([]);
});

test('2 a deployment that may overwrite does not overwrite the registry record of another stack', async () => {
  following = await FollowingScene.deployed();
  const { scene } = following;
  scene.identityExists('eu-west-1');
  await scene.deployed('other', scene.byo('o1', scene.secrets.one, { region: 'eu-west-1' }));
  const labels = scene.all().flatMap((line) => /cdk-ses-dkim-[0-9a-f]{32}/.exec(line) ?? []);
  const registry = scene.all().find((line) => line.includes('record=o1'))!;
  await scene.destroy('mail');
  following.store(labels.find((label) => registry.includes(label))!);
  await scene.deploy('mail', scene.dkim(following.signing(), { recordConflict: RecordConflict.OVERWRITE }));
  expect(scene.all().filter((line) => line.includes('record=o1'))).toEqual([registry]);
});

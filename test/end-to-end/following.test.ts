// A key that follows its secret, on the local cloud: what the user stores is published, verified and used without a
// deployment, or taken back.
import { DAY, FollowingScene, HOUR, MINUTE } from './following-scene';

let following: FollowingScene;

afterEach(() => (following as FollowingScene | undefined)?.stop());

const expectSigned = (selector: string) => following.expectSigned(selector);

test('a new key in the secret is published and used within minutes, and the old record goes after its overlap', async () => {
  following = await FollowingScene.deployed();
  const { scene, clock } = following;
  await expectSigned('s1');
  const before = await scene.sent();
  following.store('s2');
  await clock.pass(5 * MINUTE);
  await expectSigned('s2');
  expect(following.published).toEqual(['s1', 's2']);
  expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
  expect(following.log).toContain('"decision":"key-current"');
  const { settings } = following.cloud.eventBridge;
  settings.deliveries = 0; // the hourly runs of two weeks have nothing to do
  await clock.pass(14 * DAY - HOUR);
  settings.deliveries = 1;
  expect(following.published).toEqual(['s1', 's2']);
  await clock.pass(3 * HOUR);
  expect(following.published).toEqual(['s2']);
  await expectSigned('s2');
  expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  expect(scene.all()).toEqual([]);
  expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', tags: [] });
});

test('a lost event costs an hour', async () => {
  following = await FollowingScene.deployed();
  const { cloud, clock } = following;
  cloud.eventBridge.settings.deliveries = 0;
  following.store('s2');
  await clock.pass(5 * MINUTE);
  await expectSigned('s1');
  cloud.eventBridge.settings.deliveries = 1;
  await clock.pass(HOUR);
  await expectSigned('s2');
});

test('a key that SES does not verify is taken back after an hour, and not tried again', async () => {
  following = await FollowingScene.deployed();
  const { cloud: { ses: { settings } }, clock, scene } = following;
  const { firstLook } = settings;
  settings.firstLook = 10 * HOUR;
  following.store('s2');
  await clock.until('SES to be told', () => following.selector === 's2', HOUR);
  await clock.pass(50 * MINUTE);
  expect(following.selector).toBe('s2');
  settings.firstLook = firstLook;
  await clock.pass(2 * HOUR);
  await expectSigned('s1');
  await clock.pass(5 * HOUR);
  await expectSigned('s1');
  expect(scene.log().filter((line) => line.includes('"signing-put"')).length).toBe(3); // s1, s2, s1
  expect(following.log).toContain('was taken back');
  expect(following.log).toMatch(/in time: SES in us-east-1 has EXTERNAL with the selector s2, status/);
  await following.changed('s3');
  await expectSigned('s3');
});

test('a value that is no key changes nothing, says so, and the next one is used', async () => {
  following = await FollowingScene.deployed();
  const { cloud, clock } = following;
  for (const value of ['no JSON', '{}', '{"selector":"s2"}', '{"selector":"s2","privateKey":"none"}', '{"selector":"S_2","privateKey":"none"}']) {
    cloud.secretsManager.put(following.arn, value);
    await clock.pass(5 * MINUTE);
    await expectSigned('s1');
    expect(cloud.lambda.invocations.at(-1)).toMatchObject({ result: { error: { errorType: 'RotationError' } } });
  }
  expect(following.log).toMatch(/holds no private key that SES can use/);
  await following.changed('s3');
  await expectSigned('s3');
});

test('another key under the selector that mail is signed with is refused', async () => {
  following = await FollowingScene.deployed();
  const before = await following.scene.sent();
  following.store('s1');
  await following.clock.pass(2 * HOUR);
  await expectSigned('s1');
  expect(await following.scene.verdictOn(before)).toMatchObject({ result: 'pass' });
  expect(following.log).toContain('Give the new key a new selector');
});

test('another key under an old selector is refused, and the old key itself is taken again', async () => {
  following = await FollowingScene.deployed();
  const { cloud, clock, scene } = following;
  const first = cloud.secretsManager.described().find(({ arn }) => arn === following.arn)!.versions.holderOf('AWSCURRENT')!;
  const before = await scene.sent();
  await following.changed('s2');
  following.store('s1');
  await clock.pass(10 * MINUTE);
  await expectSigned('s2');
  expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
  await following.changed('s1', JSON.parse(first.value!.toString()).privateKey);
  await clock.pass(10 * MINUTE);
  await expectSigned('s1');
});

test('a newer key while SES has not verified the one before', async () => {
  following = await FollowingScene.deployed();
  const { cloud: { ses: { settings } }, clock } = following;
  const { firstLook } = settings;
  settings.firstLook = 10 * HOUR;
  following.store('s2');
  await clock.until('SES to be told', () => following.selector === 's2', HOUR);
  await clock.pass(5 * MINUTE);
  settings.firstLook = firstLook;
  await following.changed('s3');
  await clock.pass(2 * HOUR);
  await expectSigned('s3');
});

test('two keys right after one another: only the last counts', async () => {
  following = await FollowingScene.deployed();
  following.store('s2');
  following.store('s3');
  await following.clock.pass(10 * MINUTE);
  await expectSigned('s3');
});

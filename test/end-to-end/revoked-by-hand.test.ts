// Somebody empties or damages the record of the key that SES signs with. What the watch says then works, and a rotation
// leads away from the key.
import { Duration } from 'aws-cdk-lib';
import { FollowingScene } from './following-scene';
import { signsByHand } from './hand-made';
import { REGIONS, RegionsScene } from './regions-scene';
import { HOUR, MINUTE, RotatingScene, SHORT } from './rotating-scene';
import { DOMAIN, newKey, Scene } from './scene';
import { nextReport, said, WATCHED } from './watched';
import { RecordConflict } from '../../src';

type Settings = Parameters<typeof RotatingScene.deployed>[2];

const REVOKED = '"v=DKIM1; k=rsa; p="';
const CUT_SHORT = '"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"';
const AGAIN = { ...WATCHED, waitForVerification: Duration.minutes(30) };

let scene: Scene;
afterEach(() => scene.stop());

function says(selector: string, value: string): void {
  scene.erase(`${selector}._domainkey.${DOMAIN}`);
  scene.write(`${selector}._domainkey.${DOMAIN}`, 'TXT', value);
}

describe('a key that leaked, and whose record somebody has emptied', () => {
  test('byoDkim: the watch has another key used first, and that works', async () => {
    scene = await Scene.withIdentity();
    await scene.deployed('mail', scene.byo('s1', scene.secrets.one, AGAIN));
    says('s1', REVOKED);
    await nextReport(scene);
    expect(said(scene).at(-1)).toMatch(/If the key has leaked, rotate the key, or give the construct a new one under a new selector/);
    await scene.deployed('mail', scene.byo('s2', scene.secrets.two, AGAIN));
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
  });

  test.each([RecordConflict.FAIL, RecordConflict.OVERWRITE])('5 byoDkim: an update of something else is rolled back (%s)', async (recordConflict) => {
    scene = await Scene.withIdentity();
    await scene.deployed('mail', scene.byo('s1', scene.secrets.one, { ...AGAIN, recordConflict }));
    says('s1', REVOKED);
    expect(await scene.deploy('mail',
      scene.byo('s1', scene.secrets.one, { ...AGAIN, recordConflict, recordTtl: Duration.minutes(7) })))
      .toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
    await scene.deployed('mail', scene.byo('s2', scene.secrets.two, { ...AGAIN, recordConflict }));
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
  });

  test('5 byoDkim: another key under its selector is refused, and rolled back', async () => {
    scene = await Scene.withIdentity();
    await scene.deployed('mail', scene.byo('s1', scene.secrets.one, AGAIN));
    says('s1', REVOKED);
    expect(await scene.deploy('mail', scene.byo('s1', scene.secrets.two, AGAIN)))
      .toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE', reason: expect.stringContaining('the key was revoked') });
  });

  test('byoDkim: a deployment that may overwrite does not publish it again', async () => {
    scene = await Scene.withIdentity();
    const overwriting = { ...AGAIN, recordConflict: RecordConflict.OVERWRITE };
    await scene.deployed('mail', scene.byo('s1', scene.secrets.one, overwriting));
    says('s1', REVOKED);
    const { reason } = await scene.deploy('mail',
      scene.byo('s1', scene.secrets.one, { ...overwriting, recordTtl: Duration.minutes(7) }));
    expect(reason).toContain('Its empty p= says that the key was revoked. Take a new key');
    expect(scene.records()).toEqual([`TXT s1._domainkey.${DOMAIN}. ${REVOKED}`]);
  });

  test('a rotating key: it is rotated, and that key is not published again', async () => {
    const rotating = await RotatingScene.deployed(SHORT, WATCHED);
    ({ scene } = rotating);
    const first = rotating.selector;
    says(first, REVOKED);
    await rotating.rotated();
    await rotating.clock.pass(2 * HOUR);
    expect(rotating.selector).not.toBe(first);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: rotating.selector });
    expect(scene.all().find((line) => line.includes(`${first}._domainkey`))).toContain(REVOKED);
  });

  test('a rotating key: SES does not verify the next one, and is not led back to it', async () => {
    const rotating = await RotatingScene.deployed(SHORT);
    ({ scene } = rotating);
    const first = rotating.selector;
    says(first, REVOKED);
    Object.assign(scene.cloud.ses.settings, { firstLook: 24 * HOUR });
    rotating.rotate();
    await rotating.clock.pass(5 * HOUR);
    expect(rotating.selector).not.toBe(first);
    expect(rotating.labels.AWSPENDING).toBeUndefined();
    expect(rotating.rotationLog.join('')).toContain('as the one before it is gone');
  });

  test.each<[string, Settings]>([
    ['public DNS is silent', {}], ['SES names no selector', { ses: { byoDkimTokens: 'none' } }],
  ])('a rotating key: neither where %s', async (what, settings) => {
    const rotating = await RotatingScene.deployed(SHORT, {}, settings);
    ({ scene } = rotating);
    const first = rotating.selectorOf('AWSCURRENT')!;
    says(first, REVOKED);
    Object.assign(scene.cloud.ses.settings, { firstLook: 24 * HOUR });
    rotating.rotate();
    await rotating.clock.until('SES to be told', () => rotating.rotationLog.join('').includes('"next-key-used"'));
    if (what === 'public DNS is silent') {
      for (const each of scene.cloud.dns.delegation(DOMAIN)!) scene.cloud.dns.setReachable(each, false);
    }
    await rotating.clock.pass(5 * HOUR);
    expect(rotating.selectorOf('AWSCURRENT')).not.toBe(first);
    expect(Object.values(scene.identity()!.tags).join()).not.toContain(`told=EXTERNAL:${first}`);
  });

  test('further Regions: one that still has the next key is not led back to it', async () => {
    const regions = await RegionsScene.inAll();
    ({ scene } = regions);
    const { clock, selector } = regions;
    const [one, two] = REGIONS;
    regions.rotate();
    await clock.until('SES to be told', () => regions.selectorIn(one) !== selector);
    Object.assign(scene.cloud.ses.settings, { firstLook: 100 * HOUR });
    await clock.until('SES to be told', () => regions.selectorIn(two) !== selector);
    await clock.pass(MINUTE);
    scene.cloud.faults.add({
      service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', region: two, kind: Scene.refusal(), times: 3,
    });
    await clock.until('the first one to be back', () => regions.selectorIn(one) === selector, 12 * HOUR);
    await clock.pass(2 * MINUTE);
    says(selector, REVOKED);
    const next = regions.selectorIn(two);
    await clock.pass(6 * HOUR);
    expect(regions.selectorIn(two)).toBe(next);
  });

  test('followSecret: it is emptied while the next key is taken back, which then stays', async () => {
    const following = await FollowingScene.deployed();
    ({ scene } = following);
    Object.assign(scene.cloud.ses.settings, { firstLook: 5 * HOUR });
    following.store('s2');
    await following.clock.until('SES to be told', () => following.selector === 's2', 3 * HOUR);
    scene.cloud.faults.add({
      service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', kind: Scene.refusal(), times: 1,
    });
    await following.clock.until('the next key to be taken back', () => following.log.includes('"failed"'), 4 * HOUR);
    says('s1', REVOKED);
    await following.clock.pass(48 * HOUR);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
    expect(following.log.split('\n').slice(-6).join('')).not.toContain('SES did not verify the key');
  });

  test('followSecret: a new key that is stored is used', async () => {
    const following = await FollowingScene.deployed();
    ({ scene } = following);
    says('s1', REVOKED);
    following.store('s2');
    await following.clock.pass(3 * HOUR);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
  });
});

describe('the record of the key was cut short', () => {
  test('byoDkim: what the watch says brings the mail back', async () => {
    scene = await Scene.withIdentity();
    await scene.deployed('mail', scene.byo('s1', scene.secrets.one, AGAIN));
    says('s1', CUT_SHORT);
    await nextReport(scene);
    expect(said(scene).at(-1)).toMatch(/has no key that can be read.*Delete the record of exactly the name s1\._domainkey\.example\.com, if there is one\. Write the record again: deploy/);
    scene.erase(`s1._domainkey.${DOMAIN}`);
    await scene.deployed('mail', scene.byo('s1', scene.secrets.one, { ...AGAIN, recordTtl: Duration.minutes(20) }));
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('a rotating key: the same', async () => {
    const rotating = await RotatingScene.deployed(SHORT, WATCHED);
    ({ scene } = rotating);
    says(rotating.selector, CUT_SHORT);
    await nextReport(scene);
    expect(said(scene).at(-1)).toContain(`Delete the record of exactly the name ${rotating.selector}._domainkey.${DOMAIN}, if there is one. Write the record again: deploy`);
    scene.erase(`${rotating.selector}._domainkey.${DOMAIN}`);
    await scene.deployed('mail', rotating.dkim(SHORT, { ...WATCHED, recordTtl: Duration.minutes(20) }));
    await scene.verified();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: rotating.selector });
  });
});

test('somebody has given SES another key, and written its record: the watch does not have that record deleted', async () => {
  scene = await Scene.withIdentity();
  await scene.deployed('mail', scene.byo('s1', scene.secrets.one, AGAIN));
  const pem = newKey();
  scene.erase(`s1._domainkey.${DOMAIN}`);
  scene.publishKey('s1', pem);
  signsByHand(scene, 's1', pem);
  await scene.verified();
  await nextReport(scene);
  expect(said(scene).at(-1)).toContain('Leave the record, and rotate the key, or give the construct a new one under a new selector');
  await scene.deployed('mail', scene.byo('s2', scene.secrets.two, AGAIN));
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
});

// What somebody can do who may change the secret of a rotating key or its tags, or rotate it at the worst moment: a
// rotation can be stopped, and takes no record from mail.
import { Duration, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { identityDeployed, signsByHand } from './hand-made';
import { DOMAIN, HOUR, MINUTE, REGION, RotatingScene, SHORT } from './rotating-scene';
import { ACCOUNT, newKey, PEM, Scene } from './scene';
import { nextReport, said, WATCHED } from './watched';
import { DkimSigning, EmailIdentityDkim } from '../../src';

const OTHER = 'mail.example.com';

let scene: Scene;
let rotating: RotatingScene;

async function started(): Promise<void> {
  rotating = await RotatingScene.deployed(SHORT);
  scene = rotating.scene;
}

function valueWith(selector: string): string {
  return JSON.stringify({ selector, made: new Date(scene.cloud.clock.now()).toISOString(), privateKey: newKey() });
}

afterEach(() => scene.stop());

test('another key under the published selector: the record stays, and the rotation says why', async () => {
  await started();
  const { selector } = rotating;
  const before = await scene.sent();
  rotating.cloud.secretsManager.put(rotating.arn, valueWith(selector));
  rotating.rotate();
  await rotating.clock.pass(10 * MINUTE);
  expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
  expect(await scene.send()).toMatchObject({ result: 'pass', selector });
  expect(rotating.rotationLog.join('\n')).toContain('signed with another key under this selector');
});

test('the tags of another secret do not lead a rotation to its domain', async () => {
  scene = await Scene.withIdentity();
  const { cloud: { secretsManager, clock } } = scene;
  scene.identityExists(REGION, OTHER);
  await scene.deployed('mail', (stack: Stack) => {
    const hostedZone = scene.zoneIn(stack);
    for (const domain of [DOMAIN, OTHER]) {
      new EmailIdentityDkim(stack, `Dkim ${domain}`, {
        identity: ses.EmailIdentity.fromEmailIdentityName(stack, `Identity ${domain}`, domain),
        hostedZone,
        signing: DkimSigning.rotatingByoDkim(SHORT),
      });
    }
  });
  await scene.verified();
  const secretOf = (domain: string) => secretsManager.described().find(({ tags }) =>
    tags.some(({ Key, Value }) => Key === 'cdk-ses-dkim:Identity' && Value === domain))!;
  const [victim, other] = [secretOf(DOMAIN), secretOf(OTHER)];
  const [selector] = scene.identity()!.tokens;
  const before = await scene.sent();
  secretsManager.change(other.arn, { tags: victim.tags });
  secretsManager.put(other.arn, valueWith(selector));
  secretsManager.rotate(other.arn, {});
  await clock.pass(10 * MINUTE);
  expect(scene.identity()!.tokens).toEqual([selector]);
  expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
});

test.each([['HostedZoneId', 'ZELSEWHERE'], ['RecordTtl', 'soon'], ['Identity', 'example.org']])(
  'a tag that is wrong, %s, leaves no rotation half-way', async (name, value) => {
    await started();
    rotating.tag(name, value);
    rotating.rotate();
    await rotating.clock.pass(5 * HOUR);
    expect(rotating.labels.AWSPENDING).toBeUndefined();
  });

test('a tag does not cut the overlap, and makes no weaker key', async () => {
  scene = await Scene.withIdentity();
  rotating = new RotatingScene(scene);
  await rotating.deploy();
  await scene.verified();
  rotating.tag('RecordOverlap', '0');
  rotating.tag('KeyLength', '1024');
  const before = await scene.sent();
  await rotating.rotated();
  await rotating.clock.pass(2 * HOUR);
  expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
  expect(await scene.send()).toMatchObject({ result: 'pass', keyLength: 2048 });
});

test.each([1, 4, 8, 14, 25])('a rotation that begins %d s after a deployment to Easy DKIM', async (seconds) => {
  await started();
  const going = scene.deploy('mail', scene.easy());
  await rotating.clock.pass(seconds * 1000);
  rotating.rotate();
  expect(await going).toMatchObject({ status: 'UPDATE_COMPLETE' });
  await rotating.clock.pass(3 * HOUR);
  expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', status: 'SUCCESS' });
  expect(await scene.send()).toMatchObject({ result: 'pass' });
});

test('the tags of the identity are gone, and a rotation is taken back: a Delete leads SES back all the same', async () => {
  scene = await Scene.start();
  await identityDeployed(scene, true);
  rotating = new RotatingScene(scene);
  await rotating.deploy(SHORT);
  await scene.verified();
  const { selector } = rotating;
  await identityDeployed(scene, false);
  scene.cloud.ses.settings.firstLook = 10 * HOUR;
  rotating.rotate();
  await rotating.clock.pass(16 * HOUR);
  expect(scene.identity()).toMatchObject({ tokens: [selector] });
  await scene.destroy('mail');
  expect(scene.identity()).toMatchObject({ origin: 'AWS_SES' });
  expect(scene.all()).toEqual([]);
});

describe('the signing was found before the key was made, and the tags of the identity are gone', () => {
  beforeEach(async () => {
    scene = await Scene.withIdentity();
    signsByHand(scene, 's1', PEM.one);
    scene.publishKey('s1', PEM.one);
    await scene.verified();
    rotating = new RotatingScene(scene);
    await scene.deployed('mail', scene.byo('s1', scene.secrets.one));
    await rotating.deploy(SHORT, WATCHED);
    await scene.verified();
    const identity = { account: ACCOUNT, region: REGION, name: DOMAIN };
    scene.cloud.ses.untagIdentity(identity, scene.identity()!.tags.map(({ Key }) => Key));
  });

  test('a deployment writes them again, as the watch says', async () => {
    await nextReport(scene);
    expect(said(scene).join()).toContain('To have them written again, deploy');
    await rotating.deploy(SHORT, { ...WATCHED, recordTtl: Duration.minutes(29) });
    expect(await nextReport(scene)).toMatchObject({ Problem: 0 });
  });

  test('a Delete leads SES back: nobody else has the key', async () => {
    expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
    expect(scene.identity()).toMatchObject({ origin: 'AWS_SES' });
  });
});

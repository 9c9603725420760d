// A key that follows its secret, at the edges: who changes the way of signing, the secret itself, or the key before.
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { ACCOUNT, DOMAIN, FollowingScene, HOUR, MINUTE, REGION, valueOf } from './following-scene';
import { signsByHand, thenFails } from './hand-made';
import { WAIT } from './methods';
import { newKey, Scene } from './scene';
import { ByoDkimSigningOptions, DkimPrivateKey, DkimSigning, EmailIdentityDkim } from '../../src';
import { Fault } from '../cloud/faults';

let following: FollowingScene;

afterEach(() => (following as FollowingScene | undefined)?.stop());

const expectSigned = (selector: string) => following.expectSigned(selector);

/** The same key, with a selector that the stack says: nobody follows the secret any more. */
const frozen = (options: Partial<ByoDkimSigningOptions> = {}) => (stack: Stack) => DkimSigning.byoDkim({
  selector: 's1',
  privateKey: DkimPrivateKey.fromSecret(secretsmanager.Secret.fromSecretCompleteArn(stack, 'Frozen', following.arn), {
    jsonField: 'privateKey',
  }),
  ...options,
});

const byName = (stack: Stack) => DkimSigning.byoDkim({
  privateKey: DkimPrivateKey.fromSecret(
    secretsmanager.Secret.fromSecretNameV2(stack, 'Named', 'mail/followed'), { jsonField: 'privateKey' }),
  followSecret: true,
});

const deaf = () => following.deaf();

describe('the same key with a selector that the stack says', () => {
  test.each([0, 1, 2, 5, 10, 20, 40, 80])('is not changed when the secret changes %d s after the deployment began', async (seconds) => {
    following = await FollowingScene.deployed();
    const { scene, clock } = following;
    const done = scene.deployed('mail', scene.dkim(frozen()));
    await clock.pass(1 + seconds * 1000);
    following.store('s2');
    await done;
    await clock.pass(3 * HOUR);
    await expectSigned('s1');
    expect(following.published).toEqual(['s1']);
  });

  test('is not changed while the update goes on with other resources, and the rules are still there', async () => {
    following = await FollowingScene.deployed();
    const { scene, clock, cloud } = following;
    const news = 'news.example.com';
    cloud.ses.settings.firstLook = 40 * MINUTE;
    scene.identityExists(REGION, news);
    const done = scene.deployed('mail', (stack) => {
      const dkim = scene.dkim(frozen())(stack);
      new EmailIdentityDkim(stack, 'News', {
        identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'NewsIdentity', news),
        hostedZone: route53.HostedZone.fromHostedZoneAttributes(stack, 'NewsZone', { hostedZoneId: scene.zoneId, zoneName: DOMAIN }),
        waitForVerification: Duration.minutes(55),
      }).node.addDependency(dkim);
    });
    await clock.pass(10 * MINUTE);
    following.store('s2');
    await clock.pass(20 * MINUTE);
    expect(following.log).toContain('do not say that this stack follows the secret');
    await expectSigned('s1');
    await done;
    await clock.pass(3 * HOUR);
    await expectSigned('s1');
  });

  test('is not followed either where nobody of this library has told SES', async () => {
    const key = newKey();
    following = new FollowingScene(await Scene.withIdentity());
    const { scene, clock, cloud } = following;
    cloud.secretsManager.put(following.arn, valueOf('s1', key));
    signsByHand(scene, 's1', key);
    scene.publishKey('s1', key);
    await scene.verified();
    await following.deploy();
    expect(scene.writes().filter((line) => line.includes('PutEmailIdentityDkim'))).toEqual([]);
    await scene.deployed('mail', scene.dkim(frozen()));
    await clock.pass(HOUR);
    expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
    await expectSigned('s1');
    expect(scene.identity()).toMatchObject({ tags: [] });
  });
});

test('a key that SES had before is followed, and what the function tells SES is led back when the stack goes', async () => {
  const key = newKey();
  following = new FollowingScene(await Scene.withIdentity());
  const { scene, cloud } = following;
  cloud.secretsManager.put(following.arn, valueOf('s1', key));
  signsByHand(scene, 's1', key);
  scene.publishKey('s1', key);
  await scene.verified();
  await following.deploy();
  await following.changed('s2');
  await expectSigned('s2');
  expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', tags: [] });
});

describe('another secret', () => {
  test('is followed after a deployment, which tells SES its key, and the one before no more', async () => {
    following = await FollowingScene.deployed();
    const { scene, clock, cloud } = following;
    const other = scene.secret(valueOf('o1'), 'mail/other');
    await scene.deployed('mail', scene.dkim(following.signing({}, other)));
    await scene.verified();
    await expectSigned('o1');
    following.store('s2');
    await clock.pass(2 * HOUR);
    await expectSigned('o1');
    cloud.secretsManager.put(other, valueOf('o2'));
    await clock.pass(10 * MINUTE);
    await expectSigned('o2');
  });

  test('is followed also after a deployment that has waited for SES, in further invocations', async () => {
    following = await FollowingScene.deployed(WAIT);
    const { scene, clock, cloud } = following;
    const other = scene.secret(valueOf('o1'), 'mail/other');
    await scene.deployed('mail', scene.dkim(following.signing({}, other), WAIT));
    await expectSigned('o1');
    cloud.secretsManager.put(other, valueOf('o2'));
    await clock.pass(10 * MINUTE);
    await expectSigned('o2');
  });

  test('that such a deployment named, and that was rolled back, is forgotten', async () => {
    following = await FollowingScene.deployed(WAIT);
    const { scene } = following;
    const other = scene.secret(valueOf('o1'), 'mail/other');
    expect(await scene.deploy('mail', thenFails(scene.dkim(following.signing({}, other), WAIT))))
      .toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
    await following.changed('s2');
    await expectSigned('s2');
  });

  test('that a failed deployment named is forgotten', async () => {
    following = await FollowingScene.deployed();
    const { scene, clock, cloud } = following;
    const other = scene.secret(valueOf('o1'), 'mail/other');
    expect(await scene.deploy('mail', thenFails(scene.dkim(following.signing({}, other))))).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
    await scene.verified();
    await expectSigned('s1');
    cloud.secretsManager.put(other, valueOf('o2'));
    await clock.pass(2 * HOUR);
    await expectSigned('s1');
    await following.changed('s2');
    await expectSigned('s2');
  });
});

describe('the secret is deleted, and made again under its name', () => {
  beforeEach(async () => {
    following = new FollowingScene(await Scene.withIdentity());
    await following.scene.deployed('mail', following.scene.dkim(byName));
    await following.scene.verified();
  });

  const madeAgain = (value: string) => {
    const { secretsManager } = following.cloud;
    secretsManager.delete(following.arn);
    return secretsManager.create({ account: ACCOUNT, region: REGION, name: 'mail/followed', value }).arn;
  };

  test('its next key is used', async () => {
    madeAgain(valueOf('s2'));
    await following.clock.pass(70 * MINUTE);
    await expectSigned('s2');
  });

  test('while a key is tried, which then has no way back: the next one is used', async () => {
    const { clock, cloud } = following;
    const hears = deaf();
    following.store('s2');
    await clock.until('SES to be told', () => following.selector === 's2', HOUR);
    const arn = madeAgain(valueOf('s2'));
    await clock.pass(3 * HOUR);
    expect(following.log).toContain('"next-key-kept"');
    hears();
    cloud.secretsManager.put(arn, valueOf('s3'));
    await clock.pass(70 * MINUTE);
    await expectSigned('s3');
  });

  test('a deployment uses the key of the new one where nobody can read the one before', async () => {
    madeAgain(valueOf('s2'));
    await following.scene.deployed('mail', following.scene.dkim(byName, { removalPolicy: RemovalPolicy.RETAIN }));
    await following.scene.verified();
    await expectSigned('s2');
  });
});

test('a first key that cannot be used is left behind when the user stores another one and deploys again', async () => {
  following = new FollowingScene(await Scene.withIdentity());
  const { scene, cloud } = following;
  scene.write('s1._domainkey.example.com', 'TXT', '"v=DKIM1; p=other"');
  const options = { disableRollback: true };
  expect(await scene.deploy('mail', scene.dkim(following.signing()), options)).toMatchObject({ status: 'CREATE_FAILED' });
  cloud.secretsManager.put(following.arn, valueOf('s2'));
  await scene.deployed('mail', scene.dkim(following.signing()), options);
  await scene.verified();
  await expectSigned('s2');
  await following.changed('s3');
  await expectSigned('s3');
});

test('a secret that cannot be read for hours is no reason to keep a key that SES does not verify', async () => {
  following = await FollowingScene.deployed();
  const { clock, cloud } = following;
  const hears = deaf();
  following.store('s2');
  await clock.until('SES to be told', () => following.selector === 's2', HOUR);
  cloud.faults.add({ service: 'secretsmanager', operation: 'GetSecretValue', kind: 'access-denied', times: 1000 });
  await clock.pass(3 * HOUR);
  expect(following.selector).toBe('s2');
  cloud.faults.clear();
  hears();
  await clock.pass(2 * HOUR);
  await expectSigned('s1');
});

test('a key that was taken back is tried again when it is stored again', async () => {
  following = await FollowingScene.deployed();
  const { clock } = following;
  const hears = deaf();
  const key = newKey();
  following.store('s2', key);
  await clock.pass(50 * MINUTE);
  hears();
  await clock.pass(5 * HOUR);
  await expectSigned('s1');
  await following.changed('s2', key);
  await expectSigned('s2');
});

test('a key that the secret has again is not given up while the zone refuses: SES was told of it before, and not now', async () => {
  following = await FollowingScene.deployed();
  const { clock, cloud, arn } = following;
  await following.changed('s2');
  await clock.pass(HOUR);
  cloud.faults.add({
    service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'access-denied', forMs: 130 * MINUTE,
  });
  const { versions } = cloud.secretsManager.described().find((secret) => secret.arn === arn)!;
  const idOf = (selector: string) => versions.all().find(({ value }) => String(value).includes(`"${selector}"`))!.id;
  versions.move('AWSCURRENT', idOf('s2'), idOf('s1'));
  await clock.pass(125 * MINUTE);
  await expectSigned('s2');
  await clock.pass(12 * HOUR);
  await expectSigned('s1');
});

test.each<[string, Fault]>([
  ['and the function dies', { service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', kind: 'kill-after' }],
  ['and SES refuses to be read for a while', {
    service: 'ses', operation: 'GetEmailIdentity', kind: 'access-denied', forMs: 30 * MINUTE,
  }],
])('a key that is taken back %s is told once', async (_, fault) => {
  following = await FollowingScene.deployed();
  const { clock, cloud } = following;
  following.deaf();
  following.store('s2');
  await clock.until('SES to be told', () => following.selector === 's2', HOUR);
  if (fault.kind === 'kill-after') cloud.faults.add(fault);
  await clock.until('SES to be told back', () => following.selector === 's1', 4 * HOUR);
  if (fault.kind !== 'kill-after') cloud.faults.add(fault);
  await clock.pass(10 * HOUR);
  expect(following.selector).toBe('s1');
  expect(following.log.match(/"next-key-used"/g)).toHaveLength(1);
});

test('the same key that is stored a hundred times is one key', async () => {
  const key = newKey();
  following = new FollowingScene(await Scene.withIdentity());
  const { scene, clock, cloud } = following;
  cloud.secretsManager.put(following.arn, valueOf('s1', key));
  await following.deploy();
  await scene.verified();
  for (let time = 0; time < 5; time++) following.store('s1', key);
  await clock.pass(HOUR);
  await expectSigned('s1');
  expect(scene.log().filter((line) => line.includes('"signing-put"')).length).toBe(1);
  expect(following.published).toEqual(['s1']);
});

test('two identities follow one secret', async () => {
  const news = 'news.example.com';
  following = new FollowingScene(await Scene.withIdentity());
  const { scene } = following;
  scene.identityExists(REGION, news);
  await scene.deployed('mail', (stack) => {
    const signing = following.signing()(stack);
    const hostedZone = scene.zoneIn(stack);
    for (const [id, domain] of [['Dkim', DOMAIN], ['News', news]]) {
      const identity = ses.EmailIdentity.fromEmailIdentityName(stack, `${id}Identity`, domain);
      new EmailIdentityDkim(stack, id, { identity, hostedZone, signing });
    }
  });
  await scene.verified();
  await following.changed('s2');
  await following.clock.pass(5 * MINUTE);
  await expectSigned('s2');
  expect(scene.identity(REGION, news)).toMatchObject({ status: 'SUCCESS', tokens: ['s2'] });
});

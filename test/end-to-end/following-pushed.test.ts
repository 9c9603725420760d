// A key that follows its secret, with deployments in the middle: updates, roll-backs and deletes, and what somebody
// says who may call the function.
import { Duration, Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { ACCOUNT, FollowingScene, HOUR, MINUTE, REGION, valueOf } from './following-scene';
import { READABLE } from './hand-made';
import { DNS_ACCOUNT, newKey, Scene } from './scene';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim } from '../../src';
import { NewSecret } from '../cloud/secrets-manager/secrets';

let following: FollowingScene;

afterEach(() => (following as FollowingScene | undefined)?.stop());

const expectSigned = (selector: string) => following.expectSigned(selector);

const deaf = () => following.deaf();

/** No event and no schedule gets through, until the given function is called. */
function unheard(): () => void {
  const { settings } = following.cloud.eventBridge;
  settings.deliveries = 0;
  return () => { settings.deliveries = 1; };
}

/** A resource of the stack that fails after the custom resource has been updated. */
const failing = (stack: Stack, dkim: EmailIdentityDkim) => {
  const taken = new ses.CfnEmailIdentity(stack, 'Taken', { emailIdentity: 'taken.example.com' });
  taken.node.addDependency(dkim);
};

describe('a deployment', () => {
  test('leaves a new key in the secret to the function that follows it', async () => {
    following = await FollowingScene.deployed();
    const hear = unheard();
    following.store('s2');
    await following.deploy({ recordTtl: Duration.minutes(10) });
    await expectSigned('s1');
    hear();
    await following.clock.pass(70 * MINUTE);
    await expectSigned('s2');
  });

  test('goes on with the key that SES has where the secret has none', async () => {
    following = await FollowingScene.deployed();
    following.cloud.secretsManager.put(following.arn, 'no key');
    await following.deploy({ recordTtl: Duration.minutes(10) });
    await expectSigned('s1');
  });

  test('goes on with the key that SES has where the secret has another key under its selector', async () => {
    following = await FollowingScene.deployed();
    following.store('s1');
    await following.deploy({ recordTtl: Duration.minutes(10) });
    await expectSigned('s1');
  });

  test('does not try a key again that was taken back', async () => {
    following = await FollowingScene.deployed();
    const hears = deaf();
    following.store('s2');
    await following.clock.pass(30 * MINUTE);
    hears();
    await following.clock.pass(3 * HOUR);
    await expectSigned('s1');
    await following.deploy({ recordTtl: Duration.minutes(10) });
    await expectSigned('s1');
  });

  test('while SES has not verified the next key goes on with that', async () => {
    following = await FollowingScene.deployed();
    const { scene, clock } = following;
    following.store('s2');
    await clock.until('SES to be told', () => following.selector === 's2', HOUR);
    await following.deploy({ recordTtl: Duration.minutes(10) });
    expect(following.selector).toBe('s2');
    await scene.verified();
    await clock.pass(2 * HOUR);
    await expectSigned('s2');
  });

  test.each(['a new key', 'no key'])('that fails for another reason is rolled back, with %s in the secret', async (what) => {
    following = await FollowingScene.deployed();
    const { scene } = following;
    unheard();
    scene.cloud.ses.settings.firstLook = 3 * MINUTE; // SES has not verified the new key yet
    scene.identityExists(REGION, 'taken.example.com');
    following.cloud.secretsManager.put(following.arn, what === 'no key' ? what : valueOf('s2'));
    expect(await scene.deploy('mail', (stack) => failing(stack, scene.dkim(following.signing(), { recordTtl: Duration.minutes(10) })(stack))))
      .toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
    await scene.verified();
    await expectSigned('s1');
  });

  test.each(['easyDkim', 'byoDkim', 'rotatingByoDkim'])('to %s and back loses nothing, also while a key is tried', async (method) => {
    following = await FollowingScene.deployed();
    const { scene, clock } = following;
    const hears = deaf();
    following.store('s2');
    await clock.until('SES to be told', () => following.selector === 's2', HOUR);
    hears();
    await scene.deployed('mail', scene.dkim((stack) => ({
      easyDkim: () => DkimSigning.easyDkim(),
      byoDkim: () => DkimSigning.byoDkim({
        selector: 'own',
        privateKey: DkimPrivateKey.fromSecret(secretsmanager.Secret.fromSecretCompleteArn(stack, 'Own', scene.secrets.one)),
      }),
      rotatingByoDkim: () => DkimSigning.rotatingByoDkim({ keyLength: 1024 }),
    })[method]!()));
    await scene.verified();
    await clock.pass(2 * HOUR);
    expect(scene.identity()!.tokens).not.toContain('s2');
    expect(await scene.send()).toMatchObject({ result: 'pass' });
    await following.deploy();
    await scene.verified();
    await expectSigned('s2');
    await following.changed('s3');
    await expectSigned('s3');
  });
});

describe('a Delete', () => {
  test('while a key is tried leaves nothing, and nothing comes after it', async () => {
    following = await FollowingScene.deployed();
    const { scene, clock } = following;
    deaf();
    following.store('s2');
    await clock.until('the next key to be published', () => following.published.includes('s2'), HOUR);
    expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
    await clock.pass(2 * HOUR);
    expect(scene.all()).toEqual([]);
    expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', tags: [] });
  });

  test('works without the secret', async () => {
    following = await FollowingScene.deployed();
    const { scene } = following;
    following.cloud.secretsManager.delete(following.arn);
    await following.clock.pass(2 * HOUR);
    await expectSigned('s1');
    expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
    expect(scene.all()).toEqual([]);
    expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', tags: [] });
  });
});

const REGION_KEY = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/11112222-3333-4444-5555-666677778888`;
const FOREIGN_KEY = `arn:aws:kms:${REGION}:${DNS_ACCOUNT}:key/11112222-3333-4444-5555-666677778888`;

test.each<[string, Partial<NewSecret>]>([
  ['another account, whose policy does not let its versions be listed', {
    account: DNS_ACCOUNT,
    kmsKeyArn: FOREIGN_KEY,
    resourcePolicy: READABLE,
  }],
  ['another Region', { region: 'eu-west-1', kmsKeyArn: REGION_KEY }],
])('a secret of %s sends no event here, and is followed within the hour', async (_, secret) => {
  following = await FollowingScene.deployed({}, {}, secret);
  following.store('s2');
  await following.clock.pass(70 * MINUTE);
  await expectSigned('s2');
});

test('a secret that is imported by its name is followed', async () => {
  following = new FollowingScene(await Scene.withIdentity());
  const { scene, clock } = following;
  await scene.deployed('mail', scene.dkim((stack) => DkimSigning.byoDkim({
    privateKey: DkimPrivateKey.fromSecret(
      secretsmanager.Secret.fromSecretNameV2(stack, 'Named', 'mail/followed'), { jsonField: 'privateKey' }),
    followSecret: true,
  })));
  await scene.verified();
  following.store('s2');
  await clock.pass(5 * MINUTE);
  await expectSigned('s2');
});

test('selector and key can be in other fields', async () => {
  following = new FollowingScene(await Scene.withIdentity());
  const { scene, clock, cloud } = following;
  const value = (name: string) => JSON.stringify({ name, key: newKey(), note: 'of 2026' });
  const arn = scene.secret(value('s1'), 'mail/fields');
  await scene.deployed('mail', scene.dkim((stack) => DkimSigning.byoDkim({
    privateKey: DkimPrivateKey.fromSecret(
      secretsmanager.Secret.fromSecretCompleteArn(stack, 'Fields', arn), { jsonField: 'key' }),
    followSecret: true,
    selectorField: 'name',
  })));
  await scene.verified();
  cloud.secretsManager.put(arn, value('s2'));
  await clock.pass(5 * MINUTE);
  await expectSigned('s2');
});

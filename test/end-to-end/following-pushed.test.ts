// A key that follows its secret, with deployments in the middle: updates, roll-backs and deletes, and what somebody
// says who may call the function.
import { Duration, Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { ACCOUNT, DOMAIN, FollowingScene, HOUR, MINUTE, REGION, valueOf } from './following-scene';
import { DNS_ACCOUNT, newKey, Scene } from './scene';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim } from '../../src';
import { NewSecret } from '../cloud/secrets-manager/secrets';

let following: FollowingScene;

afterEach(() => (following as FollowingScene | undefined)?.stop());

async function expectSigned(selector: string): Promise<void> {
  expect(following.scene.identity()).toMatchObject({ origin: 'EXTERNAL', status: 'SUCCESS', tokens: [selector] });
  expect(await following.scene.send()).toMatchObject({ result: 'pass', selector });
}

/** SES verifies nothing new from now on. Gives what ends that. */
function deaf(): () => void {
  const { settings } = following.cloud.ses;
  const { firstLook } = settings;
  settings.firstLook = 10 * HOUR;
  return () => { settings.firstLook = firstLook; };
}

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
  test('uses what the secret says', async () => {
    following = await FollowingScene.deployed();
    unheard();
    following.store('s2');
    await following.deploy({ recordTtl: Duration.minutes(10) });
    await following.scene.verified();
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

  test('that waits in vain is rolled back to the key before', async () => {
    following = await FollowingScene.deployed();
    const { scene } = following;
    unheard();
    const hears = deaf();
    following.store('s2');
    const result = scene.deploy('mail', scene.dkim(following.signing(), { waitForVerification: Duration.minutes(10) }));
    await following.clock.pass(11 * MINUTE);
    hears();
    expect(await result).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
    await scene.verified();
    await expectSigned('s1');
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

  test('that fails after SES has verified the new key keeps that key: the secret says so', async () => {
    following = await FollowingScene.deployed();
    const { scene } = following;
    unheard();
    scene.cloud.ses.settings.firstLook = 1;
    scene.identityExists(REGION, 'taken.example.com');
    following.store('s2');
    expect(await scene.deploy('mail', (stack) =>
      failing(stack, scene.dkim(following.signing(), { recordTtl: Duration.minutes(10) })(stack))))
      .toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
    await scene.verified();
    await expectSigned('s2');
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

describe('what is called by hand', () => {
  const OTHER = 'mail.example.com';

  test('does not lead an identity to the secret of another one', async () => {
    following = new FollowingScene(await Scene.withIdentity());
    const { scene, clock } = following;
    scene.identityExists(REGION, OTHER);
    const other = scene.secret(valueOf('o1'), 'mail/other');
    await scene.deployed('mail', (stack: Stack) => {
      const hostedZone = scene.zoneIn(stack);
      new EmailIdentityDkim(stack, 'Mine', {
        identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'MyIdentity', DOMAIN),
        hostedZone,
        signing: following.signing()(stack),
      });
      new EmailIdentityDkim(stack, 'Other', {
        identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'OtherIdentity', OTHER),
        hostedZone,
        signing: DkimSigning.byoDkim({
          privateKey: DkimPrivateKey.fromSecret(
            secretsmanager.Secret.fromSecretCompleteArn(stack, 'OtherSecret', other), { jsonField: 'privateKey' }),
          followSecret: true,
        }),
      });
    });
    await scene.verified();
    const event = await eventOf(following);
    const mine = event.Identities.find(({ Identity }) => Identity === DOMAIN)!;
    for (const [selector, key] of [['o2', newKey()], ['s1', newKey()]]) {
      following.cloud.secretsManager.put(other, valueOf(selector, key));
      await following.run({ ...event, Identities: [{ ...mine, Signing: { ...mine.Signing, SecretArn: other } }] });
      await clock.pass(5 * MINUTE);
      await expectSigned('s1');
    }
    await following.run({ ...event, StackId: event.StackId.replace('/mail/', '/mails/') });
    await following.run({ ...event, Identities: [{ ...mine, LogicalResourceId: 'Other' }] });
    await following.run({ ...event, Identities: [{ ...mine, Identity: OTHER }] });
    await clock.pass(5 * MINUTE);
    await expectSigned('s1');
    expect(following.published).toContain('s1');
  });
});

interface Event {
  readonly StackId: string;
  readonly Identities: readonly { readonly Identity: string; readonly Signing: object }[];
}

/** What the rule sends. */
async function eventOf({ clock, cloud }: FollowingScene): Promise<Event> {
  await clock.pass(2 * HOUR);
  const called = cloud.lambda.invocations.filter(({ functionName }) => functionName === following.function);
  return JSON.parse(called.at(-1)!.event);
}

const REGION_KEY = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/11112222-3333-4444-5555-666677778888`;
const FOREIGN_KEY = `arn:aws:kms:${REGION}:${DNS_ACCOUNT}:key/11112222-3333-4444-5555-666677778888`;

test.each<[string, Partial<NewSecret>]>([
  ['another account, whose policy does not let its versions be listed', {
    account: DNS_ACCOUNT,
    kmsKeyArn: FOREIGN_KEY,
    resourcePolicy: {
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
        Action: 'secretsmanager:GetSecretValue',
        Resource: '*',
      },
    },
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

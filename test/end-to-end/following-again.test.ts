// A key that follows its secret, after a change of it was broken off, refused or taken back: what is tried again, and
// what is not.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { ACCOUNT, DOMAIN, FollowingScene, HOUR, MINUTE, REGION } from './following-scene';
import { thenFails } from './hand-made';
import { newKey, Scene } from './scene';
import { DkimPrivateKey, DkimSigning } from '../../src';

let following: FollowingScene;

afterEach(() => (following as FollowingScene | undefined)?.stop());

const expectSigned = (selector: string) => following.expectSigned(selector);

const deaf = () => following.deaf();

/** s2 is tried in vain, and taken back. */
async function takenBack(): Promise<void> {
  const hears = deaf();
  following.store('s2');
  await following.clock.pass(50 * MINUTE);
  hears();
  await following.clock.pass(3 * HOUR);
  await expectSigned('s1');
}

/** The same secret, imported by its name. */
const byName = (stack: Stack) => DkimSigning.byoDkim({
  privateKey: DkimPrivateKey.fromSecret(
    secretsmanager.Secret.fromSecretNameV2(stack, 'Named', 'mail/followed'), { jsonField: 'privateKey' }),
  followSecret: true,
});

const secretOf = (arn: string) => following.cloud.secretsManager.described().find((each) => each.arn === arn)!;
const ours = () => following.cloud.secretsManager.described().find(({ name }) => name.includes('Followed'))!;
const versionOf = (selector: string) => secretOf(following.arn).versions.all().find(({ value }) => `${value}`.includes(`"${selector}"`))!.id;
const currentOfUser = () => secretOf(following.arn).versions.holderOf('AWSCURRENT')!.id;

test('a key whose change was broken off by a deployment that failed is used after it, with few calls', async () => {
  following = await FollowingScene.deployed();
  const { scene, clock, cloud } = following;
  cloud.ses.settings.firstLook = 5 * MINUTE;
  following.store('s2');
  await clock.until('SES to be told', () => following.selector === 's2', HOUR);
  expect(await scene.deploy('mail', thenFails(scene.dkim(() => DkimSigning.easyDkim()))))
    .toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
  const before = cloud.calls.length;
  await clock.pass(75 * MINUTE);
  await expectSigned('s2');
  expect(cloud.calls.length - before).toBeLessThan(200);
});

test('a key that was taken back is tried again when somebody moves the label away from it and back', async () => {
  following = await FollowingScene.deployed();
  await takenBack();
  const { versions } = secretOf(following.arn);
  const [s1, s2] = [versionOf('s1'), currentOfUser()];
  versions.move('AWSCURRENT', s2, s1);
  await following.clock.pass(2 * HOUR);
  const before = following.cloud.calls.length;
  versions.move('AWSCURRENT', s1, s2);
  await following.clock.pass(10 * MINUTE);
  await expectSigned('s2');
  expect(following.cloud.calls.length - before).toBeLessThan(200);
});

test('a key that SES was never told of, as the zone refused for an hour, is used when it no longer does', async () => {
  following = await FollowingScene.deployed();
  const { cloud, clock } = following;
  cloud.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'access-denied', forMs: 130 * MINUTE });
  following.store('s2');
  await clock.pass(125 * MINUTE);
  await expectSigned('s1');
  await clock.pass(2 * HOUR);
  await expectSigned('s2');
  expect(following.log).not.toContain('SES did not verify the key');
});

test('a key that SES has verified once is not taken back while its record cannot be seen', async () => {
  following = await FollowingScene.deployed();
  const { cloud, clock, scene } = following;
  cloud.faults.add({ service: 'secretsmanager', operation: 'UpdateSecretVersionStage', kind: 'access-denied', times: 1000 });
  following.store('s2');
  await clock.until('SES to verify it', () => following.selector === 's2' && scene.identity()!.status === 'SUCCESS', HOUR);
  scene.erase(`s2._domainkey.${DOMAIN}`);
  cloud.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'access-denied', times: 100_000 });
  await clock.until('SES to miss it', () => scene.identity()!.status === 'TEMPORARY_FAILURE', 80 * HOUR);
  cloud.faults.clear();
  cloud.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'access-denied', forMs: 4 * HOUR });
  await clock.pass(3 * HOUR);
  expect(following.selector).toBe('s2');
  await clock.pass(30 * HOUR);
  await expectSigned('s2');
});

test('a key that was taken back is not told by a deployment that imports the same secret in another way', async () => {
  following = new FollowingScene(await Scene.withIdentity());
  const { scene, clock } = following;
  await scene.deployed('mail', scene.dkim(byName));
  await scene.verified();
  await takenBack();
  await following.deploy();
  await clock.pass(3 * HOUR);
  await expectSigned('s1');
  await following.changed('s3');
  await expectSigned('s3');
});

test('a key that is tried in vain is taken back also when a deployment imports the same secret in another way', async () => {
  following = await FollowingScene.deployed();
  const { scene, clock } = following;
  const hears = deaf();
  following.store('s2');
  await clock.until('SES to be told', () => following.selector === 's2', HOUR);
  await scene.deployed('mail', scene.dkim(byName));
  expect(following.selector).toBe('s2');
  await clock.pass(50 * MINUTE);
  hears();
  await clock.pass(3 * HOUR);
  await expectSigned('s1');
  await following.changed('s3');
  await expectSigned('s3');
});

test('a key that is stored once more while it is tried goes on, and SES is told once', async () => {
  following = await FollowingScene.deployed();
  const { clock, cloud, scene } = following;
  cloud.ses.settings.firstLook = 8 * MINUTE;
  const key = newKey();
  following.store('s2', key);
  await clock.until('SES to be told', () => following.selector === 's2', HOUR);
  following.store('s2', key);
  await clock.pass(2 * HOUR);
  await expectSigned('s2');
  expect(scene.log().filter((line) => line.includes('"signing-put"')).length).toBe(2); // s1, s2
});

describe('two stacks that sign one identity and follow one secret', () => {
  test('both have its key in the end, whoever comes first', async () => {
    following = await FollowingScene.deployed();
    const { scene, clock, cloud } = following;
    await scene.deployed('other', scene.dkim(following.signing()));
    await clock.pass(HOUR);
    const { settings } = cloud.eventBridge;
    settings.deliveries = 0;
    following.store('s2');
    const [own] = cloud.secretsManager.described().filter(({ name }) => name.startsWith('mail-') && name.includes('Followed'));
    await following.run({ Secrets: [own.arn] });
    await expectSigned('s2');
    settings.deliveries = 1;
    await clock.pass(2 * HOUR);
    expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
    await clock.pass(2 * HOUR);
    await expectSigned('s2');
    following.store('s3');
    await clock.pass(2 * HOUR);
    await expectSigned('s3');
  });

  test('a leaked key that two stacks have had, and neither signs with any more, is revoked by one of them', async () => {
    const EUROPE = 'eu-west-1';
    following = await FollowingScene.deployed();
    const { scene, cloud } = following;
    scene.identityExists(EUROPE);
    await scene.deployed('other', scene.dkim(following.signing(), { region: EUROPE }));
    await scene.verified(EUROPE);
    const leaked = following.selector;
    await following.changed('s2', newKey());
    await following.clock.pass(3 * HOUR);
    expect([REGION, EUROPE].map((region) => scene.identity(region)!.tokens)).toEqual([['s2'], ['s2']]);
    const revoked = () => scene.records().find((line) => line.startsWith(`TXT ${leaked}.`));
    for (const stack of ['mail', 'other']) {
      const name = cloud.lambda.functionNames().find((each) => each.startsWith(stack) && each.includes('Rotation'))!;
      const { arn: SecretId } = cloud.secretsManager.described().find(({ arn }) => arn.includes(`:${stack}-Dkim`))!;
      await cloud.lambda.invoke(`arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`,
        JSON.stringify({ SecretId, Revoke: leaked }));
      expect(revoked()).toMatch(/p="$/);
    }
  });
});

test('10 a superseded key is not revoked while the selector that SES signs with leads to its record', async () => {
  following = await FollowingScene.deployed();
  const { scene, clock, cloud } = following;
  const key = newKey();
  await following.changed('s2', key);
  scene.write(`mail._domainkey.${DOMAIN}`, 'CNAME', `s2._domainkey.${DOMAIN}`);
  await following.changed('mail', key);
  await clock.pass(HOUR);
  const { arn: SecretId } = cloud.secretsManager.described().find(({ name }) => name.startsWith('mail-'))!;
  await following.run({ SecretId, Revoke: 's2' });
  expect(following.log).toContain('Mail of example.com is signed with the selector s2 now');
  await clock.pass(HOUR);
  await expectSigned('mail');
});

test('without its tag on the identity nothing is followed, and the reason says how to mend that', async () => {
  following = await FollowingScene.deployed();
  const { scene, clock, cloud } = following;
  const [{ Key }] = scene.identity()!.tags;
  cloud.ses.untagIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN }, [Key]);
  following.store('s2');
  await clock.pass(2 * MINUTE);
  expect(following.log).toContain('The tags of example.com in SES do not say that this stack follows the secret. Nothing was changed. '
    + 'Deploy the stack with a change of the construct, such as another recordTtl');
  await expectSigned('s1');
  await following.deploy({ recordTtl: undefined, retireBetweenDeployments: true });
});

describe('who may write the secret of the stack', () => {
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
    .export({ type: 'spki', format: 'der' }).toString('base64');

  test.each(['with the right version of the user\'s secret', 'with the secret of another identity', 'while the user\'s secret cannot be read'])(
    'does not get a key of his own into DNS: %s', async (how) => {
      following = await FollowingScene.deployed();
      const { cloud, clock, scene } = following;
      const other = scene.secret(JSON.stringify({ selector: 'evil', privateKey: 'none' }), 'mail/other');
      const { arn, versions } = ours();
      const current = JSON.parse(`${versions.holderOf('AWSCURRENT')!.value}`);
      following.store('s2');
      const id = createHash('sha256').update(`${versions.holderOf('AWSCURRENT')!.id} ${currentOfUser()}`).digest('hex');
      const follows = { ...current.follows, ...how.includes('another') ? { arn: other } : {} };
      const policy = { Statement: { Effect: 'Deny', Principal: '*', Action: 'secretsmanager:GetSecretValue', Resource: '*' } } as const;
      if (how.includes('read')) cloud.secretsManager.putResourcePolicy(following.arn, policy);
      cloud.secretsManager.put(arn, JSON.stringify({ ...current, selector: 'evil', publicKey: stranger, follows }), {
        versionId: id, stages: ['AWSPENDING'],
      });
      await clock.pass(3 * HOUR);
      expect(following.published.filter((name) => name.startsWith('evil'))).toEqual([]);
      cloud.secretsManager.putResourcePolicy(following.arn, undefined);
      await clock.pass(3 * HOUR);
      expect(following.published.filter((name) => name.startsWith('evil'))).toEqual([]);
      await expectSigned('s2');
    });
});

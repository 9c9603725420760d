// A construct moves to another stack: the new one is deployed, then the old one is removed. Invariant 6: the mail that
// was signed before can be verified until its overlap is over.
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { FollowingScene } from './following-scene';
import { failing, identityDeployed } from './hand-made';
import { WAIT } from './methods';
import { HOUR, RotatingScene, SHORT } from './rotating-scene';
import { ACCOUNT, byoDkim, DOMAIN, PEM, Scene } from './scene';
import { EmailIdentityDkim } from '../../src';

let scene: Scene;

afterEach(() => scene.stop());

const OVERLAP = 14 * 24 * HOUR;
const PASSES = { result: 'pass' };

/** A stack with something else in place of the construct. */
const withoutIt = (stack: Stack) => void new ses.EmailIdentity(stack, 'Other', {
  identity: ses.Identity.domain('other.example'),
});

/** The records of a selector that are there, whoever has them. */
const records = () => scene.records().map((record) => record.split(' ')[1]);

test('a selector that was changed an hour before the move can be looked up until its overlap is over', async () => {
  scene = await Scene.withIdentity();
  await scene.deployed('Old', scene.byo('s1', scene.secrets.one, WAIT));
  const before = await scene.sent();
  await scene.deployed('Old', scene.byo('s2', scene.secrets.two, WAIT));
  await scene.cloud.clock.pass(HOUR);
  await scene.deployed('New', scene.byo('s2', scene.secrets.two, WAIT));
  await scene.deployed('Old', withoutIt);

  await scene.cloud.clock.pass(OVERLAP - 2 * HOUR);
  expect(await scene.verdictOn(before)).toMatchObject(PASSES);
  expect(await scene.verdictOn(await scene.sent())).toMatchObject(PASSES);

  await scene.cloud.clock.pass(3 * HOUR);
  await scene.deployed('New', scene.byo('s2', scene.secrets.two, { recordTtl: Duration.minutes(29) }));
  expect(records()).toEqual(['s2._domainkey.example.com.']);
  await scene.destroy('New');
  expect(scene.all()).toEqual([]);
});

test('a key that the new stack replaces can be looked up until its overlap is over', async () => {
  scene = await Scene.withIdentity();
  await scene.deployed('Old', scene.byo('s1', scene.secrets.one, WAIT));
  const before = await scene.sent();
  await scene.deployed('New', scene.byo('s2', scene.secrets.two, WAIT));
  await scene.deployed('Old', withoutIt);
  await scene.cloud.clock.pass(OVERLAP - HOUR);
  expect(await scene.verdictOn(before)).toMatchObject(PASSES);
});

test('so can the tokens of Easy DKIM', async () => {
  scene = await Scene.withIdentity();
  await scene.deployed('Old', scene.easy(WAIT));
  const tokens = records();
  await scene.deployed('New', scene.byo('s2', scene.secrets.two, WAIT));
  await scene.deployed('Old', withoutIt);
  expect(tokens).toHaveLength(3);
  expect(new Set(records())).toEqual(new Set([...tokens, 's2._domainkey.example.com.']));
});

test('Easy DKIM moves an hour after it took the place of a key, which can be looked up until its overlap is over', async () => {
  scene = await Scene.withIdentity();
  await scene.deployed('Old', scene.byo('s1', scene.secrets.one, WAIT));
  const before = await scene.sent();
  await scene.deployed('Old', scene.easy(WAIT));
  await scene.deployed('New', scene.easy(WAIT));
  await scene.deployed('Old', withoutIt);
  await scene.cloud.clock.pass(OVERLAP - HOUR);
  expect(await scene.verdictOn(before)).toMatchObject(PASSES);
  await scene.destroy('New');
  expect(scene.all()).toEqual([]);
  expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', tags: [] });
});

test('Easy DKIM that was told to SES moves to a stack without a zone: its records stay', async () => {
  scene = await Scene.withIdentity();
  await scene.deployed('Old', scene.byo('s1', scene.secrets.one, WAIT));
  await scene.deployed('Old', scene.easy(WAIT));
  await scene.deployed('New', scene.easy({ ...WAIT, hostedZone: undefined }));
  await scene.deployed('Old', withoutIt);
  await scene.cloud.clock.pass(25 * HOUR);
  expect(await scene.send()).toMatchObject(PASSES);
});

test('Easy DKIM that was found moves to another zone, and the old one retains its records, as docs/moving.md says', async () => {
  scene = await Scene.withIdentity();
  const { id } = await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: DOMAIN, delegate: false });
  await scene.deployed('Old', scene.easy(WAIT));
  await scene.deployed('New', (stack) => void scene.easy({ ...WAIT, hostedZone: scene.zoneIn(stack, id) })(stack));
  await scene.deployed('Old', scene.easy({ ...WAIT, removalPolicy: RemovalPolicy.RETAIN }));
  await scene.deployed('Old', withoutIt);
  await scene.cloud.clock.pass(25 * HOUR);
  expect(await scene.send()).toMatchObject(PASSES);
});

test('a rotating key moves, and its successor retires the key before', async () => {
  const rotating = await RotatingScene.deployed(SHORT);
  scene = rotating.scene;
  const before = await scene.sent();
  await scene.deployed('New', rotating.dkim(SHORT, WAIT));
  await scene.verified();
  await scene.deployed('mail', withoutIt);
  await scene.cloud.clock.pass(2 * HOUR);
  expect(await scene.verdictOn(before)).toMatchObject(PASSES);
  expect(await scene.verdictOn(await scene.sent())).toMatchObject(PASSES);
});

test('a key that follows its secret moves', async () => {
  const following = await FollowingScene.deployed(WAIT);
  scene = following.scene;
  const before = await scene.sent();
  await following.changed('s2');
  await scene.deployed('New', scene.dkim(following.signing(), WAIT));
  await scene.deployed('mail', withoutIt);
  await scene.cloud.clock.pass(2 * HOUR);
  expect(await scene.verdictOn(before)).toMatchObject(PASSES);
});

test('what the new stack published and never told goes with its failed Create', async () => {
  scene = await Scene.withIdentity();
  await scene.deployed('Old', scene.byo('s1', scene.secrets.one, WAIT));
  scene.cloud.faults.add({ service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', kind: Scene.refusal() });
  await scene.deploy('New', scene.byo('s2', scene.secrets.two));
  expect(records()).toEqual(['s1._domainkey.example.com.']);
});

test.each([true, false])('10 the deployment that removes it changes the identity, too, whose tags go (with a zone: %s)', async (hasZone) => {
  scene = await Scene.start();
  const dkim = (stack: Stack, identity: ses.IEmailIdentity) => void new EmailIdentityDkim(stack, 'Dkim', {
    identity, signing: byoDkim(stack, 's1', scene.secrets.one), hostedZone: hasZone ? scene.zoneIn(stack) : undefined,
  });
  const before = (hasDkim: boolean) => (stack: Stack) => {
    const identity = new ses.EmailIdentity(stack, 'Identity', {
      identity: ses.Identity.domain(DOMAIN), feedbackForwarding: hasDkim,
    });
    if (hasDkim) dkim(stack, identity);
  };
  if (!hasZone) scene.publishKey('s1', PEM.one);
  await scene.deployed('before', before(true));
  await scene.verified();
  await scene.deployed('after', (stack) => dkim(stack, ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', DOMAIN)));
  await scene.deployed('before', before(false));
  await scene.cloud.clock.pass(HOUR);
  expect(await scene.send()).toMatchObject({ ...PASSES, selector: 's1' });
});

test('6 the tags of the identity go before the old stack does: an earlier key can be looked up until its overlap is over', async () => {
  scene = await Scene.start();
  await identityDeployed(scene, true);
  await scene.deployed('Old', scene.byo('s1', scene.secrets.one, WAIT));
  const before = await scene.sent();
  await scene.deployed('Old', scene.byo('s2', scene.secrets.two, WAIT));
  await scene.deployed('New', scene.byo('s2', scene.secrets.two, WAIT));
  await identityDeployed(scene, false);
  await scene.deployed('Old', withoutIt);
  await scene.cloud.clock.pass(OVERLAP - HOUR);
  expect(await scene.verdictOn(before)).toMatchObject(PASSES);
  await scene.destroy('New');
  expect(scene.all()).toEqual([]);
});

test.each([true, false])('5 an update adds it and changes the identity, and is rolled back (with a zone: %s)', async (hasZone) => {
  scene = await Scene.start();
  const build = (isNew: boolean) => (stack: Stack) => {
    const identity = new ses.EmailIdentity(stack, 'Identity', {
      identity: ses.Identity.domain(DOMAIN), feedbackForwarding: isNew,
    });
    if (!isNew) return;
    const dkim = new EmailIdentityDkim(stack, 'Dkim', {
      identity,
      signing: byoDkim(stack, 's1', scene.secrets.one),
      hostedZone: hasZone ? scene.zoneIn(stack) : undefined,
      ...WAIT,
    });
    failing(stack).node.addDependency(dkim);
  };
  await scene.deployed('mail', build(false));
  scene.publishTokens();
  await scene.verified();
  if (!hasZone) scene.publishKey('s1', PEM.one);
  expect(await scene.deploy('mail', build(true))).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
  expect(scene.identity()).toMatchObject({ origin: 'AWS_SES' });
});

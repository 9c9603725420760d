// Stacks that go back, and constructs that move: what signed before signs as before, and no stack is left stuck.
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { signsByHand, thenFails } from './hand-made';
import { parentExists, WAIT } from './methods';
import { byoDkim, DOMAIN, PEM, publicKeyOf, Scene } from './scene';
import { DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';

const MINUTE = 60_000;

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

/** For example.com under another id, with records that are somebody else's business. */
function named(
  id: string, props: (stack: Stack) => Partial<EmailIdentityDkimProps>,
): (stack: Stack) => EmailIdentityDkim {
  return (stack) => new EmailIdentityDkim(stack, id, {
    identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', DOMAIN), ...props(stack),
  });
}

/** Somebody has set BYODKIM up by hand, and published the key. */
async function handMade(): Promise<void> {
  signsByHand(scene, 's1', PEM.one);
  scene.publishKey('s1', PEM.one);
  await scene.verified();
}

describe('a construct that is renamed', () => {
  test.each<[string, (stack: Stack) => Partial<EmailIdentityDkimProps>]>([
    ['BYODKIM, with records elsewhere', (stack) => ({ signing: byoDkim(stack, 's1', scene.secrets.one) })],
    ['a replica', () => ({ signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }) })],
    ['Easy DKIM with a zone', (stack) => ({ hostedZone: scene.zoneIn(stack) })],
  ])('goes on signing: %s', async (_, props) => {
    await parentExists(scene);
    scene.publishKey('s1', PEM.one);
    await scene.deployed('Mail', named('Dkim', (stack) => ({ ...props(stack), ...WAIT })));
    const calls = scene.cloud.calls.length;
    await scene.deployed('Mail', named('Renamed', (stack) => ({ ...props(stack), ...WAIT })));
    expect(scene.writes(calls)).toEqual([]);
    expect(await scene.send()).toMatchObject({ result: 'pass' });
  });

  test('into another stack, with its zone, too', async () => {
    await scene.deployed('Old', scene.byo('s1', scene.secrets.one, WAIT));
    await scene.deployed('New', scene.byo('s1', scene.secrets.one, WAIT));
    await scene.destroy('Old');
    await scene.cloud.clock.pass(10 * MINUTE);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    await scene.destroy('New');
    expect(scene.all()).toEqual([]);
    expect(scene.identity()?.origin).toBe('AWS_SES');
  });
});

describe('a signing that was set up by hand', () => {
  test.each([
    ['in a zone of ours', true], ['elsewhere', false],
  ])('survives the roll-back and the removal of a stack that has found it (%s)', async (_, withZone) => {
    await handMade();
    const before = scene.all();
    const build = scene.byo('s1', scene.secrets.one, { ...WAIT, ...(withZone ? {} : { hostedZone: undefined }) });
    expect((await scene.deploy('Mail', thenFails(build))).status).toBe('ROLLBACK_COMPLETE');
    await scene.deployed('Other', build);
    await scene.destroy('Other');
    expect(scene.identity()).toMatchObject({ origin: 'EXTERNAL', status: 'SUCCESS' });
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    expect(scene.all()).toEqual(before);
  });
});

test('a second stack that is rolled back leaves a published key, and the first sets its own again', async () => {
  await scene.deployed('First', scene.byo('s1', scene.secrets.one, WAIT));
  expect((await scene.deploy('Second', thenFails(scene.byo('s2', scene.secrets.two, WAIT)))).status)
    .toBe('ROLLBACK_COMPLETE');
  await scene.cloud.clock.pass(10 * MINUTE);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
  expect(scene.all().filter((line) => line.includes(' cdk-ses-dkim-'))).toHaveLength(1);

  await scene.deployed('First', scene.byo('s1', scene.secrets.one, { waitForVerification: Duration.minutes(31) }));
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  await scene.destroy('First');
  expect(scene.all()).toEqual([]);
});

test('an update that SES does not verify in time is rolled back, also when SES verifies no old key', async () => {
  await scene.stop();
  scene = await Scene.withIdentity({ ses: { firstLook: 5 * MINUTE } }); // when the wait ends, SES has seen no key
  const impatient = { waitForVerification: Duration.seconds(20) };
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one));
  await scene.verified();
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, impatient));
  const result = await scene.deploy('Mail', scene.byo('s2', scene.secrets.two, impatient));
  expect(result.reason).toMatch(/SES has not verified DKIM of example\.com within 20 seconds/);
  expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(scene.log().join('\n')).toContain('rollback-in-place');
  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

test('what a failed create has made goes, also with RETAIN', async () => {
  scene.cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', skip: 1, kind: Scene.refusal() });
  const result = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, {
    ...WAIT, removalPolicy: RemovalPolicy.RETAIN,
  }));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(scene.all()).toEqual([]);
  expect(scene.identity()?.origin).toBe('AWS_SES');
});

// docs/moving.md tells to do so. CloudFormation changes the identity first, and may set another way of signing.
test('the key of a `dkimIdentity` goes over to the construct in one deployment', async () => {
  const domain = `shop.${DOMAIN}`;
  const key = PEM.one.replace(/-----[^-]+-----|\s/g, '');
  const identityIn = (stack: Stack, dkimSigningAttributes?: ses.CfnEmailIdentity.DkimSigningAttributesProperty) =>
    new ses.CfnEmailIdentity(stack, 'Identity', { emailIdentity: domain, dkimSigningAttributes });
  scene.write(`s1._domainkey.${domain}`, 'TXT', `"v=DKIM1; k=rsa; p=${publicKeyOf(PEM.one).slice(0, 200)}" "${publicKeyOf(PEM.one).slice(200)}"`);
  await scene.deployed('Mail', (stack) =>
    void identityIn(stack, { domainSigningPrivateKey: key, domainSigningSelector: 's1' }));
  await scene.verified(undefined, domain);
  expect(await scene.send(undefined, domain)).toMatchObject({ result: 'pass', selector: 's1' });

  await scene.deployed('Mail', (stack) => void new EmailIdentityDkim(stack, 'Dkim', {
    identity: identityIn(stack), hostedZone: scene.zoneIn(stack), signing: byoDkim(stack, 's1', scene.secrets.one), ...WAIT,
  }));
  expect(await scene.send(undefined, domain)).toMatchObject({ result: 'pass', selector: 's1' });
  await scene.destroy('Mail');
  expect(scene.records()).toEqual([expect.stringContaining(`TXT s1._domainkey.${domain}. `)]);
});

describe('a record that somebody has made into two weighted ones', () => {
  const weights = ['blue', 'green'];

  beforeEach(async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    const { route53 } = scene.cloud;
    const record = route53.recordSets(scene.zoneId).find(({ Name }) => Name === `s1._domainkey.${DOMAIN}.`)!;
    route53.change(scene.zoneId, [
      { Action: 'DELETE', ResourceRecordSet: record },
      ...weights.map((SetIdentifier) => ({
        Action: 'CREATE' as const, ResourceRecordSet: { ...record, SetIdentifier, Weight: 1 },
      })),
    ]);
  });

  const weighted = () => scene.cloud.route53.recordSets(scene.zoneId).map(({ SetIdentifier }) => SetIdentifier)
    .filter((each) => each !== undefined);

  test('2 is theirs: it keeps its TTL, and both stay after the overlap and after a Delete', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, { recordTtl: Duration.minutes(20) }));
    await scene.deployed('Mail', scene.byo('s2', scene.secrets.two, WAIT));
    await scene.cloud.clock.pass(15 * 24 * 60 * MINUTE);
    await scene.deployed('Mail', scene.byo('s2', scene.secrets.two, { recordTtl: Duration.minutes(10) }));
    expect(weighted()).toEqual(weights);
    await scene.destroy('Mail');
    expect(weighted()).toEqual(weights);
  });
});

// Whose signing it is when owners come and go close together, and SES shows or takes notes late or not at all: kind B.
import { CfnResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { EmailIdentity } from 'aws-cdk-lib/aws-ses';
import { failing, identityDeployed, signsByHand, thenFails } from './hand-made';
import { WAIT } from './methods';
import { ACCOUNT, DOMAIN, PEM, REGION, Scene } from './scene';
import { LocalCloudOptions } from '../cloud';

/** A read shows for 8 seconds what was before a change. */
const STALE = { staleReads: 'always', staleForMs: 8_000 } as const;
/** So each call that is killed or refused is one that SES would have taken. */
const UNLIMITED = { requestsPerSecond: Infinity } as const;
const NOTHING = { origin: 'AWS_SES', tags: [], records: [] };

let scene: Scene;

async function start(options?: LocalCloudOptions): Promise<void> {
  scene = await Scene.withIdentity({ functions: 'in-process', ...options });
}
afterEach(() => scene.stop());

/** What there is of ours. */
function left() {
  const { origin, tags } = scene.identity()!;
  return { origin, tags, records: scene.all() };
}

/** Two stacks of one identity, with one key or with two. */
async function twoOwners(second: 's1' | 's2' = 's1'): Promise<void> {
  await scene.deployed('First', scene.byo('s1', scene.secrets.one, WAIT));
  await scene.deployed('Second', scene.byo(second, scene.secrets[second === 's1' ? 'one' : 'two'], WAIT));
}

async function destroyed(stackName: string, afterMs = 0): Promise<void> {
  if (afterMs > 0) await scene.cloud.clock.pass(afterMs);
  expect((await scene.destroy(stackName)).status).toBe('DELETE_COMPLETE');
}

describe('SES shows for some seconds what was before', () => {
  beforeEach(() => start({ ses: STALE }));

  test.each([
    ['with a zone', true], ['without', false],
  ])('B a construct that moves to another stack goes on signing (%s)', async (_, withZone) => {
    if (!withZone) scene.publishKey('s1', PEM.one);
    const build = scene.byo('s1', scene.secrets.one, withZone ? {} : { hostedZone: undefined });
    await scene.deployed('Old', build);
    await scene.verified();
    await scene.cloud.clock.pass(60_000);
    await scene.deployed('New', build);
    await destroyed('Old');
    await scene.cloud.clock.pass(600_000);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    await destroyed('New');
    expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', tags: [] });
  });

  test('B a Create that is rolled back right after it has told SES leaves no key in SES', async () => {
    const { status } = await scene.deploy('Mail', thenFails(scene.byo('s1', scene.secrets.one)));
    expect({ status, ...left() }).toEqual({ status: 'ROLLBACK_COMPLETE', ...NOTHING });
  });
});

describe('a construct that moves to another stack, both of which are deployed at once', () => {
  test.each([
    ['s1', true, 0, 'never'], ['s1', true, 6_000, 'never'], ['s1', false, 10_000, 'never'],
    ['s1', false, 6_000, 'sometimes'], ['s2', false, 10_000, 'sometimes'],
  ] as const)('B goes on signing (%s, zone: %s, %d ms later, stale: %s)', async (selector, zone, ms, staleReads) => {
    await start({ seed: selector === 's1' ? 1 : 2, ses: { staleReads, staleForMs: 6_000 } });
    const keys = { s1: 'one', s2: 'two' } as const;
    for (const each of zone ? [] : ['s1', 's2'] as const) scene.publishKey(each, PEM[keys[each]]);
    const build = (name: 's1' | 's2', props = {}) =>
      scene.byo(name, scene.secrets[keys[name]], { ...props, ...(zone ? {} : { hostedZone: undefined }) });
    await scene.deployed('Old', build('s1', WAIT));
    const removed = destroyed('Old');
    await scene.cloud.clock.pass(ms + 1);
    await Promise.all([removed, scene.deployed('New', build(selector))]);
    await scene.cloud.clock.pass(600_000);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector });
    await destroyed('New');
    expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', tags: [] });
  });
});

describe('owners with keys of their own that are removed together', () => {
  beforeEach(() => start({ seed: 1 }));

  // The one that SES signs for leaves to the other, which is going as well.
  test.each([
    ['First', 'Second', 0], ['First', 'Second', 6_000], ['Second', 'First', 0], ['Second', 'First', 13_000],
    ['Second', 'First', 14_000], ['Second', 'First', 15_000],
  ])('B4 %s, then %s after %d ms: no key, tag or record is left', async (one, other, ms) => {
    await twoOwners('s2');
    await Promise.all([destroyed(one), destroyed(other, ms)]);
    expect(left()).toEqual(NOTHING);
  });

  test('B4 three of them', async () => {
    await twoOwners('s2');
    await scene.deployed('Third', scene.byo('s3', scene.secret(PEM.two), WAIT));
    await Promise.all([destroyed('Third'), destroyed('First', 4_000), destroyed('Second', 8_000)]);
    expect(left()).toEqual(NOTHING);
  });
});

/** A construct for another identity: the one before is removed. */
const elsewhere = (stack: Stack) => scene.easy({
  identity: EmailIdentity.fromEmailIdentityName(stack, 'Other', 'other.example'), hostedZone: undefined,
})(stack);

// Second has led SES back, and its batch is sent again when First has come again.
test('B4 an owner that was leaving, and comes again before another one has left, keeps its record', async () => {
  await start({ seed: 1 });
  scene.identityExists(REGION, 'other.example');
  await twoOwners();
  scene.cloud.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'hang' });
  const leaves = scene.deployed('First', elsewhere);
  await scene.cloud.clock.pass(7_000);
  const removed = destroyed('Second');
  await leaves;
  await Promise.all([removed, scene.deployed('First', scene.byo('s1', scene.secrets.one, WAIT))]);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  await destroyed('First');
  expect(left()).toEqual(NOTHING);
});

// Until it tells SES its key, its tag says that it leaves. Its record is in the zone before that.
test('B4 an owner that has left its signing to another one, and comes again while that one goes, keeps its record', async () => {
  await start({ seed: 1 });
  scene.identityExists(REGION, 'other.example');
  await scene.deployed('Second', scene.byo('s2', scene.secrets.two, WAIT));
  await scene.deployed('First', scene.byo('s1', scene.secrets.one, WAIT));
  await scene.deployed('First', elsewhere);
  scene.cloud.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'hang' });
  const removed = destroyed('Second');
  await scene.cloud.clock.pass(14_000);
  await Promise.all([removed, scene.deployed('First', scene.byo('s1', scene.secrets.one, WAIT))]);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  await destroyed('First');
  expect(left()).toEqual(NOTHING);
});

// It has said that it stays, and then it fails before it has written anything.
test.each([
  ['removed', false], ['made that of another identity', true],
])('B4 an owner that was %s, and comes again in vain, leaves the signing once more', async (_, moves) => {
  await start({ seed: 1 });
  scene.identityExists(REGION, 'other.example');
  await scene.deployed('Second', scene.byo('s2', scene.secrets.two, WAIT));
  await scene.deployed('First', scene.byo('s1', scene.secrets.one, WAIT));
  await scene.deployed('First', moves ? elsewhere : (stack) => void new CfnResource(stack, 'Nothing', {
    type: 'AWS::CloudFormation::WaitConditionHandle',
  }));
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  scene.publishKey('s3', PEM.two);
  const { status } = await scene.deploy('First', scene.byo('s3', scene.secrets.one, WAIT));
  expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(scene.identity()!.tags.map(({ Value }) => Value)).toContain('told=EXTERNAL:s1 leaves');
  await destroyed('Second');
  await destroyed('First');
  expect(left()).toMatchObject({ origin: 'AWS_SES', tags: [] });
});

test.each(['First', 'Second'])('B a deletion of %s that dies after its last write leaves no tag', async (stackName) => {
  await start({ functions: 'process', ses: UNLIMITED });
  await twoOwners();
  scene.cloud.faults.add({ service: 'ses', operation: 'UntagResource', kind: 'kill-after' });
  await destroyed(stackName);
  expect(scene.identity()).toMatchObject({ origin: 'EXTERNAL', tags: [expect.anything()] });
  await destroyed(stackName === 'First' ? 'Second' : 'First');
  expect(left()).toEqual(NOTHING);
});

test.each([
  ['First', 'Second'], ['Second', 'First'],
])('B what one owner retains is the user\'s, and no other owner leads it back (%s, then %s)', async (...order) => {
  await start();
  await scene.deployed('First', scene.byo('s1', scene.secrets.one, { ...WAIT, removalPolicy: RemovalPolicy.RETAIN }));
  await scene.deployed('Second', scene.byo('s1', scene.secrets.one, WAIT));
  for (const stackName of order) await destroyed(stackName);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  expect(scene.identity()!.tags).toEqual([]);
});

test.each(['before', 'after'])('B who stays takes over from an owner that goes, and its tag goes too (%s)', async (when) => {
  await start();
  await twoOwners('s2');
  await destroyed('Second');
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
  if (when === 'after') {
    await scene.deployed('First', scene.byo('s1', scene.secrets.one, { ...WAIT, recordTtl: Duration.minutes(10) }));
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    expect(scene.identity()!.tags).toHaveLength(1);
  }
  await destroyed('First');
  expect(left()).toEqual(NOTHING);
});

// Invariant 5: after a failed create nothing of ours is left.
test('B a roll-back takes back what was made in it, also with RETAIN', async () => {
  await start();
  const build = scene.byo('s1', scene.secrets.one, { ...WAIT, removalPolicy: RemovalPolicy.RETAIN });
  const { status } = await scene.deploy('Mail', thenFails(build));
  expect({ status, ...left() }).toEqual({ status: 'ROLLBACK_COMPLETE', ...NOTHING });
});

describe('tags that nobody may write any more', () => {
  const forbid = (operation: string) =>
    scene.cloud.faults.add({ service: 'ses', operation, kind: 'access-denied', times: 1_000 });

  beforeEach(() => start());

  test('B a Delete never sticks: all but the tag goes', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    forbid('UntagResource');
    await destroyed('Mail');
    expect(left()).toEqual({ ...NOTHING, tags: [expect.anything()] });
  });

  test('B a tag that stays is nobody\'s: the next owner leads the signing back, and takes the tag off', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    forbid('UntagResource');
    await destroyed('Mail');
    scene.cloud.faults.clear();
    await scene.deployed('Again', scene.byo('s1', scene.secrets.one, WAIT));
    await destroyed('Again');
    expect(left()).toEqual(NOTHING);
  });

  test('B a Delete never sticks: the signing is left to the owner that stays', async () => {
    await twoOwners();
    forbid('TagResource');
    await destroyed('First');
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    await destroyed('Second');
    expect(left()).toEqual(NOTHING);
  });

  test('B who takes over from an owner that has gone is deployed', async () => {
    await twoOwners('s2');
    await destroyed('Second');
    forbid('UntagResource');
    await scene.deployed('First', scene.byo('s1', scene.secrets.one, { ...WAIT, recordTtl: Duration.minutes(10) }));
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('B a Create that is cancelled is rolled back', async () => {
    forbid('TagResource');
    forbid('UntagResource');
    const { status } = await scene.deploy('Mail', (stack) => {
      scene.byo('s1', scene.secrets.one)(stack);
      failing(stack);
    });
    expect({ status, ...left() }).toEqual({ status: 'ROLLBACK_COMPLETE', ...NOTHING });
  });
});

test('B an identity whose 50 tags are taken: the reason says so, and SES is not told', async () => {
  await start();
  const tags = Array.from({ length: 50 }, (_, index) => ({ Key: `team-${index}`, Value: 'theirs' }));
  scene.cloud.ses.tagIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN }, tags);
  const { status, reason } = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one));
  expect({ status, ...left() }).toEqual({ status: 'ROLLBACK_COMPLETE', ...NOTHING, tags });
  expect(reason).toMatch(/at most 50 tags\. SES does not take this signing: look at .* of the identity, and tags/);
});

test('B a Delete never sticks: the identity goes while an owner leaves', async () => {
  await start();
  await twoOwners();
  const { calls, clock, ses: localSes } = scene.cloud;
  const [before, deleting] = [calls.length, destroyed('First')];
  const isRead = () => calls.slice(before).some(({ operation, error }) => operation === 'GetEmailIdentity' && !error);
  await clock.until('the identity to be read', isRead);
  localSes.deleteIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN });
  await deleting;
});

// CloudFormation may write the tags of an identity anew when it updates the identity.
test('B an owner that finds its tag gone leaves what another owner lists, and the last one leads it back', async () => {
  scene = await Scene.start({ functions: 'in-process' });
  await identityDeployed(scene, true);
  await twoOwners();
  await identityDeployed(scene, false);
  expect(scene.identity()!.tags).toEqual([]);
  await destroyed('First');
  await scene.cloud.clock.pass(600_000);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  await destroyed('Second');
  expect(left()).toEqual(NOTHING);
});

// The roll-back keeps what took the place of the user's verified key, so it has to know that it is one.
test('B9 a roll-back over a hand-made signing keeps mail signed, also when CloudFormation is busy', async () => {
  await start();
  signsByHand(scene, 's1', PEM.one);
  scene.publishKey('s1', PEM.one);
  await scene.verified();
  const { clock, cloudFormation, faults } = scene.cloud;
  const deploying = scene.deploy('Mail', thenFails(scene.byo('s2', scene.secrets.two, WAIT)));
  await clock.until('SES to be told', () => scene.identity()!.tokens[0] === 's2');
  faults.add({ service: 'cloudformation', operation: 'DescribeStacks', kind: 'throttle', times: 8 });
  const isOver = () => cloudFormation.eventsNow('Mail').some(({ status }) => status === 'ROLLBACK_COMPLETE');
  await clock.until('the roll-back to end', isOver);
  faults.clear();
  await deploying;
  await clock.pass(600_000);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
});

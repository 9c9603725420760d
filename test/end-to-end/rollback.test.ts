// A deployment that fails at any of its calls: a create leaves nothing, an update from each method
// to each other leaves the old one at work. `npm test` has each third call.
import { Duration } from 'aws-cdk-lib';
import { EasyDkimSigningKeyLength } from 'aws-cdk-lib/aws-ses';
import { failingAfter } from './hand-made';
import { manyIdentities } from './many-identities';
import { build, Method, METHODS, ORIGINS, parentExists, WAIT } from './methods';
import { CREATE_CALLS, DOMAIN, REGION, Scene } from './scene';
import { DkimSigning } from '../../src';
import { part } from '../whole-size';

let scene: Scene;
let before: string[];

async function begin(): Promise<void> {
  scene = await Scene.withIdentity();
  before = await parentExists(scene);
}
afterEach(() => scene.stop());

type Step = (typeof CREATE_CALLS)[number];

const DEED_CALLS: readonly Step[] = [
  ['cloudformation', 'DescribeStackResource', 0],
  ['ses', 'GetEmailIdentity', 0],
  ['ses', 'GetEmailIdentity', 1],
  ['ses', 'TagResource', 0],
  ['ses', 'PutEmailIdentityDkimSigningAttributes', 0],
  ['ses', 'GetEmailIdentity', 2],
];

/** The calls of a create. */
const CREATES: Readonly<Record<Method, readonly Step[]>> = {
  // An identity has Easy DKIM from the first: no key is read, and SES is told nothing.
  'Easy DKIM': CREATE_CALLS.filter(([, operation]) =>
    !['GetSecretValue', 'TagResource', 'PutEmailIdentityDkimSigningAttributes'].includes(operation)),
  'BYODKIM': CREATE_CALLS,
  'DEED': DEED_CALLS,
};

/** The tokens come with SES's answer, so the records do. The registry record is there already. */
const EASY_CALLS: readonly Step[] = [
  ['cloudformation', 'DescribeStackResource', 0],
  ['ses', 'GetEmailIdentity', 0],
  ['route53', 'ListResourceRecordSets', 0],
  ['ses', 'TagResource', 0],
  ['ses', 'PutEmailIdentityDkimSigningAttributes', 0],
  ['route53', 'ListResourceRecordSets', 1],
  ['route53', 'ChangeResourceRecordSets', 0],
  ['route53', 'GetChange', 0],
  ['ses', 'GetEmailIdentity', 1],
];

/** The function has looked at the zone already. */
const BYODKIM_CALLS = CREATE_CALLS.filter(([, operation]) => operation !== 'GetHostedZone');

/** The calls of an update. */
const UPDATES: readonly { readonly from: Method; readonly to: Method; readonly calls: readonly Step[] }[] = [
  { from: 'BYODKIM', to: 'Easy DKIM', calls: EASY_CALLS },
  // A replica has no registry record in the zone: it comes first, to see whether the zone is public.
  {
    from: 'DEED',
    to: 'Easy DKIM',
    calls: [...EASY_CALLS, ['route53', 'ChangeResourceRecordSets', 1], ['route53', 'GetChange', 1]],
  },
  { from: 'Easy DKIM', to: 'BYODKIM', calls: BYODKIM_CALLS },
  { from: 'BYODKIM', to: 'BYODKIM', calls: BYODKIM_CALLS },
  { from: 'DEED', to: 'BYODKIM', calls: CREATE_CALLS },
  // That the old zone is left is a courtesy, whose failure is no failure of the deployment.
  { from: 'Easy DKIM', to: 'DEED', calls: DEED_CALLS },
  { from: 'BYODKIM', to: 'DEED', calls: DEED_CALLS },
];

/**
 * A replica has no zone. So the rollback to it leaves what the update wrote there, each record
 * marked with the time until which it must stay, and the registry record that says so:
 * docs/adr/0007-zone-changes.md.
 */
function isLeft(line: string): boolean {
  const entries = scene.all().flatMap((record) => record.match(/record=[^"]+/g) ?? []);
  if (line.includes(' cdk-ses-dkim-')) return entries.every((entry) => entry.includes('until='));
  return entries.some((entry) => line.includes(` ${/record=([^;]+)/.exec(entry)![1]}._domainkey.`));
}

describe.each(METHODS)('%s: a failed create leaves nothing of ours', (method) => {
  beforeEach(begin);

  test.each(part(CREATES[method], METHODS.indexOf(method)))('%s %s (%d before it went well)', async (service, operation, skip) => {
    scene.cloud.faults.add({ service, operation, skip, kind: Scene.refusal() });
    const result = await scene.deploy('Mail', build(scene, method));
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason).toContain('the test refuses this');
    expect(scene.all()).toEqual(before);
    expect(scene.identity()?.origin).toBe('AWS_SES');
  });
});

describe.each(UPDATES.map((update, first) => ({ ...update, first })))('$from to $to: a failed update leaves the old signing at work', ({ from, to, calls, first }) => {
  beforeEach(begin);

  test.each(part(calls, first))('%s %s (%d before it went well)', async (service, operation, skip) => {
    await scene.deployed('Mail', from === 'BYODKIM' ? scene.byo('old', scene.secrets.two, WAIT) : build(scene, from));
    const records = scene.records();
    const early = await scene.sent();

    scene.cloud.faults.add({ service, operation, skip, kind: Scene.refusal() });
    const result = await scene.deploy('Mail', build(scene, to));
    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(result.reason).toContain('the test refuses this');
    expect(scene.records()).toEqual(expect.arrayContaining(records));
    await scene.verified();
    expect(scene.identity()?.origin).toBe(ORIGINS[from]);
    expect(await scene.send()).toMatchObject({ result: 'pass', ...(from === 'BYODKIM' ? { selector: 'old' } : {}) });
    expect((await scene.verdictOn(early)).result).toBe('pass');
    await scene.destroy('Mail');
    expect(scene.all().filter((line) => !before.includes(line) && !(from === 'DEED' && isLeft(line)))).toEqual([]);
    expect(scene.all()).toEqual(expect.arrayContaining(before));
  });
});

describe('Easy DKIM with another key length', () => {
  beforeEach(begin);

  const told = EASY_CALLS.findIndex(([, operation]) => operation === 'PutEmailIdentityDkimSigningAttributes');

  /** What a change to shorter keys comes to when one of its calls fails. */
  async function refused([service, operation, skip]: Step): Promise<string> {
    await scene.deployed('Mail', build(scene, 'Easy DKIM'));
    const records = scene.records();
    scene.cloud.faults.add({ service, operation, skip, kind: Scene.refusal() });
    const { status, reason } = await scene.deploy(
      'Mail', scene.dkim(() => DkimSigning.easyDkim({ keyLength: EasyDkimSigningKeyLength.RSA_1024_BIT }), WAIT),
    );
    expect(reason).toContain('the test refuses this');
    expect(scene.records()).toEqual(expect.arrayContaining(records));
    return status;
  }

  afterEach(async () => {
    await scene.destroy('Mail');
    expect(scene.all()).toEqual(before);
  });

  const upToPut = EASY_CALLS.slice(0, told + 1);
  test.each(upToPut)('%s %s (%d before it went well): the old keys are at work', async (...step) => {
    expect(await refused(step)).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(await scene.send()).toMatchObject({ result: 'pass', keyLength: 2048 });
  });

  // Once SES has changed the length, it does not change it back on the same day.
  test.each(EASY_CALLS.slice(told + 1))('%s %s (%d before it went well): the new keys are at work', async (...step) => {
    expect(await refused(step)).toBe('UPDATE_ROLLBACK_COMPLETE');
    await scene.verified();
    expect(await scene.send()).toMatchObject({ result: 'pass', keyLength: 1024 });
  });
});

// Where SES takes back no length, a look decides whether all is in place. It needs its turn among all the others.
test('5 ten identities whose key length SES does not change back, at one call a second: the roll-back does not fail', async () => {
  await begin();
  const withLength = (keyLength: EasyDkimSigningKeyLength) =>
    manyIdentities(scene, 10, {}, () => DkimSigning.easyDkim({ keyLength }));
  await scene.deployed('Mail', withLength(EasyDkimSigningKeyLength.RSA_2048_BIT));
  const { status } = await scene.deploy('Mail', (stack) => {
    withLength(EasyDkimSigningKeyLength.RSA_1024_BIT)(stack);
    failingAfter(Duration.seconds(60), scene, stack);
  });
  expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(scene.log().filter((line) => line.includes('rollback-in-place')).length).toBeGreaterThan(1);
  const identities = Array.from({ length: 10 }, (_, index) => scene.identity(REGION, `d${index}.${DOMAIN}`)!);
  for (const { tokens } of identities) {
    const published = tokens.map((token) => scene.records().some((record) => record.includes(`CNAME ${token}.`)));
    expect(published).toEqual([true, true, true]);
  }
});

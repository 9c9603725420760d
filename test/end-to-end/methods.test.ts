// Each method, created, changed to each other, rolled back and deleted: through synthesis, the bundled function, HTTP and DNS.
import { CfnResource, Duration, Stack } from 'aws-cdk-lib';
import { EasyDkimSigningKeyLength } from 'aws-cdk-lib/aws-ses';
import { ACCOUNT, CREATE_CALLS, DOMAIN, REGION, Scene } from './scene';
import { DkimSigning } from '../../src';

const PARENT = 'eu-west-1';
const WAIT = { waitForVerification: Duration.minutes(30) };

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

type Method = 'Easy DKIM' | 'BYODKIM' | 'DEED';
type Build = (stack: Stack) => void;

const builds: Record<Method, () => Build> = {
  'Easy DKIM': () => scene.easy(WAIT),
  'BYODKIM': () => scene.byo('s1', scene.secrets.one, WAIT),
  'DEED': () => scene.replicaOf(PARENT, WAIT),
};
const origins: Record<Method, string> = { 'Easy DKIM': 'AWS_SES', 'BYODKIM': 'EXTERNAL', 'DEED': 'AWS_SES_EU_WEST_1' };
const methods = Object.keys(builds) as Method[];

/** The parent of a replica, signing with Easy DKIM in its own Region; its records are in the zone. */
async function parentExists(): Promise<string[]> {
  scene.identityExists(PARENT);
  const { tokens, signingHostedZone } = scene.identity(PARENT)!;
  for (const token of tokens) scene.write(`${token}._domainkey.example.com`, 'CNAME', `${token}.${signingHostedZone}`);
  await scene.verified(PARENT);
  return scene.records();
}

describe.each(methods)('%s', (method) => {
  test('signs mail that verifies, and leaves nothing behind', async () => {
    const before = await parentExists();
    const { outputs, ...result } = await scene.deploy('Mail', builds[method]());
    expect(result).toMatchObject({ status: 'CREATE_COMPLETE', reason: undefined });
    expect(scene.identity()).toMatchObject({ status: 'SUCCESS', origin: origins[method] });
    expect(await scene.send()).toMatchObject({ result: 'pass', aligned: true, keyLength: 2048, ...(method === 'BYODKIM' ? { selector: 's1' } : {}) });

    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.all()).toEqual(before);
    expect(scene.identity()?.origin).toBe('AWS_SES');
  });

  test('deployed again without a change, or with one that means nothing to DKIM, writes nothing', async () => {
    await parentExists();
    await scene.deployed('Mail', builds[method]());
    const calls = scene.cloud.calls.length;
    expect(await scene.deploy('Mail', builds[method]())).toMatchObject({ changed: false });
    expect(scene.cloud.calls).toHaveLength(calls);
    await scene.deployed('Mail', (stack) => {
      builds[method]()(stack);
      const resource = stack.node.findChild('Dkim').node.findChild('Resource').node.defaultChild as CfnResource;
      resource.addPropertyOverride('WaitForVerification', '1700');
    });
    expect(scene.cloud.calls.length).toBeGreaterThan(calls);
    expect(scene.writes(calls)).toEqual([]);
    expect(scene.identity()?.status).toBe('SUCCESS');
  });

  test.each(methods.filter((other) => other !== method))('goes over to %s; mail sent before still verifies', async (other) => {
    await parentExists();
    await scene.deployed('Mail', builds[method]());
    const early = await scene.sent();
    expect((await scene.verdictOn(early)).result).toBe('pass');

    await scene.deployed('Mail', builds[other]());
    expect(scene.identity()).toMatchObject({ status: 'SUCCESS', origin: origins[other] });
    expect(await scene.send()).toMatchObject({ result: 'pass', aligned: true });
    if (method === 'BYODKIM') expect((await scene.verdictOn(early)).result).toBe('pass');
  });
});

test('BYODKIM to another selector and key: both records stay until the stack goes', async () => {
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  const early = await scene.sent();
  await scene.deployed('Mail', scene.byo('s2', scene.secrets.two, WAIT));
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
  expect(await scene.verdictOn(early)).toMatchObject({ result: 'pass', selector: 's1' });
  expect(scene.records().map((line) => line.split(' ')[1])).toEqual(['s1._domainkey.example.com.', 's2._domainkey.example.com.']);
  expect(scene.all().join('\n')).toMatch(/record=s1; type=TXT; origin=ours; digest=\w+; until=/);
  await scene.destroy('Mail');
  expect(scene.all()).toEqual([]);
});

test('Easy DKIM with another key length', async () => {
  await scene.deployed('Mail', scene.easy(WAIT));
  const tokens = scene.identity()!.tokens;
  await scene.deployed('Mail', scene.dkim(() => DkimSigning.easyDkim({ keyLength: EasyDkimSigningKeyLength.RSA_1024_BIT }), WAIT));
  expect(await scene.send()).toMatchObject({ result: 'pass', keyLength: 1024 });
  expect(scene.identity()!.tokens).not.toEqual(tokens);
  expect(scene.records()).toHaveLength(6);

  // The second change within a day is one that SES refuses: it is said, and rolled back.
  const result = await scene.deploy('Mail', scene.easy(WAIT));
  expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(result.reason).toMatch(/SES allows that once in 24 hours/);
  expect(await scene.send()).toMatchObject({ result: 'pass', keyLength: 1024 });
  await scene.destroy('Mail');
  expect(scene.all()).toEqual([]);
});

type Step = (typeof CREATE_CALLS)[number];

/** The calls of a create, and of an update from BYODKIM, each of which may fail for good. */
const STEPS: Record<Method, { readonly create: readonly Step[]; readonly update: readonly Step[] }> = {
  'Easy DKIM': {
    // An identity has Easy DKIM from the first: no key is read, and SES is told nothing.
    create: CREATE_CALLS.filter(([, operation]) => !['GetSecretValue', 'PutEmailIdentityDkimSigningAttributes'].includes(operation)),
    update: [
      ['ses', 'GetEmailIdentity', 0],
      ['route53', 'GetHostedZone', 0],
      ['route53', 'ListResourceRecordSets', 0],
      ['ses', 'PutEmailIdentityDkimSigningAttributes', 0],
      ['route53', 'ListResourceRecordSets', 1],
      ['route53', 'ChangeResourceRecordSets', 0],
      ['route53', 'GetChange', 0],
      ['ses', 'GetEmailIdentity', 1],
    ],
  },
  'BYODKIM': { create: CREATE_CALLS, update: CREATE_CALLS },
  'DEED': {
    create: [['ses', 'GetEmailIdentity', 0], ['ses', 'GetEmailIdentity', 1], ['ses', 'PutEmailIdentityDkimSigningAttributes', 0], ['ses', 'GetEmailIdentity', 2]],
    update: [['ses', 'GetEmailIdentity', 0], ['ses', 'GetEmailIdentity', 1], ['ses', 'PutEmailIdentityDkimSigningAttributes', 0]],
  },
};

describe.each(methods)('%s, rolled back after a failure at any step', (method) => {
  let before: string[];
  beforeEach(async () => {
    before = await parentExists();
  });

  test.each(STEPS[method].create)('%s %s (%d before it went well): a failed create leaves nothing of ours', async (service, operation, skip) => {
    scene.cloud.faults.add({ service, operation, skip, kind: Scene.refusal() });
    const result = await scene.deploy('Mail', builds[method]());
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason).toContain('the test refuses this');
    expect(scene.all()).toEqual(before);
    expect(scene.identity()?.origin).toBe('AWS_SES');
  });

  test.each(STEPS[method].update)('%s %s (%d before it went well): a failed update leaves the old signing and records at work', async (service, operation, skip) => {
    await scene.deployed('Mail', scene.byo('old', scene.secrets.two, WAIT));
    const records = scene.records();
    scene.cloud.faults.add({ service, operation, skip, kind: Scene.refusal() });
    const result = await scene.deploy('Mail', builds[method]());
    expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(result.reason).toContain('the test refuses this');
    expect(scene.records()).toEqual(expect.arrayContaining(records));
    await scene.verified();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'old' });
    await scene.destroy('Mail');
    expect(scene.all()).toEqual(before);
  });
});

describe('deleted after what it stands on has gone', () => {
  test.each(methods)('the identity (%s)', async (method) => {
    const before = await parentExists();
    await scene.deployed('Mail', builds[method]());
    scene.cloud.ses.deleteIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN });
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.all()).toEqual(before);
    // Easy DKIM is what an identity has anyway: nothing is to be set back, so nobody looks.
    expect(scene.log().some((line) => line.includes('identity-gone'))).toBe(method !== 'Easy DKIM');
  });

  test.each(['Easy DKIM', 'BYODKIM'] as const)('the zone (%s)', async (method) => {
    await scene.deployed('Mail', builds[method]());
    for (const line of scene.all()) scene.erase(line.split(' ')[1].replace(/\.$/, ''));
    await scene.cloud.route53.deleteHostedZone(scene.zoneId);
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.identity()?.origin).toBe('AWS_SES');
    expect(scene.log().join('\n')).toContain('zone-gone');
  });

  test('the secret', async () => {
    await scene.deployed('Mail', builds.BYODKIM());
    scene.cloud.secretsManager.delete(scene.secrets.one);
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.all()).toEqual([]);
  });

  test('the parent of a replica', async () => {
    await parentExists();
    await scene.deployed('Mail', builds.DEED());
    scene.cloud.ses.deleteIdentity({ account: ACCOUNT, region: PARENT, name: DOMAIN });
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.identity()?.origin).toBe('AWS_SES');
  });
});

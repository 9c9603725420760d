// Each method, created, changed to each other and deleted: through synthesis, the bundled function,
// HTTP and DNS. Failures are in rollback.test.ts.
import { CfnResource } from 'aws-cdk-lib';
import { EasyDkimSigningKeyLength } from 'aws-cdk-lib/aws-ses';
import { build, METHODS, ORIGINS, PARENT, parentExists, WAIT } from './methods';
import { ACCOUNT, DOMAIN, REGION, Scene } from './scene';
import { DkimSigning } from '../../src';

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

describe.each(METHODS)('%s', (method) => {
  test('signs mail that verifies, and leaves nothing behind', async () => {
    const before = await parentExists(scene);
    const { outputs, ...result } = await scene.deploy('Mail', build(scene, method));
    expect(result).toMatchObject({ status: 'CREATE_COMPLETE', reason: undefined });
    expect(scene.identity()).toMatchObject({ status: 'SUCCESS', origin: ORIGINS[method] });
    expect(await scene.send()).toMatchObject({
      result: 'pass', aligned: true, keyLength: 2048, ...(method === 'BYODKIM' ? { selector: 's1' } : {}),
    });

    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.all()).toEqual(before);
    expect(scene.identity()?.origin).toBe('AWS_SES');
  });

  test('deployed again without a change, or with one that means nothing to DKIM, writes nothing', async () => {
    await parentExists(scene);
    await scene.deployed('Mail', build(scene, method));
    const calls = scene.cloud.calls.length;
    expect(await scene.deploy('Mail', build(scene, method))).toMatchObject({ changed: false });
    expect(scene.cloud.calls).toHaveLength(calls);
    await scene.deployed('Mail', (stack) => {
      build(scene, method)(stack);
      const resource = stack.node.findChild('Dkim').node.defaultChild as CfnResource;
      resource.addPropertyOverride('WaitForVerification', '1700');
    });
    expect(scene.cloud.calls.length).toBeGreaterThan(calls);
    expect(scene.writes(calls)).toEqual([]);
    expect(scene.identity()?.status).toBe('SUCCESS');
  });

  test.each(
    METHODS.filter((other) => other !== method),
  )('goes over to %s; mail sent before still verifies', async (other) => {
    await parentExists(scene);
    await scene.deployed('Mail', build(scene, method));
    const early = await scene.sent();
    expect((await scene.verdictOn(early)).result).toBe('pass');

    await scene.deployed('Mail', build(scene, other));
    expect(scene.identity()).toMatchObject({ status: 'SUCCESS', origin: ORIGINS[other] });
    expect(await scene.send()).toMatchObject({ result: 'pass', aligned: true });
    expect((await scene.verdictOn(early)).result).toBe('pass');
  });
});

test('BYODKIM to another selector and key: both records stay until the stack goes', async () => {
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  const early = await scene.sent();
  await scene.deployed('Mail', scene.byo('s2', scene.secrets.two, WAIT));
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
  expect(await scene.verdictOn(early)).toMatchObject({ result: 'pass', selector: 's1' });
  expect(scene.records().map((line) => line.split(' ')[1]))
    .toEqual(['s1._domainkey.example.com.', 's2._domainkey.example.com.']);
  expect(scene.all().join('\n')).toMatch(/record=s1; type=TXT; origin=ours; digest=\w+; until=/);
  await scene.destroy('Mail');
  expect(scene.all()).toEqual([]);
});

test('Easy DKIM with another key length', async () => {
  await scene.deployed('Mail', scene.easy(WAIT));
  const tokens = scene.identity()!.tokens;
  await scene.deployed(
    'Mail', scene.dkim(() => DkimSigning.easyDkim({ keyLength: EasyDkimSigningKeyLength.RSA_1024_BIT }), WAIT),
  );
  expect(await scene.send()).toMatchObject({ result: 'pass', keyLength: 1024 });
  expect(scene.identity()!.tokens).not.toEqual(tokens);
  expect(scene.records()).toHaveLength(6);

  // The second change within a day is one that SES refuses: it is said, and rolled back.
  const result = await scene.deploy(
    'Mail', scene.dkim(() => DkimSigning.easyDkim({ keyLength: EasyDkimSigningKeyLength.RSA_2048_BIT }), WAIT),
  );
  expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(result.reason).toMatch(/SES allows that once in 24 hours/);
  expect(await scene.send()).toMatchObject({ result: 'pass', keyLength: 1024 });
  await scene.destroy('Mail');
  expect(scene.all()).toEqual([]);
});

describe('deleted after what it stands on has gone', () => {
  test.each(METHODS)('the identity (%s)', async (method) => {
    const before = await parentExists(scene);
    await scene.deployed('Mail', build(scene, method));
    scene.cloud.ses.deleteIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN });
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.all()).toEqual(before);
    expect(scene.log().join()).toContain('identity-gone');
  });

  test.each(['Easy DKIM', 'BYODKIM'] as const)('the zone (%s)', async (method) => {
    await scene.deployed('Mail', build(scene, method));
    for (const line of scene.all()) scene.erase(line.split(' ')[1].replace(/\.$/, ''));
    await scene.cloud.route53.deleteHostedZone(scene.zoneId);
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.identity()?.origin).toBe('AWS_SES');
    expect(scene.log().join('\n')).toContain('zone-gone');
  });

  test('the secret', async () => {
    await scene.deployed('Mail', build(scene, 'BYODKIM'));
    scene.cloud.secretsManager.delete(scene.secrets.one);
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.all()).toEqual([]);
  });

  test('the parent of a replica', async () => {
    await parentExists(scene);
    await scene.deployed('Mail', build(scene, 'DEED'));
    scene.cloud.ses.deleteIdentity({ account: ACCOUNT, region: PARENT, name: DOMAIN });
    expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
    expect(scene.identity()?.origin).toBe('AWS_SES');
  });
});

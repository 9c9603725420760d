// A stack's life on an SES that behaves the other way, wherever AWS does not say how it behaves.
import { EasyDkimSigningKeyLength } from 'aws-cdk-lib/aws-ses';
import { WAIT } from './methods';
import { DOMAIN, REGION, Scene } from './scene';
import { DkimSigning } from '../../src';
import { LocalCloudOptions, ServiceError } from '../cloud';

const MINUTE = 60_000;

let scene: Scene;

afterEach(() => scene.stop());

test.each<[string, LocalCloudOptions['ses']]>([
  ['names no selector of a key of one\'s own', { byoDkimTokens: 'none' }],
  ['limits each operation for itself', { requestLimit: 'each operation' }],
  ['says PENDING at once', { firstStatus: 'PENDING' }],
  ['takes the key length that it has already', { strictKeyLength: false }],
  ['makes new tokens when Easy DKIM comes back', { newTokensOnReturn: true }],
])('SES %s: a key, another key, Easy DKIM and the end', async (_, settings) => {
  scene = await Scene.withIdentity({ ses: settings });
  for (const [selector, secret] of [['s1', scene.secrets.one], ['s2', scene.secrets.two]]) {
    await scene.deployed('Mail', scene.byo(selector, secret, WAIT));
    expect(await scene.send()).toMatchObject({ result: 'pass', selector });
  }
  await scene.deployed('Mail', scene.easy(WAIT));
  const [selector] = scene.identity()!.tokens;
  expect(await scene.send()).toMatchObject({ result: 'pass', selector });
  expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
  expect(scene.all()).toEqual([]);
  expect(scene.identity()).toMatchObject({ origin: 'AWS_SES' });
});

test.each(['selector', 'none'] as const)('invariant 10 one of two stacks goes that set one identity: what SES signs with stays, named or not (%s)', async (
  byoDkimTokens,
) => {
  scene = await Scene.withIdentity({ ses: { byoDkimTokens } });
  await scene.deployed('A', scene.byo('s1', scene.secrets.one, WAIT));
  await scene.deployed('B', scene.byo('s2', scene.secrets.two, WAIT));
  await scene.destroy('B');
  await scene.cloud.clock.pass(5 * MINUTE);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
  await scene.destroy('A');
  expect(scene.all()).toEqual([]);
  expect(scene.identity()).toMatchObject({ origin: 'AWS_SES' });
});

test('SES has no tokens of Easy DKIM yet: the deployment says so, and the next one goes well', async () => {
  scene = await Scene.withIdentity({ ses: { tokensAfterMs: 10 * MINUTE } });
  const early = await scene.deploy('Mail', scene.easy(WAIT));
  expect(early.status).toBe('ROLLBACK_COMPLETE');
  expect(early.reason).toContain(`SES has made no DKIM tokens for ${DOMAIN} yet. Deploy again in a minute.`);
  expect(scene.all()).toEqual([]);
  await scene.destroy('Mail');
  await scene.cloud.clock.pass(10 * MINUTE);
  await scene.deployed('Mail', scene.easy(WAIT));
  expect(await scene.send(REGION, DOMAIN)).toMatchObject({ result: 'pass' });
});

test('SES refuses the key length that it has already, and shows the way back to Easy DKIM late', async () => {
  scene = await Scene.withIdentity({ ses: { staleReads: 'always' } });
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one));
  await scene.verified();
  await scene.cloud.clock.pass(MINUTE);
  const kind = new ServiceError('BadRequestException', 400, 'The signing key length is already RSA_2048_BIT.');
  scene.cloud.faults.add({ service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', kind });
  const keyLength = EasyDkimSigningKeyLength.RSA_2048_BIT;
  await scene.deployed('Mail', scene.dkim(() => DkimSigning.easyDkim({ keyLength })));
  expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', nextKeyLength: keyLength });
});

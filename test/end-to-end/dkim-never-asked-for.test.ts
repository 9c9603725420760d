// A domain of the first API of SES (VerifyDomainIdentity): SES has verified it, and nobody has ever asked for DKIM. It
// has no tokens before that.
import * as ses from 'aws-cdk-lib/aws-ses';
import { WAIT } from './methods';
import { ACCOUNT, DOMAIN, REGION, Scene } from './scene';
import { DkimSigning, EmailIdentityDkimProps } from '../../src';

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.start();
  scene.cloud.ses.createIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN, dkim: 'never asked for' });
});
afterEach(async () => {
  await scene.destroy('Mail');
  expect(scene.all()).toEqual([]);
  await scene.stop();
});

test('Easy DKIM: SES is asked for it', async () => {
  await scene.deployed('Mail', scene.easy(WAIT));
  expect(await scene.send()).toMatchObject({ result: 'pass' });
});

test('Easy DKIM with 1024 bits', async () => {
  await scene.deployed('Mail', scene.dkim(() =>
    DkimSigning.easyDkim({ keyLength: ses.EasyDkimSigningKeyLength.RSA_1024_BIT }), WAIT));
  expect(scene.identity()).toMatchObject({ nextKeyLength: 'RSA_1024_BIT' });
  expect(await scene.send()).toMatchObject({ result: 'pass' });
});

test.each<[string, Partial<EmailIdentityDkimProps>]>([
  ['with a zone', WAIT], ['without one', { hostedZone: undefined }],
])('Easy DKIM with 2048 bits, which SES has by default, %s', async (_, props) => {
  const { RSA_2048_BIT: keyLength } = ses.EasyDkimSigningKeyLength;
  await scene.deployed('Mail', scene.dkim(() => DkimSigning.easyDkim({ keyLength }), props));
  expect(scene.identity()!.tokens).toHaveLength(3);
});

test('a key of the user\'s own', async () => {
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

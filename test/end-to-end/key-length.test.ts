// Easy DKIM of another key length: SES makes new tokens, which nobody has published yet, and does not go back within 24
// hours. So the length of what is there is changed only if somebody asks for it, and what signs then stays.
import * as ses from 'aws-cdk-lib/aws-ses';
import { thenFails } from './hand-made';
import { WAIT } from './methods';
import { ACCOUNT, DOMAIN, REGION, Scene } from './scene';
import { DkimSigning } from '../../src';

const HOUR = 3_600_000;
const PASSES = { result: 'pass' };

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.start();
});
afterEach(() => scene.stop());

const short = () => scene.dkim(() =>
  DkimSigning.easyDkim({ keyLength: ses.EasyDkimSigningKeyLength.RSA_1024_BIT }), WAIT);

/** Somebody has published the tokens, and mail is signed. */
async function signs(nextKeyLength: 'RSA_1024_BIT' | 'RSA_2048_BIT'): Promise<void> {
  scene.cloud.ses.createIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN, dkim: { nextKeyLength } });
  scene.publishTokens();
  await scene.verified();
}

async function expectSigned(): Promise<void> {
  expect(await scene.send()).toMatchObject(PASSES);
  await scene.cloud.clock.pass(2 * HOUR);
  expect(await scene.send()).toMatchObject(PASSES);
}

describe('5 10 a domain signs with 1024 bits, and the construct asks for no length', () => {
  beforeEach(() => signs('RSA_1024_BIT'));

  test.each([['with', {}], ['without', { hostedZone: undefined }]])('%s a zone, SES is told nothing', async (_, props) => {
    await scene.deployed('mail', scene.easy(props));
    await expectSigned();
    expect(scene.cloud.calls.filter(({ operation }) => operation.startsWith('PutEmailIdentity'))).toEqual([]);
    await scene.destroy('mail');
    await expectSigned();
  });

  test('its Create is rolled back', async () => {
    expect(await scene.deploy('mail', thenFails(scene.easy()))).toMatchObject({ status: 'ROLLBACK_COMPLETE' });
    await expectSigned();
  });
});

describe('10 a domain signs with 2048 bits, and the construct asks for 1024', () => {
  test('its Create is rolled back: the new tokens stay published', async () => {
    await signs('RSA_2048_BIT');
    expect(await scene.deploy('mail', thenFails(short()))).toMatchObject({ status: 'ROLLBACK_COMPLETE' });
    await scene.cloud.clock.pass(HOUR);
    await expectSigned();
  });

  test.each<[string, () => Promise<unknown>]>([
    ['is removed', async () => {
      await scene.deployed('other', short());
      await scene.destroy('other');
    }],
    ['is rolled back', () => scene.deploy('other', thenFails(short()))],
  ])('it %s, and another one with 2048 bits stays', async (_, comesAndGoes) => {
    scene.identityExists();
    await scene.deployed('mail', scene.easy(WAIT));
    await comesAndGoes();
    await scene.cloud.clock.pass(HOUR);
    await expectSigned();
  });
});

test('12 tokens that SES still has, but whose records went with a stack before, are nobody\'s', async () => {
  scene.identityExists();
  await scene.deployed('before', scene.easy(WAIT));
  await scene.destroy('before');
  await scene.deployed('mail', scene.dkim(() =>
    DkimSigning.easyDkim({ keyLength: ses.EasyDkimSigningKeyLength.RSA_1024_BIT })));
  await scene.destroy('mail');
  expect(scene.all()).toEqual([]);
});

// The call is repeated, and SES refuses the length that it has by then.
describe.each(['cut-after', 'hang-after', 'kill-after'] as const)('4 SES changes the length, and its answer is lost (%s)', (kind) => {
  beforeEach(async () => {
    await scene.stop();
    scene = await Scene.start({ ses: { requestsPerSecond: 100 } }); // no call is throttled in place of the fault
  });
  const isLost = () =>
    scene.cloud.faults.add({ service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', kind });

  test('a Create over what somebody has published', async () => {
    await signs('RSA_2048_BIT');
    isLost();
    await scene.deployed('mail', short());
    expect(await scene.send()).toMatchObject(PASSES);
  });

  test('an Update', async () => {
    scene.identityExists();
    await scene.deployed('mail', scene.easy(WAIT));
    isLost();
    await scene.deployed('mail', short());
    expect(await scene.send()).toMatchObject(PASSES);
    expect(scene.identity()).toMatchObject({ nextKeyLength: 'RSA_1024_BIT' });
  });
});

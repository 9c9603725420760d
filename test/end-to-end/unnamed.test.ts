// SES does not name the selector that it signs with. What it was told in vain is no sign of what it has.
import { bareKey, thenFails } from './hand-made';
import { WAIT } from './methods';
import { ACCOUNT, DOMAIN, newKey, PEM, REGION, Scene } from './scene';

const TWO_WEEKS = 15 * 24 * 3_600_000;
const forward = { disableRollback: true };

let scene: Scene;
afterEach(() => scene.stop());

/** SES refuses the key of s2, which is not rolled back, and two weeks pass. */
async function failed(byoDkimTokens: 'selector' | 'none', times = 1): Promise<void> {
  scene = await Scene.withIdentity({ ses: { byoDkimTokens } });
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  for (let time = 1; time <= times; time++) {
    scene.cloud.faults.add({
      service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', kind: Scene.refusal(),
    });
    const refused = scene.byo(`refused${time}`, scene.secrets.two, WAIT);
    expect((await scene.deploy('Mail', refused, forward)).status).toBe('UPDATE_FAILED');
  }
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  await scene.cloud.clock.pass(TWO_WEEKS);
}

describe.each(['selector', 'none'] as const)('SES names: %s', (byoDkimTokens) => {
  test('4 a change that SES has refused is deployed again: SES signs as it says', async () => {
    await failed(byoDkimTokens);
    await scene.deployed('Mail', scene.byo('refused1', scene.secrets.two, WAIT), forward);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'refused1' });
  });

  test.each([1, 2])('6 another change comes long after %d that SES has refused: mail on its way verifies', async (times) => {
    await failed(byoDkimTokens, times);
    const mail = await scene.sent();
    await scene.deployed('Mail', scene.byo('s3', scene.secret(newKey()), WAIT), forward);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's3' });
    expect(await scene.verdictOn(mail)).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('6 what SES has is retired in its time all the same', async () => {
    await failed(byoDkimTokens);
    await scene.deployed('Mail', scene.byo('s3', scene.secret(newKey()), WAIT), forward);
    await scene.cloud.clock.pass(TWO_WEEKS);
    await scene.deployed('Mail', scene.byo('s4', scene.secret(newKey()), WAIT));
    expect(scene.all().join('\n')).not.toContain('s1._domainkey');
  });

  test('5 SES was told of s2, and somebody has changed the record of s1: nobody says that it is rolled back', async () => {
    scene = await Scene.withIdentity({ ses: { byoDkimTokens } });
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    scene.erase(`s1._domainkey.${DOMAIN}`);
    scene.write(`s1._domainkey.${DOMAIN}`, 'TXT', '"mine"');
    const { status } = await scene.deploy('Mail', thenFails(scene.byo('s2', scene.secrets.two, WAIT)));
    expect(status).toBe('UPDATE_ROLLBACK_FAILED');
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
  });

  test('5 SES was told of s1, and somebody has changed a record of Easy DKIM: nobody says that it is rolled back', async () => {
    scene = await Scene.withIdentity({ ses: { byoDkimTokens } });
    await scene.deployed('Mail', scene.easy(WAIT));
    const [, token] = scene.identity()!.tokens;
    scene.erase(`${token}._domainkey.${DOMAIN}`);
    scene.write(`${token}._domainkey.${DOMAIN}`, 'CNAME', 'elsewhere.example.net');
    const { status } = await scene.deploy('Mail', thenFails(scene.byo('s1', scene.secrets.one, WAIT)));
    expect(status).toBe('UPDATE_ROLLBACK_FAILED');
  });

  test('10 after a change to Easy DKIM, a key that is set by hand stays', async () => {
    scene = await Scene.withIdentity({ ses: { byoDkimTokens } });
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    await scene.deployed('Mail', scene.easy(WAIT));
    scene.publishKey('by-hand', PEM.two);
    scene.cloud.ses.signIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN }, 'EXTERNAL', {
      DomainSigningSelector: 'by-hand', DomainSigningPrivateKey: bareKey(PEM.two),
    });
    await scene.verified();
    await scene.destroy('Mail');
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'by-hand' });
  });

  test('5 SES was told nothing, and somebody has changed the record of s1: the update is rolled back', async () => {
    scene = await Scene.withIdentity({ ses: { byoDkimTokens } });
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    scene.erase(`s1._domainkey.${DOMAIN}`);
    scene.write(`s1._domainkey.${DOMAIN}`, 'TXT', '"mine"');
    const { status } = await scene.deploy('Mail', scene.byo('s2', scene.secret('no key'), WAIT));
    expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
  });
});

// Names and records that are written in another way and mean the same: kind C of the faults that are known.
import { signsByHand } from './hand-made';
import { WAIT } from './methods';
import { DOMAIN, PEM, publicKeyOf, Scene } from './scene';
import { RecordConflict } from '../../src';

const OVERWRITE = { ...WAIT, recordConflict: RecordConflict.OVERWRITE };

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

describe('SES signs under the selector Mail, and the construct names it mail', () => {
  beforeEach(async () => {
    signsByHand(scene, 'Mail', PEM.one);
    scene.publishKey('mail', PEM.one);
    await scene.verified();
  });

  // Today the selectors are compared letter by letter, so SES is told the same key again, and is PENDING for a while.
  test('C1 the same key: SES is not told again', async () => {
    const calls = scene.cloud.calls.length;
    await scene.deployed('Mail', scene.byo('mail', scene.secrets.one, WAIT));
    expect(scene.writes(calls)).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
  });

  // Today the construct has told SES, so it takes the signing for its own and leads it back to Easy DKIM.
  test('C1 the same key: the signing that was there survives the construct', async () => {
    await scene.deployed('Mail', scene.byo('mail', scene.secrets.one, WAIT));
    await scene.destroy('Mail');
    expect(scene.identity()).toMatchObject({ origin: 'EXTERNAL', tokens: ['Mail'], status: 'SUCCESS' });
  });

  // Today the guard against another key under the selector that signs does not see that it is the same selector.
  test('C1 another key: mail that is on its way still verifies, also with OVERWRITE', async () => {
    const early = await scene.sent();
    await scene.deploy('Mail', scene.byo('mail', scene.secrets.two, OVERWRITE));
    expect((await scene.verdictOn(early)).result).toBe('pass');
  });
});

test('a selector that SES shows in lower case is the one of the construct, whoever set it in upper case', async () => {
  await scene.stop();
  scene = await Scene.withIdentity({ ses: { selectorCase: 'lower' } });
  signsByHand(scene, 'Mail', PEM.one);
  scene.publishKey('mail', PEM.one);
  await scene.verified();
  await scene.deployed('Mail', scene.byo('mail', scene.secrets.one, WAIT));
  await scene.destroy('Mail');
  expect(scene.writes()).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
  expect(scene.identity()).toMatchObject({ origin: 'EXTERNAL', status: 'SUCCESS' });
});

describe('a record of opendkim-genkey, which names the hash algorithm', () => {
  let before: string[];

  beforeEach(() => {
    const key = publicKeyOf(PEM.one);
    const value = `"v=DKIM1; h=sha256; k=rsa; p=${key.slice(0, 180)}" "${key.slice(180)}"`;
    scene.write(`s1._domainkey.${DOMAIN}`, 'TXT', value);
    before = scene.all();
  });

  // Today: "The record … exists and was not written by this construct", though it has the same key.
  test('C2 is used as it is by a construct with the same key, and left in the end', async () => {
    const { status, reason } = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    expect({ status, reason }).toEqual({ status: 'CREATE_COMPLETE', reason: undefined });
    expect(scene.records()).toEqual(before);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    await scene.destroy('Mail');
    expect(scene.all()).toEqual(before);
  });

  // Today the record is replaced by the library's own, which is then deleted with the stack.
  test('C2 outlives a construct that was told to overwrite: OpenDKIM signs with that key, too', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, OVERWRITE));
    await scene.destroy('Mail');
    expect(scene.all()).toEqual(before);
  });

  describe.each([
    ['FAIL', WAIT],
    ['OVERWRITE', OVERWRITE],
  ])('SES signs with it already, and conflicts are handled by %s', (_, props) => {
    // Today: "Mail is signed with another key under this selector now".
    test('C2 a construct with the same key finds the signing', async () => {
      signsByHand(scene, 's1', PEM.one);
      await scene.verified();
      const calls = scene.cloud.calls.length;
      const { status, reason } = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, props));
      expect({ status, reason }).toEqual({ status: 'CREATE_COMPLETE', reason: undefined });
      expect(scene.writes(calls)).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
      expect(scene.records()).toEqual(before);
    });
  });
});

// Today each octal escape of Route 53 becomes a character, where two or three of them together are one in UTF-8.
test('C3 a conflict shows the text of the record that is there, with its letters', async () => {
  scene.write(`s1._domainkey.${DOMAIN}`, 'TXT', '"Schl\\303\\274ssel"');
  const result = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toContain('TXT Schlüssel');
});

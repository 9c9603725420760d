// Names and records that are written in another way and mean the same: kind C of the faults that are known.
import { createPublicKey } from 'node:crypto';
import { signsByHand } from './hand-made';
import { WAIT } from './methods';
import { DOMAIN, PEM, publicKeyOf, REGION, Scene } from './scene';
import { RecordConflict } from '../../src';

const NAME = `s1._domainkey.${DOMAIN}`;
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

  test('C1 the same key: SES is not told again', async () => {
    const calls = scene.cloud.calls.length;
    await scene.deployed('Mail', scene.byo('mail', scene.secrets.one, WAIT));
    expect(scene.writes(calls)).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
  });

  test('C1 the same key: the signing that was there survives the construct', async () => {
    await scene.deployed('Mail', scene.byo('mail', scene.secrets.one, WAIT));
    await scene.destroy('Mail');
    expect(scene.identity()).toMatchObject({ origin: 'EXTERNAL', tokens: ['Mail'], status: 'SUCCESS' });
  });

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

test('C SES does not name the selector that it signs under: mail on its way still verifies, also with OVERWRITE', async () => {
  await scene.stop();
  scene = await Scene.withIdentity({ ses: { byoDkimTokens: 'none' } });
  signsByHand(scene, 's1', PEM.one);
  scene.publishKey('s1', PEM.one);
  await scene.verified();
  const early = await scene.sent();
  const { reason } = await scene.deploy('Mail', scene.byo('s1', scene.secrets.two, OVERWRITE));
  expect((await scene.verdictOn(early)).result).toBe('pass');
  expect(reason).toMatch(/Mail may be signed with another key .* Give the new key a new selector/);
});

describe('a record of opendkim-genkey, which names the hash algorithm', () => {
  let before: string[];

  beforeEach(() => {
    const key = publicKeyOf(PEM.one);
    const value = `"v=DKIM1; h=sha256; k=rsa; p=${key.slice(0, 180)}" "${key.slice(180)}"`;
    scene.write(NAME, 'TXT', value);
    before = scene.all();
  });

  test('C2 is used as it is by a construct with the same key, and left in the end', async () => {
    const { status, reason } = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    expect({ status, reason }).toEqual({ status: 'CREATE_COMPLETE', reason: undefined });
    expect(scene.records()).toEqual(before);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    await scene.destroy('Mail');
    expect(scene.all()).toEqual(before);
  });

  test('C2 outlives a construct that was told to overwrite: OpenDKIM signs with that key, too', async () => {
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, OVERWRITE));
    await scene.destroy('Mail');
    expect(scene.all()).toEqual(before);
  });

  describe.each([
    ['FAIL', WAIT],
    ['OVERWRITE', OVERWRITE],
  ])('SES signs with it already, and conflicts are handled by %s', (_, props) => {
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

test('C3 a conflict shows the text of the record that is there, with its letters', async () => {
  scene.write(NAME, 'TXT', '"Schl\\303\\274ssel"');
  const result = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(result.reason).toContain('TXT Schlüssel');
});

/** A TXT value, in strings of at most 255 characters, as Route 53 takes it. */
function txt(text: string): string {
  return text.match(/.{1,200}/gs)!.map((part) => `"${part.replace(/["\\]/g, '\\$&')}"`).join(' ');
}

const KEY = publicKeyOf(PEM.one);
const OTHER_KEY = publicKeyOf(PEM.two);
const BARE_KEY = createPublicKey(PEM.one).export({ format: 'der', type: 'pkcs1' }).toString('base64');

describe('another record with the same key, which does SES\'s signatures no harm', () => {
  test.each([
    ['tags in another order', `v=DKIM1; p=${KEY}; k=rsa`],
    ['a list of hashes', `v=DKIM1; h=sha1 : sha256; p=${KEY}`],
    ['for mail only', `v=DKIM1; s=email; k=rsa; p=${KEY}`],
    ['for any service', `v=DKIM1; s=tlsrpt:*; p=${KEY}`],
    ['not for subdomains', `v=DKIM1; t=s; p=${KEY}`],
    ['a note of any characters', `v=DKIM1; n="mine" = 100 % (of 2019): a/b; p=${KEY}`],
    ['tags that nobody knows', `v=DKIM1; g=*; x-made=2019; T=y; p=${KEY}`],
    ['white space, and a semicolon at the end', `v = DKIM1 ;k= rsa ; p= ${KEY.slice(0, 50)}   ${KEY.slice(50)} ;`],
  ])('%s: it is used as it is, also with OVERWRITE, and left in the end', async (_, text) => {
    scene.write(NAME, 'TXT', txt(text));
    const before = scene.all();
    for (const props of [WAIT, OVERWRITE]) {
      await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, props));
      expect(scene.records()).toEqual(before);
      expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
      await scene.destroy('Mail');
      expect(scene.all()).toEqual(before);
    }
  });
});

describe('a record with the same key, which harms SES\'s signatures', () => {
  const HARMFUL: [what: string, text: string, reason: RegExp][] = [
    ['only tests', `v=DKIM1; k=rsa; t=y; p=${KEY}`, /t=y .* Take y out of t=/],
    ['only tests, among other flags', `v=DKIM1; k=rsa; t=s : y; p=${KEY}`, /t=y .* Take y out of t=/],
    ['wants another hash', `v=DKIM1; h=sha1; k=rsa; p=${KEY}`, /h=sha1 .* Add sha256 to h=/],
    ['is for another service', `v=DKIM1; s=tlsrpt; p=${KEY}`, /s=tlsrpt .* Add email to s=/],
    ['has its version in the middle', `k=rsa; v=DKIM1; p=${KEY}`, /version .* Begin it with v=DKIM1/],
    ['has another version', `v=DKIM2; p=${KEY}`, /version .* Begin it with v=DKIM1/],
    ['names another type of key', `v=DKIM1; k=ed25519; p=${KEY}`, /k=ed25519 .* Write k=rsa/],
    ['has a tag twice', `v=DKIM1; k=rsa; k=rsa; p=${KEY}`, /Correct its tags/],
    ['is no list of tags', `v=DKIM1; rsa; p=${KEY}`, /Correct its tags/],
    ['has the bare RSA key', `v=DKIM1; k=rsa; p=${BARE_KEY}`, /SubjectPublicKeyInfo/],
  ];

  test.each(HARMFUL)('that %s is refused for that, and OVERWRITE is not advised', async (_, text, reason) => {
    scene.write(NAME, 'TXT', txt(text));
    const before = scene.all();
    const result = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(result.reason).toMatch(reason);
    expect(result.reason).not.toMatch(/another key|OVERWRITE/);
    expect(scene.all()).toEqual(before);
    expect(scene.writes()).toEqual([]);
  });

  test.each(HARMFUL.slice(0, 4))('that %s, SES signs by already: SES is not told again, and it stays', async (_, text) => {
    signsByHand(scene, 's1', PEM.one);
    scene.write(NAME, 'TXT', txt(text));
    const before = scene.all();
    await scene.verified();
    for (const props of [WAIT, OVERWRITE]) {
      await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, props));
      expect(scene.records()).toEqual(before);
      await scene.destroy('Mail');
    }
    expect(scene.writes()).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
    expect(scene.all()).toEqual(before);
    expect(scene.identity()).toMatchObject({ origin: 'EXTERNAL', status: 'SUCCESS' });
    expect(scene.log().join('\n')).toContain('key-record-flawed');
  });

  test('with another value beside it is refused, as a verifier takes any', async () => {
    const values = [`v=DKIM1; k=rsa; p=${KEY}`, 'v=spf1 -all'].map((text) => ({ Value: txt(text) }));
    const ResourceRecordSet = { Name: NAME, Type: 'TXT' as const, TTL: 300, ResourceRecords: values };
    scene.cloud.route53.change(scene.zoneId, [{ Action: 'CREATE', ResourceRecordSet }]);
    const { reason } = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    expect(reason).toMatch(/2 values/);
    expect(reason).not.toMatch(/OVERWRITE/);
  });

  test('is named where it is published elsewhere, to a domain that signs', async () => {
    scene.publishTokens();
    await scene.verified();
    scene.write(NAME, 'TXT', txt(`v=DKIM1; t=y; p=${KEY}`));
    const { reason } = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, { ...WAIT, hostedZone: undefined }));
    expect(reason).toMatch(/t=y .* Take y out of t=/);
    expect(await scene.send()).toMatchObject({ result: 'pass' });
  });
});

describe('OVERWRITE is advised only where no mail can be signed with what is there', () => {
  test.each([
    ['another key', `v=DKIM1; k=rsa; p=${OTHER_KEY}`, /Mail may be signed .* Choose another selector/],
    ['a key of Ed25519', `v=DKIM1; k=ed25519; p=${Buffer.alloc(32, 7).toString('base64')}`, /Choose another selector/],
    ['a revoked key', 'v=DKIM1; p=', /revoked.* new key/],
  ])('not for %s', async (_, text, reason) => {
    scene.write(NAME, 'TXT', txt(text));
    const result = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    expect(result.reason).toMatch(reason);
    expect(result.reason).not.toMatch(/OVERWRITE/);
  });

  test('it is for a text of another kind', async () => {
    scene.write(NAME, 'TXT', txt('google-site-verification=abc'));
    const { reason } = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    expect(reason).toMatch(/recordConflict to OVERWRITE/);
  });

  test('publishing another key is not advised under a selector that signs with one at another provider', async () => {
    signsByHand(scene, 's1', PEM.one);
    scene.publishKey('s1', PEM.one);
    await scene.verified();
    const { reason } = await scene.deploy('Mail', scene.byo('s1', scene.secrets.two, { ...WAIT, hostedZone: undefined }));
    expect(reason).toMatch(/Give the new key a new selector/);
    expect(reason).not.toMatch(/Publish/);
  });

  test('a record that another Region has found is not overwritten', async () => {
    scene.identityExists('eu-west-1');
    scene.publishKey('s1', PEM.one);
    const before = scene.all();
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    const { status } = await scene.deploy('Mail', scene.byo('s1', scene.secrets.two, OVERWRITE), { region: 'eu-west-1' });
    expect(status).toBe('ROLLBACK_COMPLETE');
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    await scene.destroy('Mail');
    expect(scene.all()).toEqual(before);
  });
});

describe('a selector that is a CNAME', () => {
  /** Somebody else's zone, with the records of a key. */
  async function atAnotherProvider(pem: string): Promise<void> {
    const provider = scene.cloud.dns.provider('elsewhere');
    await provider.createZone('keys.test');
    provider.set('there.keys.test', 'CNAME', ['key.keys.test']);
    provider.set('key.keys.test', 'TXT', [`v=DKIM1; h=sha256; k=rsa; p=${publicKeyOf(pem)}`]);
  }

  const LEADING: [string, () => Promise<void> | void][] = [
    ['at another provider', async () => {
      await atAnotherProvider(PEM.one);
      scene.write(NAME, 'CNAME', 'There.Keys.Test.');
    }],
    ['in the same zone', () => {
      scene.publishKey('shared', PEM.one);
      scene.write(NAME, 'CNAME', `shared._domainkey.${DOMAIN}`);
    }],
    ['in the same zone, beside the DKIM records', () => {
      scene.write(`key.${DOMAIN}`, 'TXT', txt(`p=${KEY}`));
      scene.write(NAME, 'CNAME', `key.${DOMAIN}`);
    }],
    ['by two steps', () => {
      scene.publishKey('shared', PEM.one);
      scene.write(`step._domainkey.${DOMAIN}`, 'CNAME', `shared._domainkey.${DOMAIN}`);
      scene.write(NAME, 'CNAME', `step._domainkey.${DOMAIN}.`);
    }],
  ];

  test.each(LEADING)('to the same key, %s, is used as it is, and left in the end', async (_, write) => {
    await write();
    const before = scene.all();
    for (const props of [WAIT, OVERWRITE]) {
      await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, props));
      expect(scene.records()).toEqual(before);
      expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
      const calls = scene.cloud.calls.length;
      await scene.deployed('Mail', scene.byo('s1', scene.secrets.one));
      expect(scene.writes(calls)).toEqual([]);
      await scene.destroy('Mail');
      expect(scene.all()).toEqual(before);
    }
  });

  test.each(LEADING)('to the key that SES signs with, %s: the signing is found, and survives', async (_, write) => {
    signsByHand(scene, 's1', PEM.one);
    await write();
    const before = scene.all();
    await scene.verified();
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, OVERWRITE));
    await scene.destroy('Mail');
    expect(scene.writes()).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
    expect(scene.all()).toEqual(before);
    expect(scene.identity()).toMatchObject({ origin: 'EXTERNAL', status: 'SUCCESS' });
  });

  test('to another key is refused with that key, and OVERWRITE is not advised', async () => {
    await atAnotherProvider(PEM.two);
    scene.write(NAME, 'CNAME', 'there.keys.test');
    const { reason } = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    expect(reason).toContain(`CNAME there.keys.test, which leads to v=DKIM1; h=sha256; k=rsa; p=${OTHER_KEY}`);
    expect(reason).toMatch(/Choose another selector/);
    expect(reason).not.toMatch(/OVERWRITE/);
  });

  test.each([
    ['FAIL', WAIT], ['OVERWRITE', OVERWRITE],
  ])('C to a key that nobody can see now: what SES signs with stays with %s, and the reason says why', async (_, props) => {
    await atAnotherProvider(PEM.one);
    scene.write(NAME, 'CNAME', 'key.keys.test');
    signsByHand(scene, 's1', PEM.one);
    await scene.verified();
    scene.cloud.dns.settings.functionNetwork.port53 = false;
    const before = scene.all();
    const { reason } = await scene.deploy('Mail', scene.byo('s1', scene.secrets.two, props));
    expect(scene.all()).toEqual(before);
    expect(reason).toMatch(/what key\.keys\.test has.* port 53/);
    expect(reason).not.toMatch(/to OVERWRITE|registrar/);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test.each([
    ['to a name that nobody has', `nobody._domainkey.${DOMAIN}`], ['to itself', NAME],
  ])('%s is refused, with where it leads to', async (_, target) => {
    scene.write(NAME, 'CNAME', target);
    const { reason } = await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    expect(reason).toContain(`CNAME ${target}, which leads to no TXT`);
    expect(reason).toMatch(/OVERWRITE/);
  });
});

describe('a wildcard record', () => {
  const WILDCARD = `*._domainkey.${DOMAIN}`;

  test.each([
    ['TXT', txt(`v=DKIM1; p=${KEY}`)], ['CNAME', `key.${DOMAIN}`],
  ] as const)('that answers the same key (%s) is used as it is, and left in the end', async (type, value) => {
    scene.write(`key.${DOMAIN}`, 'TXT', txt(`p=${KEY}`));
    scene.write(WILDCARD, type, value);
    const before = scene.all();
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    expect(scene.records()).toEqual(before);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    await scene.destroy('Mail');
    expect(scene.all()).toEqual(before);
  });

  test('that SES signs by: the signing is found, and survives', async () => {
    signsByHand(scene, 's1', PEM.one);
    scene.write(WILDCARD, 'TXT', txt(`v=DKIM1; p=${KEY}`));
    await scene.verified();
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    await scene.destroy('Mail');
    expect(scene.writes()).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
    expect(scene.identity()).toMatchObject({ origin: 'EXTERNAL', status: 'SUCCESS' });
  });

  test('that SES signs by with another key: mail on its way still verifies', async () => {
    signsByHand(scene, 's1', PEM.one);
    scene.write(WILDCARD, 'TXT', txt(`v=DKIM1; p=${KEY}`));
    await scene.verified();
    const early = await scene.sent();
    const { reason } = await scene.deploy('Mail', scene.byo('s1', scene.secrets.two, OVERWRITE));
    expect(reason).toMatch(/Give the new key a new selector/);
    expect((await scene.verdictOn(early)).result).toBe('pass');
  });

  test('with another key, by which nobody signs under this selector, is in nobody\'s way', async () => {
    scene.write(WILDCARD, 'TXT', txt('v=DKIM1; p='));
    const before = scene.all();
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
    await scene.destroy('Mail');
    expect(scene.all()).toEqual(before);
  });
});

test('the selector Mail that SES shows, with records elsewhere, is the one of an update, too', async () => {
  signsByHand(scene, 'Mail', PEM.one);
  scene.publishKey('mail', PEM.one);
  await scene.verified();
  const elsewhere = { ...WAIT, hostedZone: undefined };
  await scene.deployed('Mail', scene.byo('mail', scene.secrets.one, elsewhere));
  await scene.deployed('Mail', scene.byo('mail', scene.secrets.one, WAIT));
  await scene.destroy('Mail');
  expect(scene.writes()).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
  expect(scene.identity(REGION)).toMatchObject({ origin: 'EXTERNAL', tokens: ['Mail'], status: 'SUCCESS' });
});

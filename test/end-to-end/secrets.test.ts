// Secrets that hold no usable key, or hold one in an unexpected form: kind F of the faults that are known.
import { createPrivateKey } from 'node:crypto';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { bareKey } from './hand-made';
import { WAIT } from './methods';
import { ACCOUNT, byoDkim, PEM, publicKeyOf, REGION, Scene } from './scene';
import { DkimPrivateKey, DkimSigning } from '../../src';

/** What JavaScript says when something is wrong. No user can do anything with it. */
const RUNTIME_ERROR = /BigInt|Division by zero|regular expression|(Syntax|Range|Type)Error/i;

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

/** Deploys with a secret of this value, which has to be refused, and gives the reason. */
async function refusalOf(value: string, jsonField?: string): Promise<string> {
  const secretArn = scene.secret(value);
  const build = scene.dkim((stack) => byoDkim(stack, 's1', secretArn, { jsonField }), WAIT);
  const result = await scene.deploy('Mail', build);
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(scene.writes()).toEqual([]);
  return result.reason!;
}

describe('an RSA key whose numbers do not make a whole key', () => {
  const { n, e, d, p, q, qi } = createPrivateKey(PEM.one).export({ format: 'jwk' });
  const numbers = (...all: (string | undefined)[]) => pkcs1Of(all.map((number) => Buffer.from(number!, 'base64url')));
  const ZERO = 'AA';
  const ONE = 'AQ';

  test.each([
    ['zeros in place of primes and exponents', numbers(n, e, d, ZERO, ZERO, ZERO, ZERO, ZERO)],
    ['a prime that is 1', numbers(n, e, d, ONE, n, ONE, d, ONE)],
  ])('F1 %s: the reason is not an error of the runtime', async (_, value) => {
    const reason = await refusalOf(value);
    expect(reason).toMatch(/holds no private key that SES can use/);
    expect(reason).not.toMatch(RUNTIME_ERROR);
  });

  // A signature would be the padded hash itself, so anybody could make one.
  test('F1 a public exponent of 1 is refused', async () => {
    expect(await refusalOf(numbers(n, ONE, ONE, p, q, ONE, ONE, qi))).toMatch(/exponent/);
  });
});

test('F2 a PEM label of 64 kB is refused without quoting what the secret holds', async () => {
  const reason = await refusalOf(`-----BEGIN ${'HUSH '.repeat(13_000)}-----\nAAAA\n`);
  expect(reason).toMatch(/holds no private key that SES can use/);
  expect(reason).not.toMatch(RUNTIME_ERROR);
  expect(reason).not.toContain('HUSH '.repeat(20));
  expect(scene.log().join('\n')).not.toContain('HUSH '.repeat(20));
});

describe('a secret in another form than expected', () => {
  const key = PEM.one;
  const jwk = createPrivateKey(key).export({ format: 'jwk' });

  test.each<{ form: string; value: string; jsonField?: string; says: RegExp }>([
    { form: 'JSON with raw line breaks', value: `{ "key": "${key}" }`, jsonField: 'key', says: /line breaks?/ },
    { form: 'JSON encoded twice', value: JSON.stringify(JSON.stringify({ key })), jsonField: 'key', says: /twice/ },
    { form: 'a field in another case', value: JSON.stringify({ Key: key }), jsonField: 'key', says: /\bKey\b/ },
    { form: 'JSON, and no field is named', value: JSON.stringify({ key: bareKey(key) }), says: /JSON.*jsonField/ },
    { form: 'a JWK', value: JSON.stringify(jwk), says: /JWK/ },
    { form: 'a PuTTY key', value: 'PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nComment: mail\n', says: /PuTTY/ },
    { form: 'a DKIM record', value: `v=DKIM1; k=rsa; p=${publicKeyOf(key)}`, says: /DKIM record/ },
  ])('F3 $form: the reason says what it is', async ({ value, jsonField, says }) => {
    const reason = await refusalOf(value, jsonField);
    expect(reason).toMatch(/holds no private key that SES can use/);
    expect(reason).not.toMatch(/leave jsonField out/);
    expect(reason).toMatch(says);
  });
});

test('F4 a secret is read by its name, also when that ends in a hyphen and six characters', async () => {
  scene.cloud.secretsManager.create({ account: ACCOUNT, region: REGION, name: 'mail/dkim-secret', value: PEM.one });
  const { status, reason } = await scene.deploy('Mail', scene.dkim((stack) => {
    const secret = secretsmanager.Secret.fromSecretNameV2(stack, 'Secret', 'mail/dkim-secret');
    return DkimSigning.byoDkim({ selector: 's1', privateKey: DkimPrivateKey.fromSecret(secret) });
  }, WAIT));
  expect({ status, reason }).toEqual({ status: 'CREATE_COMPLETE', reason: undefined });
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

/** Base64 of an RSAPrivateKey of two primes (RFC 8017 A.1.2). */
function pkcs1Of(numbers: readonly Buffer[]): string {
  const VERSION = Buffer.of(0);
  return asn1(0x30, Buffer.concat([VERSION, ...numbers].map(integer))).toString('base64');
}

/** A first bit that is set would make it negative. */
function integer(number: Buffer): Buffer {
  return asn1(0x02, number[0] >= 0x80 ? Buffer.concat([Buffer.of(0), number]) : number);
}

/** Tag, length and content (DER). */
function asn1(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const long = length < 0x100 ? [0x81, length] : [0x82, Math.floor(length / 0x100), length % 0x100];
  return Buffer.concat([Buffer.of(tag, ...(length < 0x80 ? [length] : long)), content]);
}

// Tests of the key pair that a secret holds: the field, the version, and errors that give nothing of the key away.
import { generateKeyPairSync } from 'node:crypto';
import { SecretSource } from '../../../lambda/base/desired-state';
import { OutOfTimeError, SecretGoneError, UnreachableError } from '../../../lambda/base/errors';
import { Secrets } from '../../../lambda/base/ports';
import { Redactor } from '../../../lambda/base/redaction';
import { parseKey } from '../../../lambda/signing/key';
import { isGone, readKeyPair, readNamedKey, readPreviousKeyPair } from '../../../lambda/signing/secret-key';

const ARN = 'arn:aws:secretsmanager:us-east-1:111111111111:secret:dkim-AbCdEf';
const keyPem = () =>
  generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const CANARY = keyPem();
const NEXT = keyPem();
const PLAIN = CANARY.replace(/-----.*-----|\s/g, '');

/** A secret with this text, and this one before it. */
const secretOf = (text: string, before?: string) => ({
  read: async ({ versionStage }: SecretSource) => {
    const found = versionStage === 'AWSPREVIOUS' ? before : text;
    if (found === undefined) throw new Error('there is no such version');
    return { text: found, versionId: 'one' };
  },
});
const failing = (error: Error) => ({ read: () => Promise.reject(error) });
const read = (text: string, more: Partial<SecretSource> = {}) =>
  readKeyPair({ arn: ARN, ...more }, { secrets: secretOf(text), redactor: new Redactor() });

/** Also says that the error has no piece of the key. */
async function refusal(reading: Promise<unknown>): Promise<string> {
  const error = await reading.then(() => { throw new Error('it was read'); }, (thrown: Error) => thrown);
  const shown = `${error.message}\n${error.stack}`;
  for (let at = 0; at + 12 <= PLAIN.length; at++) expect(shown).not.toContain(PLAIN.slice(at, at + 12));
  return error.message;
}

describe('a key is read', () => {
  test('from the whole value', async () => {
    await expect(read(CANARY)).resolves.toEqual(parseKey(CANARY));
  });

  test.each([
    ['a field', { jsonField: 'privateKey' }, { privateKey: CANARY, user: 'x' }],
    ['a field with an odd name', { jsonField: 'the key.pem' }, { 'the key.pem': CANARY.replaceAll('\n', '\r\n') }],
    ['a field in which the line breaks were escaped twice', { jsonField: 'k' }, { k: CANARY.replaceAll('\n', '\\n') }],
    ['a field with a name that all objects inherit', { jsonField: 'toString' }, { toString: CANARY }],
  ])('from %s', async (_, field, value) => {
    await expect(read(JSON.stringify(value), field)).resolves.toEqual(parseKey(CANARY));
  });
});

describe('the key that the secret had before', () => {
  const before = (text: string | undefined, more: Partial<SecretSource> = {}) =>
    readPreviousKeyPair({ arn: ARN, ...more }, {
      secrets: secretOf(JSON.stringify({ field: NEXT }), text), redactor: new Redactor(),
    });

  test('is read where the stack says no version', async () => {
    await expect(before(CANARY)).resolves.toEqual(parseKey(CANARY));
    await expect(before(JSON.stringify({ field: CANARY }), { jsonField: 'field' })).resolves.toEqual(parseKey(CANARY));
  });

  test('is none where the stack says which version, where there was none, and where it was no key', async () => {
    await expect(before(CANARY, { versionStage: 'AWSCURRENT' })).resolves.toBeUndefined();
    await expect(before(CANARY, { versionId: 'fa5f7a41-3b5f-4a8d-9f0e-0a1b2c3d4e5f' })).resolves.toBeUndefined();
    await expect(before(undefined)).resolves.toBeUndefined();
    await expect(before('hunter2!')).resolves.toBeUndefined();
  });

  test.each([
    ['there is no time to read it', new OutOfTimeError('GetSecretValue')],
    ['no call gets through', new UnreachableError('Secrets Manager gave no answer')],
  ])('is left to a further invocation when %s', async (_, error) => {
    const services = { secrets: failing(error), redactor: new Redactor() };
    await expect(readPreviousKeyPair({ arn: ARN }, services)).rejects.toBe(error);
  });
});

describe('a key with the selector that its secret says', () => {
  const source = { arn: ARN, jsonField: 'key', selectorField: 'name' };
  const named = (value: object, redactor = new Redactor()) =>
    readNamedKey(source, { secrets: secretOf(JSON.stringify(value)), redactor });

  test.each(['s1', 'a', 'mail-2026', 's'.repeat(63)])('is read together with it, and with the version of the secret: %s', async (name) => {
    await expect(named({ key: CANARY, name })).resolves
      .toEqual({ publicKey: parseKey(CANARY).publicKey, selector: name, versionId: 'one' });
  });

  test('is taken out of all texts in the form that SES gets', async () => {
    const redactor = new Redactor();
    await named({ key: CANARY, name: 's1' }, redactor);
    const { privateKey } = parseKey(CANARY);
    expect(redactor.redact(`SES quotes ${privateKey}`)).not.toContain(privateKey.slice(40, 60));
  });

  test.each<[string, object]>([
    ['is missing', {}],
    ['is empty', { name: '' }],
    ['is no text', { name: 1 }],
    ['is a list', { name: ['s1'] }],
    ['is in upper case', { name: 'S1' }],
    ['is a whole name', { name: 's1._domainkey' }],
    ['ends with a hyphen', { name: 's1-' }],
    ['is too long', { name: 's'.repeat(64) }],
    ['is the key', { name: CANARY }],
    ['is the base64 of the key', { name: PLAIN }],
  ])('is refused where the selector %s, without a word of what is there instead', async (_, more) => {
    expect(await refusal(named({ key: CANARY, ...more }))).toBe(`The secret ${ARN} (field 'name') has no selector. `
      + 'Write it beside the key: 1 to 63 letters in lower case, digits and inner hyphens, as a JSON string. '
      + 'A new key has a new one.');
  });

  test('is refused where there is a selector and no key', async () => {
    await expect(named({ name: 's1' })).rejects.toThrow("(field 'key') holds no private key that SES can use");
  });
});

describe('a key is gone for good', () => {
  const gone = (secrets: Secrets) => isGone({ arn: ARN }, { secrets });

  test('when there is no such secret or version, and not while it can be read', async () => {
    await expect(gone(failing(new SecretGoneError('There is no such secret')))).resolves.toBe(true);
    await expect(gone({ read: async () => ({ text: CANARY, versionId: 'one' }) })).resolves.toBe(false);
  });

  test('not when it cannot be read now: access may come back', async () => {
    await expect(gone(failing(new Error('AccessDeniedException')))).resolves.toBe(false);
  });

  test('or not, which nobody knows without the time to look', async () => {
    await expect(gone(failing(new OutOfTimeError('GetSecretValue')))).rejects.toThrow(OutOfTimeError);
  });
});

describe('a secret is refused', () => {
  test.each<[string, string, Partial<SecretSource>, string]>([
    ['that is empty', ' \n', {}, ' holds no private key that SES can use: it is empty; store the private key in it.'],
    [
      'that holds something else',
      'hunter2!',
      {},
      ' holds no private key that SES can use: it is neither PEM nor base64; store an RSA private key as PEM',
    ],
    [
      'with two keys',
      CANARY + NEXT,
      {},
      ' holds no private key that SES can use: it holds 2 PEM blocks (PRIVATE KEY, PRIVATE KEY)',
    ],
    [
      'with a key that is cut off',
      CANARY.slice(0, 500),
      {},
      "its PEM block 'PRIVATE KEY' has no END line: the text is cut off; store the key again from the original file.",
    ],
    [
      'that is JSON while no field is named',
      JSON.stringify({ privateKey: PLAIN }),
      {},
      " holds no private key that SES can use: it is neither PEM nor base64, but a JSON object with 'privateKey'; name",
    ],
    [
      'that is no JSON', CANARY, { jsonField: 'privateKey' },
      " (field 'privateKey') holds no private key that SES can use: it is not a JSON object, so it has no fields; "
        + 'leave jsonField out if the key is the whole value.',
    ],
    ['that is nearly JSON', `{"privateKey": "${PLAIN}"`, { jsonField: 'privateKey' }, 'it is not a JSON object'],
    ['that is a JSON text', JSON.stringify(CANARY), { jsonField: '0' }, 'it is not a JSON object'],
    ['that is a JSON list', JSON.stringify([CANARY]), { jsonField: '0' }, 'it is not a JSON object'],
    ['that is JSON null', 'null', { jsonField: 'privateKey' }, 'it is not a JSON object'],
    [
      'without that field',
      JSON.stringify({ key: CANARY }),
      { jsonField: 'privateKey' },
      "it has no such field; name the field that has the key in jsonField. There is 'key'.",
    ],
    [
      'with a field that is only inherited',
      JSON.stringify({ key: CANARY }),
      { jsonField: 'toString' },
      'it has no such field',
    ],
    [
      'with a field that is the prototype',
      JSON.stringify({ key: CANARY }),
      { jsonField: '__proto__' },
      'it has no such field',
    ],
    [
      'with a field that is an object',
      JSON.stringify({ key: { pem: CANARY } }),
      { jsonField: 'key' },
      'the field is not a string; store the key as a JSON string.',
    ],
    ['with a field that is null', '{"key":null}', { jsonField: 'key' }, 'the field is not a string'],
    ['with a field that is empty', '{"key":""}', { jsonField: 'key' }, 'it is empty'],
    [
      'with a field that is cut off',
      JSON.stringify({ key: PLAIN.slice(0, 300) }),
      { jsonField: 'key' },
      'its base64 is not an RSA private key',
    ],
    ['with the whole PEM encoded once more', Buffer.from(CANARY)
      .toString('base64'), {}, 'it is a PEM file encoded in base64 once more'],
  ])('%s, with the reason and without its text', async (_, value, more, reason) => {
    const message = await refusal(read(value, more));
    expect(message.startsWith(`The secret ${ARN}`)).toBe(true);
    expect(message).toContain(reason);
  });

  test('that breaks the reading itself, without the name of the runtime\'s error', async () => {
    const text = { replace: () => { throw new RangeError(PLAIN); } } as unknown as string;
    const secrets = { read: async () => ({ text, versionId: 'one' }) };
    const message = await refusal(readKeyPair({ arn: ARN }, { secrets, redactor: new Redactor() }));
    expect(message).toBe(`The secret ${ARN} holds no private key that SES can use: it cannot be read; store an RSA `
      + 'private key as PEM, made with: openssl genrsa 2048.');
  });
});

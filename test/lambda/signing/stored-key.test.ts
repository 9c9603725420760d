// What a secret can hold, by its labels: a key is taken for one where it is, and what is none is never quoted.
import { Redactor } from '../../../lambda/base/redaction';
import {
  bitsOf, newKey, privateKeyOf, readStoredKeys, signingWith, textOfFollowed,
} from '../../../lambda/signing/stored-key';
import { DOMAIN, KEYS, REGION } from '../fixtures/aws-in-memory';
import { CURRENT, KEYS_ARN, KeysInMemory, NEXT, PEM } from '../fixtures/keys-in-memory';

const [ONE, TWO] = [KEYS.one, KEYS.two].map(({ publicKey, publicKeySha256 }) => ({ publicKey, publicKeySha256 }));

let keys: KeysInMemory;

beforeEach(() => void (keys = new KeysInMemory()));

const read = (redactor = new Redactor()) => {
  const services = keys.aws.services({ domain: DOMAIN, region: REGION });
  return readStoredKeys(KEYS_ARN, keys.among({ ...services, redactor }));
};
const value = (more: object = {}) =>
  JSON.stringify({ selector: 's1', made: '2026-11-23T00:00:00.000Z', privateKey: PEM.one, ...more });

test('a new secret has no label at all, and no version is asked for its value', async () => {
  const calls: string[] = [];
  keys.aws.onCall = (call) => void calls.push(call);
  expect(await read()).toMatchObject({ current: undefined, pending: undefined });
  expect(calls).toEqual(['DescribeSecret']);
});

test('its current key, and the next one', async () => {
  keys.store(CURRENT, 'AWSCURRENT', value());
  const secret = { arn: KEYS_ARN, versionId: CURRENT, jsonField: 'privateKey' };
  expect(await read()).toMatchObject({ current: { versionId: CURRENT, selector: 's1', ...ONE, secret }, pending: undefined });
  keys.store(NEXT, 'AWSPENDING', value({ selector: 'n1', privateKey: PEM.two }));
  expect(await read()).toMatchObject({
    current: { selector: 's1', madeAt: Date.UTC(2026, 10, 23) },
    pending: { versionId: NEXT, key: { selector: 'n1', ...TWO } },
  });
});

const FOLLOWS = { arn: 'arn:aws:secretsmanager:us-east-1:111111111111:secret:own', jsonField: 'key', selectorField: 'selector' };
const elsewhere = (more: object = {}, follows: object = {}) => value({
  privateKey: undefined, publicKey: KEYS.one.publicKey, follows: { ...FOLLOWS, versionId: 'v1', ...follows }, ...more,
});

test('a key that is in the secret of the user', async () => {
  keys.store(CURRENT, 'AWSCURRENT', elsewhere());
  const { selectorField, ...secret } = FOLLOWS;
  const { current } = await read();
  expect(current).toEqual({
    ...ONE, versionId: CURRENT, selector: 's1', madeAt: Date.UTC(2026, 10, 23), secret: { ...secret, versionId: 'v1' }, follows: FOLLOWS,
  });
  expect(signingWith({ method: 'ROTATING_BYODKIM', secretArn: KEYS_ARN, selectorPrefix: 'dkim', keyLength: 2048 }, current!)).toEqual({
    method: 'BYODKIM', selector: 's1', secret: { ...secret, versionId: 'v1' }, followedBy: `${KEYS_ARN} ${FOLLOWS.arn} key selector`,
  });
});

test('a key of the user is stored in a form that is read again', async () => {
  const made = { selector: 'n1', publicKey: KEYS.two.publicKey, madeAt: Date.UTC(2026, 10, 22), versionId: 'v2' };
  keys.store(CURRENT, 'AWSCURRENT', textOfFollowed({ ...FOLLOWS, arnForm: 'PARTIAL' }, made));
  const follows = { ...FOLLOWS, arnForm: 'PARTIAL' };
  const { selectorField, ...secret } = follows;
  expect((await read()).current).toEqual({
    ...TWO, versionId: CURRENT, selector: 'n1', madeAt: made.madeAt, follows, secret: { ...secret, versionId: 'v2' },
  });
});

/** The secret of the user has this key. */
const servicesWith = (key: string) => ({
  ...keys.aws.services({ domain: DOMAIN, region: REGION }),
  secrets: { read: async () => ({ text: JSON.stringify({ key }), versionId: 'v1' }) },
});

test('SES gets the private key from where it is: from the secret of the user, or our own', async () => {
  keys.store(CURRENT, 'AWSCURRENT', elsewhere());
  keys.store(NEXT, 'AWSPENDING', value({ selector: 'n1', privateKey: PEM.two }));
  const { current, pending } = await read();
  expect(await privateKeyOf(current!, servicesWith(PEM.one))).toBe(KEYS.one.privateKey);
  expect(await privateKeyOf(pending!.key!, servicesWith('no key'))).toBe(KEYS.two.privateKey);
});

test('how long a key is, its public key says', async () => {
  keys.store(CURRENT, 'AWSCURRENT', value());
  expect(bitsOf((await read()).current!)).toBe(1024);
});

test('a public key that is not that of the private key is refused', async () => {
  const services = servicesWith(PEM.two);
  keys.store(CURRENT, 'AWSCURRENT', elsewhere());
  const { current } = await read();
  await expect(privateKeyOf(current!, services)).rejects.toThrow('has another key than the secret of the stack says. Somebody has '
    + 'changed the secret of the stack by hand. Nothing was changed');
});

test('the next key is of the same secret as the current one, whatever it says', async () => {
  keys.store(CURRENT, 'AWSCURRENT', elsewhere());
  keys.store(NEXT, 'AWSPENDING', elsewhere({ selector: 'n1' }, { arn: `${FOLLOWS.arn}-other`, jsonField: 'other', versionId: 'v2' }));
  const { pending } = await read();
  expect(pending!.key).toMatchObject({ follows: FOLLOWS, secret: { arn: FOLLOWS.arn, jsonField: 'key', versionId: 'v2' } });
});

test('a next key that is in our own secret is not taken for one of the user', async () => {
  keys.store(CURRENT, 'AWSCURRENT', elsewhere());
  keys.store(NEXT, 'AWSPENDING', value({ selector: 'n1', privateKey: PEM.two }));
  const { pending } = await read();
  expect(pending!.key).toMatchObject({ ...TWO, secret: { arn: KEYS_ARN, versionId: NEXT } });
  expect(pending!.key!.follows).toBeUndefined();
});

const ARN_FORMS = [['PARTIAL', 'PARTIAL'], ['by hand', undefined]];
test.each(ARN_FORMS)('an ARN may lack its end, as the value says: %s', async (said, arnForm) => {
  keys.store(CURRENT, 'AWSCURRENT', elsewhere({}, { arnForm: said }));
  const { current } = await read();
  expect(current).toMatchObject({ follows: { ...FOLLOWS, arnForm }, secret: { arn: FOLLOWS.arn, arnForm } });
});

test('the next key that has become the current one is no next key, as long as it has both labels', async () => {
  keys.store(CURRENT, 'AWSCURRENT', value());
  keys.store(NEXT, 'AWSPENDING', value({ selector: 'n1', privateKey: PEM.two }));
  keys.versions.move('AWSCURRENT', CURRENT, NEXT);
  expect(await read()).toMatchObject({ current: { selector: 'n1' }, pending: undefined });
});

test('a next version without a value', async () => {
  keys.store(CURRENT, 'AWSCURRENT', value());
  keys.begin();
  expect((await read()).pending).toEqual({ versionId: NEXT, key: undefined });
});

const NO_KEYS: [string, string][] = [
  ['its selector is not one', 'by hand'],
  ['its selector is not one', PEM.one],
  ['its selector is not one', 'null'],
  ['its selector is not one', '[]'],
  ['its selector is not one', '"text"'],
  ['its selector is not one', value({ selector: undefined })],
  ['its selector is not one', value({ selector: ['s1'] })],
  ['its selector is not one', value({ selector: 's1.example.org' })],
  ['its selector is not one', value({ selector: 'S1' })],
  ['its selector is not one', value({ selector: 's'.repeat(64) })],
  ['it has no privateKey', value({ privateKey: undefined })],
  ['it has no privateKey', value({ privateKey: { pem: PEM.one } })],
  ['it does not say when the key was made', value({ made: undefined })],
  ['it does not say when the key was made', value({ made: 'yesterday' })],
  ['it does not say when the key was made', value({ made: 1 })],
  ['', value({ privateKey: 'no key' })],
  ['it does not say which secret has the key', elsewhere({ follows: null })],
  ['it does not say which secret has the key', elsewhere({ follows: 'own' })],
  ['it does not say which secret has the key', elsewhere({}, { versionId: undefined })],
  ['it does not say which secret has the key', elsewhere({}, { jsonField: 1 })],
  ['it does not say which secret has the key', elsewhere({}, { selectorField: undefined })],
  ['it does not say which secret has the key', elsewhere({}, { arn: 'arn:aws:secretsmanager:example.org/:111111111111:secret:own' })],
  ['it does not say which secret has the key', elsewhere({}, { arn: [FOLLOWS.arn] })],
  ['it cannot be read', elsewhere({ publicKey: 'AAAA' })],
  ['it cannot be read', elsewhere({ publicKey: [...Buffer.from(KEYS.one.publicKey, 'base64')] })],
  ['it cannot be read', elsewhere({ publicKey: undefined })],
  ['', value({ privateKey: PEM.one.slice(0, 400) })],
];

test.each(NO_KEYS)('a value that is no key, as %s: it is refused as the current one, without a piece of it', async (why, text) => {
  keys.store(CURRENT, 'AWSCURRENT', text);
  const { message } = await read().then(() => new Error('it was taken'), (error: Error) => error);
  expect(message).toContain(`The version ${CURRENT} of the secret ${KEYS_ARN} is no key of cdk-ses-dkim: ${why}`);
  expect(message).toContain('Move the label AWSCURRENT back to the version before it');
  expect(message).not.toContain(PEM.one.slice(40, 60));
});

test.each(NO_KEYS)('a value that is no key, as %s: as the next one, it is none', async (_, text) => {
  keys.store(CURRENT, 'AWSCURRENT', value());
  keys.store(NEXT, 'AWSPENDING', text);
  expect(await read()).toMatchObject({ current: { selector: 's1' }, pending: { versionId: NEXT, key: undefined } });
});

test('a next version that cannot be read is not taken for an empty one', async () => {
  keys.store(CURRENT, 'AWSCURRENT', value());
  keys.store(NEXT, 'AWSPENDING', value());
  let reads = 0;
  keys.aws.onCall = (call) => {
    if (call === 'GetSecretValue' && ++reads === 2) throw Object.assign(new Error('no'), { name: 'DecryptionFailure' });
  };
  await expect(read()).rejects.toThrow('could not be read: DecryptionFailure');
});

test('a secret that is gone, or is marked for deletion, is said to be gone', async () => {
  keys.isGone = true;
  await expect(read()).rejects.toThrow(`The secret ${KEYS_ARN} with the rotating key is gone. Restore it if it is marked `
    + 'for deletion. Otherwise deploy the construct with DkimSigning.easyDkim(), and after that with rotatingByoDkim() again, which makes a new one');
});

test('whatever is read is taken out of all texts, in every form that a service may quote it in', async () => {
  const redactor = new Redactor();
  keys.store(CURRENT, 'AWSCURRENT', value());
  await read(redactor);
  expect(redactor.redact(`${KEYS.one.privateKey} and ${PEM.one}`)).not.toContain(PEM.one.slice(40, 60));
});

describe('a new key', () => {
  const make = (token = NEXT, now = Date.UTC(2026, 10, 23, 23, 59)) =>
    newKey({ method: 'ROTATING_BYODKIM', secretArn: KEYS_ARN, selectorPrefix: 'mail', keyLength: 1024 }, token, now);

  test('has a selector of its prefix, the day and its token: a repeat has the same, another version another', () => {
    const { selector } = make();
    expect(selector).toMatch(/^mail-20261123-[0-9a-f]{6}$/);
    expect(make().selector).toBe(selector);
    expect(make(CURRENT).selector).not.toBe(selector);
  });

  test('is stored in a form that is read again', async () => {
    const { selector, text } = make();
    keys.store(CURRENT, 'AWSCURRENT', text);
    expect((await read()).current).toMatchObject({ selector, madeAt: Date.UTC(2026, 10, 23, 23, 59) });
    expect(keys.bitsOf('AWSCURRENT')).toBe(1024);
  });
});

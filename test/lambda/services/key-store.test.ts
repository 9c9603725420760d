// The adapter of a secret with keys: what somebody else has done in the same moment is no failure, anything else is.
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Redactor } from '../../../lambda/base/redaction';
import { keyStoreIn } from '../../../lambda/services/key-store';
import { DOMAIN, REGION } from '../fixtures/aws-in-memory';
import { CURRENT, KEYS_ARN, KeysInMemory, NEXT } from '../fixtures/keys-in-memory';

const THIRD = 'f'.repeat(32);

let keys: KeysInMemory;

beforeEach(() => {
  keys = new KeysInMemory();
  keys.store(CURRENT, 'AWSCURRENT', 'one');
  keys.store(NEXT, 'AWSPENDING', 'two');
});

const storeOf = (client: object, redactor = new Redactor()) => {
  const { retry } = keys.aws.services({ domain: DOMAIN, region: REGION });
  return keyStoreIn(KEYS_ARN, () => client as SecretsManagerClient, retry, redactor);
};
const store = (redactor?: Redactor) => storeOf(keys.client, redactor);
const answering = (answer: object) => storeOf({ send: async () => answer });
const refusing = (name: string) => storeOf({ send: () => Promise.reject(Object.assign(new Error('no'), { name })) });

test('the versions are described by their labels', async () => {
  const versions = { AWSCURRENT: CURRENT, AWSPENDING: NEXT };
  expect(await store().describe()).toMatchObject({ rotates: true, versions });
  await store().moveLabel('AWSCURRENT', CURRENT, NEXT);
  expect((await store().describe())?.versions).toEqual({ AWSCURRENT: NEXT, AWSPENDING: NEXT, AWSPREVIOUS: CURRENT });
});

test('a secret that is gone, or is marked for deletion, is none', async () => {
  expect(await answering({ DeletedDate: new Date(), VersionIdsToStages: {} }).describe()).toBeUndefined();
  keys.isGone = true;
  expect(await store().describe()).toBeUndefined();
  expect(await store().read(CURRENT)).toBeUndefined();
});

test('a secret of which nothing is said has no label, and does not rotate', async () => {
  expect(await answering({}).describe()).toMatchObject({ rotates: false, tags: {}, versions: {} });
});

test('a version without a value, or with a binary one, has no text', async () => {
  keys.begin(THIRD);
  expect(await store().read(THIRD)).toBeUndefined();
  expect(await answering({ SecretBinary: new Uint8Array(1) }).read(CURRENT)).toBeUndefined();
  expect(await store().read(CURRENT)).toBe('one');
});

test('what was stored before under the same id counts, whichever text comes now', async () => {
  await store().put(NEXT, 'another', 'AWSPENDING');
  expect(await store().read(NEXT)).toBe('two');
});

test('the redactor is told a text before anybody else gets it, also where storing it fails', async () => {
  const [redactor, text] = [new Redactor(), `-----BEGIN PRIVATE KEY-----\n${'QUJD'.repeat(30)}\n`];
  await storeOf({ send: () => Promise.reject(new Error(text)) }, redactor).put(THIRD, text).catch(() => undefined);
  expect(redactor.redact(`it was ${'QUJD'.repeat(30)}`)).not.toContain('QUJDQUJD');
});

describe('a label that somebody else has moved meanwhile', () => {
  test('to where it is to go: that is done', async () => {
    keys.versions.move('AWSCURRENT', CURRENT, NEXT);
    await store().moveLabel('AWSCURRENT', CURRENT, NEXT);
    expect(keys.idOf('AWSCURRENT')).toBe(NEXT);
  });

  test('away from where it is to be taken off: that is done, and it stays where it is now', async () => {
    keys.versions.takeOff('AWSPENDING');
    await store().moveLabel('AWSPENDING', NEXT);
    keys.begin(THIRD);
    await store().moveLabel('AWSPENDING', NEXT);
    expect(keys.idOf('AWSPENDING')).toBe(THIRD);
  });

  test('to somewhere else: that is a failure, and it stays there', async () => {
    keys.store(THIRD, 'AWSCURRENT', 'three');
    await expect(store().moveLabel('AWSCURRENT', CURRENT, NEXT))
      .rejects.toThrow(`The label AWSCURRENT of the secret ${KEYS_ARN} could not be moved: InvalidParameterException`);
    expect(keys.idOf('AWSCURRENT')).toBe(THIRD);
  });
});

test.each<[string, (from: ReturnType<typeof store>) => Promise<unknown>]>([
  ['described', (from) => from.describe()],
  ['read', (from) => from.read(CURRENT)],
  ['stored', (from) => from.put(THIRD, 'three')],
  ['moved', (from) => from.moveLabel('AWSPENDING', NEXT)],
])('a refusal names the secret, and what could not be done: %s', async (what, call) => {
  await expect(call(refusing('DecryptionFailure'))).rejects.toThrow(new RegExp(`secret ${KEYS_ARN}.*DecryptionFailure`));
  await expect(call(refusing('DecryptionFailure'))).rejects.toThrow(what);
});

test('a secret that goes while it is written to is a failure', async () => {
  keys.isGone = true;
  await expect(store().put(THIRD, 'three')).rejects.toThrow('No key could be stored');
  await expect(store().moveLabel('AWSPENDING', NEXT)).rejects.toThrow('could not be moved');
});

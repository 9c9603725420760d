// Tests of reading the key from Secrets Manager with the real SDK client, against the local one; and what its errors give away.
import { generateKeyPairSync } from 'node:crypto';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { jumpingTime } from './jumping-time';
import { parseKey } from '../../lambda/key';
import { logTo } from '../../lambda/log';
import { OutOfTimeError, Patience } from '../../lambda/patience';
import { keysFrom } from '../../lambda/secret';
import { ByoDkimProperties } from '../../src/private/contract';
import { MinimalContext, minimalContext } from '../cloud/minimal-context';
import { SecretValue } from '../cloud/secret-versions';
import { SecretsManager } from '../cloud/secrets-manager';
import { ServiceError } from '../cloud/service-error';

const ACCOUNT = '111111111111';
const ROLE = 'arn:aws:iam::111111111111:role/Handler';
const keyPem = () => generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const CANARY = keyPem();
const NEXT = keyPem();
const PLAIN = CANARY.replace(/-----.*-----|\s/g, '');

let context: MinimalContext;
let cloud: SecretsManager;
let lines: string[];
let regions: string[];
const clients: SecretsManagerClient[] = [];

beforeEach(async () => {
  context = minimalContext();
  context.iam.putRole({ arn: ROLE, assumeRolePolicy: { Statement: [] } });
  context.iam.putRolePolicy(ROLE, 'secret', { Statement: { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: '*' } });
  cloud = new SecretsManager(context);
  await cloud.start();
  lines = [];
  regions = [];
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await cloud.stop();
});

function secret(value: SecretValue, more: { account?: string; region?: string; kmsKeyArn?: string } = {}) {
  return cloud.create({ account: ACCOUNT, region: 'us-east-1', name: `dkim-${Math.random()}`, value, ...more });
}

function read(SecretArn: string, more: Partial<ByoDkimProperties> = {}, options?: { minutes: number }) {
  return keys(options).read(signing(SecretArn, more));
}

function readPrevious(SecretArn: string, more: Partial<ByoDkimProperties> = {}, options?: { minutes: number }) {
  return keys(options).readPrevious(signing(SecretArn, more));
}

function signing(SecretArn: string, more: Partial<ByoDkimProperties>): ByoDkimProperties {
  return { Method: 'BYODKIM', Selector: 'dkim2026', SecretArn, ...more };
}

function keys({ minutes = 60 } = {}) {
  const clientFor = (region: string) => {
    regions.push(region);
    const client = new SecretsManagerClient({
      region, endpoint: cloud.endpoint, credentials: context.credentials.issue({ account: ACCOUNT, roleArn: ROLE }), maxAttempts: 1,
    });
    clients.push(client);
    return client;
  };
  const log = logTo((line) => lines.push(line));
  const patience = new Patience(jumpingTime(context.clock), log, context.clock.now() + minutes * 60_000, 5_000);
  return keysFrom(clientFor, patience);
}

/** Also says that neither error nor log has a piece of the key. */
async function refusal(reading: Promise<unknown>): Promise<string> {
  const error = await reading.then(() => { throw new Error('it was read'); }, (thrown: Error) => thrown);
  const shown = `${error.message}\n${error.stack}\n${lines.join('')}`;
  for (let at = 0; at + 12 <= PLAIN.length; at++) expect(shown).not.toContain(PLAIN.slice(at, at + 12));
  return error.message;
}

describe('a key is read', () => {
  test('from the whole value', async () => {
    await expect(read(secret(CANARY).arn)).resolves.toEqual(parseKey(CANARY));
  });

  test.each([
    ['a field', { JsonField: 'privateKey' }, { privateKey: CANARY, user: 'x' }],
    ['a field with an odd name', { JsonField: 'the key.pem' }, { 'the key.pem': CANARY.replaceAll('\n', '\r\n') }],
    ['a field in which the line breaks were escaped twice', { JsonField: 'k' }, { k: CANARY.replaceAll('\n', '\\n') }],
    ['a field with a name that all objects inherit', { JsonField: 'toString' }, { toString: CANARY }],
  ])('from %s', async (_, field, value) => {
    await expect(read(secret(JSON.stringify(value)).arn, field)).resolves.toEqual(parseKey(CANARY));
  });

  test('from the current version, unless another one is named', async () => {
    // GIVEN
    const { arn, versionId } = secret(CANARY);
    cloud.put(arn, NEXT, { versionId: 'fa5f7a41-3b5f-4a8d-9f0e-0a1b2c3d4e5f', stages: ['AWSPENDING'] });
    // THEN
    await expect(read(arn)).resolves.toEqual(parseKey(CANARY));
    await expect(read(arn, { VersionStage: 'AWSPENDING' })).resolves.toEqual(parseKey(NEXT));
    await expect(read(arn, { VersionId: 'fa5f7a41-3b5f-4a8d-9f0e-0a1b2c3d4e5f' })).resolves.toEqual(parseKey(NEXT));
    await expect(read(arn, { VersionId: versionId, VersionStage: 'AWSCURRENT' })).resolves.toEqual(parseKey(CANARY));
  });

  test('from the Region that its ARN names', async () => {
    const { arn } = secret(CANARY, { region: 'eu-west-1' });
    await expect(read(arn)).resolves.toEqual(parseKey(CANARY));
    expect(regions).toEqual(['eu-west-1']);
  });

  test('once a busy service answers', async () => {
    context.faults.add({ service: 'secretsmanager', kind: 'throttle', times: 3 });
    await expect(read(secret(CANARY).arn)).resolves.toEqual(parseKey(CANARY));
    expect(lines).toHaveLength(3);
  });
});

describe('the key that the secret had before', () => {
  const replaced = (value: SecretValue = CANARY) => {
    const { arn } = secret(value);
    cloud.put(arn, JSON.stringify({ field: NEXT }));
    return arn;
  };

  test('is read where the stack says no version', async () => {
    await expect(readPrevious(replaced())).resolves.toEqual(parseKey(CANARY));
    await expect(readPrevious(replaced(JSON.stringify({ field: CANARY })), { JsonField: 'field' })).resolves.toEqual(parseKey(CANARY));
  });

  test('is none where the stack says which version, where there was none, and where it was no key', async () => {
    await expect(readPrevious(replaced(), { VersionStage: 'AWSCURRENT' })).resolves.toBeUndefined();
    await expect(readPrevious(replaced(), { VersionId: 'fa5f7a41-3b5f-4a8d-9f0e-0a1b2c3d4e5f' })).resolves.toBeUndefined();
    await expect(readPrevious(secret(CANARY).arn)).resolves.toBeUndefined();
    await expect(readPrevious(replaced('hunter2!'))).resolves.toBeUndefined();
  });

  test('is left to a further invocation when there is no time to read it', async () => {
    context.faults.add({ service: 'secretsmanager', kind: 'throttle', times: 99 });
    await expect(readPrevious(replaced(), {}, { minutes: 1 })).rejects.toThrow(OutOfTimeError);
  });
});

describe('a secret is refused', () => {
  test.each<[string, SecretValue, Partial<ByoDkimProperties>, string]>([
    ['that is binary', Buffer.from(CANARY), {}, ' is binary. Store the private key as text (SecretString).'],
    ['that is empty', ' \n', {}, ' holds no private key that SES can use: it is empty; store the private key in it.'],
    ['that holds something else', 'hunter2!', {}, ' holds no private key that SES can use: it is neither PEM nor base64; store an RSA private key as PEM'],
    ['with two keys', CANARY + NEXT, {}, ' holds no private key that SES can use: it holds 2 PEM blocks (PRIVATE KEY, PRIVATE KEY)'],
    ['with a key that is cut off', CANARY.slice(0, 500), {}, "its PEM block 'PRIVATE KEY' has no END line; the text is cut off."],
    ['that is JSON while no field is named', JSON.stringify({ privateKey: PLAIN }), {}, ' holds no private key that SES can use: it is neither PEM nor base64'],
    [
      'that is no JSON', CANARY, { JsonField: 'privateKey' },
      " (field 'privateKey') holds no private key that SES can use: it is not a JSON object, so it has no fields; leave jsonField out if the key is the whole value.",
    ],
    ['that is nearly JSON', `{"privateKey": "${PLAIN}"`, { JsonField: 'privateKey' }, 'it is not a JSON object'],
    ['that is a JSON text', JSON.stringify(CANARY), { JsonField: '0' }, 'it is not a JSON object'],
    ['that is a JSON list', JSON.stringify([CANARY]), { JsonField: '0' }, 'it is not a JSON object'],
    ['that is JSON null', 'null', { JsonField: 'privateKey' }, 'it is not a JSON object'],
    ['without that field', JSON.stringify({ key: CANARY }), { JsonField: 'privateKey' }, 'it has no such field; name the field that has the key in jsonField.'],
    ['with a field that is only inherited', JSON.stringify({ key: CANARY }), { JsonField: 'toString' }, 'it has no such field'],
    ['with a field that is the prototype', JSON.stringify({ key: CANARY }), { JsonField: '__proto__' }, 'it has no such field'],
    ['with a field that is an object', JSON.stringify({ key: { pem: CANARY } }), { JsonField: 'key' }, 'the field is not a string; store the key as a JSON string.'],
    ['with a field that is null', '{"key":null}', { JsonField: 'key' }, 'the field is not a string'],
    ['with a field that is empty', '{"key":""}', { JsonField: 'key' }, 'it is empty'],
    ['with a field that is cut off', JSON.stringify({ key: PLAIN.slice(0, 300) }), { JsonField: 'key' }, 'its base64 is not an RSA private key'],
    ['with the whole PEM encoded once more', Buffer.from(CANARY).toString('base64'), {}, 'it is a PEM file encoded in base64 once more'],
  ])('%s, with the reason and without its text', async (_, value, more, reason) => {
    const { arn } = secret(value);
    const message = await refusal(read(arn, more));
    expect(message.startsWith(`The secret ${arn}`)).toBe(true);
    expect(message).toContain(reason);
  });

  test('that is not there', async () => {
    const { arn } = secret(CANARY);
    cloud.delete(arn);
    await expect(refusal(read(arn))).resolves.toBe(`The secret ${arn} could not be read: ResourceNotFoundException: Secrets Manager can't find the specified `
      + 'secret. Check the ARN, and that this version or stage exists.');
  });

  test('of which the version or the stage is not there', async () => {
    const { arn } = secret(CANARY);
    const missing = '00000000-0000-0000-0000-000000000000';
    await expect(refusal(read(arn, { VersionId: missing }))).resolves.toContain(`The secret ${arn} (version ${missing}) could not be read: ResourceNotFound`);
    await expect(refusal(read(arn, { VersionStage: 'AWSPENDING', JsonField: 'k' }))).resolves
      .toContain(`The secret ${arn} (stage AWSPENDING, field 'k') could not be read: ResourceNotFound`);
  });

  test('that is marked for deletion', async () => {
    const { arn } = secret(CANARY);
    cloud.delete(arn, { recoveryWindowInDays: 7 });
    await expect(refusal(read(arn))).resolves.toMatch(/InvalidRequestException: .* A secret that is marked for deletion has to be restored first\.$/);
  });

  test('of another account that lets nobody in, once the grace for fresh IAM is over', async () => {
    const { arn } = secret(CANARY, { account: '222222222222' });
    await expect(refusal(read(arn))).resolves
      .toMatch(/AccessDeniedException: .* A secret of another account needs a resource policy for the function's role, and a key policy if it has its own key\.$/);
    expect(lines.length).toBeGreaterThan(0);
  });

  test('that is encrypted with a key that the function may not use', async () => {
    const { arn } = secret(CANARY, { kmsKeyArn: 'arn:aws:kms:us-east-1:111111111111:key/1' });
    await expect(refusal(read(arn))).resolves.toMatch(/AccessDeniedException: Access to KMS is not allowed\. If the secret has a customer managed key, import it with encryptionKey; .*\.$/);
  });

  test.each([
    ['DecryptionFailure', 'key policy if it has its own key.'],
    ['InvalidParameterException', 'InvalidParameterException: odd'],
  ])('with what the service says: %s', async (name, expected) => {
    const { arn } = secret(CANARY);
    context.faults.add({ service: 'secretsmanager', kind: new ServiceError(name, 400, 'odd') });
    await expect(refusal(read(arn))).resolves.toContain(expected);
  });

  test('without what an error of the service would quote', async () => {
    const { arn } = secret(CANARY);
    context.faults.add({ service: 'secretsmanager', kind: new ServiceError('InvalidParameterException', 400, `Value '${PLAIN}' is odd`) });
    await expect(refusal(read(arn))).resolves.toContain("Value '[removed]' is odd");
  });
});

test('a service that stays busy is left to a further invocation', async () => {
  context.faults.add({ service: 'secretsmanager', kind: 'throttle', times: 1000 });
  await expect(read(secret(CANARY).arn, {}, { minutes: 2 })).rejects.toBeInstanceOf(OutOfTimeError);
});

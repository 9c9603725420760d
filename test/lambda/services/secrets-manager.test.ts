// Tests of reading secrets with the real SDK client, against the local Secrets Manager; and what errors give away.
import { generateKeyPairSync } from 'node:crypto';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SecretSource } from '../../../lambda/base/desired-state';
import { OutOfTimeError } from '../../../lambda/base/errors';
import { logTo } from '../../../lambda/base/log';
import { Redactor } from '../../../lambda/base/redaction';
import { Retry } from '../../../lambda/base/retry';
import { secretsFrom } from '../../../lambda/services/secrets-manager';
import { MinimalContext, minimalContext } from '../../cloud/minimal-context';
import { SecretsManager, SecretValue } from '../../cloud/secrets-manager';
import { ServiceError } from '../../cloud/service-error';
import { jumpingTime } from '../fixtures/jumping-time';

const ACCOUNT = '111111111111';
const ROLE = 'arn:aws:iam::111111111111:role/Handler';
const keyPem = () =>
  generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const CANARY = keyPem();
const NEXT = keyPem();
const PLAIN = CANARY.replace(/-----.*-----|\s/g, '');

let context: MinimalContext;
let cloud: SecretsManager;
let lines: string[];
let redactor: Redactor;
let regions: string[];
const clients: SecretsManagerClient[] = [];

beforeEach(async () => {
  context = minimalContext();
  context.iam.putRole({ arn: ROLE, assumeRolePolicy: { Statement: [] } });
  context.iam.putRolePolicy(ROLE, 'secret', {
    Statement: { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: '*' },
  });
  cloud = new SecretsManager(context);
  await cloud.start();
  lines = [];
  redactor = new Redactor();
  regions = [];
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await cloud.stop();
});

function secret(
  value: SecretValue, more: { account?: string; region?: string; name?: string; kmsKeyArn?: string } = {},
) {
  return cloud.create({ account: ACCOUNT, region: 'us-east-1', name: `dkim-${Math.random()}`, value, ...more });
}

function read(arn: string, more: Partial<SecretSource> = {}, { minutes = 60 } = {}) {
  const clientFor = (region: string) => {
    regions.push(region);
    const client = new SecretsManagerClient({
      region,
      endpoint: cloud.endpoint,
      credentials: context.credentials.issue({ account: ACCOUNT, roleArn: ROLE }),
      maxAttempts: 1,
    });
    clients.push(client);
    return client;
  };
  const log = logTo((line) => lines.push(line), redactor);
  const retry = new Retry({
    time: jumpingTime(context.clock), log, end: context.clock.now() + minutes * 60_000, accessGraceMs: 5_000,
  });
  return secretsFrom(clientFor, retry, redactor).read({ arn, ...more });
}

/** The reason as it leaves. Also says that neither it nor the log has a piece of the key. */
async function refusal(reading: Promise<unknown>): Promise<string> {
  const error = await reading.then(() => { throw new Error('it was read'); }, (thrown: Error) => thrown);
  const message = redactor.redact(error.message); // as the answer does
  const shown = `${message}\n${lines.join('')}`;
  for (let at = 0; at + 12 <= PLAIN.length; at++) expect(shown).not.toContain(PLAIN.slice(at, at + 12));
  return message;
}

describe('a secret is read', () => {
  test('from the current version, unless another one is named', async () => {
    // GIVEN
    const { arn, versionId } = secret(CANARY);
    cloud.put(arn, NEXT, { versionId: 'fa5f7a41-3b5f-4a8d-9f0e-0a1b2c3d4e5f', stages: ['AWSPENDING'] });
    // THEN
    await expect(read(arn)).resolves.toMatchObject({ text: CANARY });
    await expect(read(arn, { versionStage: 'AWSPENDING' })).resolves.toMatchObject({ text: NEXT });
    await expect(read(arn, { versionId: 'fa5f7a41-3b5f-4a8d-9f0e-0a1b2c3d4e5f' })).resolves.toMatchObject({ text: NEXT });
    await expect(read(arn, { versionId, versionStage: 'AWSCURRENT' })).resolves.toEqual({ text: CANARY, versionId });
  });

  test('and the redactor knows its text from then on', async () => {
    const quoted = `Value '${PLAIN.slice(100, 130)}' is odd`;
    expect(redactor.redact(quoted)).toBe(quoted);
    await read(secret(CANARY).arn);
    expect(redactor.redact(quoted)).toBe("Value '[removed]' is odd");
  });

  test('from the Region that its ARN names', async () => {
    const { arn } = secret(CANARY, { region: 'eu-west-1' });
    await expect(read(arn)).resolves.toMatchObject({ text: CANARY });
    expect(regions).toEqual(['eu-west-1']);
  });

  test('by its name, where the end of a partial ARN looks like that of a complete one', async () => {
    const { arn } = secret(CANARY, { region: 'eu-west-1', name: 'mail/dkim-secret' });
    await expect(read(arn.slice(0, -7), { arnForm: 'PARTIAL' })).resolves.toMatchObject({ text: CANARY });
    expect(regions).toEqual(['eu-west-1']);
  });

  test('once a busy service answers', async () => {
    context.faults.add({ service: 'secretsmanager', kind: 'throttle', times: 3 });
    await expect(read(secret(CANARY).arn)).resolves.toMatchObject({ text: CANARY });
    expect(lines).toHaveLength(3);
  });
});

describe('a secret is refused', () => {
  test('that is binary', async () => {
    const { arn } = secret(Buffer.from(CANARY));
    await expect(refusal(read(arn)))
      .resolves.toBe(`The secret ${arn} is binary. Store the private key as text (SecretString).`);
  });

  test('that is not there', async () => {
    const { arn } = secret(CANARY);
    cloud.delete(arn);
    await expect(refusal(read(arn)))
      .resolves.toBe(`The secret ${arn} could not be read: ResourceNotFoundException: Secrets Manager can't find `
        + 'the specified secret. Check the ARN, and that this version or stage exists. A secret of another account is '
        + 'imported by its complete ARN, with the six characters that Secrets Manager has put at its end; one whose own '
        + 'name ends like that, by its name.');
  });

  test('that has the name, but is not in the account of the partial ARN', async () => {
    const { arn } = secret(CANARY, { name: 'mail/dkim-secret' });
    const meant = arn.slice(0, -7).replace(ACCOUNT, '222222222222');
    await expect(refusal(read(meant, { arnForm: 'PARTIAL' }))).resolves
      .toContain(`The secret ${meant} is not in the account of the function, where ${arn} has that name. A secret of`);
  });

  test('of which the version or the stage is not there', async () => {
    const { arn } = secret(CANARY);
    const missing = '00000000-0000-0000-0000-000000000000';
    await expect(refusal(read(arn, { versionId: missing })))
      .resolves.toContain(`The secret ${arn} (version ${missing}) could not be read: ResourceNotFound`);
    await expect(refusal(read(arn, { versionStage: 'AWSPENDING', jsonField: 'k' }))).resolves
      .toContain(`The secret ${arn} (stage AWSPENDING, field 'k') could not be read: ResourceNotFound`);
  });

  test('that is marked for deletion', async () => {
    const { arn } = secret(CANARY);
    cloud.delete(arn, { recoveryWindowInDays: 7 });
    await expect(refusal(read(arn)))
      .resolves.toMatch(/InvalidRequestException: .* A secret that is marked for deletion has to be restored first\.$/);
  });

  test('of another account that lets nobody in, once the grace for fresh IAM is over', async () => {
    const { arn } = secret(CANARY, { account: '222222222222' });
    await expect(refusal(read(arn))).resolves
      .toMatch(/AccessDeniedException: .* A secret of another account needs a resource policy for the function's role, and a key policy if it has its own key\.$/);
    expect(lines.length).toBeGreaterThan(0);
  });

  test('that is encrypted with a key that the function may not use', async () => {
    const { arn } = secret(CANARY, { kmsKeyArn: 'arn:aws:kms:us-east-1:111111111111:key/1' });
    await expect(refusal(read(arn))).resolves.toMatch(
      /AccessDeniedException: Access to KMS is not allowed\. If the secret has a customer managed key, import it with encryptionKey; .*\.$/,
    );
  });

  test('I whose name has KMS in it, and that is of another account: the way out is that of a refused secret', async () => {
    const { arn } = secret(CANARY, { account: '222222222222', name: 'mail/KMS/dkim' });
    await expect(refusal(read(arn))).resolves.toMatch(/AccessDeniedException: .*KMS.* See whether the secret is there/);
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
    context.faults.add({
      service: 'secretsmanager', kind: new ServiceError('InvalidParameterException', 400, `Value '${PLAIN}' is odd`),
    });
    await expect(refusal(read(arn))).resolves.toContain("Value '[removed]' is odd");
  });
});

test('a service that stays busy is left to a further invocation', async () => {
  context.faults.add({ service: 'secretsmanager', kind: 'throttle', times: 1000 });
  await expect(read(secret(CANARY).arn, {}, { minutes: 2 })).rejects.toBeInstanceOf(OutOfTimeError);
});

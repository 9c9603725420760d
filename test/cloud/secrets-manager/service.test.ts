// The local Secrets Manager through the real SDK client.
import {
  CreateSecretCommand, DeleteSecretCommand, DescribeSecretCommand, GetSecretValueCommand, ListSecretVersionIdsCommand,
  PutSecretValueCommand, SecretsManagerClient, TagResourceCommand, UntagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { SecretsManager } from '.';
import { Principal } from '../credentials';
import { PolicyStatement } from '../iam-policy';
import { MinimalContext, minimalContext, refusal } from '../minimal-context';

const ACCOUNT = '111111111111';
const OTHER_ACCOUNT = '222222222222';
const REGION = 'us-east-1';
const NAME = 'mail/dkim-key';
const KMS_KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/0f1e2d3c`;
const [V1, V2, V3] = ['1', '2', '3'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`);

let context: MinimalContext;
let secretsManager: SecretsManager;
let client: SecretsManagerClient;

beforeEach(async () => {
  context = minimalContext();
  secretsManager = new SecretsManager(context);
  await secretsManager.start();
  client = clientOf({ account: ACCOUNT });
});

afterEach(() => secretsManager.stop());

function clientOf(principal: Principal, region = REGION): SecretsManagerClient {
  const credentials = context.credentials.issue(principal);
  return new SecretsManagerClient({ region, endpoint: secretsManager.endpoint, credentials, maxAttempts: 1 });
}

function secret(overrides: Partial<Parameters<SecretsManager['create']>[0]> = {}) {
  const defaults = { account: ACCOUNT, region: REGION, name: NAME, value: 'first', versionId: V1 };
  return secretsManager.create({ ...defaults, ...overrides });
}

function get(SecretId: string, which: { VersionId?: string; VersionStage?: string } = {}, by = client) {
  return by.send(new GetSecretValueCommand({ SecretId, ...which }));
}

function put(ClientRequestToken: string, SecretString: string, VersionStages?: string[]) {
  return client.send(new PutSecretValueCommand({ SecretId: NAME, ClientRequestToken, SecretString, VersionStages }));
}

async function stages() {
  return (await client.send(new DescribeSecretCommand({ SecretId: NAME }))).VersionIdsToStages;
}

/** A client whose role has just these rights. */
function roleWith(statements: PolicyStatement[], account = ACCOUNT): SecretsManagerClient {
  const roleArn = `arn:aws:iam::${account}:role/reader`;
  context.iam.putRole({ arn: roleArn, assumeRolePolicy: { Statement: [] } });
  context.iam.putRolePolicy(roleArn, 'rights', { Statement: statements });
  return clientOf({ account, roleArn });
}

describe('reading', () => {
  test('a secret is found by ARN, by ARN without its random end and by name', async () => {
    const { arn, versionId } = secret();
    expect(arn).toMatch(new RegExp(`^arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${NAME}-[a-zA-Z0-9]{6}$`));
    for (const id of [arn, arn.slice(0, -7), NAME]) {
      expect(await get(id)).toMatchObject({
        ARN: arn,
        Name: NAME,
        SecretString: 'first',
        VersionId: versionId,
        VersionStages: ['AWSCURRENT'],
        CreatedDate: expect.any(Date),
      });
    }
  });

  test('a secret whose name ends in a hyphen and six characters is not found by its partial ARN', async () => {
    const { arn } = secret({ name: 'mail/dkim-secret' });
    for (const id of [arn, 'mail/dkim-secret']) expect(await get(id)).toMatchObject({ ARN: arn });
    expect(await refusal(get(arn.slice(0, -7)))).toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('a partial ARN that ends like a complete one finds the secret that has just this complete ARN', async () => {
    const short = secret({ name: 'mail/dkim' });
    const end = short.arn.slice(-7);
    secret({ name: `mail/dkim${end}` });
    expect(await get(short.arn)).toMatchObject({ Name: 'mail/dkim' });
    expect(await get(`mail/dkim${end}`)).toMatchObject({ Name: `mail/dkim${end}` });
  });

  test('rights on a partial ARN and any end do not let a role at what is taken for a complete ARN', async () => {
    const { arn } = secret({ name: 'mail/dkim-secret' });
    const partial = arn.slice(0, -7);
    const Action = 'secretsmanager:GetSecretValue';
    const role = roleWith([{ Effect: 'Allow', Action, Resource: `${partial}-??????` }]);
    expect(await get('mail/dkim-secret', {}, role)).toMatchObject({ ARN: arn });
    expect(await refusal(get(partial, {}, role))).toMatchObject({ name: 'AccessDeniedException' });
  });

  test('a binary secret comes back as bytes and has no string', async () => {
    const { arn } = secret({ value: Buffer.from([0, 255, 1]) });
    const answer = await get(arn);
    expect(Buffer.from(answer.SecretBinary!)).toEqual(Buffer.from([0, 255, 1]));
    expect(answer.SecretString).toBeUndefined();
  });

  test('what is not there is not found: secret, version, label, Region', async () => {
    const { arn } = secret();
    const notFound = { name: 'ResourceNotFoundException', $metadata: { httpStatusCode: 400 } };
    expect(await refusal(get('nothing')))
      .toMatchObject({ ...notFound, message: "Secrets Manager can't find the specified secret." });
    expect(await refusal(get(`${arn.slice(0, -6)}AAAAAA`))).toMatchObject(notFound);
    expect(await refusal(get(arn, { VersionId: V2 }))).toMatchObject(notFound);
    expect(await refusal(get(arn, { VersionStage: 'AWSPREVIOUS' }))).toMatchObject({
      ...notFound, message: "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS",
    });
    expect(await refusal(get(arn, {}, clientOf({ account: ACCOUNT }, 'eu-west-1')))).toMatchObject(notFound);
  });

  test('version and label together have to mean the same version', async () => {
    const { arn } = secret();
    secretsManager.put(arn, 'second', { versionId: V2 });
    expect(await get(arn, { VersionId: V1, VersionStage: 'AWSPREVIOUS' })).toMatchObject({ SecretString: 'first' });
    expect(await refusal(get(arn, { VersionId: V1, VersionStage: 'AWSCURRENT' })))
      .toMatchObject({ name: 'InvalidRequestException' });
  });
});

describe('versions and staging labels', () => {
  test('a new value becomes the current one, the last one the previous, and older ones lose their label', async () => {
    secret();
    await put(V2, 'second');
    expect(await stages()).toEqual({ [V1]: ['AWSPREVIOUS'], [V2]: ['AWSCURRENT'] });
    await put(V3, 'third');
    expect(await stages()).toEqual({ [V2]: ['AWSPREVIOUS'], [V3]: ['AWSCURRENT'] });
    expect((await get(NAME, { VersionId: V1 })).SecretString).toBe('first');
  });

  test('a pending value leaves the current one alone', async () => {
    secret();
    expect(await put(V2, 'second', ['AWSPENDING'])).toMatchObject({ VersionId: V2, VersionStages: ['AWSPENDING'] });
    expect((await get(NAME)).SecretString).toBe('first');
    expect((await get(NAME, { VersionStage: 'AWSPENDING' })).SecretString).toBe('second');
  });

  test('the same token again is ignored with the same value and refused with another', async () => {
    secret();
    await put(V2, 'second');
    await put(V3, 'third');
    await put(V2, 'second');
    expect(await stages()).toEqual({ [V2]: ['AWSPREVIOUS'], [V3]: ['AWSCURRENT'] });
    expect(await refusal(put(V2, 'something else'))).toMatchObject({ name: 'ResourceExistsException' });
  });

  test('finishing a rotation moves AWSCURRENT, and AWSPREVIOUS follows', async () => {
    secret();
    await put(V2, 'second', ['AWSPENDING']);
    const move = { SecretId: NAME, VersionStage: 'AWSCURRENT', MoveToVersionId: V2 };
    const refused = await refusal(client.send(new UpdateSecretVersionStageCommand(move)));
    expect(refused).toMatchObject({ name: 'InvalidParameterException', message: expect.stringContaining(V1) });
    await client.send(new UpdateSecretVersionStageCommand({ ...move, RemoveFromVersionId: V1 }));
    expect(await stages()).toEqual({ [V1]: ['AWSPREVIOUS'], [V2]: ['AWSPENDING', 'AWSCURRENT'] });
    const done = { SecretId: NAME, VersionStage: 'AWSPENDING', RemoveFromVersionId: V2 };
    await client.send(new UpdateSecretVersionStageCommand(done));
    expect(await stages()).toEqual({ [V1]: ['AWSPREVIOUS'], [V2]: ['AWSCURRENT'] });
  });

  test('going back to the previous version swaps both labels', async () => {
    secret();
    await put(V2, 'second');
    await client.send(new UpdateSecretVersionStageCommand({
      SecretId: NAME, VersionStage: 'AWSCURRENT', RemoveFromVersionId: V2, MoveToVersionId: V1,
    }));
    expect(await stages()).toEqual({ [V1]: ['AWSCURRENT'], [V2]: ['AWSPREVIOUS'] });
  });

  test.each([
    ['taking AWSCURRENT away', { VersionStage: 'AWSCURRENT', RemoveFromVersionId: V1 }, 'InvalidParameterException'],
    [
      'taking a label off a version without it',
      { VersionStage: 'AWSCURRENT', RemoveFromVersionId: V2, MoveToVersionId: V2 },
      'InvalidParameterException',
    ],
    ['neither from nor to', { VersionStage: 'AWSPENDING' }, 'InvalidParameterException'],
    [
      'a version that is not there',
      { VersionStage: 'AWSCURRENT', RemoveFromVersionId: V1, MoveToVersionId: V3 },
      'ResourceNotFoundException',
    ],
  ])('%s is refused', async (_, move, name) => {
    secret();
    await put(V2, 'second', ['AWSPENDING']);
    expect(await refusal(client.send(new UpdateSecretVersionStageCommand({ SecretId: NAME, ...move }))))
      .toMatchObject({ name });
    expect(await stages()).toEqual({ [V1]: ['AWSCURRENT'], [V2]: ['AWSPENDING'] });
  });
});

test('versions are listed page by page, those without a label when asked for', async () => {
  secret();
  await put(V2, 'second');
  await put(V3, 'third');
  const list = (input: object) => client.send(new ListSecretVersionIdsCommand({ SecretId: NAME, ...input }));
  const ids = async (input: object) => (await list(input)).Versions!.map(({ VersionId }) => VersionId);
  expect(await ids({})).toEqual([V2, V3]);
  expect(await ids({ IncludeDeprecated: true })).toEqual([V1, V2, V3]);
  const { NextToken } = await list({ MaxResults: 1 });
  expect(await ids({ MaxResults: 1, NextToken })).toEqual([V3]);
  expect((await list({})).Versions).toMatchObject([{ VersionStages: ['AWSPREVIOUS'] }, { VersionStages: ['AWSCURRENT'] }]);
});

test('a read can show what was before a change, when so set; a compare-and-set is never fooled', async () => {
  const { arn } = secret();
  Object.assign(secretsManager.settings, { staleReads: 'always', staleForMs: 3_000 });
  await put(V2, 'second', ['AWSPENDING']);
  expect(await stages()).toEqual({ [V1]: ['AWSCURRENT'] });
  expect(await refusal(get(arn, { VersionId: V2 }))).toMatchObject({ name: 'ResourceNotFoundException' });
  const move = { SecretId: NAME, VersionStage: 'AWSCURRENT', MoveToVersionId: V2, RemoveFromVersionId: V1 };
  await client.send(new UpdateSecretVersionStageCommand(move));
  expect(await get(arn)).toMatchObject({ SecretString: 'first' });
  expect(await refusal(client.send(new UpdateSecretVersionStageCommand({ ...move, MoveToVersionId: V1 }))))
    .toMatchObject({ name: 'InvalidParameterException' });
  await context.clock.pass(3_000);
  expect(await get(arn)).toMatchObject({ SecretString: 'second' });
  const empty = await client.send(new CreateSecretCommand({ Name: 'empty' }));
  secretsManager.put(empty.ARN!, 'first');
  expect(await refusal(get('empty'))).toMatchObject({ name: 'ResourceNotFoundException' });
});

test('tags are put on, changed and taken off, and count in policies', async () => {
  secret({ tags: [{ Key: 'team', Value: 'mail' }] });
  const tag = (Key: string, Value: string) => new TagResourceCommand({ SecretId: NAME, Tags: [{ Key, Value }] });
  const tags = async () => (await client.send(new DescribeSecretCommand({ SecretId: NAME }))).Tags;
  const ofTeam = (Action: string, condition: Record<string, string>) => roleWith([{
    Effect: 'Allow', Action, Resource: '*', Condition: { StringEquals: condition },
  }]);
  await ofTeam('secretsmanager:GetSecretValue', { 'aws:ResourceTag/team': 'mail' })
    .send(new GetSecretValueCommand({ SecretId: NAME }));
  expect(await refusal(get(NAME, {}, ofTeam('secretsmanager:GetSecretValue', { 'secretsmanager:ResourceTag/team': 'web' }))))
    .toMatchObject({ name: 'AccessDeniedException' });
  await ofTeam('secretsmanager:TagResource', { 'aws:RequestTag/cost': '1' }).send(tag('cost', '1'));
  expect(await refusal(ofTeam('secretsmanager:TagResource', { 'aws:RequestTag/cost': '1' }).send(tag('cost', '2'))))
    .toMatchObject({ name: 'AccessDeniedException' });
  await client.send(tag('team', 'web'));
  expect(await tags()).toEqual([{ Key: 'cost', Value: '1' }, { Key: 'team', Value: 'web' }]);
  expect(await refusal(client.send(tag('aws:x', '1')))).toMatchObject({ name: 'InvalidParameterException' });
  await client.send(new UntagResourceCommand({ SecretId: NAME, TagKeys: ['cost', 'team'] }));
  expect(await tags()).toBeUndefined();
});

test('a policy can be limited to a label', async () => {
  const { arn } = secret();
  await put(V2, 'second', ['AWSPENDING']);
  const role = roleWith([{
    Effect: 'Allow',
    Action: 'secretsmanager:GetSecretValue',
    Resource: arn,
    Condition: { StringEquals: { 'secretsmanager:VersionStage': 'AWSPENDING' } },
  }]);
  expect(await get(NAME, { VersionStage: 'AWSPENDING' }, role)).toMatchObject({ SecretString: 'second' });
  expect(await refusal(get(NAME, {}, role))).toMatchObject({ name: 'AccessDeniedException' });
});

describe('the life of a secret', () => {
  test('created, described and found again', async () => {
    const created = await client.send(new CreateSecretCommand({
      Name: NAME, SecretString: 'first', KmsKeyId: KMS_KEY, ClientRequestToken: V1,
    }));
    expect(created).toMatchObject({ Name: NAME, VersionId: V1 });
    expect(await client.send(new DescribeSecretCommand({ SecretId: created.ARN! }))).toMatchObject({
      ARN: created.ARN,
      Name: NAME,
      KmsKeyId: KMS_KEY,
      VersionIdsToStages: { [V1]: ['AWSCURRENT'] },
      CreatedDate: expect.any(Date),
    });
  });

  test('a name is taken once for an account and Region', async () => {
    secret();
    secret({ region: 'eu-west-1' });
    secret({ account: OTHER_ACCOUNT });
    expect(await refusal(client.send(new CreateSecretCommand({ Name: NAME, SecretString: 'x' }))))
      .toMatchObject({ name: 'ResourceExistsException' });
  });

  test('a secret with two values is refused', async () => {
    const value = { SecretString: 'x', SecretBinary: Buffer.from('x') };
    expect(await refusal(client.send(new CreateSecretCommand({ Name: NAME, ...value }))))
      .toMatchObject({ name: 'InvalidParameterException' });
  });

  test('one without a value is empty: it has no version until a value is put, which then is the current one', async () => {
    const { VersionId } = await client.send(new CreateSecretCommand({ Name: NAME }));
    expect(VersionId).toBeUndefined();
    expect(await stages()).toBeUndefined();
    expect(await refusal(get(NAME))).toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    });
    await put(V1, 'first', ['AWSPENDING']);
    expect(await stages()).toEqual({ [V1]: ['AWSPENDING', 'AWSCURRENT'] });
  });

  test('a secret marked for deletion is there, but its value is not given out', async () => {
    // GIVEN
    const { arn } = secret();
    // WHEN
    const answer = await client.send(new DeleteSecretCommand({ SecretId: NAME, RecoveryWindowInDays: 7 }));
    // THEN
    expect(answer.DeletionDate!.getTime()).toBeGreaterThan(context.clock.now() + 6 * 86_400_000);
    expect((await client.send(new DescribeSecretCommand({ SecretId: arn }))).DeletedDate).toEqual(answer.DeletionDate);
    const marked = {
      name: 'InvalidRequestException',
      message: "You can't perform this operation on the secret because it was marked for deletion.",
    };
    expect(await refusal(get(arn))).toMatchObject(marked);
    expect(await refusal(put(V2, 'second'))).toMatchObject(marked);
    expect(await refusal(client.send(new CreateSecretCommand({ Name: NAME, SecretString: 'x' }))))
      .toMatchObject({ name: 'InvalidRequestException' });
  });

  test('a secret deleted without recovery is gone, and its name free with another ARN', async () => {
    const { arn } = secret();
    await client.send(new DeleteSecretCommand({ SecretId: NAME, ForceDeleteWithoutRecovery: true }));
    expect(await refusal(get(arn))).toMatchObject({ name: 'ResourceNotFoundException' });
    expect(secret().arn).not.toBe(arn);
  });

  test.each([
    ['a window that is too short', { RecoveryWindowInDays: 6 }],
    ['a window and no recovery', { RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true }],
  ])('%s is refused', async (_, how) => {
    secret();
    expect(await refusal(client.send(new DeleteSecretCommand({ SecretId: NAME, ...how }))))
      .toMatchObject({ name: 'InvalidParameterException' });
    expect((await get(NAME)).SecretString).toBe('first');
  });

  test('tests and CloudFormation can delete at once or with a window', async () => {
    const { arn } = secret();
    secretsManager.delete(arn, { recoveryWindowInDays: 30 });
    expect(await refusal(get(arn))).toMatchObject({ name: 'InvalidRequestException' });
    secretsManager.delete(arn);
    expect(() => secretsManager.delete(arn)).toThrow("Secrets Manager can't find the specified secret.");
  });
});

describe('rights', () => {
  const READ = 'secretsmanager:GetSecretValue';

  test('a role reads only the secret its policy names', async () => {
    const { arn } = secret();
    const other = secret({ name: 'other' });
    const role = roleWith([{ Effect: 'Allow', Action: READ, Resource: `${arn.slice(0, -6)}??????` }]);
    expect((await get(arn, {}, role)).SecretString).toBe('first');
    expect((await get(NAME, {}, role)).SecretString).toBe('first');
    expect(await refusal(get(other.arn, {}, role))).toMatchObject({ name: 'AccessDeniedException' });
  });

  test('a role that may not ask does not learn whether the secret is there', async () => {
    const role = roleWith([]);
    expect(await refusal(get('nothing', {}, role))).toMatchObject({ name: 'AccessDeniedException' });
    const Resource = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:nothing*`;
    const allowed = roleWith([{ Effect: 'Allow', Action: READ, Resource }]);
    expect(await refusal(get('nothing', {}, allowed))).toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('a secret under a customer key is read only by who may decrypt through Secrets Manager', async () => {
    // GIVEN
    const { arn } = secret({ kmsKeyArn: KMS_KEY });
    const read: PolicyStatement = { Effect: 'Allow', Action: READ, Resource: arn };
    const decrypt = (region: string): PolicyStatement => ({
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: KMS_KEY,
      Condition: { StringEquals: { 'kms:ViaService': `secretsmanager.${region}.amazonaws.com` } },
    });
    const noKms = {
      name: 'AccessDeniedException', message: 'Access to KMS is not allowed', $metadata: { httpStatusCode: 400 },
    };
    // THEN
    expect(await refusal(get(arn, {}, roleWith([read])))).toMatchObject(noKms);
    expect(await refusal(get(arn, {}, roleWith([read, decrypt('eu-west-1')]))))
      .toMatchObject(noKms);
    expect((await get(arn, {}, roleWith([read, decrypt('us-east-1')]))).SecretString).toBe('first');
  });

  test('writing a value under a customer key asks for the right to encrypt', async () => {
    const { arn } = secret({ kmsKeyArn: KMS_KEY });
    const write: PolicyStatement = { Effect: 'Allow', Action: 'secretsmanager:PutSecretValue', Resource: arn };
    const encrypt: PolicyStatement = { Effect: 'Allow', Action: 'kms:GenerateDataKey', Resource: KMS_KEY };
    const command = new PutSecretValueCommand({ SecretId: arn, SecretString: 'second' });
    const putBy = (by: SecretsManagerClient) => by.send(command);
    expect(await refusal(putBy(roleWith([write])))).toMatchObject({ message: 'Access to KMS is not allowed' });
    await putBy(roleWith([write, encrypt]));
    expect((await get(arn)).SecretString).toBe('second');
  });

  test("another account reads when both its own policy and the secret's policy allow it", async () => {
    // GIVEN
    const roleArn = `arn:aws:iam::${OTHER_ACCOUNT}:role/reader`;
    const share = (AWS: string) => ({
      Statement: [{ Effect: 'Allow' as const, Principal: { AWS }, Action: READ, Resource: '*' }],
    });
    const { arn } = secret({ kmsKeyArn: KMS_KEY });
    const allowed = () => roleWith([
      { Effect: 'Allow', Action: READ, Resource: arn }, { Effect: 'Allow', Action: 'kms:Decrypt', Resource: KMS_KEY },
    ], OTHER_ACCOUNT);
    const denied = { name: 'AccessDeniedException' };
    // THEN
    expect(await refusal(get(arn, {}, allowed())))
      .toMatchObject({ ...denied, message: expect.stringContaining('no resource-based policy') });
    for (const principal of [roleArn, `arn:aws:iam::${OTHER_ACCOUNT}:root`, OTHER_ACCOUNT, '*']) {
      secretsManager.putResourcePolicy(arn, share(principal));
      expect((await get(arn, {}, allowed())).SecretString).toBe('first');
      expect(await refusal(get(arn, {}, roleWith([], OTHER_ACCOUNT)))).toMatchObject(denied);
    }
    secretsManager.putResourcePolicy(arn, share('arn:aws:iam::333333333333:root'));
    expect(await refusal(get(arn, {}, allowed()))).toMatchObject(denied);
  });

  test('a secret under the AWS managed key cannot be shared with another account', async () => {
    const resourcePolicy = {
      Statement: { Effect: 'Allow' as const, Principal: '*' as const, Action: READ, Resource: '*' },
    };
    const { arn } = secret({ resourcePolicy });
    expect(await refusal(get(arn, {}, clientOf({ account: OTHER_ACCOUNT }))))
      .toMatchObject({ message: 'Access to KMS is not allowed' });
  });

  test("a Deny in the secret's policy holds for its own account too", async () => {
    const reader = { AWS: `arn:aws:iam::${ACCOUNT}:role/reader` };
    const resourcePolicy = {
      Statement: { Effect: 'Deny' as const, Principal: reader, Action: READ, Resource: '*' },
    };
    const { arn } = secret({ resourcePolicy });
    const role = roleWith([{ Effect: 'Allow', Action: READ, Resource: arn }]);
    expect(await refusal(get(arn, {}, role))).toMatchObject({ message: expect.stringContaining('explicit deny') });
  });
});

test.each<[string, object]>([
  ['DescribeSecret', {}],
  ['ListSecretVersionIds', {}],
  ['UpdateSecretVersionStage', { VersionStage: 'mine', MoveToVersionId: V1 }],
  ['TagResource', { Tags: [] }],
  ['UntagResource', { TagKeys: [] }],
  ['CancelRotateSecret', {}],
  ['ReplicateSecretToRegions', { AddReplicaRegions: [] }],
  ['RemoveRegionsFromReplication', { RemoveReplicaRegions: [] }],
  ['DeleteSecret', {}],
])('%s needs its right, and a Deny in the policy of the secret forbids it', async (operation, parameters) => {
  const { arn } = secret();
  const Action = `secretsmanager:${operation}`;
  const call = (by: SecretsManagerClient) => {
    const commands = jest.requireActual('@aws-sdk/client-secrets-manager');
    return by.send(new commands[`${operation}Command`]({ SecretId: NAME, ...parameters }));
  };
  expect(await refusal(call(roleWith([])))).toMatchObject({ name: 'AccessDeniedException' });
  const resourcePolicy = { Statement: [{ Effect: 'Deny' as const, Principal: '*' as const, Action, Resource: '*' }] };
  const allowed = roleWith([{ Effect: 'Allow', Action, Resource: arn }]);
  secretsManager.putResourcePolicy(arn, resourcePolicy);
  expect(await refusal(call(allowed))).toMatchObject({ message: expect.stringContaining('explicit deny') });
  secretsManager.putResourcePolicy(arn, undefined);
  await call(allowed);
});

test('with tags or copies, to create a secret needs the rights for these too', async () => {
  const allow = (...actions: string[]) =>
    roleWith([{ Effect: 'Allow', Action: actions.map((name) => `secretsmanager:${name}`), Resource: '*' }]);
  const create = (by: SecretsManagerClient) => by.send(new CreateSecretCommand({
    Name: NAME, Tags: [{ Key: 'a', Value: '1' }], AddReplicaRegions: [{ Region: 'eu-west-1' }],
  }));
  for (const missing of [['CreateSecret'], ['CreateSecret', 'TagResource'], ['CreateSecret', 'ReplicateSecretToRegions']]) {
    expect(await refusal(create(allow(...missing)))).toMatchObject({ name: 'AccessDeniedException' });
  }
  await create(allow('CreateSecret', 'TagResource', 'ReplicateSecretToRegions'));
});

test('a throttled call and an operation it does not have are refused as the real one does it', async () => {
  secret();
  context.faults.add({ service: 'secretsmanager', operation: 'GetSecretValue', kind: 'throttle' });
  expect(await refusal(get(NAME))).toMatchObject({ name: 'ThrottlingException' });
  const { accessKeyId } = context.credentials.issue({ account: ACCOUNT });
  const response = await fetch(secretsManager.endpoint, {
    method: 'POST',
    headers: {
      'authorization': `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/${REGION}/secretsmanager/x`,
      'x-amz-target': 'secretsmanager.ListSecrets',
    },
    body: JSON.stringify({ SecretId: NAME }),
  });
  expect(await response.json()).toMatchObject({ __type: 'UnknownOperationException' });
});

// Copies of a secret in other Regions: what is the same, when they follow, and that they can only be read.
import {
  CancelRotateSecretCommand, CreateSecretCommand, DeleteSecretCommand, DescribeSecretCommand, GetSecretValueCommand,
  ListSecretVersionIdsCommand, PutSecretValueCommand, RemoveRegionsFromReplicationCommand,
  ReplicateSecretToRegionsCommand, RotateSecretCommand, SecretsManagerClient, TagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { SecretsManager } from '.';
import { MinimalContext, minimalContext, refusal } from '../minimal-context';

const ACCOUNT = '111111111111';
const NAME = 'mail/key';
const VERSION = '1'.repeat(32);

let context: MinimalContext;
let secretsManager: SecretsManager;
let primary: SecretsManagerClient;
let replica: SecretsManagerClient;
let arn: string;

function clientIn(region: string): SecretsManagerClient {
  const credentials = context.credentials.issue({ account: ACCOUNT });
  return new SecretsManagerClient({ region, endpoint: secretsManager.endpoint, credentials, maxAttempts: 1 });
}

beforeEach(async () => {
  context = minimalContext();
  secretsManager = new SecretsManager(context);
  await secretsManager.start();
  [primary, replica] = [clientIn('us-east-1'), clientIn('eu-west-1')];
  const created = await primary.send(new CreateSecretCommand({
    Name: NAME, SecretString: 'first', ClientRequestToken: VERSION, Tags: [{ Key: 'team', Value: 'mail' }],
  }));
  arn = created.ARN!;
});
afterEach(() => secretsManager.stop());

function replicate(options: { ForceOverwriteReplicaSecret?: boolean } = {}) {
  const AddReplicaRegions = [{ Region: 'eu-west-1' }];
  return primary.send(new ReplicateSecretToRegionsCommand({ SecretId: NAME, AddReplicaRegions, ...options }));
}

const described = (by: SecretsManagerClient) => by.send(new DescribeSecretCommand({ SecretId: NAME }));
const read = (by: SecretsManagerClient) => by.send(new GetSecretValueCommand({ SecretId: NAME }));

test('a replica has the name, the tags, the versions and the ARN but for its Region', async () => {
  expect((await replicate()).ReplicationStatus).toEqual([{ Region: 'eu-west-1', Status: 'InProgress' }]);
  await context.clock.pass(5_000);
  const copied = await described(replica);
  expect(copied).toMatchObject({
    ARN: arn.replace('us-east-1', 'eu-west-1'),
    Name: NAME,
    PrimaryRegion: 'us-east-1',
    Tags: [{ Key: 'team', Value: 'mail' }],
    VersionIdsToStages: { [VERSION]: ['AWSCURRENT'] },
    ReplicationStatus: [{ Region: 'eu-west-1', Status: 'InSync' }],
  });
  expect(await read(replica)).toMatchObject({ ARN: copied.ARN, SecretString: 'first', VersionId: VERSION });
  expect((await described(primary)).ReplicationStatus).toEqual(copied.ReplicationStatus);
});

test('it follows a change when its time has come', async () => {
  secretsManager.settings.replicaDelay = 10_000;
  await replicate();
  await primary.send(new PutSecretValueCommand({ SecretId: NAME, SecretString: 'second' }));
  expect(await read(replica)).toMatchObject({ SecretString: 'first' });
  await context.clock.pass(11_000);
  expect(await read(replica)).toMatchObject({ SecretString: 'second' });
});

test('it can only be read', async () => {
  await replicate();
  await replica.send(new ListSecretVersionIdsCommand({ SecretId: NAME }));
  for (const command of [
    new PutSecretValueCommand({ SecretId: NAME, SecretString: 'x' }),
    new UpdateSecretVersionStageCommand({ SecretId: NAME, VersionStage: 'X', MoveToVersionId: VERSION }),
    new RotateSecretCommand({ SecretId: NAME }),
    new CancelRotateSecretCommand({ SecretId: NAME }),
    new TagResourceCommand({ SecretId: NAME, Tags: [] }),
    new DeleteSecretCommand({ SecretId: NAME, ForceDeleteWithoutRecovery: true }),
  ]) {
    expect(await refusal(replica.send(command as PutSecretValueCommand))).toMatchObject({
      name: 'InvalidRequestException', message: expect.stringContaining('Operation not permitted on a replica secret'),
    });
  }
  expect(await read(replica)).toMatchObject({ SecretString: 'first' });
});

test('a replica under a key of its own is read by who may use that key', async () => {
  const KmsKeyId = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/1`;
  await primary.send(new ReplicateSecretToRegionsCommand({
    SecretId: NAME, AddReplicaRegions: [{ Region: 'eu-west-1', KmsKeyId }],
  }));
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/reader`;
  const credentials = context.credentials.issue({ account: ACCOUNT, roleArn });
  const reader = new SecretsManagerClient({
    region: 'eu-west-1', endpoint: secretsManager.endpoint, credentials, maxAttempts: 1,
  });
  const allow = (...Action: string[]) => ({ Statement: [{ Effect: 'Allow' as const, Action, Resource: '*' }] });
  context.iam.putRole({ arn: roleArn, assumeRolePolicy: { Statement: [] } });
  context.iam.putRolePolicy(roleArn, 'rights', allow('secretsmanager:GetSecretValue'));
  expect(await refusal(read(reader))).toMatchObject({ message: 'Access to KMS is not allowed' });
  context.iam.putRolePolicy(roleArn, 'rights', allow('secretsmanager:GetSecretValue', 'kms:Decrypt'));
  expect(await read(reader)).toMatchObject({ SecretString: 'first' });
});

test('a name that is taken there fails the replica, unless it may be overwritten', async () => {
  await replica.send(new CreateSecretCommand({ Name: NAME, SecretString: 'of somebody else' }));
  expect((await replicate()).ReplicationStatus).toMatchObject([{ Status: 'Failed', StatusMessage: expect.any(String) }]);
  expect(await read(replica)).toMatchObject({ SecretString: 'of somebody else' });
  await replicate({ ForceOverwriteReplicaSecret: true });
  expect(await read(replica)).toMatchObject({ SecretString: 'first' });
});

test('the secret is deleted after its replicas only', async () => {
  await replicate();
  expect(await refusal(primary.send(new DeleteSecretCommand({ SecretId: NAME }))))
    .toMatchObject({ name: 'InvalidRequestException' });
  await primary.send(new RemoveRegionsFromReplicationCommand({ SecretId: NAME, RemoveReplicaRegions: ['eu-west-1'] }));
  expect(await refusal(read(replica))).toMatchObject({ name: 'ResourceNotFoundException' });
  await primary.send(new DeleteSecretCommand({ SecretId: NAME }));
});

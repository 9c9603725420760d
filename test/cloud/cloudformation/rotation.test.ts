// A secret that a stack makes empty, and its rotation schedule: create, update, refusals, replacement and delete.
import { UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
import { TemplateResource } from '..';
import { refusal } from '../minimal-context';
import { reasonOf, stackStatuses } from './test-function';
import {
  DAY, FOUR_STEPS, MINUTE, permission, rotationAssets, RotationFixture, schedule,
} from '../secrets-manager/rotation-fixture';

const assets = rotationAssets();
const MONTHLY = { ScheduleExpression: 'cron(0 8 1 * ? *)', Duration: '2h' };
const YEARLY = { ScheduleExpression: 'cron(0 8 1 2 ? *)', Duration: '2h' };

let fixture: RotationFixture;

beforeEach(async () => {
  fixture = await RotationFixture.start(assets);
});
afterEach(() => fixture.cloud.stop());

function secret(properties: object = {}, attributes: Partial<TemplateResource> = {}): TemplateResource {
  return { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'mail/key', ...properties }, ...attributes };
}

/** As a custom resource of a stack would. */
function firstValue(): void {
  fixture.cloud.secretsManager.put(fixture.arn, 'first', { versionId: 'first-version' });
}

async function scheduled(): Promise<void> {
  await fixture.deploy({ Schedule: schedule(MONTHLY) });
  firstValue();
}

async function isEnabled(): Promise<boolean | undefined> {
  return (await fixture.describe()).RotationEnabled;
}

/** A rotation that is given up, with AWSPENDING left. Returns the version. */
async function stuck(): Promise<string> {
  await fixture.failIn('setSecret');
  const { VersionId } = await fixture.rotate();
  await fixture.clock.pass(DAY);
  await fixture.failNoMore();
  return VersionId!;
}

test.each([
  ['its own', []], ['all', [{ Key: 'foreign', Value: 'nothing' }]],
] as const)('a secret without a value is empty; tags (%s), description and copies follow', async (stackUpdateKeepsTags, foreign) => {
  await fixture.deploy({
    Secret: secret({
      Description: 'a key', Tags: [{ Key: 'domain', Value: 'example.com' }], ReplicaRegions: [{ Region: 'eu-west-1' }],
    }),
  });
  expect(await refusal(fixture.value())).toMatchObject({ name: 'ResourceNotFoundException' });
  expect(await fixture.describe()).toMatchObject({
    Description: 'a key', Tags: [{ Key: 'domain' }], ReplicationStatus: [{ Region: 'eu-west-1' }],
  });
  expect(await fixture.stages()).toBeUndefined();
  firstValue();
  await fixture.failIn('nothing', 'foreign');
  Object.assign(fixture.cloud.secretsManager.settings, { stackUpdateKeepsTags });

  await fixture.deploy({ Secret: secret({ Tags: [{ Key: 'domain', Value: 'example.org' }] }) });

  expect(await fixture.value()).toBe('first');
  const { Description, Tags, ReplicationStatus } = await fixture.describe();
  expect({ Description, ReplicationStatus }).toEqual({ Description: undefined, ReplicationStatus: undefined });
  expect(Tags).toEqual([...foreign, { Key: 'domain', Value: 'example.org' }]);
  const { status } = await fixture.cloud.cloudFormation.delete('app');
  expect(status).toBe('DELETE_COMPLETE');
  expect(fixture.cloud.secretsManager.hasSecret(fixture.arn)).toBe(false);
});

test('a secret with copies is deleted with them', async () => {
  await fixture.deploy({ Secret: secret({ ReplicaRegions: [{ Region: 'eu-west-1' }] }) });
  expect((await fixture.cloud.cloudFormation.delete('app')).status).toBe('DELETE_COMPLETE');
  expect(fixture.cloud.secretsManager.hasSecret(fixture.arn.replace('us-east-1', 'eu-west-1'))).toBe(false);
});

describe('a schedule', () => {
  test('is tried with testSecret alone on the empty secret, and rotates when its time comes', async () => {
    const { resources, status } = await fixture.deploy({ Schedule: schedule(MONTHLY) });
    expect([status, resources.Schedule.physicalId]).toEqual(['CREATE_COMPLETE', fixture.arn]);
    expect(fixture.steps).toEqual(['testSecret']);
    expect(await fixture.stages()).toBeUndefined();
    firstValue();
    await fixture.clock.pass(28 * DAY);
    expect(fixture.steps).toEqual(['testSecret', ...FOUR_STEPS]);
  });

  test('that rotates immediately does not wait for the rotation', async () => {
    await fixture.deploy();
    firstValue();
    const { status } = await fixture.deploy({ Schedule: schedule(MONTHLY, { RotateImmediatelyOnUpdate: undefined }) });
    expect(status).toBe('UPDATE_COMPLETE');
    await fixture.clock.pass(MINUTE);
    expect(fixture.steps).toEqual(FOUR_STEPS);
  });

  test.each([
    [true, 'UPDATE_ROLLBACK_COMPLETE', false],
    [false, 'UPDATE_COMPLETE', true],
  ])('whose trial fails: whether the stack waits for it is a setting (%s)', async (stackWaitsForTrial, expected, enabled) => {
    Object.assign(fixture.cloud.secretsManager.settings, { stackWaitsForTrial });
    await fixture.withValue();
    await fixture.failIn('testSecret');
    const { status } = await fixture.deploy({ Schedule: schedule(MONTHLY) });
    expect(status).toBe(expected);
    expect(await isEnabled()).toBe(enabled);
  });

  test('without the function\'s permission is not made', async () => {
    const result = await fixture.deploy({ Permission: permission({ SourceAccount: '222222222222' }), Schedule: schedule(MONTHLY) });
    expect(result.status).toBe('ROLLBACK_COMPLETE');
    expect(reasonOf(result, 'Schedule', 'CREATE_FAILED')).toContain('Secrets Manager cannot invoke');
  });

  test('is not changed while a rotation is not complete, nor rolled back, until AWSPENDING is off', async () => {
    await scheduled();
    const VersionId = await stuck();
    const result = await fixture.deploy({ Schedule: schedule(YEARLY) });
    expect(reasonOf(result, 'Schedule', 'UPDATE_FAILED')).toContain("A previous rotation isn't complete");
    expect(stackStatuses(result).at(-1)).toBe('UPDATE_ROLLBACK_FAILED');
    await fixture.client.send(new UpdateSecretVersionStageCommand({
      SecretId: fixture.arn, VersionStage: 'AWSPENDING', RemoveFromVersionId: VersionId,
    }));
    expect((await fixture.cloud.cloudFormation.continueRollback('app')).status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect((await fixture.describe()).RotationRules).toMatchObject(MONTHLY);
    expect((await fixture.deploy({ Schedule: schedule(YEARLY) })).status).toBe('UPDATE_COMPLETE');
  });

  test('an update beside it does not touch it, also while a rotation is not complete', async () => {
    await scheduled();
    await stuck();
    const { status } = await fixture.deploy({ Schedule: schedule(MONTHLY), Secret: secret({ Description: 'new' }) });
    expect(status).toBe('UPDATE_COMPLETE');
  });

  test('for another secret is another one, and ends for the first', async () => {
    await scheduled();
    const Other = secret({ Name: 'other/key' });
    const { resources, status } = await fixture.deploy({
      Other,
      Schedule: schedule(MONTHLY, { SecretId: { Ref: 'Other' } }),
      Rights: {
        Type: 'AWS::IAM::Policy',
        Properties: {
          PolicyName: 'rights',
          PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' }] },
          Roles: [{ Ref: 'Role' }],
        },
      },
    });
    expect([status, resources.Schedule.physicalId]).toEqual(['UPDATE_COMPLETE', resources.Other.physicalId]);
    expect(await isEnabled()).toBe(false);
  });

  test('under another logical id ends the rotation without a word: the first one\'s Delete comes last', async () => {
    await scheduled();
    const { status } = await fixture.deploy({ Renamed: schedule(MONTHLY) });
    expect(status).toBe('UPDATE_COMPLETE');
    expect(await isEnabled()).toBe(false);
    await fixture.clock.pass(60 * DAY);
    expect(fixture.steps).not.toContain('createSecret');
  });

  test('that is removed cancels the rotation, and the secret stays', async () => {
    await scheduled();
    await fixture.failIn('testSecret');
    await fixture.rotate();
    await fixture.clock.pass(MINUTE);
    expect((await fixture.deploy()).status).toBe('UPDATE_COMPLETE');
    const { steps } = fixture;
    await fixture.clock.pass(60 * DAY);
    expect(fixture.steps).toEqual(steps);
    expect(await isEnabled()).toBe(false);
    expect(await fixture.value()).toBe('first');
  });

  test('goes before the secret and the function when the stack is deleted, also when the secret is gone', async () => {
    await scheduled();
    const gone = ({ events }: { events: readonly { logicalId: string; status: string }[] }) =>
      events.filter(({ status }) => status === 'DELETE_COMPLETE').map(({ logicalId }) => logicalId);
    fixture.cloud.secretsManager.delete(fixture.arn);
    const result = await fixture.cloud.cloudFormation.delete('app');
    expect(result.status).toBe('DELETE_COMPLETE');
    for (const later of ['Secret', 'Function', 'Permission']) {
      expect(gone(result).indexOf(later)).toBeGreaterThan(gone(result).indexOf('Schedule'));
    }
  });

  test('and its secret, when retained, rotate on after the stack is deleted', async () => {
    await fixture.deploy(Object.fromEntries(Object.entries({
      ...fixture.template().Resources, Schedule: schedule(MONTHLY),
    }).map(([id, resource]) => [id, { ...resource, DeletionPolicy: 'Retain' }])));
    firstValue();
    expect((await fixture.cloud.cloudFormation.delete('app')).status).toBe('DELETE_COMPLETE');
    await fixture.clock.pass(28 * DAY);
    expect(fixture.steps.slice(-4)).toEqual(FOUR_STEPS);
  });
});

// A rotation that somebody has left half-way by hand: what the function does about it, and what the guide says to do.
import {
  CancelRotateSecretCommand, PutSecretValueCommand, SecretsManagerClient, UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { Duration } from 'aws-cdk-lib';
import { HOUR, REGION, RotatingScene } from './rotating-scene';

let rotating: RotatingScene;
let client: SecretsManagerClient;

beforeEach(async () => {
  rotating = await RotatingScene.deployed();
  const { cloud } = rotating;
  client = new SecretsManagerClient({
    region: REGION, endpoint: cloud.secretsManager.endpoint, credentials: cloud.issueCredentials(),
  });
});
afterEach(async () => {
  client.destroy();
  await rotating.stop();
});

async function cancelledHalfWay(): Promise<void> {
  const { selector } = rotating;
  rotating.rotate();
  await rotating.clock.until('SES to be told the next key', () => rotating.selector !== selector);
  await client.send(new CancelRotateSecretCommand({ SecretId: rotating.arn }));
}

test('a rotation that is cancelled half-way can be begun again some hours later', async () => {
  await cancelledHalfWay();
  await rotating.clock.pass(3 * HOUR);
  await rotating.rotated();
  expect(rotating.labels.AWSPENDING).toBeUndefined();
  expect(rotating.selectorOf('AWSCURRENT')).toBe(rotating.selector);
});

test('a next key that is none, put there by hand, is cleared after some hours', async () => {
  const { selector } = rotating;
  await client.send(new PutSecretValueCommand({
    SecretId: rotating.arn, SecretString: 'by hand', VersionStages: ['AWSPENDING'],
  }));
  await rotating.clock.pass(3 * HOUR);
  expect(rotating.labels.AWSPENDING).toBeUndefined();
  expect(rotating.selector).toBe(selector);
});

test('what the guide says of that: the label is taken off, a change is deployed, and the key is changed again', async () => {
  await cancelledHalfWay();
  await rotating.clock.pass(HOUR);
  const { cloud, scene } = rotating;
  await client.send(new UpdateSecretVersionStageCommand({
    SecretId: rotating.arn, VersionStage: 'AWSPENDING', RemoveFromVersionId: rotating.labels.AWSPENDING,
  }));
  await rotating.deploy({}, { recordTtl: Duration.minutes(10) });
  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: rotating.selectorOf('AWSCURRENT') });
  await rotating.rotated();
  expect(rotating.labels.AWSPENDING).toBeUndefined();
  expect(rotating.selectorOf('AWSCURRENT')).toBe(rotating.selector);
  expect(cloud.lambda.logs(rotating.rotationFunction).join('\n')).toContain('"key-current"');
  expect(await scene.send()).toMatchObject({ result: 'pass' });
});

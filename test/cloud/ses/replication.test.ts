// Deterministic Easy DKIM of the local SES, through the real SDK client.
import { createPrivateKey } from 'node:crypto';
import { CreateEmailIdentityCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { ACCOUNT, base64, DOMAIN, MINUTE, ref, SesStage } from './stage';
import { pooledKey } from '../key-pool';
import { refusal } from '../minimal-context';

const key = createPrivateKey(pooledKey(2048, 0));
const KEY = base64(key);

let stage: SesStage;

beforeEach(async () => {
  stage = await SesStage.start();
});
afterEach(() => stage.stop());

const fromUsEast1 = { SigningAttributesOrigin: 'AWS_SES_US_EAST_1' as const };
let replicaClient: SESv2Client;

beforeEach(() => {
  replicaClient = stage.clientIn('eu-west-1');
  stage.ses.createIdentity(ref('eu-west-1'));
});

test("a replica has the parent's tokens and hosted zone and signs with the parent's key", async () => {
  // GIVEN
  await stage.verifiedEasyDkim();
  const { tokens } = stage.state();
  // WHEN
  const answer = await stage.put(fromUsEast1, DOMAIN, replicaClient);
  // THEN
  expect(answer)
    .toMatchObject({ DkimStatus: 'NOT_STARTED', DkimTokens: tokens, SigningHostedZone: 'dkim.amazonses.com' });
  expect(await stage.look(MINUTE, 'eu-west-1'))
    .toMatchObject({ status: 'SUCCESS', origin: 'AWS_SES_US_EAST_1', tokens });
  expect(await stage.verdictOfMail(undefined, replicaClient)).toMatchObject({ result: 'pass', selector: tokens[0] });
});

test('a replica waits for a parent that is not verified yet', async () => {
  stage.ses.createIdentity(ref());
  await stage.put(fromUsEast1, DOMAIN, replicaClient);
  expect(await stage.look(MINUTE, 'eu-west-1')).toMatchObject({ status: 'PENDING', errorType: 'SERVICE_ERROR' });
  stage.publishCnames();
  await stage.look();
  await stage.context.clock.until('the replica to be verified', () => stage.state('eu-west-1').status === 'SUCCESS');
});

test('no parent', async () => {
  await stage.put(fromUsEast1, DOMAIN, replicaClient);
  expect(await stage.look(MINUTE, 'eu-west-1'))
    .toMatchObject({ status: 'FAILED', errorType: 'REPLICATION_PRIMARY_NOT_FOUND', tokens: [] });
});

test('a parent with BYODKIM', async () => {
  stage.ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
  await stage.put(fromUsEast1, DOMAIN, replicaClient);
  expect(await stage.look(MINUTE, 'eu-west-1'))
    .toMatchObject({ status: 'FAILED', errorType: 'REPLICATION_PRIMARY_BYO_DKIM_NOT_SUPPORTED' });
});

test('a parent that is a replica itself', async () => {
  await stage.client.send(new CreateEmailIdentityCommand({
    EmailIdentity: DOMAIN, DkimSigningAttributes: { DomainSigningAttributesOrigin: 'AWS_SES_US_WEST_2' },
  }));
  await stage.put(fromUsEast1, DOMAIN, replicaClient);
  expect(await stage.look(MINUTE, 'eu-west-1'))
    .toMatchObject({ status: 'FAILED', errorType: 'REPLICATION_REPLICA_AS_PRIMARY_NOT_SUPPORTED' });
});

test('its own Region as parent', async () => {
  await stage.put({ SigningAttributesOrigin: 'AWS_SES_EU_WEST_1' }, DOMAIN, replicaClient);
  expect(await stage.look(MINUTE, 'eu-west-1'))
    .toMatchObject({ status: 'FAILED', errorType: 'REPLICATION_PRIMARY_INVALID_REGION' });
});

test.each([
  ['with the right to replicate into the Region', 'eu-west-1', 'SUCCESS', undefined],
  ['with the right for another Region only', 'eu-west-2', 'FAILED', 'REPLICATION_ACCESS_DENIED'],
])('a role %s', async (_, allowedRegion, status, errorType) => {
  // GIVEN
  await stage.verifiedEasyDkim();
  const role = stage.roleWith([
    {
      Effect: 'Allow',
      Action: 'ses:PutEmailIdentityDkimSigningAttributes',
      Resource: `arn:aws:ses:eu-west-1:${ACCOUNT}:identity/${DOMAIN}`,
    },
    {
      Effect: 'Allow',
      Action: 'ses:ReplicateEmailIdentityDkimSigningKey',
      Resource: `arn:aws:ses:us-east-1:${ACCOUNT}:identity/${DOMAIN}`,
      Condition: { 'ForAllValues:StringEquals': { 'ses:ReplicaRegion': allowedRegion } },
    },
  ]);
  // WHEN
  await stage.put(fromUsEast1, DOMAIN, stage.clientIn('eu-west-1', role));
  // THEN
  const seen = await stage.look(MINUTE, 'eu-west-1');
  expect(seen.status).toBe(status);
  expect(seen.errorType).toBe(errorType);
});

test('DomainSigningAttributesOrigin is refused in the call that configures signing', async () => {
  stage.ses.createIdentity(ref());
  const attributes = { DomainSigningAttributesOrigin: 'AWS_SES_US_EAST_1' as const };
  expect(await refusal(stage.put({ ...fromUsEast1, SigningAttributes: attributes }, DOMAIN, replicaClient)))
    .toMatchObject({ name: 'BadRequestException' });
});

// Tests of the local STS with the real SDK client.
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Principal } from './credentials';
import { minimalContext } from './minimal-context';
import { Sts } from './sts';

const ROLE = 'arn:aws:iam::111111111111:role/Handler';
const OTHER_ROLE = 'arn:aws:iam::222222222222:role/DnsWriter';

const context = minimalContext();
const { iam } = context;
const sts = new Sts(context, iam);

beforeAll(() => sts.start());
afterAll(() => sts.stop());

beforeEach(() => {
  iam.putRole({ arn: ROLE, assumeRolePolicy: { Statement: [] } });
  iam.putRolePolicy(ROLE, 'assume', { Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' } });
  iam.putRole({
    arn: OTHER_ROLE,
    assumeRolePolicy: {
      Statement: { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111111111111:root' }, Action: 'sts:AssumeRole' },
    },
  });
});

function client(principal: Principal): STSClient {
  return new STSClient({
    region: 'us-east-1', endpoint: sts.endpoint, credentials: context.credentials.issue(principal), maxAttempts: 1,
  });
}

test('an assumed role acts as itself, in its own account, tied to the process that assumed it', async () => {
  // GIVEN
  const handler = client({ account: '111111111111', roleArn: ROLE, processId: 'process-1' });
  // WHEN
  const before = context.clock.now();
  const answer = await handler.send(new AssumeRoleCommand({ RoleArn: OTHER_ROLE, RoleSessionName: 'dkim' }));
  // THEN
  expect(context.credentials.find(answer.Credentials!.AccessKeyId!))
    .toEqual({ account: '222222222222', roleArn: OTHER_ROLE, processId: 'process-1' });
  expect(answer.AssumedRoleUser?.Arn).toBe('arn:aws:sts::222222222222:assumed-role/DnsWriter/dkim');
  expect(answer.Credentials!.Expiration!.getTime()).toBeGreaterThanOrEqual(Math.floor(before) + 3_600_000);
  expect(answer.Credentials!.Expiration!.getTime()).toBeLessThanOrEqual(context.clock.now() + 3_600_000);
  expect(answer.Credentials!.SecretAccessKey).toBeTruthy();
  expect(answer.Credentials!.SessionToken).toBeTruthy();
});

test('GetCallerIdentity says who calls', async () => {
  const role = await client({ account: '111111111111', roleArn: ROLE }).send(new GetCallerIdentityCommand({}));
  expect(role)
    .toMatchObject({ Account: '111111111111', Arn: 'arn:aws:sts::111111111111:assumed-role/Handler/session' });
  const administrator = await client({ account: '222222222222' }).send(new GetCallerIdentityCommand({}));
  expect(administrator).toMatchObject({ Account: '222222222222', Arn: 'arn:aws:iam::222222222222:root' });
});

test.each([
  ['that is not there', 'arn:aws:iam::222222222222:role/Nobody'],
  ['that does not trust the caller', ROLE],
])('a role %s answers AccessDenied', async (_, roleArn) => {
  const attempt = client({ account: '111111111111', roleArn: ROLE }).send(new AssumeRoleCommand({
    RoleArn: roleArn, RoleSessionName: 'dkim',
  }));
  await expect(attempt).rejects.toMatchObject({
    name: 'AccessDenied',
    message: 'User: arn:aws:sts::111111111111:assumed-role/Handler/session is not authorized to perform: '
      + `sts:AssumeRole on resource: ${roleArn}`,
    $metadata: { httpStatusCode: 403 },
  });
});

test('an external id that the trust asks for is passed on', async () => {
  iam.putRole({
    arn: OTHER_ROLE,
    assumeRolePolicy: {
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: ROLE },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': 'x' } },
      },
    },
  });
  const handler = client({ account: '111111111111', roleArn: ROLE });
  await expect(handler.send(new AssumeRoleCommand({ RoleArn: OTHER_ROLE, RoleSessionName: 's' })))
    .rejects.toThrow('not authorized');
  await expect(handler.send(new AssumeRoleCommand({ RoleArn: OTHER_ROLE, RoleSessionName: 's', ExternalId: 'x' })))
    .resolves.toBeDefined();
});

test('unknown credentials, throttling and missing parameters are told as STS tells them', async () => {
  const stranger = new STSClient({
    region: 'us-east-1', endpoint: sts.endpoint, credentials: { accessKeyId: 'AKIAX', secretAccessKey: 'x' },
  });
  await expect(stranger.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({ name: 'InvalidClientTokenId' });

  const administrator = client({ account: '111111111111' });
  context.faults.add({ service: 'sts', kind: 'throttle' });
  await expect(administrator.send(new GetCallerIdentityCommand({})))
    .rejects.toMatchObject({ name: 'Throttling', message: 'Rate exceeded' });

  const nameless = administrator.send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: '' }));
  await expect(nameless).rejects.toMatchObject({ name: 'ValidationError' });
});

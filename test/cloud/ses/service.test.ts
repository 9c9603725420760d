// The API of the local SES: names, errors, limits and rights, through the real SDK client.
import { createPrivateKey } from 'node:crypto';
import {
  CreateEmailIdentityCommand, DeleteEmailIdentityCommand, PutEmailIdentityDkimAttributesCommand,
} from '@aws-sdk/client-sesv2';
import { ACCOUNT, base64, DOMAIN, ref, SesStage } from './stage';
import { pooledKey } from '../key-pool';
import { refusal } from '../minimal-context';

const key = createPrivateKey(pooledKey(2048, 0));
const KEY = base64(key);

const ARN = `arn:aws:ses:us-east-1:${ACCOUNT}:identity/${DOMAIN}`;

let stage: SesStage;

beforeEach(async () => {
  stage = await SesStage.start();
});
afterEach(() => stage.stop());

test('an unknown identity is not found, but signing of an unknown identity cannot be switched', async () => {
  const notFound = { name: 'NotFoundException', $metadata: { httpStatusCode: 404 } };
  expect(await refusal(stage.get())).toMatchObject(notFound);
  expect(await refusal(stage.putKey('s1', KEY))).toMatchObject(notFound);
  expect(await refusal(stage.client.send(new DeleteEmailIdentityCommand({ EmailIdentity: DOMAIN }))))
    .toMatchObject(notFound);
  const switching = new PutEmailIdentityDkimAttributesCommand({ EmailIdentity: DOMAIN, SigningEnabled: true });
  expect(await refusal(stage.client.send(switching)))
    .toMatchObject({ name: 'BadRequestException', $metadata: { httpStatusCode: 400 } });
  expect(stage.ses.deleteIdentity(ref())).toBe(false);
});

test.each([`jane@${DOMAIN}`, ' '])('%j is no domain', async (identity) => {
  expect(await refusal(stage.put({ SigningAttributesOrigin: 'AWS_SES' }, identity))).toMatchObject({
    name: 'BadRequestException',
    message: 'The EmailIdentity value must be a valid domain.',
    $metadata: { httpStatusCode: 400 },
  });
});

test('signing of an e-mail address cannot be switched either, if it is no identity', async () => {
  const address = { EmailIdentity: `jane@${DOMAIN}`, SigningEnabled: true };
  const switching = new PutEmailIdentityDkimAttributesCommand(address);
  expect(await refusal(stage.client.send(switching)))
    .toMatchObject({ name: 'BadRequestException', $metadata: { httpStatusCode: 400 } });
});

test('an identity exists once for an account and Region', async () => {
  const command = new CreateEmailIdentityCommand({ EmailIdentity: DOMAIN });
  const create = (region: string) => stage.clientIn(region).send(command);
  await create('us-east-1');
  await create('eu-west-1');
  expect(await refusal(create('us-east-1'))).toMatchObject({ name: 'AlreadyExistsException' });
});

test('CreateEmailIdentity takes BYODKIM and a key length', async () => {
  await stage.client.send(new CreateEmailIdentityCommand({
    EmailIdentity: DOMAIN, DkimSigningAttributes: { DomainSigningSelector: 's1', DomainSigningPrivateKey: KEY },
  }));
  await stage.client.send(new CreateEmailIdentityCommand({
    EmailIdentity: 'example.org', DkimSigningAttributes: { NextSigningKeyLength: 'RSA_1024_BIT' },
  }));
  expect(stage.state()).toMatchObject({ origin: 'EXTERNAL', tokens: ['s1'] });
  expect(stage.state('us-east-1', 'example.org')).toMatchObject({ origin: 'AWS_SES', nextKeyLength: 'RSA_1024_BIT' });
});

test('control-plane calls are limited for each account and Region; mail is not', async () => {
  // GIVEN a limit that no slow machine reaches by itself
  const secondsPerRequest = 1_000;
  await stage.restart({ requestsPerSecond: 1 / secondsPerRequest });
  await stage.verifiedEasyDkim();
  const get = (by = stage.client) => stage.get(DOMAIN, by);
  // WHEN
  await get();
  // THEN
  expect(await refusal(get())).toMatchObject({ name: 'TooManyRequestsException', $metadata: { httpStatusCode: 429 } });
  expect(await refusal(get(stage.clientIn('eu-west-1')))).toMatchObject({ name: 'NotFoundException' });
  expect(await refusal(get(stage.clientIn('us-east-1', { account: '222222222222' }))))
    .toMatchObject({ name: 'NotFoundException' });
  expect((await stage.verdictOfMail()).result).toBe('pass');
  await stage.context.clock.pass(secondsPerRequest * 1_000);
  await get();
});

test('a role may only do what its policies allow, on the identity they name', async () => {
  // GIVEN
  stage.ses.createIdentity(ref());
  stage.ses.createIdentity(ref('us-east-1', 'example.org'));
  const role = stage.clientIn('us-east-1', stage.roleWith([
    { Effect: 'Allow', Action: 'ses:GetEmailIdentity', Resource: ARN },
  ]));
  // THEN
  expect((await stage.get(DOMAIN, role)).IdentityType).toBe('DOMAIN');
  const denied = { name: 'AccessDeniedException', $metadata: { httpStatusCode: 403 } };
  expect(await refusal(stage.get('example.org', role))).toMatchObject(denied);
  expect(await refusal(stage.put({ SigningAttributesOrigin: 'AWS_SES' }, DOMAIN, role))).toMatchObject(denied);
});

test('the right to send is asked for on the identity that signs', async () => {
  await stage.verifiedEasyDkim();
  const sender = stage.roleWith([{
    Effect: 'Allow',
    Action: 'ses:SendEmail',
    Resource: ARN,
    Condition: { StringEquals: { 'ses:FromAddress': `jane@${DOMAIN}` } },
  }]);
  expect((await stage.verdictOfMail(undefined, stage.clientIn('us-east-1', sender))).result).toBe('pass');
  expect(await refusal(stage.verdictOfMail(`john@${DOMAIN}`, stage.clientIn('us-east-1', sender))))
    .toMatchObject({ name: 'AccessDeniedException' });
});

test('an operation that the local SES does not have says so', async () => {
  const { accessKeyId } = stage.context.credentials.issue({ account: ACCOUNT });
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/us-east-1/ses/x`;
  const response = await fetch(`${stage.ses.endpoint}/v2/email/account`, { headers: { authorization } });
  expect(response.status).toBe(404);
  expect(response.headers.get('x-amzn-errortype')).toBe('UnknownOperationException');
});

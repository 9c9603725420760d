// BYODKIM of the local SES, through the real SDK client.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { CreateEmailIdentityCommand } from '@aws-sdk/client-sesv2';
import { base64, DOMAIN, publicText, ref, SesStage } from './stage';
import { HOUR } from './verification';
import { pooledKey } from '../key-pool';
import { refusal } from '../minimal-context';

const key = createPrivateKey(pooledKey(2048, 0));
const otherKey = createPrivateKey(pooledKey(2048, 1));
const KEY = base64(key);

let stage: SesStage;

beforeEach(async () => {
  stage = await SesStage.start();
});
afterEach(() => stage.stop());

test.each([
  'pkcs8', 'pkcs1',
] as const)('mail is signed with the given %s key and selector once its record is seen', async (type) => {
  // GIVEN
  stage.ses.createIdentity(ref());
  stage.publishKey('s1', key);
  // WHEN
  const answer = await stage.putKey('s1', base64(key, type));
  // THEN
  expect(answer).toMatchObject({ DkimStatus: 'NOT_STARTED', DkimTokens: ['s1'] });
  expect(answer.SigningHostedZone).toBeUndefined();
  expect((await stage.look()).status).toBe('SUCCESS');
  expect(await stage.verdictOfMail())
    .toEqual({ result: 'pass', selector: 's1', signingDomain: DOMAIN, aligned: true, keyLength: 2048 });
});

test('the private key is never given back', async () => {
  stage.ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
  const answer = JSON.stringify([await stage.get(), stage.state()]);
  expect(answer).toContain('EXTERNAL');
  expect(answer).not.toContain(KEY.slice(0, 40));
  expect(answer).not.toContain('PRIVATE');
});

test('the record of another key is an invalid value', async () => {
  stage.ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
  stage.publishKey('s1', otherKey);
  expect(await stage.look()).toMatchObject({ status: 'PENDING', errorType: 'INVALID_VALUE' });
});

test.each([
  ['a bare p=', (p: string) => [`p=${p}`], 'SUCCESS'],
  ['a record that ends in a semicolon', (p: string) => [`v=DKIM1;k=rsa;p=${p};`], 'SUCCESS'],
  ['white space in the key', (p: string) => [`v=DKIM1; p=${p.slice(0, 50)} ${p.slice(50)}`], 'SUCCESS'],
  ['a revoked key', () => ['v=DKIM1; k=rsa; p='], 'PENDING'],
  ['a version that does not come first', (p: string) => [`k=rsa; v=DKIM1; p=${p}`], 'PENDING'],
  ['another version', (p: string) => [`v=DKIM2; p=${p}`], 'PENDING'],
  ['another kind of key', (p: string) => [`v=DKIM1; k=ed25519; p=${p}`], 'PENDING'],
  ['two records at one name', (p: string) => [`p=${p}`, 'p='], 'PENDING'],
])('%s', async (_, values, status) => {
  stage.ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
  stage.zone.set(`s1._domainkey.${DOMAIN}`, 'TXT', values(publicText(key)));
  expect((await stage.look()).status).toBe(status);
});

test('a base64 of a whole PEM is accepted and never verifies', async () => {
  // GIVEN
  stage.ses.createIdentity(ref());
  stage.publishKey('s1', key);
  // WHEN
  await stage.putKey('s1', Buffer.from(key.export({ format: 'pem', type: 'pkcs8' })).toString('base64'));
  // THEN
  expect(await stage.look()).toMatchObject({ status: 'PENDING', errorType: 'INVALID_VALUE' });
  expect(await stage.look(72 * HOUR))
    .toMatchObject({ status: 'FAILED', errorType: 'INVALID_VALUE', origin: 'EXTERNAL' });
});

test.each([
  ['3072 bits', base64(createPrivateKey(pooledKey(3072, 0)))],
  ['no RSA key', generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')],
])('%s are accepted and never verify', async (_, privateKey) => {
  stage.ses.createIdentity(ref());
  stage.publishKey('s1', key);
  await stage.putKey('s1', privateKey);
  expect(await stage.look()).toMatchObject({ status: 'PENDING', errorType: 'INVALID_VALUE' });
});

test.each([
  ['a PEM', 's1', key.export({ format: 'pem', type: 'pkcs8' }).toString()],
  ['line breaks', 's1', `${KEY.slice(0, 64)}\n${KEY.slice(64)}`],
  ['more than 20480 characters', 's1', 'A'.repeat(20481)],
  ['a selector with a dot', 's1.mail', KEY],
  ['a selector with an underscore', 's_1', KEY],
  ['a selector that ends in a hyphen', 's1-', KEY],
  ['a selector of 64 characters', 's'.repeat(64), KEY],
])('%s is refused and leaves signing as it is', async (_, selector, privateKey) => {
  await stage.verifiedEasyDkim();
  expect(await refusal(stage.putKey(selector, privateKey)))
    .toMatchObject({ name: 'BadRequestException', $metadata: { httpStatusCode: 400 } });
  expect(stage.state()).toMatchObject({ status: 'SUCCESS', origin: 'AWS_SES' });
});

test('attributes of one method are refused with another', async () => {
  stage.ses.createIdentity(ref());
  for (const input of [
    {
      SigningAttributesOrigin: 'AWS_SES',
      SigningAttributes: { DomainSigningSelector: 's1', DomainSigningPrivateKey: KEY },
    },
    { SigningAttributesOrigin: 'EXTERNAL', SigningAttributes: { NextSigningKeyLength: 'RSA_2048_BIT' } },
    { SigningAttributesOrigin: 'EXTERNAL' },
    { SigningAttributesOrigin: 'AWS_SES_MARS_NORTH_1' },
    { SigningAttributesOrigin: 'AWS_SES', SigningAttributes: { NextSigningKeyLength: 'RSA_4096_BIT' } },
  ]) {
    expect(await refusal(stage.put(input as never))).toMatchObject({ name: 'BadRequestException' });
  }
});

test('a key length together with a key of one\'s own is refused with the text that SES has for it', async () => {
  const ownKey = { DomainSigningSelector: 's1', DomainSigningPrivateKey: KEY };
  const attributes = { ...ownKey, NextSigningKeyLength: 'RSA_2048_BIT' as const };
  const refused = {
    name: 'BadRequestException',
    message: 'NextSigningKeyLength cannot be used together with DomainSigningSelector and DomainSigningPrivateKey.',
  };
  const create = new CreateEmailIdentityCommand({ EmailIdentity: DOMAIN, DkimSigningAttributes: attributes });
  expect(await refusal(stage.client.send(create))).toMatchObject(refused);
  stage.ses.createIdentity(ref());
  for (const SigningAttributesOrigin of ['EXTERNAL', 'AWS_SES'] as const) {
    expect(await refusal(stage.put({ SigningAttributesOrigin, SigningAttributes: attributes }))).toMatchObject(refused);
  }
});

test.each([
  ['kept', 'MailKey'], ['lower', 'mailkey'],
] as const)('a selector in upper case is taken, and with its case set to %s it is shown and signed with as %s', async (
  selectorCase, shown,
) => {
  // GIVEN a record whose name is written in lower case, as Route 53 does
  await stage.restart({ selectorCase });
  stage.ses.createIdentity(ref());
  stage.publishKey('mailkey', key);
  // WHEN
  const answer = await stage.putKey('MailKey', KEY);
  // THEN
  expect(answer.DkimTokens).toEqual([shown]);
  expect(await stage.look()).toMatchObject({ status: 'SUCCESS', tokens: [shown] });
  expect(await stage.verdictOfMail()).toMatchObject({ result: 'pass', selector: shown });
});

test('set so, the tokens are empty, and mail is signed all the same', async () => {
  // GIVEN
  await stage.restart({ byoDkimTokens: 'none' });
  stage.ses.createIdentity(ref());
  stage.publishKey('s1', key);
  // WHEN
  const answer = await stage.putKey('s1', KEY);
  // THEN
  expect(answer.DkimTokens).toEqual([]);
  expect(await stage.look()).toMatchObject({ status: 'SUCCESS', tokens: [] });
  expect((await stage.get()).DkimAttributes!.Tokens).toEqual([]);
  expect(await stage.verdictOfMail()).toMatchObject({ result: 'pass', selector: 's1' });
});

test('another selector sends unsigned until SES has seen its record, and then signs with it', async () => {
  // GIVEN
  stage.ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
  stage.publishKey('s1', key);
  await stage.look();
  // WHEN
  stage.publishKey('s2', otherKey);
  await stage.putKey('s2', base64(otherKey));
  // THEN
  expect(await stage.verdictOfMail()).toMatchObject({ result: 'none' });
  await stage.look();
  expect(await stage.verdictOfMail()).toMatchObject({ result: 'pass', selector: 's2' });
});

test('an identical call resets a verified identity to PENDING', async () => {
  stage.ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
  stage.publishKey('s1', key);
  await stage.look();
  await stage.putKey('s1', KEY);
  expect(stage.state()).toMatchObject({ status: 'PENDING', verifiedForSending: true });
  expect((await stage.look()).status).toBe('SUCCESS');
});

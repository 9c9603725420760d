// Easy DKIM of the local SES, through the real SDK client.
import { createPrivateKey } from 'node:crypto';
import {
  CreateEmailIdentityCommand, DeleteEmailIdentityCommand,
} from '@aws-sdk/client-sesv2';
import { base64, DOMAIN, MINUTE, ref, SesStage } from './stage';
import { HOUR } from './verification';
import { pooledKey } from '../key-pool';
import { mailVerdict } from '../mail-verdict';
import { refusal } from '../minimal-context';

const key = createPrivateKey(pooledKey(2048, 0));
const KEY = base64(key);

let stage: SesStage;

beforeEach(async () => {
  stage = await SesStage.start();
});
afterEach(() => stage.stop());

test('a new identity has three tokens and is verified once the CNAMEs are in DNS', async () => {
  // GIVEN
  const created = await stage.client.send(new CreateEmailIdentityCommand({ EmailIdentity: DOMAIN }));
  const tokens = created.DkimAttributes!.Tokens!;
  expect(created).toMatchObject({
    IdentityType: 'DOMAIN',
    VerifiedForSendingStatus: false,
    DkimAttributes: {
      SigningEnabled: true,
      Status: 'NOT_STARTED',
      SigningAttributesOrigin: 'AWS_SES',
      SigningHostedZone: 'dkim.amazonses.com',
      NextSigningKeyLength: 'RSA_2048_BIT',
      CurrentSigningKeyLength: 'RSA_2048_BIT',
      LastKeyGenerationTimestamp: expect.any(Date),
    },
  });
  expect(new Set(tokens).size).toBe(3);
  for (const token of tokens) expect(token).toMatch(/^[a-z0-9]{32}$/);
  expect((await stage.look()).errorType).toBe('HOST_NOT_FOUND');
  // WHEN
  stage.publishCnames(tokens);
  await stage.look();
  // THEN
  expect(await stage.get()).toMatchObject({
    VerifiedForSendingStatus: true,
    VerificationStatus: 'SUCCESS',
    DkimAttributes: { Status: 'SUCCESS', Tokens: tokens },
    VerificationInfo: {
      LastCheckedTimestamp: expect.any(Date),
      LastSuccessTimestamp: expect.any(Date),
      SOARecord: {
        PrimaryNameServer: 'ns1.registrar.example', AdminEmail: 'hostmaster.registrar.example', SerialNumber: 1,
      },
    },
  });
});

test('mail is signed with the key of the first token, and the other two are published empty', async () => {
  await stage.verifiedEasyDkim();
  const [current, ...others] = stage.state().tokens;
  expect(await stage.verdictOfMail())
    .toEqual({ result: 'pass', selector: current, signingDomain: DOMAIN, aligned: true, keyLength: 2048 });
  for (const token of others) {
    expect(await stage.dns.client().resolveTxt(`${token}._domainkey.${DOMAIN}`)).toEqual([['p=']]);
  }
});

test('two right CNAMEs are not enough', async () => {
  stage.ses.createIdentity(ref());
  stage.publishCnames(stage.state().tokens.slice(0, 2));
  expect(await stage.look()).toMatchObject({ status: 'PENDING', errorType: 'HOST_NOT_FOUND' });
});

test('a CNAME to another target is an invalid value, and a TXT in its place the wrong type', async () => {
  stage.ses.createIdentity(ref());
  stage.publishCnames(undefined, 'dkim.eu-central-2.amazonses.com');
  expect(await stage.look()).toMatchObject({ status: 'PENDING', errorType: 'INVALID_VALUE' });

  const [token] = stage.state().tokens;
  stage.zone.remove(`${token}._domainkey.${DOMAIN}`, 'CNAME');
  stage.zone.set(`${token}._domainkey.${DOMAIN}`, 'TXT', ['p=']);
  expect(await stage.look()).toMatchObject({ status: 'PENDING', errorType: 'TYPE_NOT_FOUND' });
});

test('name servers that do not answer are a DNS server error', async () => {
  stage.ses.createIdentity(ref());
  stage.dns.setReachable('ns1.registrar.example', false);
  stage.dns.setReachable('ns2.registrar.example', false);
  expect(await stage.look()).toMatchObject({ status: 'PENDING', errorType: 'DNS_SERVER_ERROR' });
});

test('only public DNS counts: a zone that nobody delegates to is not seen', async () => {
  stage.ses.createIdentity(ref());
  stage.publishCnames();
  stage.dns.undelegate(DOMAIN);
  expect(await stage.look()).toMatchObject({ status: 'PENDING', errorType: 'HOST_NOT_FOUND' });
});

test.each([
  ['eu-west-1', 'dkim.amazonses.com'],
  ['af-south-1', 'dkim.af-south-1.amazonses.com'],
  ['us-gov-west-1', 'dkim.amazonses.com'],
])('in %s the keys stand under %s', async (region, signingHostedZone) => {
  const { tokens, signingHostedZone: shown } = stage.ses.createIdentity(ref(region));
  expect(shown).toBe(signingHostedZone);
  stage.publishCnames(tokens, signingHostedZone);
  expect((await stage.look(MINUTE, region)).status).toBe('SUCCESS');
  expect((await stage.verdictOfMail(undefined, stage.clientIn(region))).result).toBe('pass');
});

test('the key length it already has is refused, a call without it is not', async () => {
  await stage.verifiedEasyDkim();
  const same = stage.putKeyLength('RSA_2048_BIT');
  expect(await refusal(same)).toMatchObject({ name: 'BadRequestException', $metadata: { httpStatusCode: 400 } });
  expect(stage.state().status).toBe('SUCCESS');
  expect((await stage.put({ SigningAttributesOrigin: 'AWS_SES' })).DkimTokens).toEqual(stage.state().tokens);
  expect(stage.state().status).toBe('PENDING');
});

test('with strictKeyLength off the same key length is accepted and the tokens stay', async () => {
  await stage.restart({ strictKeyLength: false });
  const { tokens } = stage.ses.createIdentity(ref());
  expect(await stage.putKeyLength('RSA_2048_BIT'))
    .toMatchObject({ DkimTokens: tokens, SigningHostedZone: 'dkim.amazonses.com' });
});

test('another key length makes new tokens, and mail goes unsigned until their CNAMEs are seen', async () => {
  // GIVEN
  await stage.verifiedEasyDkim();
  const { tokens } = stage.state();
  // WHEN
  const answer = await stage.putKeyLength('RSA_1024_BIT');
  // THEN
  expect(answer.DkimStatus).toBe('NOT_STARTED');
  expect(answer.DkimTokens!.filter((token) => tokens.includes(token))).toEqual([]);
  expect(stage.state()).toMatchObject({ nextKeyLength: 'RSA_1024_BIT', currentKeyLength: 'RSA_2048_BIT' });
  expect((await stage.verdictOfMail()).result).toBe('none');
  stage.publishCnames();
  expect(await stage.look()).toMatchObject({ status: 'SUCCESS', currentKeyLength: 'RSA_1024_BIT' });
  expect(await stage.verdictOfMail()).toMatchObject({ result: 'pass', keyLength: 1024 });
});

test('mail on its way still verifies after the key length has changed', async () => {
  await stage.verifiedEasyDkim();
  await stage.verdictOfMail();
  await stage.putKeyLength('RSA_1024_BIT');
  expect((await mailVerdict(stage.ses.outbox[0].raw, stage.dns.client())).result).toBe('pass');
});

test('the key length changes once in 24 hours, but the first step down to 1024 is free', async () => {
  stage.ses.createIdentity({ ...ref(), dkim: { nextKeyLength: 'RSA_1024_BIT' } });
  await stage.putKeyLength('RSA_2048_BIT');
  await stage.putKeyLength('RSA_1024_BIT');
  expect(await refusal(stage.putKeyLength('RSA_2048_BIT'))).toMatchObject({ name: 'BadRequestException' });
  await stage.context.clock.pass(24 * HOUR);
  await stage.putKeyLength('RSA_2048_BIT');
  expect(await refusal(stage.putKeyLength('RSA_1024_BIT'))).toMatchObject({ name: 'BadRequestException' });
});

test('an identity that was made with BYODKIM can go over to Easy DKIM', async () => {
  stage.ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
  await stage.put({ SigningAttributesOrigin: 'AWS_SES' });
  stage.publishCnames();
  await stage.look();
  expect(await stage.verdictOfMail())
    .toMatchObject({ result: 'pass', selector: stage.state().tokens[0], keyLength: 2048 });
});

test('coming back from BYODKIM keeps the tokens unless told otherwise', async () => {
  for (const newTokensOnReturn of [false, true]) {
    await stage.restart({ newTokensOnReturn });
    const { tokens } = stage.ses.createIdentity(ref());
    await stage.putKey('s1', KEY);
    const answer = await stage.putKeyLength('RSA_2048_BIT');
    expect(answer.DkimTokens!.every((token) => tokens.includes(token))).toBe(!newTokensOnReturn);
    expect((await stage.put({ SigningAttributesOrigin: 'AWS_SES' })).DkimTokens).toEqual(answer.DkimTokens);
  }
});

test('a deleted identity takes its keys out of the DNS of SES', async () => {
  await stage.verifiedEasyDkim();
  const [token] = stage.state().tokens;
  await stage.client.send(new DeleteEmailIdentityCommand({ EmailIdentity: DOMAIN }));
  expect(stage.ses.identity(ref())).toBeUndefined();
  expect(await refusal(stage.dns.client().resolveTxt(`${token}.dkim.amazonses.com`)))
    .toMatchObject({ code: 'ENOTFOUND' });
});

test('set so, there are no tokens for a while after each call, and then the same ones', async () => {
  // GIVEN
  await stage.restart({ tokensAfterMs: 600_000 });
  const created = await stage.client.send(new CreateEmailIdentityCommand({ EmailIdentity: DOMAIN }));
  expect(created.DkimAttributes).toMatchObject({ Tokens: [], SigningHostedZone: 'dkim.amazonses.com' });
  await stage.context.clock.pass(600_000);
  const { tokens } = stage.state();
  expect(tokens).toHaveLength(3);
  // WHEN
  const answer = await stage.put({ SigningAttributesOrigin: 'AWS_SES' });
  // THEN
  expect(answer.DkimTokens).toEqual([]);
  expect((await stage.get()).DkimAttributes!.Tokens).toEqual([]);
  await stage.context.clock.pass(600_000);
  expect(stage.state().tokens).toEqual(tokens);
});

test('two identities have different keys, and the next cloud gives its identities the same ones', async () => {
  const keysOfTwo = async () => {
    const keys = [];
    for (const name of [DOMAIN, 'example.org']) {
      const [token] = stage.ses.createIdentity(ref('us-east-1', name)).tokens;
      keys.push((await stage.dns.client().resolveTxt(`${token}.dkim.amazonses.com`)).flat().join(''));
    }
    return keys;
  };
  const first = await keysOfTwo();
  expect(first[0]).not.toBe(first[1]);
  await stage.restart({});
  expect(await keysOfTwo()).toEqual(first);
});

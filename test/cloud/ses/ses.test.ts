// The local SES through the real SDK client, looking in the local cloud's public DNS.
import { createPublicKey, generateKeyPairSync, KeyObject } from 'node:crypto';
import {
  CreateEmailIdentityCommand, DeleteEmailIdentityCommand, GetEmailIdentityCommand, PutEmailIdentityDkimAttributesCommand,
  PutEmailIdentityDkimSigningAttributesCommand, PutEmailIdentityDkimSigningAttributesCommandInput, SendEmailCommand, SESv2Client,
} from '@aws-sdk/client-sesv2';
import { Principal } from '../credentials';
import { DnsProvider } from '../dns/dns-provider';
import { DnsWorld } from '../dns/dns-world';
import { PolicyStatement } from '../iam-policy';
import { mailVerdict } from '../mail-verdict';
import { MinimalContext, minimalContext, refusal, until } from '../minimal-context';
import { Ses, SesOptions } from './service';
import { HOUR } from './verification';

const ACCOUNT = '111111111111';
const DOMAIN = 'example.com';
const MINUTE = 60_000;

let context: MinimalContext;
let dns: DnsWorld;
let zone: DnsProvider;
let sesDns: DnsProvider;
let ses: Ses;
let client: SESv2Client;

const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const otherKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const KEY = base64(key);

beforeEach(async () => {
  dns = new DnsWorld();
  await dns.start();
  zone = dns.provider('registrar');
  await zone.createZone(DOMAIN);
  sesDns = dns.provider('amazonses');
  await sesDns.createZone('amazonses.com');
  await startSes({ requestsPerSecond: Infinity });
});

afterEach(async () => {
  await ses.stop();
  await dns.stop();
});

async function startSes(options: Partial<SesOptions>): Promise<void> {
  await ses?.stop();
  context = minimalContext();
  ses = new Ses(context, { resolver: () => dns.client(), publisher: sesDns, ...options });
  await ses.start();
  client = clientIn('us-east-1');
}

function clientIn(region: string, principal: Principal = { account: ACCOUNT }): SESv2Client {
  return new SESv2Client({ region, endpoint: ses.endpoint, credentials: context.credentials.issue(principal), maxAttempts: 1 });
}

function base64(privateKey: KeyObject, type: 'pkcs1' | 'pkcs8' = 'pkcs8'): string {
  return privateKey.export({ format: 'der', type }).toString('base64');
}

function publicText(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).toString('base64');
}

function ref(region = 'us-east-1', name = DOMAIN) {
  return { account: ACCOUNT, region, name };
}

function state(region?: string, name?: string) {
  const found = ses.identity(ref(region, name));
  if (!found) throw new Error(`there is no identity ${name ?? DOMAIN}`);
  return found;
}

/** Let so much time pass that SES looks, and wait for what it sees. */
async function look(after = MINUTE, region?: string, name?: string) {
  const before = state(region, name).lastChecked;
  context.clock.advance(after);
  await until(() => state(region, name).lastChecked !== before);
  return state(region, name);
}

function publishCnames(tokens: readonly string[] = state().tokens, target = 'dkim.amazonses.com', domain = DOMAIN): void {
  for (const token of tokens) zone.set(`${token}._domainkey.${domain}`, 'CNAME', [`${token}.${target}`]);
}

function publishKey(selector: string, privateKey: KeyObject, domain = DOMAIN): void {
  zone.set(`${selector}._domainkey.${domain}`, 'TXT', [`v=DKIM1; k=rsa; p=${publicText(privateKey)}`]);
}

function put(input: Omit<PutEmailIdentityDkimSigningAttributesCommandInput, 'EmailIdentity'>, domain = DOMAIN, by = client) {
  return by.send(new PutEmailIdentityDkimSigningAttributesCommand({ EmailIdentity: domain, ...input }));
}

function putKey(selector: string, privateKey: string) {
  return put({
    SigningAttributesOrigin: 'EXTERNAL',
    SigningAttributes: { DomainSigningSelector: selector, DomainSigningPrivateKey: privateKey },
  });
}

async function verdictOfMail(from = `Jane <jane@${DOMAIN}>`, by = client) {
  await by.send(new SendEmailCommand({
    FromEmailAddress: from,
    Destination: { ToAddresses: ['john@example.net'] },
    Content: { Simple: { Subject: { Data: 'Grüße' }, Body: { Text: { Data: 'Hello — it works' }, Html: { Data: '<p>Hello</p>' } } } },
  }));
  return mailVerdict(ses.outbox.at(-1)!.raw, dns.client());
}

async function verifiedEasyDkim(region = 'us-east-1'): Promise<void> {
  ses.createIdentity(ref(region));
  publishCnames(state(region).tokens);
  await look(MINUTE, region);
  expect(state(region).status).toBe('SUCCESS');
}

describe('Easy DKIM', () => {
  test('a new identity has three tokens and is verified once the CNAMEs are in DNS', async () => {
    // GIVEN
    const created = await client.send(new CreateEmailIdentityCommand({ EmailIdentity: DOMAIN }));
    const tokens = created.DkimAttributes!.Tokens!;
    expect(created).toMatchObject({
      IdentityType: 'DOMAIN',
      VerifiedForSendingStatus: false,
      DkimAttributes: {
        SigningEnabled: true,
        Status: 'PENDING',
        SigningAttributesOrigin: 'AWS_SES',
        SigningHostedZone: 'dkim.amazonses.com',
        NextSigningKeyLength: 'RSA_2048_BIT',
        CurrentSigningKeyLength: 'RSA_2048_BIT',
        LastKeyGenerationTimestamp: expect.any(Date),
      },
    });
    expect(new Set(tokens).size).toBe(3);
    for (const token of tokens) expect(token).toMatch(/^[a-z0-9]{32}$/);
    expect((await look()).errorType).toBe('HOST_NOT_FOUND');
    // WHEN
    publishCnames(tokens);
    await look();
    // THEN
    expect(await client.send(new GetEmailIdentityCommand({ EmailIdentity: DOMAIN }))).toMatchObject({
      VerifiedForSendingStatus: true,
      VerificationStatus: 'SUCCESS',
      DkimAttributes: { Status: 'SUCCESS', Tokens: tokens },
      VerificationInfo: {
        LastCheckedTimestamp: expect.any(Date),
        LastSuccessTimestamp: expect.any(Date),
        SOARecord: { PrimaryNameServer: 'ns1.registrar.example', AdminEmail: 'hostmaster.registrar.example', SerialNumber: 1 },
      },
    });
  });

  test('mail is signed with the key of the first token, and the other two are published empty', async () => {
    await verifiedEasyDkim();
    const [current, ...others] = state().tokens;
    expect(await verdictOfMail()).toEqual({ result: 'pass', selector: current, signingDomain: DOMAIN, aligned: true, keyLength: 2048 });
    for (const token of others) expect(await dns.client().resolveTxt(`${token}._domainkey.${DOMAIN}`)).toEqual([['p=']]);
  });

  test('two right CNAMEs are not enough', async () => {
    ses.createIdentity(ref());
    publishCnames(state().tokens.slice(0, 2));
    expect(await look()).toMatchObject({ status: 'PENDING', errorType: 'HOST_NOT_FOUND' });
  });

  test('a CNAME to another target is an invalid value, and a TXT in its place the wrong type', async () => {
    ses.createIdentity(ref());
    publishCnames(undefined, 'dkim.eu-central-2.amazonses.com');
    expect(await look()).toMatchObject({ status: 'PENDING', errorType: 'INVALID_VALUE' });

    const [token] = state().tokens;
    zone.remove(`${token}._domainkey.${DOMAIN}`, 'CNAME');
    zone.set(`${token}._domainkey.${DOMAIN}`, 'TXT', ['p=']);
    expect(await look()).toMatchObject({ status: 'PENDING', errorType: 'TYPE_NOT_FOUND' });
  });

  test('name servers that do not answer are a DNS server error', async () => {
    ses.createIdentity(ref());
    dns.setReachable('ns1.registrar.example', false);
    dns.setReachable('ns2.registrar.example', false);
    expect(await look()).toMatchObject({ status: 'PENDING', errorType: 'DNS_SERVER_ERROR' });
  });

  test('only public DNS counts: a zone that nobody delegates to is not seen', async () => {
    ses.createIdentity(ref());
    publishCnames();
    dns.undelegate(DOMAIN);
    expect(await look()).toMatchObject({ status: 'PENDING', errorType: 'HOST_NOT_FOUND' });
  });

  test.each([
    ['eu-west-1', 'dkim.amazonses.com'], ['af-south-1', 'dkim.af-south-1.amazonses.com'], ['us-gov-west-1', 'dkim.amazonses.com'],
  ])('in %s the keys stand under %s', async (region, signingHostedZone) => {
    const { tokens, signingHostedZone: shown } = ses.createIdentity(ref(region));
    expect(shown).toBe(signingHostedZone);
    publishCnames(tokens, signingHostedZone);
    expect((await look(MINUTE, region)).status).toBe('SUCCESS');
    expect((await verdictOfMail(undefined, clientIn(region))).result).toBe('pass');
  });

  test('the key length it already has is refused, a call without it is not', async () => {
    await verifiedEasyDkim();
    const same = put({ SigningAttributesOrigin: 'AWS_SES', SigningAttributes: { NextSigningKeyLength: 'RSA_2048_BIT' } });
    expect(await refusal(same)).toMatchObject({ name: 'BadRequestException', $metadata: { httpStatusCode: 400 } });
    expect(state().status).toBe('SUCCESS');
    expect(await put({ SigningAttributesOrigin: 'AWS_SES' })).toMatchObject({ DkimStatus: 'PENDING', DkimTokens: state().tokens });
  });

  test('with strictKeyLength off the same key length is accepted and the tokens stay', async () => {
    await startSes({ requestsPerSecond: Infinity, strictKeyLength: false });
    const { tokens } = ses.createIdentity(ref());
    expect(await put({ SigningAttributesOrigin: 'AWS_SES', SigningAttributes: { NextSigningKeyLength: 'RSA_2048_BIT' } }))
      .toMatchObject({ DkimTokens: tokens, SigningHostedZone: 'dkim.amazonses.com' });
  });

  test('another key length makes new tokens, and mail goes unsigned until their CNAMEs are seen', async () => {
    // GIVEN
    await verifiedEasyDkim();
    const { tokens } = state();
    // WHEN
    const answer = await put({ SigningAttributesOrigin: 'AWS_SES', SigningAttributes: { NextSigningKeyLength: 'RSA_1024_BIT' } });
    // THEN
    expect(answer.DkimStatus).toBe('PENDING');
    expect(answer.DkimTokens!.filter((token) => tokens.includes(token))).toEqual([]);
    expect(state()).toMatchObject({ nextKeyLength: 'RSA_1024_BIT', currentKeyLength: 'RSA_2048_BIT' });
    expect((await verdictOfMail()).result).toBe('none');
    publishCnames();
    expect(await look()).toMatchObject({ status: 'SUCCESS', currentKeyLength: 'RSA_1024_BIT' });
    expect(await verdictOfMail()).toMatchObject({ result: 'pass', keyLength: 1024 });
  });

  test('mail on its way still verifies after the key length has changed', async () => {
    await verifiedEasyDkim();
    await verdictOfMail();
    await put({ SigningAttributesOrigin: 'AWS_SES', SigningAttributes: { NextSigningKeyLength: 'RSA_1024_BIT' } });
    expect((await mailVerdict(ses.outbox[0].raw, dns.client())).result).toBe('pass');
  });

  test('the key length changes once in 24 hours, but the first step down to 1024 is free', async () => {
    const setLength = (NextSigningKeyLength: 'RSA_1024_BIT' | 'RSA_2048_BIT') =>
      put({ SigningAttributesOrigin: 'AWS_SES', SigningAttributes: { NextSigningKeyLength } });
    ses.createIdentity({ ...ref(), dkim: { nextKeyLength: 'RSA_1024_BIT' } });
    await setLength('RSA_2048_BIT');
    await setLength('RSA_1024_BIT');
    expect(await refusal(setLength('RSA_2048_BIT'))).toMatchObject({ name: 'BadRequestException' });
    context.clock.advance(24 * HOUR);
    await setLength('RSA_2048_BIT');
    expect(await refusal(setLength('RSA_1024_BIT'))).toMatchObject({ name: 'BadRequestException' });
  });

  test('an identity that was made with BYODKIM can go over to Easy DKIM', async () => {
    ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
    await put({ SigningAttributesOrigin: 'AWS_SES' });
    publishCnames();
    await look();
    expect(await verdictOfMail()).toMatchObject({ result: 'pass', selector: state().tokens[0], keyLength: 2048 });
  });

  test('coming back from BYODKIM keeps the tokens unless told otherwise', async () => {
    for (const newTokensOnReturn of [false, true]) {
      await startSes({ requestsPerSecond: Infinity, newTokensOnReturn });
      const { tokens } = ses.createIdentity(ref());
      await putKey('s1', KEY);
      const answer = await put({ SigningAttributesOrigin: 'AWS_SES', SigningAttributes: { NextSigningKeyLength: 'RSA_2048_BIT' } });
      expect(answer.DkimTokens!.every((token) => tokens.includes(token))).toBe(!newTokensOnReturn);
      expect((await put({ SigningAttributesOrigin: 'AWS_SES' })).DkimTokens).toEqual(answer.DkimTokens);
    }
  });

  test('a deleted identity takes its keys out of the DNS of SES', async () => {
    await verifiedEasyDkim();
    const [token] = state().tokens;
    await client.send(new DeleteEmailIdentityCommand({ EmailIdentity: DOMAIN }));
    expect(ses.identity(ref())).toBeUndefined();
    expect(await refusal(dns.client().resolveTxt(`${token}.dkim.amazonses.com`))).toMatchObject({ code: 'ENOTFOUND' });
  });
});

describe('BYODKIM', () => {
  test.each(['pkcs8', 'pkcs1'] as const)('mail is signed with the given %s key and selector once its record is seen', async (type) => {
    // GIVEN
    ses.createIdentity(ref());
    publishKey('s1', key);
    // WHEN
    const answer = await putKey('s1', base64(key, type));
    // THEN
    expect(answer).toMatchObject({ DkimStatus: 'PENDING', DkimTokens: ['s1'] });
    expect(answer.SigningHostedZone).toBeUndefined();
    expect((await look()).status).toBe('SUCCESS');
    expect(await verdictOfMail()).toEqual({ result: 'pass', selector: 's1', signingDomain: DOMAIN, aligned: true, keyLength: 2048 });
  });

  test('the private key is never given back', async () => {
    ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
    const answer = JSON.stringify([await client.send(new GetEmailIdentityCommand({ EmailIdentity: DOMAIN })), state()]);
    expect(answer).toContain('EXTERNAL');
    expect(answer).not.toContain(KEY.slice(0, 40));
    expect(answer).not.toContain('PRIVATE');
  });

  test('the record of another key is an invalid value', async () => {
    ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
    publishKey('s1', otherKey);
    expect(await look()).toMatchObject({ status: 'PENDING', errorType: 'INVALID_VALUE' });
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
    ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
    zone.set(`s1._domainkey.${DOMAIN}`, 'TXT', values(publicText(key)));
    expect((await look()).status).toBe(status);
  });

  test('a base64 of a whole PEM is accepted and never verifies', async () => {
    // GIVEN
    ses.createIdentity(ref());
    publishKey('s1', key);
    // WHEN
    await putKey('s1', Buffer.from(key.export({ format: 'pem', type: 'pkcs8' })).toString('base64'));
    // THEN
    expect(await look()).toMatchObject({ status: 'PENDING', errorType: 'INVALID_VALUE' });
    expect(await look(72 * HOUR)).toMatchObject({ status: 'FAILED', errorType: 'INVALID_VALUE', origin: 'EXTERNAL' });
  });

  test.each([
    ['3072 bits', base64(generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey)],
    ['no RSA key', generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')],
  ])('%s are accepted and never verify', async (_, privateKey) => {
    ses.createIdentity(ref());
    publishKey('s1', key);
    await putKey('s1', privateKey);
    expect(await look()).toMatchObject({ status: 'PENDING', errorType: 'INVALID_VALUE' });
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
    await verifiedEasyDkim();
    expect(await refusal(putKey(selector, privateKey))).toMatchObject({ name: 'BadRequestException', $metadata: { httpStatusCode: 400 } });
    expect(state()).toMatchObject({ status: 'SUCCESS', origin: 'AWS_SES' });
  });

  test('attributes of one method are refused with another', async () => {
    ses.createIdentity(ref());
    for (const input of [
      { SigningAttributesOrigin: 'AWS_SES', SigningAttributes: { DomainSigningSelector: 's1', DomainSigningPrivateKey: KEY } },
      { SigningAttributesOrigin: 'EXTERNAL', SigningAttributes: { NextSigningKeyLength: 'RSA_2048_BIT' } },
      { SigningAttributesOrigin: 'EXTERNAL' },
      { SigningAttributesOrigin: 'AWS_SES_MARS_NORTH_1' },
      { SigningAttributesOrigin: 'AWS_SES', SigningAttributes: { NextSigningKeyLength: 'RSA_4096_BIT' } },
    ]) {
      expect(await refusal(put(input as never))).toMatchObject({ name: 'BadRequestException' });
    }
  });

  test('another selector sends unsigned until SES has seen its record, and then signs with it', async () => {
    // GIVEN
    ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
    publishKey('s1', key);
    await look();
    // WHEN
    publishKey('s2', otherKey);
    await putKey('s2', base64(otherKey));
    // THEN
    expect(await verdictOfMail()).toMatchObject({ result: 'none' });
    await look();
    expect(await verdictOfMail()).toMatchObject({ result: 'pass', selector: 's2' });
  });

  test('an identical call resets a verified identity to PENDING', async () => {
    ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
    publishKey('s1', key);
    await look();
    await putKey('s1', KEY);
    expect(state()).toMatchObject({ status: 'PENDING', verifiedForSending: true });
    expect((await look()).status).toBe('SUCCESS');
  });
});

describe('Deterministic Easy DKIM', () => {
  const fromUsEast1 = { SigningAttributesOrigin: 'AWS_SES_US_EAST_1' as const };
  let replicaClient: SESv2Client;

  beforeEach(() => {
    replicaClient = clientIn('eu-west-1');
    ses.createIdentity(ref('eu-west-1'));
  });

  test("a replica has the parent's tokens and hosted zone and signs with the parent's key", async () => {
    // GIVEN
    await verifiedEasyDkim();
    const { tokens } = state();
    // WHEN
    const answer = await put(fromUsEast1, DOMAIN, replicaClient);
    // THEN
    expect(answer).toMatchObject({ DkimStatus: 'PENDING', DkimTokens: tokens, SigningHostedZone: 'dkim.amazonses.com' });
    expect((await look(MINUTE, 'eu-west-1'))).toMatchObject({ status: 'SUCCESS', origin: 'AWS_SES_US_EAST_1', tokens });
    expect(await verdictOfMail(undefined, replicaClient)).toMatchObject({ result: 'pass', selector: tokens[0] });
  });

  test('a replica waits for a parent that is not verified yet', async () => {
    ses.createIdentity(ref());
    await put(fromUsEast1, DOMAIN, replicaClient);
    expect(await look(MINUTE, 'eu-west-1')).toMatchObject({ status: 'PENDING', errorType: 'SERVICE_ERROR' });
    publishCnames();
    await look();
    await until(() => state('eu-west-1').status === 'SUCCESS' || (context.clock.advance(MINUTE), false));
  });

  test('no parent', async () => {
    await put(fromUsEast1, DOMAIN, replicaClient);
    expect(await look(MINUTE, 'eu-west-1')).toMatchObject({ status: 'FAILED', errorType: 'REPLICATION_PRIMARY_NOT_FOUND', tokens: [] });
  });

  test('a parent with BYODKIM', async () => {
    ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
    await put(fromUsEast1, DOMAIN, replicaClient);
    expect(await look(MINUTE, 'eu-west-1')).toMatchObject({ status: 'FAILED', errorType: 'REPLICATION_PRIMARY_BYO_DKIM_NOT_SUPPORTED' });
  });

  test('a parent that is a replica itself', async () => {
    await client.send(new CreateEmailIdentityCommand({
      EmailIdentity: DOMAIN, DkimSigningAttributes: { DomainSigningAttributesOrigin: 'AWS_SES_US_WEST_2' },
    }));
    await put(fromUsEast1, DOMAIN, replicaClient);
    expect(await look(MINUTE, 'eu-west-1')).toMatchObject({ status: 'FAILED', errorType: 'REPLICATION_REPLICA_AS_PRIMARY_NOT_SUPPORTED' });
  });

  test('its own Region as parent', async () => {
    await put({ SigningAttributesOrigin: 'AWS_SES_EU_WEST_1' }, DOMAIN, replicaClient);
    expect(await look(MINUTE, 'eu-west-1')).toMatchObject({ status: 'FAILED', errorType: 'REPLICATION_PRIMARY_INVALID_REGION' });
  });

  test.each([
    ['with the right to replicate into the Region', 'eu-west-1', 'SUCCESS', undefined],
    ['with the right for another Region only', 'eu-west-2', 'FAILED', 'REPLICATION_ACCESS_DENIED'],
  ])('a role %s', async (_, allowedRegion, status, errorType) => {
    // GIVEN
    await verifiedEasyDkim();
    const role = roleWith([
      { Effect: 'Allow', Action: 'ses:PutEmailIdentityDkimSigningAttributes', Resource: `arn:aws:ses:eu-west-1:${ACCOUNT}:identity/${DOMAIN}` },
      {
        Effect: 'Allow',
        Action: 'ses:ReplicateEmailIdentityDkimSigningKey',
        Resource: `arn:aws:ses:us-east-1:${ACCOUNT}:identity/${DOMAIN}`,
        Condition: { 'ForAllValues:StringEquals': { 'ses:ReplicaRegion': allowedRegion } },
      },
    ]);
    // WHEN
    await put(fromUsEast1, DOMAIN, clientIn('eu-west-1', role));
    // THEN
    const seen = await look(MINUTE, 'eu-west-1');
    expect(seen.status).toBe(status);
    expect(seen.errorType).toBe(errorType);
  });

  test('DomainSigningAttributesOrigin is refused in the call that configures signing', async () => {
    ses.createIdentity(ref());
    const attributes = { DomainSigningAttributesOrigin: 'AWS_SES_US_EAST_1' as const };
    expect(await refusal(put({ ...fromUsEast1, SigningAttributes: attributes }, DOMAIN, replicaClient)))
      .toMatchObject({ name: 'BadRequestException' });
  });
});

describe('the status over time', () => {
  test('after FAILED SES does not look by itself, and a repeated call re-arms it', async () => {
    // GIVEN
    ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
    expect(await look(72 * HOUR)).toMatchObject({ status: 'FAILED', errorType: 'HOST_NOT_FOUND' });
    const failedAt = state().lastChecked;
    // WHEN the record comes too late, while another identity shows that looks go on
    publishKey('s1', key);
    ses.createIdentity(ref('eu-west-1'));
    await look(HOUR, 'eu-west-1');
    // THEN
    expect(state()).toMatchObject({ status: 'FAILED', lastChecked: failedAt });
    expect((await putKey('s1', KEY)).DkimStatus).toBe('PENDING');
    expect((await look()).status).toBe('SUCCESS');
  });

  test('the time until SES gives up can be set', async () => {
    await startSes({ giveUpAfter: 30_000 });
    ses.createIdentity(ref());
    expect((await look(30_000)).status).toBe('FAILED');
  });

  test('a status can be NOT_STARTED until the first look', async () => {
    await startSes({ requestsPerSecond: Infinity, firstStatus: 'NOT_STARTED' });
    ses.createIdentity(ref());
    expect((await put({ SigningAttributesOrigin: 'AWS_SES' })).DkimStatus).toBe('NOT_STARTED');
    expect((await look()).status).toBe('PENDING');
  });

  test('signing stops while a record is away and goes on when it is back', async () => {
    // GIVEN
    ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
    publishKey('s1', key);
    await look();
    // WHEN
    zone.remove(`s1._domainkey.${DOMAIN}`, 'TXT');
    // THEN
    expect(await look(HOUR)).toMatchObject({ status: 'TEMPORARY_FAILURE', errorType: 'HOST_NOT_FOUND' });
    expect((await verdictOfMail()).result).toBe('none');
    publishKey('s1', key);
    expect((await look()).status).toBe('SUCCESS');
    expect((await verdictOfMail()).result).toBe('pass');
  });

  test('a record that stays away for five days ends in FAILED', async () => {
    ses.createIdentity({ ...ref(), dkim: { selector: 's1', privateKey: KEY } });
    publishKey('s1', key);
    await look();
    zone.remove(`s1._domainkey.${DOMAIN}`, 'TXT');
    await look(HOUR);
    expect((await look(5 * 24 * HOUR)).status).toBe('FAILED');
  });

  test('a look that was under way when a newer call came does not count', async () => {
    // GIVEN a look in DNS that has not been answered yet
    let answer: ((targets: string[]) => void) | undefined;
    let over = false;
    const slow = dns.client();
    slow.resolveCname = () => new Promise((resolve) => (answer = resolve));
    slow.resolveSoa = async () => {
      over = true;
      throw new Error('the last question of a look');
    };
    await startSes({ requestsPerSecond: Infinity, resolver: () => slow });
    ses.createIdentity(ref());
    context.clock.advance(MINUTE);
    await until(() => answer !== undefined);
    // WHEN
    await putKey('s1', KEY);
    answer!(['wrong.example']);
    await until(() => over);
    // THEN
    expect(state()).toMatchObject({ status: 'PENDING', origin: 'EXTERNAL', lastChecked: undefined, errorType: undefined });
  });
});

describe('mail', () => {
  test('an identity that is not verified may not send', async () => {
    ses.createIdentity(ref());
    expect(await refusal(verdictOfMail())).toMatchObject({ name: 'MessageRejected' });
    expect(ses.outbox).toEqual([]);
  });

  test('a subdomain without an identity of its own is signed for by its parent domain', async () => {
    await verifiedEasyDkim();
    ses.createIdentity(ref('us-east-1', `other.${DOMAIN}`));
    expect(await verdictOfMail(`jane@news.mail.${DOMAIN}`)).toMatchObject({ result: 'pass', signingDomain: DOMAIN });
    expect(await verdictOfMail(`jane@other.${DOMAIN}`)).toMatchObject({ result: 'pass', signingDomain: DOMAIN });
  });

  test('a subdomain with a verified identity of its own signs for itself', async () => {
    // GIVEN
    await verifiedEasyDkim();
    const subdomain = `mail.${DOMAIN}`;
    ses.createIdentity({ ...ref('us-east-1', subdomain), dkim: { selector: 's1', privateKey: KEY } });
    publishKey('s1', key, subdomain);
    await look(MINUTE, 'us-east-1', subdomain);
    // THEN
    expect(await verdictOfMail(`jane@${subdomain}`)).toMatchObject({ result: 'pass', selector: 's1', signingDomain: subdomain });
  });

  test('a raw message is signed as it is, also with bare line feeds and a folded From header', async () => {
    // GIVEN
    await verifiedEasyDkim();
    const raw = `Subject: raw\nFrom: "Jane, of\n Example" <jane@${DOMAIN}>\nTo: john@example.net\n\nHello\n`;
    // WHEN
    await client.send(new SendEmailCommand({ Destination: { ToAddresses: ['john@example.net'] }, Content: { Raw: { Data: Buffer.from(raw) } } }));
    // THEN
    const [sent] = ses.outbox;
    expect(sent).toMatchObject({ account: ACCOUNT, region: 'us-east-1', to: ['john@example.net'] });
    expect(sent.raw.toString()).toContain('\r\n\r\nHello\r\n');
    expect(await mailVerdict(sent.raw, dns.client())).toMatchObject({ result: 'pass', aligned: true });
  });

  test('signing that is switched off sends unsigned', async () => {
    await verifiedEasyDkim();
    await client.send(new PutEmailIdentityDkimAttributesCommand({ EmailIdentity: DOMAIN, SigningEnabled: false }));
    expect(state().signingEnabled).toBe(false);
    expect((await verdictOfMail()).result).toBe('none');
    await client.send(new PutEmailIdentityDkimAttributesCommand({ EmailIdentity: DOMAIN, SigningEnabled: true }));
    expect((await verdictOfMail()).result).toBe('pass');
  });

  test('an identity can be made with signing switched off', () => {
    expect(ses.createIdentity({ ...ref(), signingEnabled: false }).signingEnabled).toBe(false);
    expect(state().signingEnabled).toBe(false);
  });

  test('the verifier sees a message that was changed on its way', async () => {
    await verifiedEasyDkim();
    await verdictOfMail();
    const raw = ses.outbox[0].raw.toString('latin1');
    expect((await mailVerdict(raw.replace('To: john', 'To: jack'), dns.client())).result).toBe('fail');
  });

  test('the verifier looks in DNS: without the record there is no pass', async () => {
    await verifiedEasyDkim();
    await verdictOfMail();
    zone.remove(`${state().tokens[0]}._domainkey.${DOMAIN}`, 'CNAME');
    expect(await mailVerdict(ses.outbox[0].raw, dns.client())).toMatchObject({ result: 'neutral', comment: 'no key' });
  });
});

describe('the API', () => {
  test('an unknown identity is not found, but signing of an unknown identity cannot be switched', async () => {
    expect(await refusal(client.send(new GetEmailIdentityCommand({ EmailIdentity: DOMAIN }))))
      .toMatchObject({ name: 'NotFoundException', $metadata: { httpStatusCode: 404 } });
    expect(await refusal(putKey('s1', KEY))).toMatchObject({ name: 'NotFoundException', $metadata: { httpStatusCode: 404 } });
    expect(await refusal(client.send(new DeleteEmailIdentityCommand({ EmailIdentity: DOMAIN })))).toMatchObject({ name: 'NotFoundException' });
    expect(await refusal(client.send(new PutEmailIdentityDkimAttributesCommand({ EmailIdentity: DOMAIN, SigningEnabled: true }))))
      .toMatchObject({ name: 'BadRequestException', $metadata: { httpStatusCode: 400 } });
    expect(ses.deleteIdentity(ref())).toBe(false);
  });

  test.each([`jane@${DOMAIN}`, ' '])('%j is no domain', async (identity) => {
    expect(await refusal(put({ SigningAttributesOrigin: 'AWS_SES' }, identity))).toMatchObject({
      name: 'BadRequestException', message: 'The EmailIdentity value must be a valid domain.', $metadata: { httpStatusCode: 400 },
    });
  });

  test('an identity exists once for an account and Region', async () => {
    const create = (region: string) => clientIn(region).send(new CreateEmailIdentityCommand({ EmailIdentity: DOMAIN }));
    await create('us-east-1');
    await create('eu-west-1');
    expect(await refusal(create('us-east-1'))).toMatchObject({ name: 'AlreadyExistsException' });
  });

  test('CreateEmailIdentity takes BYODKIM and a key length', async () => {
    await client.send(new CreateEmailIdentityCommand({
      EmailIdentity: DOMAIN, DkimSigningAttributes: { DomainSigningSelector: 's1', DomainSigningPrivateKey: KEY },
    }));
    await client.send(new CreateEmailIdentityCommand({
      EmailIdentity: 'example.org', DkimSigningAttributes: { NextSigningKeyLength: 'RSA_1024_BIT' },
    }));
    expect(state()).toMatchObject({ origin: 'EXTERNAL', tokens: ['s1'] });
    expect(state('us-east-1', 'example.org')).toMatchObject({ origin: 'AWS_SES', nextKeyLength: 'RSA_1024_BIT' });
  });

  test('control-plane calls are limited to one per second, account and Region; mail is not', async () => {
    // GIVEN
    await startSes({});
    await verifiedEasyDkim();
    const get = (by = client) => by.send(new GetEmailIdentityCommand({ EmailIdentity: DOMAIN }));
    context.clock.setSpeed(0.001); // so that a slow machine does not let the second pass
    // WHEN
    await get();
    // THEN
    expect(await refusal(get())).toMatchObject({ name: 'TooManyRequestsException', $metadata: { httpStatusCode: 429 } });
    expect(await refusal(get(clientIn('eu-west-1')))).toMatchObject({ name: 'NotFoundException' });
    expect(await refusal(get(clientIn('us-east-1', { account: '222222222222' })))).toMatchObject({ name: 'NotFoundException' });
    expect((await verdictOfMail()).result).toBe('pass');
    context.clock.advance(1000);
    await get();
  });

  test('a role may only do what its policies allow, on the identity they name', async () => {
    // GIVEN
    ses.createIdentity(ref());
    ses.createIdentity(ref('us-east-1', 'example.org'));
    const role = clientIn('us-east-1', roleWith([
      { Effect: 'Allow', Action: 'ses:GetEmailIdentity', Resource: `arn:aws:ses:us-east-1:${ACCOUNT}:identity/${DOMAIN}` },
    ]));
    // THEN
    expect((await role.send(new GetEmailIdentityCommand({ EmailIdentity: DOMAIN }))).IdentityType).toBe('DOMAIN');
    const denied = { name: 'AccessDeniedException', $metadata: { httpStatusCode: 403 } };
    expect(await refusal(role.send(new GetEmailIdentityCommand({ EmailIdentity: 'example.org' })))).toMatchObject(denied);
    expect(await refusal(put({ SigningAttributesOrigin: 'AWS_SES' }, DOMAIN, role))).toMatchObject(denied);
  });

  test('the right to send is asked for on the identity that signs', async () => {
    await verifiedEasyDkim();
    const sender = roleWith([{
      Effect: 'Allow',
      Action: 'ses:SendEmail',
      Resource: `arn:aws:ses:us-east-1:${ACCOUNT}:identity/${DOMAIN}`,
      Condition: { StringEquals: { 'ses:FromAddress': `jane@${DOMAIN}` } },
    }]);
    expect((await verdictOfMail(undefined, clientIn('us-east-1', sender))).result).toBe('pass');
    expect(await refusal(verdictOfMail(`john@${DOMAIN}`, clientIn('us-east-1', sender)))).toMatchObject({ name: 'AccessDeniedException' });
  });

  test('an operation that the local SES does not have says so', async () => {
    const response = await fetch(`${ses.endpoint}/v2/email/account`, {
      headers: { authorization: `AWS4-HMAC-SHA256 Credential=${context.credentials.issue({ account: ACCOUNT }).accessKeyId}/20260101/us-east-1/ses/x` },
    });
    expect(response.status).toBe(404);
    expect(response.headers.get('x-amzn-errortype')).toBe('UnknownOperationException');
  });
});

/** A principal whose role has just these rights. */
function roleWith(statements: PolicyStatement[]): Principal {
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/tester`;
  context.iam.putRole({ arn: roleArn, assumeRolePolicy: { Statement: [] } });
  context.iam.putRolePolicy(roleArn, 'rights', { Statement: statements });
  return { account: ACCOUNT, roleArn };
}

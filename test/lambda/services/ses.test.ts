// Tests of the SES calls with the real SDK client, against the local SES.
import { generateKeyPairSync } from 'node:crypto';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { OutOfTimeError } from '../../../lambda/base/errors';
import { logTo } from '../../../lambda/base/log';
import { Redactor } from '../../../lambda/base/redaction';
import { Retry } from '../../../lambda/base/retry';
import { sesOf } from '../../../lambda/services/ses';
import { DnsWorld } from '../../cloud/dns';
import { minimalContext, MinimalContext } from '../../cloud/minimal-context';
import { ServiceError } from '../../cloud/service-error';
import { Ses } from '../../cloud/ses';
import { jumpingTime } from '../fixtures/jumping-time';
import { withOwnErrors } from '../fixtures/own-errors';

const ACCOUNT = '111111111111';
const DOMAIN = 'mail.example.com';
const FIRST_LOOK_MS = 24 * 3_600_000;
const KEY = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'der' })
  .toString('base64');

let context: MinimalContext;
let dns: DnsWorld;
let cloud: Ses;
let lines: string[];
let redactor: Redactor;
const clients: SESv2Client[] = [];

beforeEach(async () => {
  context = minimalContext();
  dns = new DnsWorld();
  await dns.start();
  // Late, so that SES is not in the middle of a look when a test ends.
  const publisher = { set: () => undefined, remove: () => undefined };
  cloud = new Ses(context, { resolver: dns.memoryClient(), publisher, requestsPerSecond: 1, firstLook: FIRST_LOOK_MS });
  await cloud.start();
  lines = [];
  redactor = new Redactor();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await cloud.stop();
  await dns.stop();
});

function ses({ minutes = 60 } = {}) {
  const clientFor = (region: string) => {
    const credentials = context.credentials.issue({ account: ACCOUNT });
    const client = withOwnErrors(new SESv2Client({ region, endpoint: cloud.endpoint, credentials, maxAttempts: 1 }));
    clients.push(client);
    return client;
  };
  const log = logTo((line) => lines.push(line), redactor);
  const retry = new Retry({
    time: jumpingTime(context.clock), log, end: context.clock.now() + minutes * 60_000, accessGraceMs: 10_000,
  });
  return sesOf({ domain: DOMAIN, region: 'us-east-1' }, STACK, clientFor, retry);
}

const STACK = `arn:aws:cloudformation:us-east-1:${ACCOUNT}:stack/Mail/0a1b2c3d`;
const inRegion = (region: string) => ({ account: ACCOUNT, region, name: DOMAIN });
const HERE = inRegion('us-east-1');
const operations = () => context.calls.map(({ operation, region, status }) => `${region} ${operation} ${status}`);

describe('reading', () => {
  test('an identity with Easy DKIM', async () => {
    // GIVEN
    const { tokens, keyGeneratedAt } = cloud.createIdentity({ ...HERE, dkim: { nextKeyLength: 'RSA_1024_BIT' } });
    // THEN
    await expect(ses().read()).resolves.toEqual({
      status: 'PENDING',
      signingEnabled: true,
      origin: 'AWS_SES',
      tokens,
      signingHostedZone: 'dkim.amazonses.com',
      nextKeyLength: 'RSA_1024_BIT',
      lastKeyGeneration: new Date(keyGeneratedAt!),
      lastChecked: undefined,
      errorType: undefined,
      tags: {},
    });
  });

  test('an identity with BYODKIM, switched off', async () => {
    cloud.createIdentity({ ...HERE, dkim: { selector: 'dkim2026', privateKey: KEY }, signingEnabled: false });
    await expect(ses().read()).resolves.toMatchObject({
      origin: 'EXTERNAL',
      tokens: ['dkim2026'],
      signingEnabled: false,
      signingHostedZone: undefined,
      nextKeyLength: undefined,
    });
  });

  test('what SES saw when it last looked', async () => {
    // GIVEN
    cloud.createIdentity({ ...HERE, dkim: { selector: 'dkim2026', privateKey: KEY } });
    await context.clock.pass(FIRST_LOOK_MS + 1);
    // THEN
    await expect(ses().read()).resolves.toMatchObject({
      status: 'PENDING', errorType: 'HOST_NOT_FOUND', lastChecked: new Date(cloud.identity(HERE)!.lastChecked!),
    });
  });

  test('the same domain in another Region', async () => {
    cloud.createIdentity({ ...inRegion('eu-west-1'), dkim: { selector: 'theirs', privateKey: KEY } });
    await expect(ses().readIn('eu-west-1')).resolves.toMatchObject({ origin: 'EXTERNAL', tokens: ['theirs'] });
    await expect(ses().read()).resolves.toBeUndefined();
    expect(operations()).toEqual(['eu-west-1 GetEmailIdentity 200', 'us-east-1 GetEmailIdentity 404']);
  });

  test('an identity with tags, which are written and taken away one by one', async () => {
    cloud.createIdentity({ ...HERE, tags: [{ Key: 'team', Value: 'mail' }] });
    await ses().tag('cdk-ses-dkim-1', 'told=EXTERNAL:s1');
    await expect(ses().read()).resolves.toMatchObject({ tags: { 'team': 'mail', 'cdk-ses-dkim-1': 'told=EXTERNAL:s1' } });
    await ses().untag('cdk-ses-dkim-1');
    await expect(ses().read()).resolves.toMatchObject({ tags: { team: 'mail' } });
  });

  test('an identity of which SES says nothing signs nothing', async () => {
    const client = { send: async () => ({}) } as unknown as SESv2Client;
    const time = jumpingTime(context.clock);
    const retry = new Retry({ time, log: () => undefined, end: Infinity, accessGraceMs: 0 });
    const silent = sesOf({ domain: DOMAIN, region: 'us-east-1' }, STACK, () => client, retry);
    await expect(silent.read()).resolves.toMatchObject({ status: 'NOT_STARTED', signingEnabled: false, tokens: [] });
    await expect(silent.putSigning({ origin: 'AWS_SES' })).resolves
      .toEqual({ status: 'PENDING', tokens: [], signingHostedZone: undefined });
  });

  test('a refusal is passed on once the grace is over', async () => {
    context.faults.add({ service: 'ses', kind: 'access-denied', times: 1000 });
    await expect(ses().read()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('putting', () => {
  const sent = () => JSON.parse(context.calls.at(-1)!.body);

  test('a key of one\'s own', async () => {
    // GIVEN
    cloud.createIdentity(HERE);
    // WHEN
    const answer = await ses().putSigning({ origin: 'EXTERNAL', selector: 'dkim2026', privateKey: KEY });
    // THEN
    expect(answer).toEqual({ status: 'NOT_STARTED', tokens: ['dkim2026'], signingHostedZone: undefined });
    expect(sent()).toEqual({
      SigningAttributesOrigin: 'EXTERNAL',
      SigningAttributes: { DomainSigningSelector: 'dkim2026', DomainSigningPrivateKey: KEY },
    });
    expect(cloud.identity(HERE)).toMatchObject({ origin: 'EXTERNAL', tokens: ['dkim2026'] });
  });

  test('Easy DKIM, with the key length only where it is to be set', async () => {
    // GIVEN
    const { tokens } = cloud.createIdentity({ ...HERE, dkim: { selector: 'dkim2026', privateKey: KEY } });
    // WHEN
    const back = await ses().putSigning({ origin: 'AWS_SES' });
    // THEN
    expect(sent()).toEqual({ SigningAttributesOrigin: 'AWS_SES' });
    expect(back).toMatchObject({
      status: 'NOT_STARTED',
      signingHostedZone: 'dkim.amazonses.com',
      tokens: [expect.any(String), expect.any(String), expect.any(String)],
    });
    // WHEN
    const shorter = await ses().putSigning({ origin: 'AWS_SES', keyLength: 'RSA_1024_BIT' });
    // THEN
    expect(sent())
      .toEqual({ SigningAttributesOrigin: 'AWS_SES', SigningAttributes: { NextSigningKeyLength: 'RSA_1024_BIT' } });
    expect(shorter.tokens).not.toEqual(back.tokens);
    expect(tokens).toEqual(['dkim2026']);
  });

  test('a replica, which gets its parent\'s tokens', async () => {
    // GIVEN
    cloud.createIdentity(HERE);
    const parent = cloud.createIdentity(inRegion('eu-south-1'));
    // WHEN
    const answer = await ses().putSigning({ origin: 'AWS_SES_EU_SOUTH_1' });
    // THEN
    expect(sent()).toEqual({ SigningAttributesOrigin: 'AWS_SES_EU_SOUTH_1' });
    expect(answer)
      .toEqual({ status: 'NOT_STARTED', tokens: parent.tokens, signingHostedZone: 'dkim.eu-south-1.amazonses.com' });
  });

  test('an identity that is not there is an error by its name', async () => {
    await expect(ses().putSigning({ origin: 'AWS_SES' })).rejects.toMatchObject({ name: 'NotFoundException' });
  });
});

test('one call a second for the whole account is waited for', async () => {
  // GIVEN
  cloud.createIdentity(HERE);
  const subject = ses();
  // WHEN
  const states = await Promise.all(Array.from({ length: 6 }, () => subject.read()));
  // THEN
  expect(states.every((state) => state?.origin === 'AWS_SES')).toBe(true);
  context.faults.add({ service: 'ses', kind: 'throttle', times: 3 });
  await subject.putSigning({ origin: 'AWS_SES' });
  expect(lines.filter((line) => line.includes('"errorName":"TooManyRequestsException"')).length)
    .toBeGreaterThanOrEqual(3);
});

test.each(['error', 'cut-before', 'cut-after'] as const)('a call that fails by %s is repeated', async (kind) => {
  cloud.createIdentity(HERE);
  context.faults.add({ service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', kind });
  await expect(ses().putSigning({ origin: 'EXTERNAL', selector: 'dkim2026', privateKey: KEY }))
    .resolves.toMatchObject({ tokens: ['dkim2026'] });
  expect(lines.map((line) => JSON.parse(line))).toContainEqual(expect.objectContaining({
    decision: 'call-retried', call: 'PutEmailIdentityDkimSigningAttributes', attempt: 1,
  }));
});

test('an SES that stays busy ends in time', async () => {
  context.faults.add({ service: 'ses', kind: 'throttle', times: 1000 });
  await expect(ses({ minutes: 2 }).read()).rejects.toBeInstanceOf(OutOfTimeError);
});

describe('an error that quotes the private key', () => {
  const quoting = (code: string, status: number) => new ServiceError(code, status,
    `1 validation error detected: Value '${KEY}' at 'signingAttributes.domainSigningPrivateKey' failed to satisfy `
      + 'constraint');

  test('is logged without it while the call is retried', async () => {
    redactor.hide(KEY);
    cloud.createIdentity(HERE);
    context.faults.add({ service: 'ses', kind: quoting('TooManyRequestsException', 429), times: 2 });
    await ses().putSigning({ origin: 'EXTERNAL', selector: 'dkim2026', privateKey: KEY });
    expect(lines).toHaveLength(2);
    for (let at = 0; at + 12 <= KEY.length; at++) expect(lines.join('')).not.toContain(KEY.slice(at, at + 12));
  });
});

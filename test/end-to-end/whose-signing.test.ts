// Who has set how an identity signs, and what may go with it: kind B of the faults that are known.
import { PutEmailIdentityDkimSigningAttributesCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as ses from 'aws-cdk-lib/aws-ses';
import { bareKey, signsByHand, thenFails } from './hand-made';
import { WAIT } from './methods';
import { ACCOUNT, byoDkim, DNS_ACCOUNT, DOMAIN, PEM, publicKeyOf, REGION, Scene } from './scene';
import { EmailIdentityDkim, EmailIdentityDkimProps, RecordConflict } from '../../src';
import { LocalCloudOptions } from '../cloud';

const ORG = 'example.org';
const OTHER_REGION = 'eu-west-1';
const EASY_DKIM = { SigningAttributesOrigin: 'AWS_SES' } as const;
const KEY_ONE = {
  SigningAttributesOrigin: 'EXTERNAL',
  SigningAttributes: { DomainSigningSelector: 's1', DomainSigningPrivateKey: bareKey(PEM.one) },
} as const;

let scene: Scene;

/** So SES refuses none of the test's own calls, also at the moment in which the function calls. */
const UNLIMITED = { requestsPerSecond: Infinity } as const;

/** With an identity for example.com that signs nothing yet. */
async function start(options?: LocalCloudOptions): Promise<void> {
  scene = await Scene.withIdentity(options);
}
afterEach(() => scene.stop());

/** Somebody else tells SES how to sign example.com. No time passes meanwhile, also when a deployment is at work. */
async function tellSes(signing: typeof EASY_DKIM | typeof KEY_ONE): Promise<void> {
  const { clock, ses: { endpoint } } = scene.cloud;
  const client = new SESv2Client({ region: REGION, endpoint, credentials: scene.cloud.issueCredentials() });
  await clock.hold('SES to be told by somebody else', () =>
    client.send(new PutEmailIdentityDkimSigningAttributesCommand({ EmailIdentity: DOMAIN, ...signing })));
  client.destroy();
}

/** For example.org, with its own identity and in a zone of its own. */
function forOrg(zoneId: string, secretArn: string): (stack: Stack) => EmailIdentityDkim {
  return (stack) => new EmailIdentityDkim(stack, 'Dkim', {
    identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', ORG),
    hostedZone: scene.zoneIn(stack, zoneId, ORG),
    signing: byoDkim(stack, 's1', secretArn),
    ...WAIT,
  });
}

// A cancelled request can bring SES back to the old key, as can a roll-back that is continued without this resource.
test('B1 where SES has gone back to an older key, a deletion leaves its record or leads SES away', async () => {
  // GIVEN
  await start({ ses: UNLIMITED });
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  await scene.deployed('Mail', scene.byo('s2', scene.secrets.two, WAIT));
  await tellSes(KEY_ONE);
  await scene.verified();
  // WHEN
  expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
  // THEN
  const usesKey = scene.identity()!.tokens.includes('s1');
  const published = scene.records().some((record) => record.startsWith('TXT s1._domainkey.'));
  expect({ usesKey, published }).not.toEqual({ usesKey: true, published: false });
});

test('B2 a user\'s own signing outlives a roll-back, with DNS on its way to Route 53', async () => {
  // GIVEN a domain that is delegated to another provider still, and a signing that was verified there
  await start();
  const oldProvider = scene.cloud.dns.provider('elsewhere');
  await oldProvider.createZone(ORG);
  oldProvider.set(`s1._domainkey.${ORG}`, 'TXT', [`v=DKIM1; k=rsa; p=${publicKeyOf(PEM.one)}`]);
  const dkim = { selector: 's1', privateKey: bareKey(PEM.one) };
  scene.cloud.ses.createIdentity({ account: ACCOUNT, region: REGION, name: ORG, dkim });
  await scene.verified(REGION, ORG);
  const { id } = await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: ORG, delegate: false });
  // WHEN
  const result = await scene.deploy('Mail', thenFails(forOrg(id, scene.secrets.one)));
  // THEN
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  expect(scene.identity(REGION, ORG)).toMatchObject({ origin: 'EXTERNAL', tokens: ['s1'], status: 'SUCCESS' });
});

test('B3 one domain in two accounts and one zone: SES forgets the key of who lets go', async () => {
  // GIVEN
  await start();
  const role = `arn:aws:iam::${ACCOUNT}:role/dns`;
  const trust = { Effect: 'Allow' as const, Principal: { AWS: DNS_ACCOUNT }, Action: 'sts:AssumeRole' };
  scene.cloud.iam.putRole({ arn: role, assumeRolePolicy: { Statement: [trust] } });
  const rights = { Effect: 'Allow' as const, Action: 'route53:*', Resource: '*' };
  scene.cloud.iam.putRolePolicy(role, 'records', { Statement: [rights] });
  scene.cloud.ses.createIdentity({ account: DNS_ACCOUNT, region: REGION, name: DOMAIN });
  const theirSecret = scene.secret(PEM.two, 'theirs', { account: DNS_ACCOUNT });
  await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  await scene.deployed('Mail', (stack) => {
    const hostedZoneRole = iam.Role.fromRoleArn(stack, 'Role', role, { mutable: false });
    scene.byo('s2', theirSecret, { ...WAIT, hostedZoneRole })(stack);
  }, { account: DNS_ACCOUNT });
  // WHEN
  expect((await scene.destroy('Mail')).status).toBe('DELETE_COMPLETE');
  // THEN
  expect(scene.identity()).toMatchObject({ origin: 'AWS_SES' });
});

test('B4 two constructs of one identity, removed at the same moment, leave no key and no record', async () => {
  // GIVEN
  await start();
  await scene.deployed('First', scene.byo('s1', scene.secrets.one, WAIT));
  await scene.deployed('Second', scene.byo('s1', scene.secrets.one, WAIT));
  // Neither of them is done before the other has read the zone.
  scene.cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', kind: 'throttle', times: 8 });
  // WHEN
  const results = await Promise.all(['First', 'Second'].map((name) => scene.destroy(name)));
  // THEN
  expect(results.map(({ status }) => status)).toEqual(['DELETE_COMPLETE', 'DELETE_COMPLETE']);
  expect(scene.identity()).toMatchObject({ origin: 'AWS_SES' });
  expect(scene.all()).toEqual([]);
});

test('B5 a stack that gets an env goes on signing, where the construct names the Region already', async () => {
  // GIVEN
  await start();
  scene.publishKey('s1', PEM.one);
  const place = { account: ACCOUNT, region: REGION };
  const deploy = (env?: typeof place) => {
    const app = Scene.newApp();
    const props = { ...WAIT, region: REGION, hostedZone: undefined };
    scene.byo('s1', scene.secrets.one, props)(new Stack(app, 'Mail', { env }));
    return scene.cloud.cloudFormation.deployAssembly(app.synth(), 'Mail', place);
  };
  expect((await deploy()).status).toBe('CREATE_COMPLETE');
  // WHEN
  expect((await deploy(place)).status).toBe('UPDATE_COMPLETE');
  // THEN
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

test('B6 a domain that is replaced is rolled back, also when the secret has another key meanwhile', async () => {
  // GIVEN
  await start();
  scene.identityExists(REGION, ORG);
  const { id } = await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: ORG });
  const secretArn = scene.secret(PEM.one);
  await scene.deployed('Mail', scene.byo('s1', secretArn, WAIT));
  scene.cloud.secretsManager.put(secretArn, PEM.two);
  // WHEN
  const result = await scene.deploy('Mail', thenFails(forOrg(id, secretArn)));
  // THEN
  expect(result.status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

describe('two Regions with one zone, one selector and different keys', () => {
  const second = (props: Partial<EmailIdentityDkimProps> = {}) =>
    scene.deploy('Mail', scene.byo('s1', scene.secrets.two, { ...WAIT, ...props }), { region: OTHER_REGION });

  beforeEach(async () => {
    await start();
    scene.identityExists(OTHER_REGION);
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
  });

  test('B7 the second Region is refused, and the first one\'s mail verifies', async () => {
    expect((await second()).status).toBe('ROLLBACK_COMPLETE');
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });

  test('B7 the reason does not advise to overwrite what the first Region signs with', async () => {
    const { reason } = await second();
    expect(reason).toMatch(/selector/);
    expect(reason).not.toMatch(/OVERWRITE/);
  });

  test('B7 OVERWRITE does not take the record of the first Region, and its mail verifies', async () => {
    await second({ recordConflict: RecordConflict.OVERWRITE });
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
  });
});

describe('a deployment that waits for verification', () => {
  // SES first looks after half a minute. Until shortly before that, every read shows what was before the change.
  const STALE = { staleReads: 'always', staleForMs: 25_000 } as const;

  test('B8 ends when the new key is verified, not when the old one was', async () => {
    await start({ ses: STALE });
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    await scene.deployed('Mail', scene.byo('s2', scene.secrets.two, WAIT));
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
  });

  test('B8 does not fail for the key that was there before it', async () => {
    await start({ ses: { ...STALE, giveUpAfter: 60_000 } });
    signsByHand(scene, 's1', PEM.one); // and its record is nowhere
    await scene.cloud.clock.pass(120_000);
    expect(scene.identity()).toMatchObject({ status: 'FAILED' });
    const { status, reason } = await scene.deploy('Mail', scene.byo('s2', scene.secrets.two, WAIT));
    expect({ status, reason }).toEqual({ status: 'CREATE_COMPLETE', reason: undefined });
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's2' });
  });

  test('B8 does not end well when SES has verified what somebody else told it meanwhile', async () => {
    // GIVEN a key that nobody has published, so that the wait is long
    await start({ ses: UNLIMITED });
    const { tokens, signingHostedZone } = scene.identity()!;
    const deploying = scene.deploy('Mail', scene.byo('s1', scene.secrets.one, { ...WAIT, hostedZone: undefined }));
    await scene.cloud.clock.until('SES to be told', () => scene.identity()!.origin === 'EXTERNAL');
    // WHEN
    await tellSes(EASY_DKIM);
    for (const token of tokens) scene.write(`${token}._domainkey.${DOMAIN}`, 'CNAME', `${token}.${signingHostedZone}`);
    // THEN
    expect((await deploying).status).toBe('ROLLBACK_COMPLETE');
  });
});

test('B9 a first deployment over a hand-made signing rolls back, and mail verifies by some key', async () => {
  await start();
  signsByHand(scene, 's1', PEM.one);
  scene.publishKey('s1', PEM.one);
  await scene.verified();
  const result = await scene.deploy('Mail', thenFails(scene.byo('s2', scene.secrets.two, WAIT)));
  expect(result.status).toBe('ROLLBACK_COMPLETE');
  await scene.cloud.clock.pass(600_000);
  expect(await scene.send()).toMatchObject({ result: 'pass' });
});

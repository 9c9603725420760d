// A key in slots, behind CNAMEs at another DNS provider: what comes before it and after it, and who gets in its way.
import { PutEmailIdentityDkimSigningAttributesCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { CfnParameter, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import { DelegatedScene, KEYS_ZONE, PLACE, SLOTS } from './delegated-scene';
import { thenFails } from './hand-made';
import { DAY, HOUR, MINUTE, RotatingScene } from './rotating-scene';
import { ACCOUNT, byoDkim, DNS_ACCOUNT, DOMAIN, PEM, publicKeyOf, REGION, Scene } from './scene';
import { DkimHostedZoneRole, DkimSigning, EmailIdentityDkim } from '../../src';
import { part } from '../whole-size';

/** In seconds after a rotation has begun. */
const MOMENTS = [1, 60, 600, 1000];

const OVERLAP = { overlap: Duration.days(1) };

let delegated: DelegatedScene;
let scene: Scene;

afterEach(() => scene.stop());

async function started(cloud = {}): Promise<void> {
  delegated = await DelegatedScene.started(cloud);
  ({ scene } = delegated);
}

async function deployed(options = {}, props = {}, cloud = {}): Promise<void> {
  delegated = await DelegatedScene.deployed(options, props, cloud);
  ({ scene } = delegated);
}

/** Secrets with keys of ours. */
function secrets(): number {
  return scene.cloud.secretsManager.described().filter(({ tags }) =>
    tags.some(({ Key }) => Key.startsWith('cdk-ses-dkim:'))).length;
}

describe('a plain rotating key', () => {
  /** The DNS of example.com is in Route 53, and somebody has published the CNAMEs there by hand. */
  async function withCnamesInRoute53(): Promise<RotatingScene> {
    scene = await Scene.withIdentity();
    const { id } = await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: KEYS_ZONE });
    delegated = new DelegatedScene(scene, id);
    for (const slot of SLOTS) scene.write(`${slot}._domainkey.${DOMAIN}`, 'CNAME', `${slot}._domainkey.${PLACE}`);
    const plain = new RotatingScene(scene);
    await plain.deploy(OVERLAP);
    await scene.verified();
    return plain;
  }

  test('becomes one in slots, and goes back', async () => {
    const plain = await withCnamesInRoute53();
    const [first, before] = [plain.selector, await scene.sent()];
    await delegated.deploy(OVERLAP);
    await scene.verified();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
    expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
    expect(plain.published).toContain(first);
    expect(secrets()).toBe(1);
    await delegated.rotated();
    const inSlot = await scene.sent();
    await plain.deploy(OVERLAP);
    await scene.verified();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: plain.selector });
    expect(await scene.verdictOn(inSlot)).toMatchObject({ result: 'pass' });
    expect(secrets()).toBe(1);
    await plain.rotated();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: plain.selectorOf('AWSCURRENT') });
    expect(scene.writes().filter((call) => call.includes('RotationSchedule'))).toEqual([]);
  });

  test.each([['to slots', true], ['back from slots', false]])('rolled back on its way %s', async (_, isForth) => {
    const plain = await withCnamesInRoute53();
    const [from, to] = isForth ? [plain, delegated] : [delegated, plain];
    if (!isForth) await delegated.deploy(OVERLAP);
    await scene.verified();
    const { selector } = from;
    const before = await scene.sent();
    expect(await scene.deploy('mail', thenFails(to.dkim(OVERLAP)))).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
    await scene.verified();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector });
    expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
    expect(secrets()).toBe(1);
    await from.rotated();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: from.selectorOf('AWSCURRENT') });
  });
});

describe('what signed before', () => {
  test('Easy DKIM with its records at the other provider', async () => {
    await started();
    await scene.deployed('mail', scene.easy({ hostedZone: undefined }));
    const { tokens, signingHostedZone } = scene.identity()!;
    for (const token of tokens) {
      delegated.provider.set(`${token}._domainkey.${DOMAIN}`, 'CNAME', [`${token}.${signingHostedZone}`]);
    }
    await scene.verified();
    const before = await scene.sent();
    await delegated.deploy();
    await scene.verified();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
    expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
    await scene.deployed('mail', scene.easy({ hostedZone: undefined }));
    await scene.verified();
    expect(await scene.send()).toMatchObject({ result: 'pass' });
    expect(delegated.published).toEqual(['dkim-1']); // for the mail on its way
    expect(secrets()).toBe(0);
  });

  test('a key of the user under the name of a slot, published as TXT at the other provider', async () => {
    await started();
    delegated.unlead('dkim-1');
    delegated.provider.set(`dkim-1._domainkey.${DOMAIN}`, 'TXT', [`v=DKIM1; k=rsa; p=${publicKeyOf(PEM.one)}`]);
    await scene.deployed('mail', scene.dkim((stack) => byoDkim(stack, 'dkim-1', scene.secrets.one), {
      hostedZone: undefined,
    }));
    await scene.verified();
    const { status, reason } = await scene.deploy('mail', delegated.dkim());
    expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(reason).toContain('signed with another key under this selector');
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
  });

  test('a copy of the record in place of the CNAME: it would not change with the key', async () => {
    await deployed();
    const [text] = scene.records(delegated.keysZoneId).map((line) => line.split(' ').slice(2).join(' '));
    await scene.destroy('mail');
    delegated.unlead('dkim-1');
    delegated.provider.set(`dkim-1._domainkey.${DOMAIN}`, 'TXT', [text]);
    const { status, reason } = await scene.deploy('mail', delegated.dkim());
    expect(status).toBe('ROLLBACK_COMPLETE');
    expect(reason).toContain(`CNAME dkim-1._domainkey.${DOMAIN} dkim-1._domainkey.${PLACE}`);
  });
});

test('a retained key goes on, and another stack takes the slot that is free', async () => {
  await deployed({}, { removalPolicy: RemovalPolicy.RETAIN });
  await scene.destroy('mail');
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
  expect(delegated.published).toEqual(['dkim-1']);
  const before = await scene.sent();
  await scene.deployed('other', delegated.dkim());
  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-2' });
  expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
});

test.each([
  ['as the documentation has it', dnsApp],
  ['of a zone whose name only the deployment knows', dnsAppOfParameter],
])('a zone of another account, by its role %s', async (_, appFor) => {
  await started();
  const { id } = await scene.cloud.route53.createHostedZone({ account: DNS_ACCOUNT, name: 'keys.example.org' });
  const place = `${DOMAIN}.keys.example.org`;
  for (const slot of SLOTS) delegated.lead(slot, `${slot}._domainkey.${place}`);
  await scene.cloud.cloudFormation.deployAssembly(appFor(id, place).synth(), 'dns', {});
  await scene.deployed('mail', (stack) => {
    new EmailIdentityDkim(stack, 'Dkim', {
      identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', DOMAIN),
      hostedZoneRole: iam.Role.fromRoleArn(stack, 'Role', `arn:aws:iam::${DNS_ACCOUNT}:role/keys`),
      signing: DkimSigning.rotatingByoDkim({
        delegatedTo: route53.HostedZone.fromHostedZoneAttributes(stack, 'Keys', { hostedZoneId: id, zoneName: 'keys.example.org' }),
      }),
    });
  });
  await scene.verified();
  await delegated.rotated();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-2' });
  expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  expect(scene.all(id)).toEqual([]);
});

function dnsAppOfParameter(hostedZoneId: string) {
  const app = Scene.newApp();
  const stack = new Stack(app, 'dns', { env: { account: DNS_ACCOUNT, region: REGION } });
  const zoneName = new CfnParameter(stack, 'ZoneName', { default: 'keys.example.org' }).valueAsString;
  new DkimHostedZoneRole(stack, 'Role', {
    hostedZone: route53.HostedZone.fromHostedZoneAttributes(stack, 'Keys', { hostedZoneId, zoneName }),
    domains: [DOMAIN],
    mailAccount: ACCOUNT,
    roleName: 'keys',
  });
  return app;
}

/** The role as the documentation has it: limited to what is below the domain in the zone. */
function dnsApp(zoneId: string, place: string) {
  const app = Scene.newApp();
  const stack = new Stack(app, 'dns', { env: { account: DNS_ACCOUNT, region: REGION } });
  const zone = `arn:aws:route53:::hostedzone/${zoneId}`;
  new iam.Role(stack, 'Role', {
    roleName: 'keys',
    assumedBy: new iam.AccountPrincipal(ACCOUNT),
    inlinePolicies: {
      keys: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({ actions: ['route53:GetHostedZone', 'route53:ListResourceRecordSets'], resources: [zone] }),
          new iam.PolicyStatement({ actions: ['route53:GetChange'], resources: ['arn:aws:route53:::change/*'] }),
          new iam.PolicyStatement({
            actions: ['route53:ChangeResourceRecordSets'],
            resources: [zone],
            conditions: {
              'ForAllValues:StringLike': {
                'route53:ChangeResourceRecordSetsNormalizedRecordNames': [`*._domainkey.${place}`],
              },
            },
          }),
        ],
      }),
    },
  });
  return app;
}

test('the zone with the keys is changed: the world is led to the new one when the CNAMEs are', async () => {
  await deployed(OVERLAP);
  const { id } = await scene.cloud.route53.createHostedZone({ account: ACCOUNT, name: 'keys.example.org' });
  const moved = (stack: Stack) => scene.dkim(() => DkimSigning.rotatingByoDkim({
    ...OVERLAP,
    delegatedTo: route53.HostedZone.fromHostedZoneAttributes(stack, 'Keys', { hostedZoneId: id, zoneName: 'keys.example.org' }),
  }), { hostedZone: undefined })(stack);
  await scene.deployed('mail', moved);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
  delegated.rotate(); // too early: no key may go where nobody looks
  await scene.cloud.clock.pass(5 * HOUR);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
  for (const slot of SLOTS) delegated.lead(slot, `${slot}._domainkey.${DOMAIN}.keys.example.org`);
  await scene.cloud.clock.pass(26 * HOUR);
  await delegated.rotated();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-2' });
});

describe('the same domain in another Region, with the same zone', () => {
  const EU = { region: 'eu-west-1' };

  beforeEach(async () => {
    await deployed();
    scene.identityExists(EU.region);
  });

  test('needs slots of its own', async () => {
    const { status, reason } = await scene.deploy('other', delegated.dkim(), EU);
    expect(status).toBe('ROLLBACK_COMPLETE');
    expect(reason).toContain('Give the key another selectorPrefix, and publish the CNAMEs of its slots');
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
  });

  test('with slots of its own, both change their keys', async () => {
    for (const slot of ['eu-1', 'eu-2']) delegated.lead(slot);
    await scene.deployed('other', delegated.dkim({ selectorPrefix: 'eu' }), EU);
    await scene.verified(EU.region);
    await delegated.rotated();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-2' });
    expect(await scene.send(EU.region)).toMatchObject({ result: 'pass', selector: 'eu-1' });
    await scene.destroy('mail');
    expect(await scene.send(EU.region)).toMatchObject({ result: 'pass', selector: 'eu-1' });
    await scene.destroy('other', EU);
    expect(scene.all(delegated.keysZoneId)).toEqual([]);
  });
});

test('away from slots after SES was told the same key twice: the key before it stays for its mail', async () => {
  await deployed();
  const before = await scene.sent();
  await delegated.rotated();
  scene.cloud.ses.settings.firstLook = 365 * DAY; // SES gives up, and is told again
  delegated.unlead('dkim-2');
  await scene.cloud.clock.pass(80 * HOUR);
  scene.cloud.ses.settings.firstLook = 30_000;
  delegated.lead('dkim-2');
  await delegated.deploy({}, { recordTtl: Duration.minutes(10) });
  await scene.cloud.clock.pass(HOUR);
  await scene.deployed('mail', scene.easy({ hostedZone: undefined }));
  expect(delegated.published).toEqual(SLOTS);
  expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass', selector: 'dkim-1' });
});

test('away and back again while both slots hold keys for mail on its way', async () => {
  await deployed(OVERLAP);
  await delegated.rotated();
  const before = await scene.sent();
  await scene.deployed('mail', scene.easy({ hostedZone: undefined }));
  const { status, reason } = await scene.deploy('mail', delegated.dkim(OVERLAP));
  expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(reason).toContain('both hold keys that mail may need');
  expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
  await scene.cloud.clock.pass(26 * HOUR);
  await delegated.deploy(OVERLAP);
  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass' });
  await delegated.rotated();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: delegated.selectorOf('AWSCURRENT') });
});

test('SES was told the key before by hand: its slot is not written anew', async () => {
  await deployed(OVERLAP);
  await delegated.rotated();
  const { versions } = scene.cloud.secretsManager.described().find(({ arn }) => arn === delegated.arn)!;
  const before = JSON.parse(versions.holderOf('AWSPREVIOUS')!.value!.toString());
  const client = new SESv2Client({
    region: REGION, endpoint: scene.cloud.ses.endpoint, credentials: scene.cloud.issueCredentials(),
  });
  await scene.cloud.clock.drive('SES to be told by hand', () => client.send(new PutEmailIdentityDkimSigningAttributesCommand({
    EmailIdentity: DOMAIN,
    SigningAttributesOrigin: 'EXTERNAL',
    SigningAttributes: {
      DomainSigningSelector: before.selector,
      DomainSigningPrivateKey: before.privateKey.replace(/-----[A-Z ]+-----|\n/g, ''),
    },
  })));
  client.destroy();
  await scene.verified();
  await scene.cloud.clock.pass(26 * HOUR);
  delegated.rotate();
  await scene.cloud.clock.pass(5 * HOUR);
  expect(delegated.rotationLog.join('\n')).toContain('and the key of this secret has another one');
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
});

test('2 somebody has a record in the slot that is free: the rotation leaves it there', async () => {
  await deployed(OVERLAP);
  scene.write(`dkim-2._domainkey.${PLACE}`, 'TXT', '"mine"', delegated.keysZoneId);
  delegated.rotate();
  await delegated.clock.pass(3 * HOUR);
  expect(delegated.rotationLog.join('\n')).toContain('With delegatedTo, remove the record first if nobody needs it');
  expect(scene.records(delegated.keysZoneId)).toContainEqual(expect.stringContaining('"mine"'));
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
});

test('SES names no selector: keys take turns all the same', async () => {
  await deployed(OVERLAP, {}, { ses: { byoDkimTokens: 'none' } });
  for (const slot of ['dkim-2', 'dkim-1', 'dkim-2']) {
    const before = await scene.sent();
    await delegated.rotated();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: slot });
    expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
    await delegated.clock.pass(26 * HOUR);
  }
});

test.each([['DelegatedTo', 'keys.example.org'], ['DelegatedTo', 'Elsewhere'], ['SelectorPrefix', 'other'], ['Identity', 'example.org']])(
  'a tag that somebody has changed, %s, leads no key elsewhere', async (name, value) => {
    await deployed();
    delegated.tag(name, value);
    delegated.rotate();
    await delegated.clock.pass(5 * HOUR);
    expect(delegated.labels.AWSPENDING).toBeUndefined();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
  });

test.each(part(MOMENTS))('a deployment %d s after a rotation has begun', async (seconds) => {
  await deployed();
  delegated.rotate();
  await delegated.clock.pass(seconds * 1000);
  const before = await scene.sent();
  await delegated.deploy({}, { recordTtl: Duration.minutes(10) });
  await delegated.clock.pass(3 * HOUR);
  expect(delegated.labels.AWSPENDING).toBeUndefined();
  expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: delegated.selectorOf('AWSCURRENT') });
});

test.each(part(MOMENTS, 1))('the construct is removed %d s after a rotation has begun', async (seconds) => {
  await deployed();
  delegated.rotate();
  await delegated.clock.pass(seconds * 1000);
  expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  await scene.cloud.clock.pass(30 * MINUTE);
  expect(scene.all(delegated.keysZoneId)).toEqual([]);
  expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', tags: [] });
});

describe('an update that fails', () => {
  test('as often as it is tried without the CNAMEs, nothing is left in the zone with the keys', async () => {
    await started();
    SLOTS.forEach((slot) => delegated.unlead(slot));
    delegated.provider.set(`s1._domainkey.${DOMAIN}`, 'TXT', [`v=DKIM1; k=rsa; p=${publicKeyOf(PEM.one)}`]);
    await scene.deployed('mail', scene.dkim((stack) => byoDkim(stack, 's1', scene.secrets.one), { hostedZone: undefined }));
    await scene.verified();
    for (let time = 1; time <= 3; time++) {
      const { status, reason } = await scene.deploy('mail', delegated.dkim());
      expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
      expect(reason).toContain('Public DNS does not lead to the keys of example.com yet');
      expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
      expect(delegated.published).toEqual([]);
    }
    SLOTS.forEach((slot) => delegated.lead(slot));
    await delegated.deploy();
    await scene.verified();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
  });

  test('after SES was told: the key stays for the mail on its way', async () => {
    await started();
    await scene.deployed('mail', scene.easy({ hostedZone: undefined }));
    const going = scene.deploy('mail', thenFails(delegated.dkim()));
    await scene.cloud.clock.until('SES to sign with the slot', () =>
      scene.identity()!.tokens.includes('dkim-1') && scene.identity()!.status === 'SUCCESS');
    const before = await scene.sent();
    expect(await going).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
    expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass', selector: 'dkim-1' });
  });
});

test('the deployment waits for CNAMEs that never come: the reason names both, and signing is as it was', async () => {
  await started();
  SLOTS.forEach((slot) => delegated.unlead(slot));
  const { status, reason } = await scene.deploy('mail', delegated.dkim({}, { waitForVerification: Duration.minutes(10) }));
  expect(status).toBe('ROLLBACK_COMPLETE');
  for (const slot of SLOTS) expect(reason).toContain(`CNAME ${slot}._domainkey.${DOMAIN} ${slot}._domainkey.${PLACE}`);
  expect(scene.writes()).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
  expect(scene.all(delegated.keysZoneId)).toEqual([]);
});

describe('what the world answers', () => {
  test('a chain of CNAMEs leads to the key', async () => {
    await started();
    await scene.cloud.dns.provider('third').createZone('example.info');
    for (const slot of SLOTS) {
      delegated.lead(slot, `${slot}.example.info`);
      scene.cloud.dns.provider('third').set(`${slot}.example.info`, 'CNAME', [`${slot}._domainkey.${PLACE}`.toUpperCase()]);
    }
    await delegated.deploy();
    await scene.verified();
    await delegated.rotated();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-2' });
  });

  test('a name server that the CNAMEs have not come to: half of the world would find no key', async () => {
    await started();
    const { nameServers } = await scene.cloud.dns.provider('other').createZone(DOMAIN, { delegate: false });
    scene.cloud.dns.delegate(DOMAIN, [...scene.cloud.dns.delegation(DOMAIN)!, ...nameServers]);
    const { status, reason } = await scene.deploy('mail', delegated.dkim());
    expect(status).toBe('ROLLBACK_COMPLETE');
    expect(reason).toContain('ns1.other.example has none');
    expect(scene.writes()).not.toContain('ses:PutEmailIdentityDkimSigningAttributes');
  });

  test('a name server that is silent keeps nobody from it', async () => {
    await started();
    scene.cloud.dns.setReachable(scene.cloud.dns.delegation(DOMAIN)![0], false);
    await delegated.deploy();
    await scene.verified();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
  });

  test('a DNAME leads to the whole place', async () => {
    await started();
    SLOTS.forEach((slot) => delegated.unlead(slot));
    delegated.provider.set(`_domainkey.${DOMAIN}`, 'DNAME', [`_domainkey.${PLACE}`]);
    await delegated.deploy();
    await scene.verified();
    await delegated.rotated();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-2' });
  });
});

test('one zone has the keys of many domains', async () => {
  await started();
  const domains = [DOMAIN, 'example.org', 'mail.example.org'];
  for (const domain of domains.slice(1)) {
    scene.identityExists(REGION, domain);
    await delegated.provider.createZone(domain);
    for (const slot of SLOTS) {
      const name = `${slot}._domainkey.${domain}`;
      delegated.provider.set(name, 'CNAME', [`${name}.${KEYS_ZONE}`]);
    }
  }
  await scene.deployed('mail', (stack) => {
    const delegatedTo = scene.zoneIn(stack, delegated.keysZoneId, KEYS_ZONE);
    for (const domain of domains) {
      new EmailIdentityDkim(stack, domain, {
        identity: ses.EmailIdentity.fromEmailIdentityName(stack, `Identity ${domain}`, domain),
        signing: DkimSigning.rotatingByoDkim({ delegatedTo }),
      });
    }
  });
  for (const domain of domains) {
    await scene.verified(REGION, domain);
    expect(await scene.send(REGION, domain)).toMatchObject({ result: 'pass', selector: 'dkim-1' });
  }
  expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  expect(scene.all(delegated.keysZoneId)).toEqual([]);
});

test('a watched key behind CNAMEs has no problem', async () => {
  await deployed({}, { watch: true });
  await scene.cloud.clock.pass(2 * HOUR);
  await delegated.rotated();
  await scene.cloud.clock.pass(2 * HOUR);
  expect(scene.log().filter((line) => line.includes('"problem"'))).toEqual([]);
  delegated.unlead('dkim-2');
  await scene.cloud.clock.pass(2 * HOUR);
  expect(scene.log().filter((line) => line.includes(`dkim-2._domainkey.${DOMAIN} has no record`))).not.toEqual([]);
});

// Else SES goes on with a key in the slots before for months, and the guide lets the user take their CNAMEs away.
test('10 with another prefix the deployment signs in the new slots, and the CNAMEs before can go after the overlap', async () => {
  await deployed(OVERLAP);
  for (const slot of ['mail-1', 'mail-2']) delegated.lead(slot);
  await delegated.deploy({ ...OVERLAP, selectorPrefix: 'mail' });
  expect(delegated.selector).toBe('mail-1');
  await delegated.clock.pass(2 * DAY);
  for (const slot of SLOTS) delegated.unlead(slot);
  await delegated.clock.pass(HOUR);
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'mail-1' });
});

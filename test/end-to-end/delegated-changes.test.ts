// A key in slots, behind CNAMEs at another DNS provider: what comes before it and after it, and who gets in its way.
import { PutEmailIdentityDkimSigningAttributesCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import { DelegatedScene, KEYS_ZONE, PLACE, SLOTS } from './delegated-scene';
import { DAY, HOUR, MINUTE, RotatingScene } from './rotating-scene';
import { ACCOUNT, byoDkim, DNS_ACCOUNT, DOMAIN, PEM, publicKeyOf, REGION, Scene } from './scene';
import { DkimSigning, EmailIdentityDkim } from '../../src';

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

/** Something beside the signing fails, when the signing has been changed. */
function failing(build: (stack: Stack) => EmailIdentityDkim) {
  return (stack: Stack) => {
    const dkim = build(stack);
    const other = ses.EmailIdentity.fromEmailIdentityName(stack, 'Missing', 'missing.example');
    new EmailIdentityDkim(stack, 'Fails', { identity: other }).node.addDependency(dkim);
  };
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
    expect(await scene.deploy('mail', failing(to.dkim(OVERLAP)))).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
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

test('a zone of another account, by its role', async () => {
  await started();
  const { id } = await scene.cloud.route53.createHostedZone({ account: DNS_ACCOUNT, name: 'keys.example.org' });
  const place = `${DOMAIN}.keys.example.org`;
  for (const slot of SLOTS) delegated.lead(slot, `${slot}._domainkey.${place}`);
  await scene.cloud.cloudFormation.deployAssembly(dnsApp(id, place).synth(), 'dns', {});
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
  await scene.cloud.clock.pass(2 * DAY);
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

test('away and back again while both slots hold keys for mail on its way', async () => {
  await deployed(OVERLAP);
  await delegated.rotated();
  const before = await scene.sent();
  await scene.deployed('mail', scene.easy({ hostedZone: undefined }));
  const { status, reason } = await scene.deploy('mail', delegated.dkim(OVERLAP));
  expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(reason).toContain('both hold keys that mail may need');
  expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
  await scene.cloud.clock.pass(2 * DAY);
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
  await scene.cloud.clock.pass(2 * DAY);
  delegated.rotate();
  await scene.cloud.clock.pass(5 * HOUR);
  expect(delegated.rotationLog.join('\n')).toContain('and the key of this secret has another one');
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 'dkim-1' });
});

test('SES names no selector: keys take turns all the same', async () => {
  await deployed(OVERLAP, {}, { ses: { byoDkimTokens: 'none' } });
  for (const slot of ['dkim-2', 'dkim-1', 'dkim-2']) {
    const before = await scene.sent();
    await delegated.rotated();
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: slot });
    expect(await scene.verdictOn(before)).toMatchObject({ result: 'pass' });
    await delegated.clock.pass(2 * DAY);
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

test.each([1, 60, 600, 1000])('a deployment %d s after a rotation has begun', async (seconds) => {
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

test.each([1, 60, 600, 1000])('the construct is removed %d s after a rotation has begun', async (seconds) => {
  await deployed();
  delegated.rotate();
  await delegated.clock.pass(seconds * 1000);
  expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  await scene.cloud.clock.pass(30 * MINUTE);
  expect(scene.all(delegated.keysZoneId)).toEqual([]);
  expect(scene.identity()).toMatchObject({ origin: 'AWS_SES', tags: [] });
});

// Wildcards of the zone: mail that arrives by one, and keys that one answers with.
import { RRType } from '@aws-sdk/client-route-53';
import * as ses from 'aws-cdk-lib/aws-ses';
import { DelegatedScene, KEYS_ZONE } from './delegated-scene';
import { FollowingScene } from './following-scene';
import { HOUR, RotatingScene } from './rotating-scene';
import { DOMAIN, newKey, PEM, publicKeyOf, REGION, Scene } from './scene';
import { EmailIdentityDkim } from '../../src';

let scene: Scene;
afterEach(() => scene.stop());

function txt(pem: string): string {
  const key = publicKeyOf(pem);
  return `"v=DKIM1; k=rsa; p=${key.slice(0, 200)}" "${key.slice(200)}"`;
}

describe('2 mail to a domain arrives by a wildcard MX', () => {
  const mxOf = (domain: string) => scene.cloud.clock.hold('MX', () =>
    scene.cloud.dns.client().resolveMx(domain).catch((error: Error) => error.message));
  const ARRIVES = [{ priority: 10, exchange: 'inbound.example.net' }];

  function write(name: string, type: RRType, value: string): void {
    scene.cloud.route53.change(scene.zoneId, [{
      Action: 'CREATE', ResourceRecordSet: { Name: name, Type: type, TTL: 300, ResourceRecords: [{ Value: value }] },
    }]);
  }

  async function begin(domain: string): Promise<void> {
    scene = await Scene.start();
    scene.identityExists(REGION, domain);
    write(`*.${DOMAIN}`, 'MX', '10 inbound.example.net');
  }

  const deploy = (domain: string) => scene.deploy('Mail', (stack) => void new EmailIdentityDkim(stack, 'Dkim', {
    identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', domain), hostedZone: scene.zoneIn(stack),
  }));

  test.each(['tenant.example.com', 'eu.tenant.example.com'])('%s: nothing is written', async (domain) => {
    await begin(domain);
    const before = scene.all();
    const { status, reason } = await deploy(domain);
    expect(status).toBe('ROLLBACK_COMPLETE');
    expect(reason).toContain(`answers for ${domain} by its wildcard MX *.example.com`);
    expect(scene.all()).toEqual(before);
    expect(await mxOf(domain)).toEqual(ARRIVES);
  });

  test.each([
    ['the domain has its own', 'tenant.example.com', 'tenant.example.com', 'MX', '10 own.example.net'],
    ['the domain has another record', 'tenant.example.com', 'tenant.example.com', 'A', '192.0.2.1'],
    ['there is a name below it', 'tenant.example.com', '_dmarc.tenant.example.com', 'TXT', '"v=DMARC1; p=none"'],
    ['there is a name above it', 'eu.tenant.example.com', 'us.tenant.example.com', 'A', '192.0.2.1'],
  ] as const)('%s: no wildcard answers for it, so none is hidden', async (_, domain, name, type, value) => {
    await begin(domain);
    write(name, type, value);
    expect(await mxOf(domain)).not.toEqual(ARRIVES);
    expect(await deploy(domain)).toMatchObject({ status: 'CREATE_COMPLETE' });
  });
});

test('2 a wildcard MX in the zone with the slots is for mail to other names', async () => {
  const delegated = await DelegatedScene.started();
  ({ scene } = delegated);
  scene.cloud.route53.change(delegated.keysZoneId, [{
    Action: 'CREATE',
    ResourceRecordSet: { Name: `*.${KEYS_ZONE}`, Type: 'MX', TTL: 300, ResourceRecords: [{ Value: '10 mx.example.net' }] },
  }]);
  await delegated.deploy();
  await scene.verified();
  expect(await scene.send()).toMatchObject({ result: 'pass' });
});

describe('a wildcard answers with a key', () => {
  const WILDCARD = `*._domainkey.${DOMAIN}`;

  test('4 a rotation goes on beside another one', async () => {
    const rotating = await RotatingScene.deployed();
    ({ scene } = rotating);
    scene.write(WILDCARD, 'TXT', txt(newKey()));
    const first = rotating.selector;
    rotating.rotate();
    await rotating.clock.pass(6 * HOUR);
    expect(rotating.rotationLog.join('\n')).not.toContain('may be signed with another key under this selector');
    expect(rotating.selector).not.toBe(first);
    expect(await scene.send()).toMatchObject({ result: 'pass', selector: rotating.selector });
  });

  test('4 a followed key that it answers with can be changed', async () => {
    const following = new FollowingScene(await Scene.withIdentity());
    ({ scene } = following);
    following.store('s1', PEM.one);
    scene.write(WILDCARD, 'TXT', txt(PEM.one));
    await following.deploy();
    await scene.verified();
    const early = await scene.sent();
    following.store('s2', PEM.two);
    await following.clock.pass(5 * HOUR);
    await following.expectSigned('s2');
    expect(await scene.verdictOn(early)).toMatchObject({ result: 'pass' });
  });
});

// Records at a selector that lead to a key in an odd way, or not at all: what the world is answered counts.
import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { WAIT } from './methods';
import { DOMAIN, PEM, Scene } from './scene';

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

const create = (record: Partial<ResourceRecordSet> & Pick<ResourceRecordSet, 'Type'>) =>
  scene.cloud.route53.change(scene.zoneId, [{
    Action: 'CREATE', ResourceRecordSet: { Name: `s1._domainkey.${DOMAIN}`, ...record },
  } as Change]);

test('1 an alias A beside the selector is not taken for its key', async () => {
  scene.publishKey('key', PEM.one);
  create({
    Type: 'A', AliasTarget: { HostedZoneId: scene.zoneId, DNSName: `key._domainkey.${DOMAIN}`, EvaluateTargetHealth: false },
  });
  expect(await scene.deploy('Mail', scene.byo('s1', scene.secrets.one, WAIT))).toMatchObject({ status: 'CREATE_COMPLETE' });
});

test.each<[string, keyof typeof PEM]>([['another', 'two'], ['the same', 'one']])('1 a CNAME that leads to two weighted ones, of which one has %s key', async (_, other) => {
  scene.publishKey('a', PEM.one);
  scene.publishKey('b', PEM[other]);
  for (const id of ['a', 'b']) {
    create({
      Name: `x._domainkey.${DOMAIN}`,
      Type: 'CNAME',
      TTL: 300,
      SetIdentifier: id,
      Weight: 1,
      ResourceRecords: [{ Value: `${id}._domainkey.${DOMAIN}` }],
    });
  }
  scene.write(`s1._domainkey.${DOMAIN}`, 'CNAME', `x._domainkey.${DOMAIN}`);
  await scene.deploy('Mail', scene.byo('s1', scene.secrets.one));
  expect(scene.writes().includes('ses:PutEmailIdentityDkimSigningAttributes')).toBe(other === 'one');
});

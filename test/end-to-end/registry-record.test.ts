// What somebody does to the registry record, or puts beside it: the stack is updated and goes all the same, and what is
// not a registry record stays. Invariants 2 and 7.
import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53';
import * as iam from 'aws-cdk-lib/aws-iam';
import { WAIT } from './methods';
import { ACCOUNT, DOMAIN, Scene } from './scene';

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

const registry = () => scene.cloud.route53.recordSets(scene.zoneId).find(({ Name, Type }) =>
  Name!.startsWith('cdk-ses-dkim-') && Type === 'TXT')!;
const create = (...records: Partial<ResourceRecordSet>[]) => records.map((record): Change => ({
  Action: 'CREATE', ResourceRecordSet: { Name: registry().Name, Type: 'TXT', ...record },
}));
const change = (...changes: Change[]) => scene.cloud.route53.change(scene.zoneId, changes);
const inItsPlace = (...records: Partial<ResourceRecordSet>[]) =>
  change({ Action: 'DELETE', ResourceRecordSet: registry() }, ...create(...records));
const valued = (Type: 'A' | 'CNAME' | 'MX', Value: string): Partial<ResourceRecordSet> =>
  ({ Type, TTL: 60, ResourceRecords: [{ Value }] });

test.each<[string, () => void, string]>([
  ['an A record beside it', () => change(...create(valued('A', '192.0.2.1'))), '192.0.2.1'],
  ['an MX record in its place', () => inItsPlace(valued('MX', '10 mx.example.net')), '10 mx.example.net'],
  ['a CNAME in its place', () => inItsPlace(valued('CNAME', 'elsewhere.example.net')), ''],
  ['an alias in its place', () => inItsPlace({
    AliasTarget: { HostedZoneId: scene.zoneId, DNSName: `_dmarc.${DOMAIN}`, EvaluateTargetHealth: false },
  }), ''],
  ['weighted records in its place', () => {
    const { ResourceRecords, TTL } = registry();
    inItsPlace(...['a', 'b'].map((SetIdentifier) => ({ ResourceRecords, TTL, SetIdentifier, Weight: 1 })));
  }, ''],
])('%s', async (_, edit, stays) => {
  await scene.deployed('mail', scene.byo('s1', scene.secrets.one, WAIT));
  edit();
  await scene.deployed('mail', scene.byo('s2', scene.secrets.two, WAIT));
  expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
  expect(scene.all().join('\n')).toContain(stays);
});

test('an A record beside it stays where the role of the zone may change everything', async () => {
  const arn = `arn:aws:iam::${ACCOUNT}:role/dns`;
  scene.cloud.iam.putRole({
    arn,
    assumeRolePolicy: {
      Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'sts:AssumeRole' }],
    },
  });
  scene.cloud.iam.putRolePolicy(arn, 'dns', { Statement: [{ Effect: 'Allow', Action: 'route53:*', Resource: '*' }] });
  const deployed = (selector: string, secret: string) => scene.deployed('mail', (stack) =>
    scene.byo(selector, secret, { ...WAIT, hostedZoneRole: iam.Role.fromRoleArn(stack, 'Dns', arn) })(stack));
  await deployed('s1', scene.secrets.one);
  change(...create(valued('A', '192.0.2.1')));
  await deployed('s2', scene.secrets.two);
  expect(scene.all().join('\n')).toContain('192.0.2.1');
});

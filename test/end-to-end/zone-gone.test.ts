// A zone that is gone, and an update that fails for it: it has changed nothing, so its roll-back is done.
import { Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { WAIT } from './methods';
import { ACCOUNT, DOMAIN, Scene } from './scene';
import { EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';

const AGAIN = { ...WAIT, recordTtl: Duration.minutes(7) };
const TEN_DAYS = 10 * 86_400_000;

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.withIdentity();
});
afterEach(() => scene.stop());

/** Somebody deletes the zone, and makes it again. cdk.context.json still has the id of before. */
async function zoneIsMadeAgain(): Promise<string> {
  const { route53 } = scene.cloud;
  const ours = route53.recordSets(scene.zoneId).filter(({ Type }) => Type === 'TXT' || Type === 'CNAME');
  route53.change(scene.zoneId, ours.map((ResourceRecordSet) => ({ Action: 'DELETE', ResourceRecordSet })));
  await route53.deleteHostedZone(scene.zoneId);
  return (await route53.createHostedZone({ account: ACCOUNT, name: DOMAIN })).id;
}

type Build = (props: Partial<EmailIdentityDkimProps>) => (stack: Stack) => EmailIdentityDkim;

test.each<[string, Build]>([
  ['BYODKIM', (props) => scene.byo('s1', scene.secrets.one, props)], ['Easy DKIM', (props) => scene.easy(props)],
])('5 %s: an update to a zone that is gone is rolled back, and the next one names the new zone', async (_, build) => {
  await scene.deployed('Mail', build(WAIT));
  const id = await zoneIsMadeAgain();
  expect((await scene.deploy('Mail', build(AGAIN))).status).toBe('UPDATE_ROLLBACK_COMPLETE');
  await scene.deployed('Mail', (stack) => build({ ...AGAIN, hostedZone: scene.zoneIn(stack, id) })(stack));
  expect(await scene.send()).toMatchObject({ result: 'pass' });
});

test('5 BYODKIM: so it is when SES has noticed that the record is gone', async () => {
  const build: Build = (props) => scene.byo('s1', scene.secrets.one, props);
  await scene.deployed('Mail', build(WAIT));
  await zoneIsMadeAgain();
  await scene.cloud.clock.pass(TEN_DAYS);
  expect(scene.identity()?.status).toBe('FAILED');
  expect((await scene.deploy('Mail', build(AGAIN))).status).toBe('UPDATE_ROLLBACK_COMPLETE');
});

test('5 the role that leads to the zone is gone', async () => {
  const arn = `arn:aws:iam::${ACCOUNT}:role/dns`;
  const Principal = { AWS: `arn:aws:iam::${ACCOUNT}:root` };
  scene.cloud.iam.putRole({ arn, assumeRolePolicy: { Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }] } });
  scene.cloud.iam.putRolePolicy(arn, 'dns', { Statement: [{ Effect: 'Allow', Action: 'route53:*', Resource: '*' }] });
  const build = (props: object) => (stack: Stack) =>
    scene.byo('s1', scene.secrets.one, { ...props, hostedZoneRole: iam.Role.fromRoleArn(stack, 'Dns', arn) })(stack);
  await scene.deployed('Mail', build(WAIT));
  scene.cloud.iam.deleteRole(arn);
  expect((await scene.deploy('Mail', build(AGAIN))).status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: 's1' });
});

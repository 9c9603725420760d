// A record of a rotating key that somebody has moved to a CNAME: a rotation takes it, as a deployment does.
import { Duration } from 'aws-cdk-lib';
import { DOMAIN, HOUR, RotatingScene, SHORT } from './rotating-scene';

let rotating: RotatingScene;
afterEach(() => rotating.stop());

test('a rotation goes on after a deployment has taken a CNAME for the record of the current key', async () => {
  rotating = await RotatingScene.deployed(SHORT);
  const { scene, cloud: { route53 } } = rotating;
  const first = rotating.selector;
  const record = route53.recordSets(scene.zoneId).find(({ Name }) => Name === `${first}._domainkey.${DOMAIN}.`)!;
  route53.change(scene.zoneId, [
    { Action: 'CREATE', ResourceRecordSet: { ...record, Name: `key.${DOMAIN}` } },
    { Action: 'DELETE', ResourceRecordSet: record },
  ]);
  scene.write(`${first}._domainkey.${DOMAIN}`, 'CNAME', `key.${DOMAIN}`);
  await rotating.deploy(SHORT, { recordTtl: Duration.minutes(20) });
  expect(await scene.send()).toMatchObject({ result: 'pass' });
  rotating.rotate();
  await rotating.clock.pass(3 * HOUR);
  expect(rotating.selector).not.toBe(first);
});

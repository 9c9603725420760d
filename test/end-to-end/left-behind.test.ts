// A construct is removed, and its Delete fails. CloudFormation forgets the resource then, and what it depends on: the
// stack has to work without them, and to go in the end.
import { Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { EUROPE, RegionsScene, SYDNEY } from './regions-scene';
import { HOUR, REGION, SHORT } from './rotating-scene';
import { byoDkim, DOMAIN, Scene } from './scene';
import { DkimSigning, EmailIdentityDkim } from '../../src';

let scene: Scene;

afterEach(() => scene.stop());

const sign = (domains: readonly string[]) => (stack: Stack) => domains.forEach((domain) =>
  new EmailIdentityDkim(stack, domain, {
    identity: ses.EmailIdentity.fromEmailIdentityName(stack, `Identity ${domain}`, domain),
    signing: DkimSigning.easyDkim(),
  }));

test('7 12 as often as SES refuses, the stack can be updated, and goes in the end', async () => {
  const domains = Array.from({ length: 11 }, (_, index) => `d${index}.${DOMAIN}`);
  scene = await Scene.start();
  for (const domain of domains) scene.identityExists(REGION, domain);
  await scene.deployed('mail', sign(domains));
  while (domains.length > 1) {
    domains.pop();
    scene.cloud.faults.add({ service: 'ses', kind: 'access-denied', times: 100 });
    expect(await scene.deploy('mail', sign(domains))).toMatchObject({ status: 'UPDATE_COMPLETE' });
    scene.cloud.faults.clear();
  }
  expect(scene.log().join('\n')).toContain('left-behind');
  expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
});

test('7 a Region that answers with 503 is taken out of the list, and the stack goes when it is back', async () => {
  const rotating = await RegionsScene.inAll();
  ({ scene } = rotating);
  scene.cloud.faults.add({ service: 'ses', region: EUROPE, times: 1e6, kind: 'unavailable' });
  expect(await rotating.deploy({ ...SHORT, furtherRegions: [SYDNEY] })).toMatchObject({ status: 'UPDATE_COMPLETE' });
  scene.cloud.faults.clear();
  await rotating.clock.pass(HOUR);
  expect(await scene.destroy('mail')).toMatchObject({ status: 'DELETE_COMPLETE' });
});

test('12 it is tried three times, as CloudFormation would', async () => {
  scene = await Scene.start();
  const domains = [DOMAIN, 'b.example'];
  for (const domain of domains) scene.identityExists(REGION, domain);
  const own = (count: number) => (stack: Stack) => domains.slice(0, count).forEach((domain, index) =>
    new EmailIdentityDkim(stack, domain, {
      identity: ses.EmailIdentity.fromEmailIdentityName(stack, `Identity ${domain}`, domain),
      signing: byoDkim(stack, `s${index}`, [scene.secrets.one, scene.secrets.two][index]),
    }));
  await scene.deployed('mail', own(2));
  expect(scene.identity(REGION, 'b.example')).toMatchObject({ origin: 'EXTERNAL' });
  scene.cloud.faults.add({ service: 'ses', operation: 'GetEmailIdentity', kind: 'cut-before', times: 30 });
  await scene.deployed('mail', own(1));
  expect(scene.identity(REGION, 'b.example')).toMatchObject({ origin: 'AWS_SES' });
});

// A key that follows its secret, watched: a new key is no problem, and one that was taken back is.
import * as ses from 'aws-cdk-lib/aws-ses';
import { FollowingScene, HOUR, MINUTE } from './following-scene';
import { signsByHand } from './hand-made';
import { DOMAIN, newKey, REGION, Scene } from './scene';
import { HEALTHY_KEY as HEALTHY, nextReport, reportsOn, said, WATCHED } from './watched';
import { EmailIdentityDkim } from '../../src';

let following: FollowingScene;

const started = async () => {
  following = await FollowingScene.deployed(WATCHED);
};
afterEach(() => following.stop());

test('it is healthy before and after a change of the key', async () => {
  await started();
  const { scene } = following;
  expect(await nextReport(scene)).toEqual(HEALTHY);
  await following.changed('s2');
  await following.clock.pass(5 * MINUTE);
  expect(await nextReport(scene)).toEqual(HEALTHY);
  expect(said(scene)).toEqual([]);
});

test('a key that was taken back is a problem, until another one is used', async () => {
  await started();
  const { scene, clock, cloud: { ses: { settings } } } = following;
  const { firstLook } = settings;
  settings.firstLook = 10 * HOUR;
  following.store('s2');
  await clock.pass(50 * MINUTE);
  settings.firstLook = firstLook;
  await clock.pass(3 * HOUR);
  expect(await nextReport(scene)).toMatchObject({ Problem: 1, Verified: 1 });
  expect(said(scene).at(-1)).toContain('the key that example.com was to be signed with was taken back, as SES did not verify it');
  expect(said(scene).at(-1)).toContain('See in the log of the function that changes keys (…Rotation…) what SES saw. Then store the key again');
  await following.changed('s3');
  await clock.pass(HOUR);
  expect(await nextReport(scene)).toEqual(HEALTHY);
});

const cannotBePublished = () => {
  following.cloud.faults.add({
    service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'access-denied', times: 1e6,
  });
  following.store('s2');
};

test.each<[string, () => void]>([
  ['cannot be published', cannotBePublished],
  ['is no key', () => following.cloud.secretsManager.put(following.arn, '{"selector":"s2","privateKey":"lost"}')],
])('a key that %s is a problem after some hours, and no more when another one is used', async (_, isStored) => {
  await started();
  const { scene, clock, cloud } = following;
  isStored();
  await clock.pass(2 * HOUR);
  expect(await nextReport(scene)).toMatchObject({ Problem: 0 });
  await clock.pass(5 * HOUR);
  expect(await nextReport(scene)).toMatchObject({ Problem: 1, Verified: 1 });
  expect(said(scene).at(-1)).toMatch(/the function that follows the secret of example\.com has failed for \d+ hours, so a new key is not used/);
  cloud.faults.clear();
  await following.changed('s3');
  await clock.pass(HOUR);
  expect(await nextReport(scene)).toEqual(HEALTHY);
});

test('it cannot be published as Route 53 does not answer for hours, and each run of the care takes all its time', async () => {
  await started();
  const { scene, clock, cloud } = following;
  cloud.faults.add({ service: 'route53', operation: 'ListResourceRecordSets', kind: 'hang', forMs: 30 * HOUR });
  following.store('s2');
  await clock.pass(10 * HOUR);
  expect(await nextReport(scene)).toMatchObject({ Problem: 1, Verified: 1 });
  expect(said(scene).at(-1)).toMatch(/the function that follows the secret of example\.com has failed for \d+ hours/);
});

test('many follow, and the first ones leave no time for the others: those are problems too', async () => {
  following = new FollowingScene(await Scene.start());
  const { scene, clock, cloud } = following;
  const domains = Array.from({ length: 11 }, (_, index) => `d${index}.${DOMAIN}`); // ten at a time
  domains.forEach((domain) => scene.identityExists(REGION, domain));
  await scene.deployed('mail', (stack) => {
    const [hostedZone, signing] = [scene.zoneIn(stack), following.signing()(stack)];
    for (const domain of domains) {
      const identity = ses.EmailIdentity.fromEmailIdentityName(stack, domain, domain);
      new EmailIdentityDkim(stack, `Dkim of ${domain}`, { identity, hostedZone, signing, watch: true });
    }
  });
  cloud.faults.add({ service: 'route53', operation: 'ListResourceRecordSets', kind: 'hang', forMs: 30 * HOUR });
  following.store('s2');
  await clock.pass(5.5 * HOUR);
  for (const domain of domains) expect(reportsOn(scene, domain).at(-1)!.metrics).toMatchObject({ Problem: 1 });
});

test('a key that SES had before is healthy, before and after it is followed', async () => {
  const key = newKey();
  following = new FollowingScene(await Scene.withIdentity());
  const { scene } = following;
  following.store('s1', key);
  signsByHand(scene, 's1', key);
  scene.publishKey('s1', key);
  await scene.verified();
  await following.deploy(WATCHED);
  expect(await nextReport(scene)).toEqual(HEALTHY);
  await following.changed('s2');
  await following.clock.pass(5 * MINUTE);
  expect(await nextReport(scene)).toEqual(HEALTHY);
  expect(said(scene)).toEqual([]);
});

// A rotating key that is watched: a new key is no problem, and somebody else's signing is one.
import { Aspects, Duration } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { identityDeployed, thenFails } from './hand-made';
import { WAIT } from './methods';
import { RegionsScene } from './regions-scene';
import { ACCOUNT, DOMAIN, MINUTE, REGION, RotatingScene, SHORT } from './rotating-scene';
import { Scene } from './scene';
import { LocalCloudOptions } from '../cloud';
import { HEALTHY_KEY, HOUR, nextReport, reportsOn, said, WATCHED } from './watched';
import { ServiceError } from '../cloud/service-error';

const HEALTHY = { ...HEALTHY_KEY, KeyAgeDays: expect.any(Number), DaysToRotation: expect.any(Number) };

let rotating: RotatingScene;

async function started(cloud?: LocalCloudOptions): Promise<void> {
  rotating = await RotatingScene.deployed(SHORT, WATCHED, cloud);
}

afterEach(() => rotating.stop());

test('it is healthy before, between and after changes of the key', async () => {
  await started();
  const { scene } = rotating;
  expect(await nextReport(scene)).toEqual(HEALTHY);
  for (let change = 0; change < 2; change++) {
    await rotating.rotated();
    expect(await nextReport(scene)).toEqual(HEALTHY);
  }
  await rotating.clock.pass(30 * HOUR); // the old records are retired
  expect(reportsOn(scene).at(-1)!.metrics).toEqual(HEALTHY);
  expect(said(scene)).toEqual([]);
});

test('its age, the next change and the records before are seen without a right to read it', async () => {
  await started();
  const { scene, clock } = rotating;
  expect(await nextReport(scene)).toMatchObject({ KeyAgeDays: 0, SupersededRecords: 0 });
  await clock.pass(36 * HOUR);
  const aged = reportsOn(scene).at(-1)!.metrics;
  expect(aged.KeyAgeDays).toBeCloseTo(1.5, 0);
  const { nextRotationAt = 0 } = scene.cloud.secretsManager.described().find(({ arn }) => arn === rotating.arn)!;
  expect(aged.DaysToRotation).toBeCloseTo((nextRotationAt - clock.now()) / (24 * HOUR), 0);
  await rotating.rotated();
  expect(await nextReport(scene)).toMatchObject({ KeyAgeDays: 0, SupersededRecords: 1, RetirementsOverdue: 0 });
});

test.each([
  ['as CloudFormation names it', undefined],
  ['that a company names by an Aspect', 'company/mail/key'],
])('a change of the key wakes a look: a secret %s', async (_, name) => {
  rotating = new RotatingScene(await Scene.withIdentity());
  await rotating.scene.deployed('mail', (stack) => {
    rotating.dkim(SHORT, WATCHED)(stack);
    if (name) Aspects.of(stack).add({ visit: (node) => { if (CfnSecret.isCfnSecret(node)) node.name = name; } });
  });
  await rotating.scene.verified();
  const { scene, clock } = rotating;
  await nextReport(scene);
  const before = reportsOn(scene).length;
  await rotating.rotated();
  await clock.pass(2 * MINUTE);
  expect(reportsOn(scene).length).toBe(before + 1);
});

test('a record that should be gone is counted', async () => {
  await started();
  const { scene, clock, cloud } = rotating;
  await rotating.rotated();
  cloud.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'access-denied', times: 1000 });
  await clock.pass(30 * HOUR);
  expect(reportsOn(scene).at(-1)!.metrics).toMatchObject({ SupersededRecords: 1, RetirementsOverdue: 1 });
});

test('care that fails for hours is a problem, until it no longer fails', async () => {
  await started();
  const { scene, clock, cloud } = rotating;
  const first = rotating.selector;
  await rotating.rotated();
  cloud.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets', kind: 'access-denied', times: 1000 });
  await clock.pass(30 * HOUR);
  expect(rotating.published).toContain(first); // although its overlap is over
  expect(reportsOn(scene).at(-1)!.metrics).toMatchObject({ Problem: 1 });
  expect(said(scene).join()).toMatch(/the hourly care of the key of example\.com has failed for \d hours/);
  cloud.faults.clear();
  await clock.pass(2 * HOUR);
  expect(rotating.published).not.toContain(first);
  expect(await nextReport(scene)).toEqual(HEALTHY);
  expect(Object.keys(rotating.labels).sort()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
});

test('a key that the function cannot read for hours is a problem, until it can', async () => {
  await started();
  const { scene, clock, cloud } = rotating;
  // The KMS key is disabled, or is to be deleted.
  const kind = new ServiceError('AccessDeniedException', 400, 'Access to KMS is not allowed');
  cloud.faults.add({ service: 'secretsmanager', operation: 'GetSecretValue', kind, times: 1000 });
  await clock.pass(8 * HOUR);
  expect(reportsOn(scene).at(-1)!.metrics).toMatchObject({ Problem: 1 });
  expect(said(scene).join()).toMatch(/the hourly care of the key of example\.com has failed for \d hours/);
  cloud.faults.clear();
  await clock.pass(2 * HOUR);
  expect(await nextReport(scene)).toEqual(HEALTHY);
});

test('rotation that is switched off, and a secret that is marked for deletion, are problems', async () => {
  await started();
  const { scene, cloud } = rotating;
  cloud.secretsManager.cancelRotation(rotating.arn);
  expect(await nextReport(scene)).toMatchObject({ Problem: 1, LookFailed: 0 });
  expect(said(scene).join()).toMatch(/rotation of the secret .* is switched off/);
  cloud.secretsManager.delete(rotating.arn, { recoveryWindowInDays: 7 });
  expect(await nextReport(scene)).toMatchObject({ Problem: 1 });
  expect(said(scene).join()).toMatch(/is gone, or marked for deletion/);
});

test('a change that hangs is a problem after some hours', async () => {
  await started();
  const { scene, clock, cloud } = rotating;
  await nextReport(scene);
  cloud.faults.add({ service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', kind: 'access-denied', times: 1000 });
  cloud.faults.add({ service: 'secretsmanager', operation: 'UpdateSecretVersionStage', kind: 'access-denied', times: 1000 });
  rotating.rotate();
  await clock.pass(7 * HOUR);
  const last = reportsOn(scene).at(-1)!.metrics;
  expect(last.RotationPendingMinutes).toBeGreaterThan(240);
  expect(last).toMatchObject({ Problem: 1 });
  expect(said(scene).join()).toMatch(/a change of the key of example\.com has not come to its end for \d hours/);
});

test('a change that is overdue is a problem', async () => {
  await started();
  const { scene, clock, cloud } = rotating;
  await clock.pass(96 * HOUR);
  const secret = cloud.secretsManager.described().find(({ arn }) => arn === rotating.arn)!;
  secret.nextRotationAt = clock.now() - 47 * HOUR;
  await nextReport(scene);
  expect(said(scene)).toEqual([]);
  await clock.pass(2 * HOUR);
  expect(said(scene).join()).toMatch(/the key of example\.com should have been changed by 20/);
});

test('SES took longer than all repeats of Secrets Manager, and the care has ended the change: its age says so', async () => {
  const regions = await RegionsScene.inAll(WATCHED);
  rotating = regions;
  const { scene, clock, cloud } = rotating;
  await clock.pass(3 * 24 * HOUR);
  cloud.ses.settings.firstLook = 40 * MINUTE;
  const first = rotating.selector;
  rotating.rotate();
  const secret = cloud.secretsManager.described().find(({ arn }) => arn === rotating.arn)!;
  const due = clock.now() + 2 * HOUR;
  await clock.pass(6 * HOUR);
  expect(rotating.selectorOf('AWSCURRENT')).not.toBe(first);
  expect(rotating.labels.AWSPENDING).toBeUndefined();
  expect((await nextReport(scene)).KeyAgeDays).toBeLessThan(2); // the day on which it was made counts whole
  // Documented: when a rotation has not succeeded, this date may be in the past.
  secret.nextRotationAt = due;
  await clock.pass(54 * HOUR);
  expect(reportsOn(scene).at(-1)!.metrics).toMatchObject({ Problem: 0 });
});

test('somebody has deleted the registry record, so no change of the key succeeds: a problem, and what the look advises helps', async () => {
  await started();
  const { scene } = rotating;
  expect(await nextReport(scene)).toEqual(HEALTHY);
  const first = rotating.selector;
  const [, registry] = scene.all().find((line) => line.includes('v=cdk-ses-dkim1'))!.split(' ');
  scene.erase(registry.slice(0, -1));
  await rotating.rotated();
  expect(rotating.selector).toBe(first);
  expect(await nextReport(scene)).toMatchObject({ Problem: 1, KeyPublished: 1 });
  expect(said(scene).join()).toContain('the key of example.com cannot be changed any more, as the registry record that lists it is gone');
  await rotating.clock.pass(3 * HOUR); // the care clears the version that the rotation has left
  await deployedAgain();
  await rotating.rotated();
  expect(rotating.selector).not.toBe(first);
  expect(await nextReport(scene)).toEqual(HEALTHY);
});

test('a secret that cannot be described is silence, not health', async () => {
  await started();
  const { scene, cloud } = rotating;
  cloud.faults.add({ service: 'secretsmanager', operation: 'DescribeSecret', kind: 'access-denied', times: 1000 });
  expect(await nextReport(scene)).toMatchObject({ Problem: 1, LookFailed: 1, Verified: 1 });
  expect(said(scene).join()).toMatch(/nobody could see when the key in the secret/);
});

test('a key that the stack has not told SES is a problem', async () => {
  await started();
  const { scene } = rotating;
  scene.cloud.ses.signIdentity({ account: ACCOUNT, region: REGION, name: DOMAIN }, 'AWS_SES', {});
  expect(await nextReport(scene)).toMatchObject({ Problem: 1 });
  expect(said(scene).join()).toMatch(/the stack has set a rotating key/);
});

/** What the look advises. */
const deployedAgain = async () => {
  await rotating.deploy(SHORT, { ...WATCHED, recordTtl: Duration.minutes(20) });
  await rotating.scene.verified();
};

test('a key of another stack whose deployment failed is a problem, and what the look advises mends it', async () => {
  await started();
  const { scene } = rotating;
  await scene.deploy('Other', thenFails(rotating.dkim(SHORT, WAIT)));
  expect(rotating.selector).not.toBe(rotating.selectorOf('AWSCURRENT'));
  expect(await nextReport(scene)).toMatchObject({ Problem: 1 });
  expect(said(scene).at(-1)).toContain('as another stack has set it, which was removed or rolled back');

  await deployedAgain();
  expect(rotating.selector).toBe(rotating.selectorOf('AWSCURRENT'));
  expect(await nextReport(scene)).toEqual(HEALTHY);
  expect(await scene.send()).toMatchObject({ result: 'pass' });
});

test.each([
  ['deployment', () => deployedAgain()], ['change of the key', () => rotating.rotated()],
])('where an update of the identity has taken its tags away, nobody is accused, and the next %s writes them', async (_, then) => {
  rotating = new RotatingScene(await Scene.start());
  const { scene } = rotating;
  await identityDeployed(scene, true);
  await rotating.deploy(SHORT, WATCHED);
  await scene.verified();
  expect(await nextReport(scene)).toEqual(HEALTHY);

  await identityDeployed(scene, false);
  expect(await nextReport(scene)).toMatchObject({ Problem: 1, Verified: 1, KeyPublished: 1 });
  expect(said(scene)).toEqual([expect.stringMatching(/no tag of the identity says which stack has set it\. An update of the identity/)]);

  await then();
  expect(await nextReport(scene)).toEqual(HEALTHY);
});

test('where SES names no selector, the record of the current key is looked for all the same', async () => {
  await started({ ses: { byoDkimTokens: 'none' } });
  await rotating.rotated();
  const { scene } = rotating;
  expect(await nextReport(scene)).toEqual(HEALTHY);
  const name = `${rotating.selectorOf('AWSCURRENT')}._domainkey.${DOMAIN}`;
  scene.erase(name);
  expect(await nextReport(scene)).toMatchObject({ Problem: 1, KeyPublished: 0 });
  expect(said(scene).join()).toContain(`${name} has no record`);
});

test('a change that was taken back before SES was told is no problem afterwards', async () => {
  await started();
  const { scene, clock, cloud } = rotating;
  cloud.faults.add({ service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', kind: 'access-denied', times: 1000 });
  rotating.rotate();
  await clock.pass(5 * HOUR);
  cloud.faults.clear();
  await clock.pass(2 * HOUR);
  expect(rotating.labels.AWSPENDING).toBeUndefined();
  expect(await scene.send()).toMatchObject({ result: 'pass', selector: rotating.selectorOf('AWSCURRENT') });
  expect(await nextReport(scene)).toEqual(HEALTHY);
});

test('superseded records are counted on each page of the registry record', async () => {
  rotating = await RotatingScene.deployed({ ...SHORT, overlap: Duration.days(14) }, WATCHED);
  for (let times = 0; times < 7; times++) await rotating.rotated();
  await rotating.clock.pass(2 * HOUR);
  expect(await nextReport(rotating.scene)).toMatchObject({ SupersededRecords: 7, RetirementsOverdue: 0 });
});

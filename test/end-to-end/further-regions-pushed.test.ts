// One rotating key in several Regions, in a world that pushes back: a Region that cannot be reached, or that missed a
// change; a call that lands late; a SES that takes its time. In the end all Regions sign with the current key.
import { Duration, Stack } from 'aws-cdk-lib';
import { failingAfter } from './hand-made';
import { EUROPE, IN_ALL, REGIONS, RegionsScene, SYDNEY } from './regions-scene';
import { HOUR, MINUTE, REGION, SHORT } from './rotating-scene';
import { Scene } from './scene';
import { FaultKind } from '../cloud/faults';
import { part } from '../whole-size';

let rotating: RegionsScene;

beforeEach(async () => {
  rotating = await RegionsScene.inAll();
});
afterEach(() => rotating.stop());

const selectorIn = (region: string) => rotating.selectorIn(region);
const expectMailPasses = () => rotating.expectMailPasses();

/** All calls of SES in Europe fail. */
const closed = (kind: FaultKind) => rotating.cloud.faults.add({ service: 'ses', region: EUROPE, kind, times: 1_000_000 });

/** The next change of the key reaches all Regions, also those that were left behind. */
async function expectNextChangeReachesAll(): Promise<void> {
  const before = rotating.selectorOf('AWSCURRENT');
  rotating.rotate();
  await rotating.clock.pass(3 * HOUR);
  const current = rotating.selectorOf('AWSCURRENT')!;
  expect(current).not.toBe(before);
  expect(REGIONS.map(selectorIn)).toEqual([current, current, current]);
  expect(rotating.labels.AWSPENDING).toBeUndefined();
  await expectMailPasses();
}

async function expectOldRecordsRetired(): Promise<void> {
  await rotating.clock.pass(26 * HOUR);
  expect(rotating.published).toEqual([rotating.selectorOf('AWSCURRENT')]);
}

test('an update that removes a Region is rolled back, and the key has changed meanwhile', async () => {
  const first = rotating.selector;
  const failing = rotating.scene.deploy('mail', (stack: Stack) => {
    rotating.dkim({ ...SHORT, furtherRegions: [SYDNEY] })(stack);
    failingAfter(Duration.minutes(40), rotating.scene, stack);
  });
  await rotating.clock.pass(5 * MINUTE);
  await rotating.rotated();
  expect(await failing).toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
  await rotating.clock.pass(26 * HOUR);
  expect(REGIONS.map(selectorIn)).toEqual([rotating.selectorOf('AWSCURRENT'), rotating.selectorOf('AWSCURRENT'), first]);
  expect(rotating.published).toContain(first);
  await expectMailPasses();
  await expectNextChangeReachesAll();
  await expectOldRecordsRetired();
});

const CLOSED: readonly [string, FaultKind][] = [
  ['refuses every call', 'access-denied'],
  ['answers with 503', 'unavailable'],
];

test.each(part(CLOSED, 1))('where one Region %s, the others are led back, and a change is possible again some hours later', async (_, kind) => {
  const first = rotating.selector;
  rotating.rotate();
  await rotating.clock.until('SES to be told in Sydney', () => selectorIn(SYDNEY) !== first);
  closed(kind);
  await rotating.clock.pass(7 * HOUR);
  expect(REGIONS.slice(0, 2).map(selectorIn)).toEqual([first, first]);
  expect(rotating.selectorOf('AWSCURRENT')).toBe(first);
  expect(rotating.labels).not.toHaveProperty('AWSPENDING');
  expect(rotating.labels).not.toHaveProperty('cdk-ses-dkim:taken-back');
  expect(rotating.rotationLog.join('\n')).toContain('"region-left"');
  rotating.cloud.faults.clear();
  await expectMailPasses();
  await expectNextChangeReachesAll();
});

test('a Region that had the next key when it was closed goes on with it, and its record stays', async () => {
  const first = rotating.selector;
  rotating.rotate();
  await rotating.clock.until('SES to be told in Europe', () => selectorIn(EUROPE) !== first);
  closed('access-denied');
  const left = selectorIn(EUROPE);
  await rotating.clock.pass(30 * HOUR);
  expect(REGIONS.map(selectorIn)).toEqual([first, first, left]);
  expect(rotating.published).toEqual([first, left].sort());
  rotating.cloud.faults.clear();
  await expectMailPasses();
  const mail = await rotating.scene.sent(EUROPE);
  await expectNextChangeReachesAll();
  expect(await rotating.scene.verdictOn(mail)).toMatchObject({ result: 'pass', selector: left });
  // It has leaked. Only the owner in that Region lists its record.
  expect((await rotating.run({ SecretId: rotating.arn, Revoke: left })).error).toBeUndefined();
  expect(await rotating.scene.verdictOn(mail)).not.toMatchObject({ result: 'pass' });
  await expectOldRecordsRetired();
});

test('while no record is due, the hourly care does not wait for a closed Region', async () => {
  await rotating.rotated();
  await rotating.clock.pass(HOUR);
  closed('unavailable');
  const { length } = rotating.rotationLog;
  await rotating.clock.pass(4 * HOUR);
  expect(rotating.rotationLog.slice(length).join('\n')).not.toContain('"failed"');
  rotating.cloud.faults.clear();
  await expectOldRecordsRetired();
});

test('the stack can leave a closed Region, with a new schedule in the same deployment', async () => {
  rotating.rotate();
  await rotating.clock.pass(5_000);
  closed(Scene.refusal());
  await rotating.deploy({ ...SHORT, furtherRegions: [SYDNEY], interval: Duration.days(90) });
  await rotating.clock.pass(8 * HOUR);
  expect(selectorIn(SYDNEY)).toBe(selectorIn(REGION));
  expect(rotating.labels).not.toHaveProperty('AWSPENDING');
  for (const region of [REGION, SYDNEY]) expect(await rotating.scene.send(region)).toMatchObject({ result: 'pass' });
});

test('the call that makes the next key the current one lands while the key is taken back', async () => {
  const first = rotating.selector;
  rotating.rotate();
  await rotating.clock.until('SES to be told in Europe', () => selectorIn(EUROPE) !== first);
  const { arn, labels: { AWSPENDING, AWSCURRENT } } = rotating;
  const { versions } = rotating.cloud.secretsManager.described().find((each) => each.arn === arn)!;
  rotating.cloud.ses.settings.firstLook = 10 * MINUTE;
  const deploying = rotating.scene.deploy('mail', rotating.dkim({ ...IN_ALL, interval: Duration.days(90) }));
  await rotating.clock.until('the label', () => rotating.labels['cdk-ses-dkim:taken-back'] !== undefined);
  versions.move('AWSCURRENT', AWSCURRENT, AWSPENDING);
  expect(await deploying).toMatchObject({ status: 'UPDATE_COMPLETE' });
  await rotating.clock.pass(5 * HOUR);
  const current = rotating.selectorOf('AWSCURRENT');
  expect(REGIONS.map(selectorIn)).toEqual([current, current, current]);
  expect(rotating.labels.AWSPENDING).toBeUndefined();
  await expectNextChangeReachesAll();
});

test('SES takes ten minutes in each Region: the hourly care goes on when Secrets Manager repeats no more', async () => {
  rotating.cloud.ses.settings.firstLook = 10 * MINUTE;
  const first = rotating.selector;
  rotating.rotate();
  await rotating.clock.pass(4 * HOUR);
  const current = rotating.selectorOf('AWSCURRENT');
  expect(current).not.toBe(first);
  expect(REGIONS.map(selectorIn)).toEqual([current, current, current]);
  expect(rotating.labels.AWSPENDING).toBeUndefined();
});

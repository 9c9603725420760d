// Rotation on a schedule: when it comes, what puts it off, and that an endless schedule keeps no test waiting.
import {
  CancelRotateSecretCommand, DeleteSecretCommand, PutSecretValueCommand, RotationRulesType,
} from '@aws-sdk/client-secrets-manager';
import { DAY, FOUR_STEPS, HOUR, MINUTE, rotationAssets, RotationFixture } from './rotation-fixture';

const assets = rotationAssets();

let fixture: RotationFixture;

beforeEach(async () => {
  fixture = await RotationFixture.start(assets);
  await fixture.withValue();
});
afterEach(() => fixture.cloud.stop());

function configure(RotationRules: RotationRulesType, RotateImmediately = false) {
  return fixture.rotate({ RotationRules, RotateImmediately });
}

/** The moments at which rotations began. */
function rotations(): Date[] {
  return fixture.cloud.lambda.invocations
    .filter(({ event }) => JSON.parse(event).Step === 'createSecret').map(({ at }) => new Date(at));
}

const dates = () => rotations().map((date) => date.toISOString().slice(0, 10));

test('ten intervals pass: a rotation in the window of each, and the date of the next is shown', async () => {
  await configure({ ScheduleExpression: 'cron(0 8 1 * ? *)', Duration: '3h' });
  await fixture.clock.pass(MINUTE);
  expect((await fixture.describe()).NextRotationDate).toEqual(new Date('2026-02-01T11:00:00Z'));

  await fixture.clock.pass(304 * DAY);

  expect(dates()).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((month) => `2026-${String(month).padStart(2, '0')}-01`));
  for (const date of rotations()) expect(date.getUTCHours() >= 8 && date.getUTCHours() < 11).toBe(true);
  expect(new Set(rotations().map((date) => date.getUTCMinutes())).size).toBeGreaterThan(3);
  expect(fixture.steps).toEqual(['testSecret', ...Array.from({ length: 10 }, () => FOUR_STEPS).flat()]);
  const { RotationRules, LastRotatedDate } = await fixture.describe();
  expect(RotationRules).toEqual({ AutomaticallyAfterDays: 31, ScheduleExpression: 'cron(0 8 1 * ? *)', Duration: '3h' });
  expect(LastRotatedDate!.toISOString()).toContain('2026-11-01');
});

test('a rate counts from the last value, also from one that was put by hand', async () => {
  await configure({ AutomaticallyAfterDays: 10 });
  await fixture.clock.pass(5 * DAY);
  await fixture.client.send(new PutSecretValueCommand({ SecretId: fixture.arn, SecretString: 'by hand' }));
  await fixture.clock.pass(21 * DAY);
  expect(dates()).toEqual(['2026-01-20', '2026-01-30']);
});

test('an immediate rotation, and then on schedule', async () => {
  await configure({ ScheduleExpression: 'cron(0 8 * * ? *)', Duration: '2h' }, true);
  await fixture.clock.pass(2 * DAY + 2 * HOUR);
  expect(dates()).toEqual(['2026-01-05', '2026-01-06', '2026-01-07']);
});

test.each([[true, ['2026-01-05', '2026-01-06']], [false, ['2026-01-06']]])(
  'whether a new cron() joins the window that is open is a setting: %s', async (joinsOpenWindow, expected) => {
    Object.assign(fixture.cloud.secretsManager.settings, { joinsOpenWindow });
    await configure({ ScheduleExpression: 'cron(0 8 * * ? *)' });
    await fixture.clock.until('a rotation', () => dates().includes('2026-01-06'), 3 * DAY);
    expect(dates()).toEqual(expected);
  });

test.each([
  ['rate(10 days)', 'rate(20 days)', true, ['2026-01-15', '2026-02-04']],
  ['rate(10 days)', 'rate(20 days)', false, ['2026-01-25']],
  ['cron(0 8 15 * ? *)', 'cron(0 8 25 * ? *)', true, ['2026-01-25']],
])('after a change from %s to %s the old one may still come once: %s', async (one, other, oldRateStillRotates, expected) => {
  Object.assign(fixture.cloud.secretsManager.settings, { oldRateStillRotates });
  await configure({ ScheduleExpression: one });
  await fixture.clock.pass(MINUTE);
  await configure({ ScheduleExpression: other });
  await fixture.clock.pass(31 * DAY);
  expect(dates()).toEqual(expected);
});

test('a rotation that has failed is tried again on schedule, with the same version', async () => {
  await configure({ AutomaticallyAfterDays: 1 });
  await fixture.clock.pass(MINUTE);
  await fixture.failIn('setSecret');
  await fixture.clock.pass(DAY + 20 * HOUR);
  const [{ ClientRequestToken: first }] = fixture.events.slice(1);
  expect(await fixture.stages()).toMatchObject({ [first]: ['AWSPENDING'] });
  await fixture.failNoMore();
  const before = fixture.events.length;
  await fixture.clock.pass(2 * DAY); // a window lasts a day, and the rotation comes at any moment of it
  // Another rotation can come after it in that day.
  expect(fixture.events.slice(before, before + 4))
    .toMatchObject(FOUR_STEPS.map((Step) => ({ Step, ClientRequestToken: first })));
});

test.each([
  ['cancelled', () => fixture.client.send(new CancelRotateSecretCommand({ SecretId: fixture.arn }))],
  ['deleted', () => fixture.client.send(new DeleteSecretCommand({ SecretId: fixture.arn, ForceDeleteWithoutRecovery: true }))],
  ['marked for deletion', () => fixture.client.send(new DeleteSecretCommand({ SecretId: fixture.arn }))],
])('a schedule that is %s rotates no more', async (_, end) => {
  await configure({ AutomaticallyAfterDays: 1 });
  await fixture.clock.pass(MINUTE);
  await end();
  await fixture.clock.pass(10 * DAY);
  expect(rotations()).toEqual([]);
});

test('an endless schedule moves no time for work that never ends, but a test can wait for its rotation', async () => {
  await configure({ AutomaticallyAfterDays: 100 });
  await fixture.clock.pass(MINUTE);
  const before = fixture.clock.now();
  await expect(fixture.clock.drive('nothing', () => new Promise(() => undefined))).rejects.toThrow('nobody sleeps');
  expect(fixture.clock.now()).toBe(before);
  await fixture.clock.until('a rotation', () => rotations().length > 0, 102 * DAY);
  expect(dates()).toEqual(['2026-04-15']);
});

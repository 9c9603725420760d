// The windows of a rotation schedule, by the examples and rules of the documentation.
import { checkRules, daysBetween, nextWindow, RotationRules } from './rotation-window';

const MONDAY_9 = Date.UTC(2026, 0, 5, 9);

function windows(rules: RotationRules, count: number, joinsOpen = false): string[] {
  const short = (time: number) => new Date(time).toISOString().slice(5, 16);
  const found: string[] = [];
  let now = MONDAY_9;
  let openedAt: number | undefined;
  while (found.length < count) {
    const { opens, closes } = nextWindow(rules, { rotatedAt: openedAt ?? MONDAY_9, openedAt, joinsOpen }, now)!;
    found.push(`${short(opens)} to ${short(closes)}`);
    [openedAt, now] = [opens, opens];
  }
  return found;
}

test.each<[string, RotationRules, string[]]>([
  ['a rate in days opens at midnight, to the end of the day', { ScheduleExpression: 'rate(10 days)' },
    ['01-15T00:00 to 01-16T00:00', '01-25T00:00 to 01-26T00:00']],
  ['so do AutomaticallyAfterDays', { AutomaticallyAfterDays: 30 }, ['02-04T00:00 to 02-05T00:00']],
  ['a rate in hours opens on the hour, for one', { ScheduleExpression: 'rate(12 hours)' },
    ['01-05T21:00 to 01-05T22:00', '01-06T09:00 to 01-06T10:00']],
  ['a Duration ends it earlier', { ScheduleExpression: 'rate(1 day)', Duration: '3h' }, ['01-06T00:00 to 01-06T03:00']],
  ['cron() opens at its hour, to the end of the day', { ScheduleExpression: 'cron(0 8 1 * ? *)' },
    ['02-01T08:00 to 02-02T00:00', '03-01T08:00 to 03-02T00:00']],
  ['cron() in hours, for one', { ScheduleExpression: 'cron(0 4/12 * * ? *)' },
    ['01-05T16:00 to 01-05T17:00', '01-06T04:00 to 01-06T05:00']],
  ['cron() twice a year with a Duration', { ScheduleExpression: 'cron(0 10 ? JAN,JUL 3#2 *)', Duration: '2h' },
    ['01-13T10:00 to 01-13T12:00', '07-14T10:00 to 07-14T12:00']],
])('%s', (_, rules, expected) => expect(windows(rules, expected.length)).toEqual(expected));

test('a new cron() may join the window that is open, once', () => {
  const rules = { ScheduleExpression: 'cron(0 8 * * ? *)' };
  expect(windows(rules, 2, true)).toEqual(['01-05T08:00 to 01-06T00:00', '01-06T08:00 to 01-07T00:00']);
  expect(windows({ ...rules, Duration: '1h' }, 1, true)).toEqual(['01-06T08:00 to 01-06T09:00']);
});

test('a rate whose window has passed goes on with the next one', () => {
  const month = 31 * 86_400_000;
  const window = nextWindow(
    { ScheduleExpression: 'rate(10 days)' }, { rotatedAt: MONDAY_9, joinsOpen: false }, MONDAY_9 + month,
  );
  expect(new Date(window!.opens).toISOString()).toBe('2026-02-14T00:00:00.000Z');
});

test('without rules there is none, and no days are shown', () => {
  expect(nextWindow({}, { rotatedAt: 0, joinsOpen: false }, MONDAY_9)).toBeUndefined();
  expect(daysBetween({}, MONDAY_9)).toBeUndefined();
});

test.each([['rate(12 hours)', 1], ['rate(10 days)', 10], ['cron(0 8 1 * ? *)', 28]])('%s shows as %d days', (expression, days) =>
  expect(daysBetween({ ScheduleExpression: expression }, MONDAY_9)).toBe(days));

test.each<[string, RotationRules]>([
  ['days and an expression', { AutomaticallyAfterDays: 1, ScheduleExpression: 'rate(1 day)' }],
  ['no whole number of days', { AutomaticallyAfterDays: 0 }],
  ['more than 1000 days', { AutomaticallyAfterDays: 1001 }],
  ['an expression of another form', { ScheduleExpression: 'at(2026-01-01T00:00:00)' }],
  ['less than four hours', { ScheduleExpression: 'rate(3 hours)' }],
  ['minutes', { ScheduleExpression: 'rate(300 minutes)' }],
  ['more than 999 days', { ScheduleExpression: 'rate(1000 days)' }],
  ['cron() not on the hour', { ScheduleExpression: 'cron(30 8 1 * ? *)' }],
  ['cron() with a year', { ScheduleExpression: 'cron(0 8 1 * ? 2027)' }],
  ['a window without a unit', { ScheduleExpression: 'rate(1 day)', Duration: '3' }],
  ['a window into the next day', { ScheduleExpression: 'cron(0 20 1 * ? *)', Duration: '5h' }],
  ['a window into the next one', { ScheduleExpression: 'rate(4 hours)', Duration: '5h' }],
  ['a window into the next one of cron()', { ScheduleExpression: 'cron(0 0/4 * * ? *)', Duration: '5h' }],
])('%s is refused', (_, rules) => expect(() => checkRules(rules)).toThrow(expect.objectContaining({ code: 'InvalidParameterException' })));

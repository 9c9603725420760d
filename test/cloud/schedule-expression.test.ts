// Schedule expressions, by the examples and the rules of AWS's documentation.
import { nextAfter, recurring } from './schedule-expression';

const MONDAY = Date.UTC(2026, 0, 5, 9);

function times(expression: string, count: number): string[] {
  const schedule = recurring(expression)!;
  const found: number[] = [];
  for (let at = MONDAY; found.length < count;) found.push(at = nextAfter(schedule, at)!);
  return found.map((each) => new Date(each).toISOString().slice(0, 16));
}

test.each([
  ['rate(1 hour)', ['2026-01-05T10:00', '2026-01-05T11:00']],
  ['rate(10 days)', ['2026-01-15T09:00', '2026-01-25T09:00']],
  ['cron(0 8 1 * ? *)', ['2026-02-01T08:00', '2026-03-01T08:00']],
  ['cron(0 4/12 * * ? *)', ['2026-01-05T16:00', '2026-01-06T04:00', '2026-01-06T16:00']],
  ['cron(0 10 ? JAN,JUL 3#2 *)', ['2026-01-13T10:00', '2026-07-14T10:00']],
  ['cron(0 0 ? * 1 *)', ['2026-01-11T00:00', '2026-01-18T00:00']],
  ['cron(0 3 ? * 6L *)', ['2026-01-30T03:00', '2026-02-27T03:00']],
  ['cron(0 0 L * ? *)', ['2026-01-31T00:00', '2026-02-28T00:00']],
  ['cron(0 3 15W * ? *)', ['2026-01-15T03:00', '2026-02-16T03:00']],
  ['cron(0 8 31 * ? *)', ['2026-01-31T08:00', '2026-03-31T08:00']],
  ['cron(0 0 29 2 ? *)', ['2028-02-29T00:00', '2032-02-29T00:00']],
  ['cron(0/15 8 ? * MON-FRI 2027)', ['2027-01-01T08:00', '2027-01-01T08:15']],
])('%s', (expression, expected) => expect(times(expression, expected.length)).toEqual(expected));

test('a year that is over has no further time', () => {
  expect(nextAfter(recurring('cron(0 8 1 1 ? 2025)')!, MONDAY)).toBeUndefined();
});

test.each([
  'rate(1 hours)', 'rate(2 hour)', 'rate(0 hours)', 'rate(5 weeks)', 'rate(1.5 hours)', 'rate()', 'at(2026-01-01T00:00:00)',
  'cron(0 8 1 * ?)', 'cron(0 8 1 * 2 *)', 'cron(0 8 * * * *)', 'cron(0 8 ? * ? *)', 'cron(0 25 1 * ? *)',
  'cron(x)', '0 8 1 * ? *',
])('%s is none', (expression) => expect(recurring(expression)).toBeUndefined());

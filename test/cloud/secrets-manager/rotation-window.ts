// When Secrets Manager rotates: the windows of a schedule, by its rules.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
import { invalidParameter } from './errors';
import { CronExpression, MILLISECONDS, Rate, recurring } from '../schedule-expression';

/** `RotationRules` of the API. */
export interface RotationRules {
  readonly AutomaticallyAfterDays?: number;
  readonly Duration?: string;
  readonly ScheduleExpression?: string;
}

/** A rotation comes at any moment of it. */
export interface RotationWindow {
  readonly opens: number;
  readonly closes: number;
}

const { hour: HOUR, day: DAY } = MILLISECONDS;
const MAXIMUM_DAYS = 1000;

/** Throws for what Secrets Manager refuses. */
export function checkRules(rules: RotationRules): void {
  const { AutomaticallyAfterDays: days, Duration: duration, ScheduleExpression: expression } = rules;
  if (days !== undefined && expression !== undefined) {
    throw invalidParameter('You can use AutomaticallyAfterDays or ScheduleExpression, but not both.');
  }
  if (days !== undefined && !(Number.isInteger(days) && days >= 1 && days <= MAXIMUM_DAYS)) {
    throw invalidParameter(`AutomaticallyAfterDays must be between 1 and ${MAXIMUM_DAYS}.`);
  }
  if (duration !== undefined && !/^([1-9]|1\d|2[0-4])h$/.test(duration)) {
    throw invalidParameter('The window has to be a number of hours, such as 3h.');
  }
  const schedule = scheduleOf(rules);
  if (schedule && hoursOf(rules, schedule) > longest(schedule)) {
    throw invalidParameter('The rotation window must not extend into the next window or the next day.');
  }
}

/** The schedule that the rules mean. Undefined when they have none. */
export function scheduleOf(
  { AutomaticallyAfterDays: days, ScheduleExpression: expression }: RotationRules,
): Rate | CronExpression | undefined {
  if (expression === undefined) return days === undefined ? undefined : { kind: 'rate', value: days, unit: 'day' };
  const schedule = recurring(expression);
  const invalid = (why: string) => invalidParameter(`Invalid ScheduleExpression ${expression}: ${why}`);
  if (!schedule) throw invalid('it is no rate() and no cron().');
  if (schedule.kind === 'cron') {
    const [minutes, , , , , year] = schedule.fields;
    if (minutes !== '0' || year !== '*') throw invalid('the minutes have to be 0, and the year *.');
  } else if (schedule.unit === 'minute' || (schedule.unit === 'hour' && schedule.value < 4)) {
    throw invalid('a secret is rotated every four hours at the most.');
  } else if (schedule.unit === 'day' && schedule.value > 999) {
    throw invalid('a secret is rotated every 999 days at the least.');
  }
  return schedule;
}

/** `AutomaticallyAfterDays` as DescribeSecret shows it: reckoned from the schedule. */
export function daysBetween(rules: RotationRules, now: number): number | undefined {
  const schedule = scheduleOf(rules);
  if (!schedule) return undefined;
  if (schedule.kind === 'rate') return Math.ceil(schedule.value * MILLISECONDS[schedule.unit] / DAY);
  const first = schedule.next(now);
  const second = first === undefined ? undefined : schedule.next(first);
  return second === undefined ? undefined : Math.ceil((second - first!) / DAY);
}

/**
 * The next window. That of a rate follows from the last rotation, whoever made it; that of a cron expression from the
 * calendar.
 * @param after what was the last: a window that has had its rotation, or the moment at which the schedule was made
 */
export function nextWindow(
  rules: RotationRules, after: { readonly rotatedAt: number; readonly openedAt?: number; readonly joinsOpen: boolean },
  now: number,
): RotationWindow | undefined {
  const schedule = scheduleOf(rules);
  if (!schedule) return undefined;
  const opens = schedule.kind === 'rate' ? rateOpens(schedule, after.rotatedAt, now)
    : schedule.next(after.openedAt ?? (after.joinsOpen ? openedBefore(rules, schedule, now) : now));
  return opens === undefined ? undefined : { opens, closes: opens + hoursOf(rules, schedule, opens) * HOUR };
}

/** On the hour, and for a rate in days at midnight. A window that was missed altogether is not made up for. */
function rateOpens({ value, unit }: Rate, rotatedAt: number, now: number): number {
  const step = MILLISECONDS[unit];
  const first = Math.floor(rotatedAt / step) * step + value * step;
  const missed = Math.max(0, Math.ceil((now - first) / (value * step)));
  return now >= first + step ? first + missed * value * step : first;
}

/** A moment such that the first window after it is the one that is open now, if there is one. */
function openedBefore(rules: RotationRules, schedule: CronExpression, now: number): number {
  const length = hoursOf(rules, schedule, now) * HOUR;
  const opens = schedule.next(now - length);
  return opens !== undefined && opens <= now ? opens - 1 : now;
}

/** Without a Duration: one hour for a schedule in hours, to the end of the UTC day for one in days. */
function hoursOf({ Duration }: RotationRules, schedule: Rate | CronExpression, opens?: number): number {
  if (Duration !== undefined) return Number(Duration.replace('h', ''));
  if (isInHours(schedule)) return 1;
  return 24 - (opens === undefined ? startHour(schedule) : new Date(opens).getUTCHours());
}

function longest(schedule: Rate | CronExpression): number {
  if (!isInHours(schedule)) return 24 - startHour(schedule);
  if (schedule.kind === 'rate') return Math.min(schedule.value, 24);
  const [, step] = /\/(\d+)$/.exec(schedule.fields[1]) ?? [];
  return step ? Number(step) : 1;
}

function isInHours(schedule: Rate | CronExpression): boolean {
  return schedule.kind === 'rate' ? schedule.unit === 'hour' : !/^\d+$/.test(schedule.fields[1]);
}

function startHour(schedule: Rate | CronExpression): number {
  return schedule.kind === 'rate' ? 0 : Number(schedule.fields[1]);
}

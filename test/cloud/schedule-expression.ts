// Schedule expressions of AWS, `rate()` and `cron()`: when they are due. EventBridge, its Scheduler and Secrets Manager
// share them: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
import { Cron } from 'croner';

export interface Rate {
  readonly kind: 'rate';
  readonly value: number;
  readonly unit: 'minute' | 'hour' | 'day';
}

export interface CronExpression {
  readonly kind: 'cron';
  /** As they are written: minutes, hours, day of the month, month, day of the week, year. */
  readonly fields: readonly string[];
  /** The first time after that moment. Undefined when there is none. */
  readonly next: (after: number) => number | undefined;
}

export const MILLISECONDS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Each look at a secret asks for the same few expressions, and reading one takes long. */
const known = new Map<string, Rate | CronExpression | undefined>();

/** Undefined for what is neither of the two, or not valid. */
export function recurring(expression: string): Rate | CronExpression | undefined {
  if (!known.has(expression)) known.set(expression, read(expression));
  return known.get(expression);
}

function read(expression: string): Rate | CronExpression | undefined {
  const [, kind, text] = /^(rate|cron)\(([^()]+)\)$/.exec(expression) ?? [];
  return kind === 'rate' ? rate(text) : kind === 'cron' ? cron(text) : undefined;
}

/** When a schedule that is not tied to the hour or the day is due after that moment. */
export function nextAfter(schedule: Rate | CronExpression, moment: number): number | undefined {
  if (schedule.kind === 'cron') return schedule.next(moment);
  return moment + schedule.value * MILLISECONDS[schedule.unit];
}

/** The unit is in the singular for 1, and in the plural for all others. */
function rate(text: string): Rate | undefined {
  const [, digits, unit, plural] = /^([1-9]\d*) (minute|hour|day)(s?)$/.exec(text) ?? [];
  if (!digits || (digits === '1') !== (plural === '')) return undefined;
  return { kind: 'rate', value: Number(digits), unit: unit as Rate['unit'] };
}

function cron(text: string): CronExpression | undefined {
  const fields = text.trim().split(/\s+/);
  const [, , dayOfMonth, , dayOfWeek] = fields;
  // One of the two days says nothing.
  if (fields.length !== 6 || (dayOfMonth === '?') === (dayOfWeek === '?')) return undefined;
  try {
    // AWS has no field for seconds, starts a step at a number (4/12), and its Sunday is 1.
    const parsed = new Cron(`0 ${fields.join(' ')}`, {
      timezone: 'UTC', mode: '7-part', alternativeWeekdays: true, sloppyRanges: true,
    });
    return { kind: 'cron', fields, next: (after) => parsed.nextRun(new Date(after))?.getTime() };
  } catch {
    return undefined;
  }
}

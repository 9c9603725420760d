// A schedule of EventBridge Scheduler: what it takes, and when it is due.
import { partitionOf } from '../partition';
import { CronExpression, nextAfter, Rate, recurring } from '../schedule-expression';
import { ServiceError } from '../service-error';

/** A group of schedules, which CloudFormation makes. */
export interface GroupRef {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

interface Target {
  readonly Arn: string;
  readonly RoleArn: string;
  readonly Input?: string;
  readonly RetryPolicy?: { readonly MaximumRetryAttempts?: number; readonly MaximumEventAgeInSeconds?: number };
}

/** What CreateSchedule takes and GetSchedule gives. */
export interface ScheduleParameters {
  readonly GroupName?: string;
  readonly ScheduleExpression: string;
  readonly ScheduleExpressionTimezone?: string;
  readonly State?: 'ENABLED' | 'DISABLED';
  readonly ActionAfterCompletion?: 'DELETE' | 'NONE';
  readonly ClientToken?: string;
  readonly FlexibleTimeWindow: { readonly Mode: string; readonly MaximumWindowInMinutes?: number };
  readonly Target: Target;
}

export interface Schedule extends ScheduleParameters {
  readonly Name: string;
  readonly arn: string;
  readonly group: GroupRef;
  /** The first time. */
  readonly at: number;
  /** Undefined for one that calls once. */
  readonly recurs?: Rate | CronExpression;
  /** Aborted when it is changed or deleted. */
  readonly ended: AbortController;
}

const NAME = /^[0-9a-zA-Z\-_.]{1,64}$/;
const MAXIMUM_INPUT_BYTES = 256 * 1024;

/** Throws for what the service refuses. A time in the past is refused: nobody says whether AWS does that. */
export function newSchedule(group: GroupRef, Name: string, parameters: ScheduleParameters, now: number): Schedule {
  const { ScheduleExpression: expression, FlexibleTimeWindow: window, Target: { Arn, Input = '{}' } } = parameters;
  if (!NAME.test(Name)) throw invalid(`Value '${Name}' at 'name' failed to satisfy constraint`);
  const recurs = recurring(expression);
  const at = recurs ? nextAfter(recurs, now) : once(expression);
  if (!(at !== undefined && at >= now)) throw invalid(`Invalid Schedule Expression ${expression}.`);
  const isFlexible = window?.Mode === 'FLEXIBLE' && Number(window.MaximumWindowInMinutes) >= 1;
  if (window?.Mode !== 'OFF' && !isFlexible) throw invalid('Invalid FlexibleTimeWindow.');
  for (const name of ['StartDate', 'EndDate']) {
    if (name in parameters) throw new Error(`The local Scheduler knows no ${name}`);
  }
  if ((parameters.ScheduleExpressionTimezone ?? 'UTC') !== 'UTC') throw new Error('The local Scheduler knows UTC only');
  if (!Arn.includes(':function:')) throw new Error('The local Scheduler calls functions only');
  if (Buffer.byteLength(Input) > MAXIMUM_INPUT_BYTES) throw invalid('The input is longer than 256 KB.');
  try {
    JSON.parse(Input);
  } catch {
    throw invalid('Invalid Input: the input of a Lambda target has to be well-formed JSON.');
  }
  const GroupName = group.name;
  const arn = arnOf(group, 'schedule', `${GroupName}/${Name}`);
  return { ...parameters, GroupName, Name, arn, group, at, recurs, ended: new AbortController() };
}

export function arnOf(
  { account, region }: Omit<GroupRef, 'name'>, type: 'schedule' | 'schedule-group', name: string,
): string {
  return `arn:${partitionOf(region)}:scheduler:${region}:${account}:${type}/${name}`;
}

export function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', 400, message);
}

function once(expression: string): number {
  const [, time] = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/.exec(expression) ?? [];
  return Date.parse(`${time}Z`);
}

// EventBridge Scheduler of the local cloud: groups, and schedules that call a function once and delete themselves.
// https://docs.aws.amazon.com/scheduler/latest/APIReference/Welcome.html
import { Call, CloudContext, HttpService, Reply, Request } from './http-service';
import { accountOf, Iam } from './iam';
import { Lambda } from './lambda';
import { partitionOf } from './partition';
import { ServiceError } from './service-error';

/** How the service behaves; tests may change it at any time. */
interface SchedulerSettings {
  /** Schedules are invoked within so many milliseconds after their time. @default a minute, at a random moment of it */
  precision: number;
  /** How often one is invoked; AWS promises at least once. @default 1 */
  deliveries: number;
}

/** A group of schedules, which CloudFormation makes. */
interface GroupRef {
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
interface ScheduleParameters {
  readonly GroupName?: string;
  readonly ScheduleExpression: string;
  readonly ActionAfterCompletion?: 'DELETE' | 'NONE';
  readonly ClientToken?: string;
  readonly FlexibleTimeWindow: { readonly Mode: string };
  readonly Target: Target;
}

interface Schedule extends ScheduleParameters {
  readonly Name: string;
  readonly arn: string;
  readonly group: GroupRef;
  readonly at: number;
}

interface Group {
  readonly schedules: Map<string, Schedule>;
  readonly deleted: AbortController;
}

const NAME = /^[0-9a-zA-Z\-_.]{1,64}$/;
const MAXIMUM_INPUT_BYTES = 256 * 1024;
const SERVICE = 'scheduler.amazonaws.com';
/** Of a schedule that sets none: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html */
const RETRIES = 185;
const MAXIMUM_EVENT_AGE = 86_400;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

export class Scheduler extends HttpService {
  readonly settings: SchedulerSettings = { precision: 60_000, deliveries: 1 };
  private readonly groups = new Map<string, Group>();

  constructor(context: CloudContext, private readonly iam: Iam, private readonly lambda: Lambda) {
    super('scheduler', context);
  }

  // ---- for tests and CloudFormation

  /** Gives the ARN. */
  createGroup(group: GroupRef): string {
    const arn = arnOf(group, 'schedule-group', group.name);
    if (this.groups.has(arn)) throw conflict(`Schedule group ${group.name} already exists.`);
    this.groups.set(arn, { schedules: new Map(), deleted: new AbortController() });
    return arn;
  }

  /** With all its schedules, which are invoked no more. */
  deleteGroup(group: GroupRef): void {
    const arn = arnOf(group, 'schedule-group', group.name);
    this.groups.get(arn)?.deleted.abort();
    this.groups.delete(arn);
  }

  /** ARNs of all schedules that there are. */
  schedules(): string[] {
    return [...this.groups.values()].flatMap(({ schedules }) => [...schedules.values()].map(({ arn }) => arn));
  }

  async stop(): Promise<void> {
    for (const { deleted } of this.groups.values()) deleted.abort();
    await super.stop();
  }

  // ---- HTTP

  protected operationOf({ method, path }: Request): string {
    const operation = { POST: 'CreateSchedule', GET: 'GetSchedule', DELETE: 'DeleteSchedule' }[method];
    return operation && scheduleName(path) ? operation : `${method} ${path}`;
  }

  protected handle(call: Call): Reply {
    const name = scheduleName(call.path);
    switch (name && call.operation) {
      case 'CreateSchedule': return json({ ScheduleArn: this.create(call, name!) });
      case 'GetSchedule': {
        const { Name, arn: Arn, GroupName, ScheduleExpression, Target, ActionAfterCompletion } = this.find(call, name!);
        return json({ Name, Arn, GroupName, ScheduleExpression, Target, ActionAfterCompletion, State: 'ENABLED' });
      }
      case 'DeleteSchedule': {
        const { group } = this.find(call, name!);
        this.groupNamed(group).schedules.delete(name!);
        return json({});
      }
      default:
        throw new ServiceError('UnknownOperationException', 404, `The local Scheduler has no ${call.operation}`);
    }
  }

  protected renderError(error: ServiceError): Reply {
    const headers = { 'content-type': 'application/json', 'x-amzn-errortype': error.code };
    return { status: error.status, headers, body: JSON.stringify({ Message: error.message }) };
  }

  protected throttled(): ServiceError {
    return new ServiceError('ThrottlingException', 429, 'Rate exceeded');
  }

  // ---- operations

  private create({ principal, region, body }: Call, Name: string): string {
    const parameters = JSON.parse(body.toString('utf8')) as ScheduleParameters;
    const { GroupName = 'default', Target: { RoleArn }, ClientToken } = parameters;
    const group = { account: principal.account, region, name: GroupName };
    const arn = arnOf(group, 'schedule', `${GroupName}/${Name}`);
    this.context.authorize(principal, 'scheduler:CreateSchedule', arn);
    this.context.authorize(principal, 'iam:PassRole', RoleArn, { 'iam:PassedToService': [SERVICE] });
    const { schedules, deleted } = this.groupNamed(group);
    const schedule: Schedule = { ...parameters, GroupName, Name, arn, group, at: this.check(Name, parameters) };
    const existing = schedules.get(Name);
    if (existing) {
      if (ClientToken !== undefined && existing.ClientToken === ClientToken) return arn;
      throw conflict(`Schedule ${Name} already exists.`);
    }
    if (!this.mayAssume(schedule)) {
      throw invalid('The execution role you provide must allow AWS EventBridge Scheduler to assume the role.');
    }
    schedules.set(Name, schedule);
    this.run(schedule, deleted.signal).catch(() => undefined); // its group was deleted, or the cloud stops
    return arn;
  }

  /** When it is due. A time in the past is refused: nobody says whether AWS does that. */
  private check(name: string, { ScheduleExpression, FlexibleTimeWindow, Target }: ScheduleParameters): number {
    const { Arn, Input = '{}' } = Target;
    if (!NAME.test(name)) throw invalid(`Value '${name}' at 'name' failed to satisfy constraint`);
    const [, time] = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/.exec(ScheduleExpression) ?? [];
    const at = Date.parse(`${time}Z`);
    if (!(at >= this.context.clock.now())) throw invalid(`Invalid Schedule Expression ${ScheduleExpression}.`);
    if (FlexibleTimeWindow?.Mode !== 'OFF') throw new Error('The local Scheduler knows no flexible time window');
    if (!Arn.includes(':function:')) throw new Error('The local Scheduler calls functions only');
    if (Buffer.byteLength(Input) > MAXIMUM_INPUT_BYTES) throw invalid('The input is longer than 256 KB.');
    try {
      JSON.parse(Input);
    } catch {
      throw invalid('Invalid Input: the input of a Lambda target has to be well-formed JSON.');
    }
    return at;
  }

  private find({ principal, region, operation, query }: Call, name: string): Schedule {
    const group = { account: principal.account, region, name: query.get('groupName') ?? 'default' };
    this.context.authorize(principal, `scheduler:${operation}`, arnOf(group, 'schedule', `${group.name}/${name}`));
    const found = this.groupNamed(group).schedules.get(name);
    if (!found) throw notFound(`Schedule ${name} does not exist.`);
    return found;
  }

  private groupNamed(group: GroupRef): Group {
    const found = this.groups.get(arnOf(group, 'schedule-group', group.name));
    if (!found) throw notFound(`Schedule group ${group.name} does not exist.`);
    return found;
  }

  // ---- invocations

  private async run(schedule: Schedule, deleted: AbortSignal): Promise<void> {
    const { clock, random } = this.context;
    const { deliveries, precision } = this.settings;
    await clock.sleep(schedule.at - clock.now() + random() * precision, deleted);
    const { schedules } = this.groupNamed(schedule.group);
    for (let count = 0; count < deliveries && schedules.get(schedule.Name) === schedule; count++) {
      // Whether AWS deletes a schedule that it never could invoke is not known: here it stays.
      if (!await this.deliver(schedule, deleted)) return;
    }
    if (schedule.ActionAfterCompletion === 'DELETE' && schedules.get(schedule.Name) === schedule) {
      schedules.delete(schedule.Name);
    }
  }

  /** False when its retries are used up, or the event is too old. */
  private async deliver(schedule: Schedule, deleted: AbortSignal): Promise<boolean> {
    const { clock } = this.context;
    const { at, Target: { RetryPolicy = {} } } = schedule;
    const { MaximumRetryAttempts = RETRIES, MaximumEventAgeInSeconds = MAXIMUM_EVENT_AGE } = RetryPolicy;
    for (let tries = 0; tries <= MaximumRetryAttempts; tries++) {
      if (this.mayAssume(schedule) && this.invoke(schedule.Target)) return true;
      await clock.sleep(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** tries), deleted);
      if (clock.now() - at > MaximumEventAgeInSeconds * 1000) return false;
    }
    return false;
  }

  /**
   * Asynchronous, as of every Lambda target: https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html
   * It is no further run of a chain: Lambda does not see that this function asked for it.
   */
  private invoke({ Arn, RoleArn: roleArn, Input = '{}' }: Target): boolean {
    try {
      this.context.authorize({ account: accountOf(roleArn), roleArn }, 'lambda:InvokeFunction', Arn);
      this.lambda.invokeAsync(Arn, Input);
      return true;
    } catch (error) {
      if (error instanceof ServiceError) return false;
      throw error;
    }
  }

  private mayAssume({ Target: { RoleArn }, group }: Schedule): boolean {
    return this.iam.serviceMayAssume(SERVICE, RoleArn, {
      'aws:SourceAccount': [group.account],
      'aws:SourceArn': [arnOf(group, 'schedule-group', group.name)],
    });
  }
}

function arnOf({ account, region }: Omit<GroupRef, 'name'>, type: 'schedule' | 'schedule-group', name: string): string {
  return `arn:${partitionOf(region)}:scheduler:${region}:${account}:${type}/${name}`;
}

/** Of the API's path. */
function scheduleName(path: string): string | undefined {
  const match = /^\/schedules\/([^/]+)$/.exec(path);
  return match ? decodeURIComponent(match[1]) : undefined;
}

function json(body: object): Reply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', 400, message);
}

function conflict(message: string): ServiceError {
  return new ServiceError('ConflictException', 409, message);
}

function notFound(message: string): ServiceError {
  return new ServiceError('ResourceNotFoundException', 404, message);
}

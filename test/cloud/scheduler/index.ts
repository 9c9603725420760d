// EventBridge Scheduler of the local cloud: groups, and schedules that call a function once or for ever.
// https://docs.aws.amazon.com/scheduler/latest/APIReference/Welcome.html
import { Call, CloudContext, HttpService, Reply, Request } from '../http-service';
import { accountOf, Iam } from '../iam';
import { Lambda } from '../lambda';
import { arnOf, GroupRef, invalid, newSchedule, Schedule, ScheduleParameters } from './schedule';
import { nextAfter } from '../schedule-expression';
import { ServiceError } from '../service-error';

export type { ScheduleParameters } from './schedule';

/** How the service behaves; tests may change it at any time. */
interface SchedulerSettings {
  /** Schedules are invoked within so many milliseconds after their time. @default a minute, at a random moment of it */
  precision: number;
  /** How often one is invoked; AWS promises at least once. @default 1 */
  deliveries: number;
}

interface Group {
  readonly schedules: Map<string, Schedule>;
  readonly deleted: AbortController;
}

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

  /** Creates or changes it. Gives the ARN. */
  putSchedule(group: GroupRef, name: string, parameters: ScheduleParameters): string {
    const { schedules, deleted } = this.groupNamed(group);
    const schedule = newSchedule(group, name, parameters, this.context.clock.now());
    if (!this.mayAssume(schedule)) {
      throw invalid('The execution role you provide must allow AWS EventBridge Scheduler to assume the role.');
    }
    schedules.get(name)?.ended.abort();
    schedules.set(name, schedule);
    if (schedule.State !== 'DISABLED') this.run(schedule, deleted.signal).catch(() => undefined); // ended, or the cloud stops
    return schedule.arn;
  }

  /** It may be gone already. */
  deleteSchedule(group: GroupRef, name: string): void {
    const schedules = this.groups.get(arnOf(group, 'schedule-group', group.name))?.schedules;
    schedules?.get(name)?.ended.abort();
    schedules?.delete(name);
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
        const { arn: Arn, State = 'ENABLED', group, at, recurs, ended, ClientToken, ...parameters } = this.find(call, name!);
        return json({ Arn, State, ...parameters });
      }
      case 'DeleteSchedule': {
        this.deleteSchedule(this.find(call, name!).group, name!);
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
    const existing = this.groupNamed(group).schedules.get(Name);
    if (existing) {
      newSchedule(group, Name, parameters, this.context.clock.now()); // what is not valid is said first
      if (ClientToken !== undefined && existing.ClientToken === ClientToken) return arn;
      throw conflict(`Schedule ${Name} already exists.`);
    }
    return this.putSchedule(group, Name, parameters);
  }

  private find({ principal, region, operation, query }: Call, name: string): Schedule {
    const group = { account: principal.account, region, name: query.get('groupName') ?? 'default' };
    this.context.authorize(principal, `scheduler:${operation}`, arnOf(group, 'schedule', `${group.name}/${name}`));
    const found = this.groupNamed(group).schedules.get(name);
    if (!found) throw notFound(`Schedule ${name} does not exist.`);
    return found;
  }

  private groupNamed(group: GroupRef): Group {
    const arn = arnOf(group, 'schedule-group', group.name);
    if (group.name === 'default' && !this.groups.has(arn)) this.createGroup(group); // every account has it
    const found = this.groups.get(arn);
    if (!found) throw notFound(`Schedule group ${group.name} does not exist.`);
    return found;
  }

  // ---- invocations

  private async run(schedule: Schedule, groupDeleted: AbortSignal): Promise<void> {
    const { Name, at, recurs, group } = schedule;
    const ended = AbortSignal.any([schedule.ended.signal, groupDeleted]);
    if (recurs) {
      for (let due: number | undefined = at; due !== undefined; due = nextAfter(recurs, due)) {
        await this.context.clock.sleepUntilDue(this.untilCall(schedule, due), ended);
        // The next time does not wait for the retries of this one.
        this.deliverAll(schedule, due, ended).catch(() => undefined);
      }
    } else {
      await this.context.clock.sleep(this.untilCall(schedule, at), ended);
      // Whether AWS deletes a schedule that it never could invoke is not known: here it stays.
      if (!await this.deliverAll(schedule, at, ended)) return;
    }
    if (schedule.ActionAfterCompletion === 'DELETE') this.groupNamed(group).schedules.delete(Name);
  }

  private untilCall({ FlexibleTimeWindow: { MaximumWindowInMinutes = 0 } }: Schedule, due: number): number {
    const { clock, random } = this.context;
    return due - clock.now() + random() * (this.settings.precision + MaximumWindowInMinutes * 60_000);
  }

  private async deliverAll(schedule: Schedule, due: number, ended: AbortSignal): Promise<boolean> {
    for (let count = 0; count < this.settings.deliveries; count++) {
      if (!await this.deliver(schedule, due, ended)) return false;
    }
    return true;
  }

  /** False when its retries are used up, or the event is too old. */
  private async deliver(schedule: Schedule, due: number, ended: AbortSignal): Promise<boolean> {
    const { clock } = this.context;
    const { Target: { RetryPolicy = {} } } = schedule;
    const { MaximumRetryAttempts = RETRIES, MaximumEventAgeInSeconds = MAXIMUM_EVENT_AGE } = RetryPolicy;
    for (let tries = 0; tries <= MaximumRetryAttempts; tries++) {
      if (this.mayAssume(schedule) && this.invoke(schedule.Target)) return true;
      await clock.sleep(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** tries), ended);
      if (clock.now() - due > MaximumEventAgeInSeconds * 1000) return false;
    }
    return false;
  }

  /**
   * Asynchronous, as of every Lambda target: https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html
   * It is no further run of a chain: Lambda does not see that this function asked for it.
   */
  private invoke({ Arn, RoleArn: roleArn, Input = '{}' }: Schedule['Target']): boolean {
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

/** Of the API's path. */
function scheduleName(path: string): string | undefined {
  const match = /^\/schedules\/([^/]+)$/.exec(path);
  return match ? decodeURIComponent(match[1]) : undefined;
}

function json(body: object): Reply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function conflict(message: string): ServiceError {
  return new ServiceError('ConflictException', 409, message);
}

function notFound(message: string): ServiceError {
  return new ServiceError('ResourceNotFoundException', 404, message);
}

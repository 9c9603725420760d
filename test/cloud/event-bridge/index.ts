// EventBridge of the local cloud: the rules of each account's default bus, which invoke functions for an event or on a
// schedule. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
import { VIA_CLOUDTRAIL } from './cloud-trail';
import { ServiceEvent, wireEvent } from './event';
import { checkPattern, matchesPattern } from './event-pattern';
import { checkInput, InputTransformer, transformed } from './input-transformer';
import { CloudContext } from '../http-service';
import { Lambda } from '../lambda';
import { partitionOf } from '../partition';
import { nextAfter, recurring } from '../schedule-expression';
import { ServiceError } from '../service-error';
import { randomUuid } from '../time/random';

export type { SendEvent, ServiceEvent } from './event';

/** How the service behaves; tests may change it at any time. */
interface EventBridgeSettings {
  /** How often a target gets an event. Documented: at least once. @default 1 */
  deliveries: number;
  /**
   * A target gets an event within so many milliseconds, at a random moment: so a later event may come first. Documented
   * is neither a time nor an order; half a second is usual. @default a minute, the worse case
   */
  longestDelay: number;
  /**
   * Whether the account has a trail. Without one there are no events "via CloudTrail": documented.
   * @default false, as in a new account
   */
  trail: boolean;
  /**
   * Whether AWS Health tells of DKIM. Three projects have seen its mails. Nobody has published the event.
   * @default false, so that nothing relies on it
   */
  healthEvents: boolean;
}

interface RuleRef {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

interface Target {
  readonly Arn: string;
  readonly Id: string;
  readonly Input?: string;
  readonly InputTransformer?: InputTransformer;
  readonly [other: string]: unknown;
}

export interface RuleParameters {
  readonly EventPattern?: object;
  readonly ScheduleExpression?: string;
  readonly State?: string;
  readonly Targets?: readonly Target[];
}

interface Rule extends RuleRef, RuleParameters {
  readonly arn: string;
  readonly replaced: AbortController;
}

/** A target that did not get an event. On AWS only the metric FailedInvocations tells. */
export interface FailedInvocation {
  readonly ruleArn: string;
  readonly targetArn: string;
  readonly message: string;
}

const SERVICE = 'events.amazonaws.com';
/** A rule calls at some second of its minute: documented. */
const PRECISION = 60_000;
const TARGET_FIELDS = ['Arn', 'Id', 'Input', 'InputTransformer', 'RetryPolicy', 'DeadLetterConfig'];

export class EventBridge {
  readonly settings: EventBridgeSettings = { deliveries: 1, longestDelay: 60_000, trail: false, healthEvents: false };
  /** All events that services have sent, oldest first. */
  readonly events: (ServiceEvent & { readonly at: number })[] = [];
  readonly failedInvocations: FailedInvocation[] = [];
  private readonly rules = new Map<string, Rule>();
  private readonly stopped = new AbortController();

  constructor(
    private readonly context: Pick<CloudContext, 'clock' | 'random'>, private readonly lambda: Lambda,
  ) {}

  /** No more invocations. */
  stop(): void {
    this.stopped.abort(new Error('the local cloud was stopped'));
  }

  // ---- rules, for CloudFormation

  /** Creates or changes it. Gives the ARN. */
  putRule(ref: RuleRef, parameters: RuleParameters): string {
    const { EventPattern: pattern, ScheduleExpression: expression, Targets: targets = [] } = parameters;
    if (!pattern && !expression) throw invalid('Parameter(s) EventPattern or ScheduleExpression must be specified.');
    if (pattern) checkPattern(pattern);
    if (expression && !recurring(expression)) throw invalid('Parameter ScheduleExpression is not valid.');
    if (targets.length > 5) throw invalid('The limit of 5 targets is exceeded.');
    for (const target of targets) checkTarget(target);
    const arn = ruleArn(ref);
    this.deleteRule(ref);
    const rule: Rule = { ...ref, ...parameters, arn, replaced: new AbortController() };
    this.rules.set(arn, rule);
    if (expression && isEnabled(rule)) this.callOnSchedule(rule).catch(() => undefined); // changed, deleted, or the end
    return arn;
  }

  deleteRule(ref: RuleRef): void {
    const arn = ruleArn(ref);
    this.rules.get(arn)?.replaced.abort();
    this.rules.delete(arn);
  }

  /** ARNs of all rules that there are. */
  ruleArns(): string[] {
    return [...this.rules.keys()];
  }

  // ---- events

  /** Each rule that fits sends it to each of its targets. */
  send(event: ServiceEvent): void {
    if (VIA_CLOUDTRAIL.test(event.detailType) && !this.settings.trail) return;
    this.events.push({ ...event, at: this.context.clock.now() });
    const { account, region } = event;
    const wire = wireEvent(event, this.context.clock.date());
    const fits = (rule: Rule) => rule.account === account && rule.region === region && isEnabled(rule)
      && rule.EventPattern !== undefined && matchesPattern(rule.EventPattern, wire);
    for (const rule of [...this.rules.values()].filter(fits)) this.sendTo(rule, wire);
  }

  private async callOnSchedule(rule: Rule): Promise<void> {
    const { clock, random } = this.context;
    const { ScheduleExpression, account, region, arn, replaced } = rule;
    const schedule = recurring(ScheduleExpression!)!;
    for (let due = nextAfter(schedule, clock.now()); due !== undefined; due = nextAfter(schedule, due)) {
      const ended = AbortSignal.any([replaced.signal, this.stopped.signal]);
      await clock.sleepUntilDue(due + random() * PRECISION - clock.now(), ended);
      const event = { source: 'aws.events', detailType: 'Scheduled Event', account, region, resources: [arn], detail: {} };
      this.sendTo(rule, wireEvent(event, clock.date()), 0);
    }
  }

  private sendTo({ arn, Targets = [] }: Rule, event: object, longestDelay = this.settings.longestDelay): void {
    const { clock, random } = this.context;
    const id = randomUuid(random);
    for (const { Arn, Input, InputTransformer: transformer } of Targets) {
      const whole = JSON.stringify({ ...event, id });
      const input = Input ?? (transformer ? transformed(transformer, JSON.parse(whole)) : whole);
      for (let count = 0; count < this.settings.deliveries; count++) {
        clock.sleep(random() * longestDelay, this.stopped.signal)
          .then(() => this.invoke(arn, Arn, input), () => undefined);
      }
    }
  }

  /** Asynchronous, as for every Lambda target. What the function's policy forbids is not tried again: documented. */
  private invoke(arn: string, targetArn: string, input: string): void {
    try {
      this.lambda.authorizeService(
        { service: SERVICE, sourceAccount: arn.split(':')[4], sourceArn: arn }, targetArn,
      );
      this.lambda.invokeAsync(targetArn, input);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.failedInvocations.push({ ruleArn: arn, targetArn, message: error.message });
    }
  }
}

function ruleArn({ account, region, name }: RuleRef): string {
  return `arn:${partitionOf(region)}:events:${region}:${account}:rule/${name}`;
}

function isEnabled({ State = 'ENABLED' }: Rule): boolean {
  return State !== 'DISABLED';
}

function checkTarget(target: Target): void {
  const unknown = Object.keys(target).find((name) => !TARGET_FIELDS.includes(name));
  if (unknown) throw new Error(`The local EventBridge knows no ${unknown} of a target`);
  checkInput(target.Input, target.InputTransformer);
  if (!target.Arn.includes(':function:')) throw new Error('The local EventBridge calls functions only');
}

function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', 400, message);
}

// Runs the handler's own entry for a quick history: in this process, with the SDK's clients in memory and simulated
// time.
import { Account, Region } from './operations';
import { QuickCalls, Run, TIMEOUT_MS } from './quick-calls';
import { QuickClients } from './quick-clients';
import { QuickServices } from './quick-services';
import { RequestSeen } from './witness';
import { CloudFormationEvent, HandlerEvent } from '../../lambda/deployment/event';
import { onEvent } from '../../lambda/deployment/on-event';
import { cloudFormationOf } from '../../lambda/services/cloudformation';
import { invokeAsynchronously } from '../../lambda/services/lambda';
import { schedulerOf } from '../../lambda/services/scheduler';
import { describeResource, describeStack } from '../cloud/cloudformation/descriptions';
import { Stack } from '../cloud/cloudformation/engine';
import { ServiceError } from '../cloud/service-error';
import { Random, randomText } from '../cloud/time/random';

const ANSWERS = 'https://answers.invalid/';

interface Waiting {
  readonly request: RequestSeen;
  readonly resolve: (body: string) => void;
}

export class QuickHandler {
  /** Without the requests' own times, one seed gives the same numbers. */
  private readonly waiting = new Map<string, Waiting>();
  private readonly runs = new Map<string, Run>();
  private readonly schedules = new Set<string>();
  private runsMade = 0;

  constructor(
    private readonly calls: QuickCalls, private readonly clients: QuickClients, private readonly random: Random,
    private readonly services: QuickServices, private readonly stackOf: (stackId: string) => Stack,
  ) {}

  /** What CloudFormation sends the answer to. */
  expect(request: RequestSeen): { url: string; body: Promise<string> } {
    const id = randomText(this.random, '0123456789abcdef', 32);
    const date = new Date(this.calls.clock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
    const body = new Promise<string>((resolve) => this.waiting.set(id, { request, resolve }));
    return { url: `${ANSWERS}?X-Amz-Date=${date}&X-Amz-Signature=${id}`, body };
  }

  /** Puts the event into the queue of Lambda. */
  invokeAsync(event: string): void {
    this.calls.wrote('an event', event);
    void this.calls.deliver(() => this.run(JSON.parse(event) as HandlerEvent));
  }

  private run(event: HandlerEvent): Promise<boolean> {
    const id = String(++this.runsMade);
    const url = new URL(event.ResponseURL);
    url.searchParams.set('run', id);
    const { clock } = this.calls;
    const end = clock.now() + TIMEOUT_MS;
    return this.calls.run((run) => {
      this.runs.set(id, run);
      return onEvent({ ...event, ResponseURL: url.toString() }, {
        getRemainingTimeInMillis: () => end - clock.now(), invokedFunctionArn: 'arn:function',
      }, this.environment(run, event));
    });
  }

  private environment(run: Run, event: CloudFormationEvent): Parameters<typeof onEvent>[2] {
    const { calls } = this;
    const [,,, region, account] = event.StackId.split(':') as [string, string, string, Region, Account];
    const { request } = this.waiting.get(new URL(event.ResponseURL).searchParams.get('X-Amz-Signature')!)!;
    const client = (service: string, handle: (operation: string, input: any) => any) =>
      calls.client(run, service, handle);
    return {
      region,
      time: { now: () => calls.clock.now(), sleep: (ms, signal) => calls.sleep(run, ms, signal) },
      write: (line) => calls.log(line),
      services: this.clients.servicesOf({ run, account, requestFor: () => request }),
      cloudFormation: cloudFormationOf(client('cloudformation', (operation, input) =>
        this.cloudFormation(operation, input))),
      putAnswer: (url, body) => this.takeAnswer(new URL(url), body),
      startInvocation: (sent, retry) => invokeAsynchronously(client('lambda', (_, { Payload }) => {
        this.invokeAsync(Payload.toString());
      }), 'function', sent, retry),
      scheduler: (retry) => schedulerOf(client('scheduler', (_, input) => this.schedule(input)),
        { group: 'group', roleArn: 'role', functionArn: 'arn:function' }, retry),
      waitingIdentities: 1,
    };
  }

  private cloudFormation(operation: string, { StackName, LogicalResourceId }: any): object {
    const stack = this.stackOf(StackName);
    if (operation === 'DescribeStacks') return { Stacks: [describeStack(stack, this.calls.clock.now())] };
    const found = describeResource(stack, LogicalResourceId, this.calls.clock.now());
    return { StackResourceDetail: { ...found, LastUpdatedTimestamp: new Date(found.LastUpdatedTimestamp) } };
  }

  private schedule({ Name, ScheduleExpression, Target }: any): object {
    if (this.schedules.has(Name)) throw new ServiceError('ConflictException', 409, 'there is one already');
    this.schedules.add(Name);
    const at = Date.parse(`${ScheduleExpression.slice(3, -1)}Z`) + this.random() * 60_000;
    void this.calls.clock.sleep(at - this.calls.clock.now()).then(() => this.invokeAsync(Target.Input));
    return {};
  }

  private async takeAnswer(url: URL, body: Buffer): Promise<number> {
    this.calls.wrote('the answer', body.toString());
    const waiting = this.waiting.get(url.searchParams.get('X-Amz-Signature')!)!;
    const id = url.searchParams.get('run')!;
    const run = this.runs.get(id)!;
    await this.calls.call(run, 's3', 'PutObject', () => {
      this.services.witness.answered(waiting.request, id, this.services.closed.size > 0);
      waiting.resolve(body.toString());
    });
    return 200;
  }
}

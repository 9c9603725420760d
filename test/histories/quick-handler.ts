// Runs the handler's own entry for a quick history: in this process, with the SDK's clients in memory and simulated
// time. Each call takes its time, can fail, and can be the last of a process that dies.
import { Account, DOMAIN, Region } from './operations';
import { KEYS, QuickServices } from './quick-services';
import { RequestSeen } from './witness';
import { CloudFormationEvent, HandlerEvent } from '../../lambda/deployment/event';
import { onEvent } from '../../lambda/deployment/on-event';
import { cloudFormationOf } from '../../lambda/services/cloudformation';
import { invokeAsynchronously } from '../../lambda/services/lambda';
import { hostedZone, KnownZones } from '../../lambda/services/route53';
import { schedulerOf } from '../../lambda/services/scheduler';
import { secretsFrom } from '../../lambda/services/secrets-manager';
import { sesOf } from '../../lambda/services/ses';
import { describeResource, describeStack } from '../cloud/cloudformation/descriptions';
import { Stack } from '../cloud/cloudformation/engine';
import { Faults } from '../cloud/faults';
import { ServiceError } from '../cloud/service-error';
import { Clock } from '../cloud/time/clock';
import { DEFAULT_LATENCY } from '../cloud/time/function-time';
import { Random, randomText } from '../cloud/time/random';
import { Canary } from '../end-to-end/faults/canary';

const TIMEOUT_MS = 900_000;
const EVENT_DELAY_MS = 50;
/** After a run that failed, Lambda tries twice more. */
const REPEATS_AFTER_MS = [60_000, 120_000];
const HANG_MS = 20_000;
const ANSWERS = 'https://answers.invalid/';

const ENDED = new Error('the run has ended');

/** The private keys of secrets. Only SES gets them, in one field of one call. */
const CANARIES = Object.values(KEYS).map((key, index, all) => new Canary(key, all.at(index - 1)!));
const KEY_FOR_SES = 'DomainSigningPrivateKey';

/** What services answer when they are called too often. */
const THROTTLED: Readonly<Record<string, string>> = {
  ses: 'TooManyRequestsException',
  route53: 'Throttling',
  secretsmanager: 'ThrottlingException',
  cloudformation: 'Throttling',
  lambda: 'TooManyRequestsException',
  scheduler: 'ThrottlingException',
};

/** A process of the function. Nothing in it goes on when it has died. */
interface Run {
  isDead: boolean;
  readonly die: () => void;
}

interface Waiting {
  readonly request: RequestSeen;
  readonly resolve: (body: string) => void;
}

type Send = (command: { readonly input: any; readonly constructor: { readonly name: string } }) => Promise<any>;

export class QuickHandler {
  readonly logs: string[] = [];
  /** Without the requests' own times, one seed gives the same numbers. */
  private readonly waiting = new Map<string, Waiting>();
  private readonly runs = new Map<string, Run>();
  private readonly schedules = new Set<string>();
  private readonly realFetch = globalThis.fetch;
  private runsMade = 0;

  constructor(
    private readonly clock: Clock, private readonly random: Random, private readonly services: QuickServices,
    private readonly faults: Faults, private readonly stackOf: (stackId: string) => Stack,
  ) {
    const take = (url: string, { body }: { body: Buffer }) => this.takeAnswer(new URL(url), body);
    globalThis.fetch = take as unknown as typeof fetch;
  }

  stop(): void {
    globalThis.fetch = this.realFetch;
  }

  /** What CloudFormation sends the answer to. */
  expect(request: RequestSeen): { url: string; body: Promise<string> } {
    const id = randomText(this.random, '0123456789abcdef', 32);
    const date = new Date(this.clock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
    const body = new Promise<string>((resolve) => this.waiting.set(id, { request, resolve }));
    return { url: `${ANSWERS}?X-Amz-Date=${date}&X-Amz-Signature=${id}`, body };
  }

  /** Puts the event into the queue of Lambda. */
  invokeAsync(event: string): void {
    this.wrote('an event', event);
    void this.deliver(JSON.parse(event) as HandlerEvent);
  }

  private async deliver(event: HandlerEvent): Promise<void> {
    await this.clock.sleep(EVENT_DELAY_MS);
    for (const pause of [...REPEATS_AFTER_MS, undefined]) {
      const hasEnded = await this.run(event);
      if (hasEnded || pause === undefined) return;
      await this.clock.sleep(pause);
    }
  }

  /** False when the run failed, died, or had no more time. */
  private async run(event: HandlerEvent): Promise<boolean> {
    const id = String(++this.runsMade);
    const url = new URL(event.ResponseURL);
    url.searchParams.set('run', id);
    const done = new AbortController();
    const died = new Promise<false>((resolve) => {
      this.runs.set(id, { isDead: false, die: () => resolve(false) });
    });
    const run = this.runs.get(id)!;
    const end = this.clock.now() + TIMEOUT_MS;
    const ended = onEvent({ ...event, ResponseURL: url.toString() }, {
      getRemainingTimeInMillis: () => end - this.clock.now(), invokedFunctionArn: 'arn:function',
    }, this.environment(run, event)).then(() => true, () => false);
    const outOfTime = this.clock.sleep(TIMEOUT_MS, done.signal).then(() => false, () => false);
    try {
      return await Promise.race([ended, died, outOfTime]);
    } finally {
      run.isDead = true;
      done.abort(ENDED); // to make an error takes longer than all else here
    }
  }

  private environment(run: Run, event: CloudFormationEvent): Parameters<typeof onEvent>[2] {
    const [,,, region, account] = event.StackId.split(':') as [string, string, string, Region, Account];
    const { request } = this.waiting.get(new URL(event.ResponseURL).searchParams.get('X-Amz-Signature')!)!;
    const client = (service: string, handle: (operation: string, input: any) => any) => ({
      send: ((command) => {
        const operation = command.constructor.name.replace(/Command$/, '');
        const isSeen = (key: string, value: unknown) => operation.startsWith('Put') && key === KEY_FOR_SES ? undefined : value;
        this.wrote(operation, JSON.stringify(command.input, isSeen));
        return this.call(run, service, operation, () => handle(operation, command.input));
      }) as Send,
    }) as any;
    const sesIn = (where: string) => client('ses', (operation, input) =>
      this.ses(request, account, where as Region, operation, input));
    const zone = client('route53', (operation, input) => this.route53(request, operation, input));
    const secrets = client('secretsmanager', (_, { SecretId, VersionId, VersionStage }) =>
      ({ ARN: SecretId, SecretString: this.services.secret(SecretId, VersionId, VersionStage) }));
    const known: KnownZones = new Map();
    return {
      region,
      time: { now: () => this.clock.now(), sleep: (ms, signal) => this.alive(run, this.clock.sleep(ms, signal)) },
      write: (line) => {
        this.wrote('the log', line);
        this.logs.push(line);
      },
      services: (desired, common, stackId) => ({
        ...common,
        ses: sesOf(desired, stackId, sesIn, common.retry),
        dns: { ask: (name) => this.call(run, 'dns', 'Query', () => this.services.ask(name)) },
        secrets: secretsFrom(() => secrets, common.retry, common.redactor),
        keyStore: () => { throw new Error('no history has a rotating key'); },
        hostedZone: (settings) => hostedZone(settings, async () => zone, common.retry, known),
      }),
      cloudFormation: cloudFormationOf(client('cloudformation', (operation, input) =>
        this.cloudFormation(operation, input))),
      startInvocation: (sent, retry) => invokeAsynchronously(client('lambda', (_, { Payload }) => {
        this.invokeAsync(Payload.toString());
      }), 'function', sent, retry),
      scheduler: (retry) => schedulerOf(client('scheduler', (_, input) => this.schedule(input)),
        { group: 'group', roleArn: 'role', functionArn: 'arn:function' }, retry),
      waitingIdentities: 1,
    };
  }

  private ses(request: RequestSeen, account: Account, region: Region, operation: string, input: any): object {
    const { witness } = this.services;
    const place = { account, region };
    const identity = this.services.identity(place);
    if (!identity) throw new ServiceError('NotFoundException', 404, `Email identity ${DOMAIN} does not exist.`);
    if (operation === 'GetEmailIdentity') witness.looking(request);
    else witness.writing(request, operation);
    const ref = { ...place, name: DOMAIN };
    switch (operation) {
      case 'GetEmailIdentity': return {
        DkimAttributes: {
          SigningEnabled: identity.signingEnabled,
          Status: identity.status,
          Tokens: identity.tokens,
          SigningHostedZone: identity.signingHostedZone,
          SigningAttributesOrigin: identity.origin,
          NextSigningKeyLength: identity.nextKeyLength,
        },
        VerificationInfo: { LastCheckedTimestamp: identity.lastChecked && new Date(identity.lastChecked) },
        Tags: identity.tags,
      };
      case 'PutEmailIdentityDkimSigningAttributes': {
        const { SigningAttributesOrigin: origin, SigningAttributes: attributes = {} } = input;
        witness.telling(request, origin, attributes);
        return this.services.putSigning(place, origin, attributes);
      }
      case 'TagResource': this.services.ses.tag(ref, input.Tags); return {};
      case 'UntagResource': this.services.ses.untag(ref, input.TagKeys); return {};
      default: throw new Error(`the quick SES does not know ${operation}`);
    }
  }

  private route53(request: RequestSeen, operation: string, input: any): object {
    const { witness, zone } = this.services;
    switch (operation) {
      case 'GetHostedZone': return { HostedZone: { Name: zone.info.name, Config: { PrivateZone: false } } };
      case 'ListResourceRecordSets': {
        const found = this.services.listFrom(input.StartRecordName, input.StartRecordType);
        return { ResourceRecordSets: found.slice(0, input.MaxItems ?? 300), IsTruncated: false };
      }
      case 'ChangeResourceRecordSets': {
        witness.writing(request, operation);
        const before = zone.recordSets;
        const { Changes: changes } = input.ChangeBatch;
        const Id = this.services.changeZone(changes);
        witness.changed(request, changes, before);
        return { ChangeInfo: { Id, Status: 'PENDING' } };
      }
      case 'GetChange': return { ChangeInfo: { Id: input.Id, Status: this.services.statusOfChange(input.Id) } };
      default: throw new Error(`the quick Route 53 does not know ${operation}`);
    }
  }

  private cloudFormation(operation: string, { StackName, LogicalResourceId }: any): object {
    const stack = this.stackOf(StackName);
    if (operation === 'DescribeStacks') return { Stacks: [describeStack(stack, this.clock.now())] };
    const found = describeResource(stack, LogicalResourceId, this.clock.now());
    return { StackResourceDetail: { ...found, LastUpdatedTimestamp: new Date(found.LastUpdatedTimestamp) } };
  }

  private schedule({ Name, ScheduleExpression, Target }: any): object {
    if (this.schedules.has(Name)) throw new ServiceError('ConflictException', 409, 'there is one already');
    this.schedules.add(Name);
    const at = Date.parse(`${ScheduleExpression.slice(3, -1)}Z`) + this.random() * 60_000;
    void this.clock.sleep(at - this.clock.now()).then(() => this.invokeAsync(Target.Input));
    return {};
  }

  private async takeAnswer(url: URL, body: Buffer): Promise<Response> {
    this.wrote('the answer', body.toString());
    const waiting = this.waiting.get(url.searchParams.get('X-Amz-Signature')!)!;
    const id = url.searchParams.get('run')!;
    const run = this.runs.get(id)!;
    await this.call(run, 's3', 'PutObject', () => {
      this.services.witness.answered(waiting.request, id);
      waiting.resolve(body.toString());
    });
    return new Response();
  }

  private wrote(where: string, text: string): void {
    if (CANARIES.some((canary) => canary.isIn(text))) this.services.witness.broken.push(`3: a private key is in ${where}`);
  }

  /** One call of a run: it takes its time, and what a fault says happens to it. */
  private async call<T>(run: Run, service: string, operation: string, effect: () => T): Promise<T> {
    const { least, most } = DEFAULT_LATENCY;
    await this.alive(run, this.clock.sleep(least + this.random() * (most - least)));
    const { kind } = this.faults.next(service, operation, this.clock.now());
    const dies = async () => {
      run.isDead = true;
      run.die();
      return this.alive(run, Promise.resolve() as Promise<never>);
    };
    switch (kind) {
      case 'kill-before': return dies();
      case 'throttle': throw refusal(THROTTLED[service] ?? 'Throttling', 400);
      case 'error': throw refusal('InternalFailure', 500);
      case 'access-denied': throw refusal(service === 'route53' ? 'AccessDenied' : 'AccessDeniedException', 403);
      case 'cut-before': throw cut();
      case 'hang':
        await this.alive(run, this.clock.sleep(HANG_MS));
        throw Object.assign(new Error('no answer'), { name: 'TimeoutError' });
    }
    if (kind instanceof ServiceError) throw refusal(kind.code, kind.status);
    const result = this.answer(effect);
    if (kind === 'kill-after') return dies();
    if (kind === 'cut-after') throw cut();
    return result;
  }

  private answer<T>(effect: () => T): T {
    try {
      return effect();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      throw refusal(error.code, error.status, error.message);
    }
  }

  private async alive<T>(run: Run, work: Promise<T>): Promise<T> {
    const result = await work;
    return run.isDead ? new Promise<never>(() => undefined) : result;
  }
}

/** An error as the SDK gives it. */
function refusal(name: string, httpStatusCode: number, message = 'the history wants it'): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}

function cut(): Error {
  return Object.assign(new Error('the connection broke'), { code: 'ECONNRESET' });
}

// The calls of functions in a quick history. Each takes its time, can fail, and can be the last of a process that dies.
import { KEYS } from './quick-services';
import { Faults } from '../cloud/faults';
import { ServiceError } from '../cloud/service-error';
import { Clock } from '../cloud/time/clock';
import { DEFAULT_LATENCY } from '../cloud/time/function-time';
import { Random } from '../cloud/time/random';
import { Canary } from '../end-to-end/faults/canary';

export const TIMEOUT_MS = 900_000;
const EVENT_DELAY_MS = 50;
/** After a run that failed, Lambda tries twice more. */
const REPEATS_AFTER_MS = [60_000, 120_000];
const HANG_MS = 20_000;

const ENDED = new Error('the run has ended');

/** The private keys of secrets. Only SES and Secrets Manager get them, each in one field of one call. */
const CANARY = Canary.ofAll(Object.values(KEYS));
const KEY_FIELDS: Readonly<Record<string, string>> = {
  PutEmailIdentityDkimSigningAttributes: 'DomainSigningPrivateKey',
  PutSecretValue: 'SecretString',
};

/** What services answer when they are called too often. */
const THROTTLED: Readonly<Record<string, string>> = {
  ses: 'TooManyRequestsException',
  route53: 'Throttling',
  secretsmanager: 'ThrottlingException',
  cloudformation: 'Throttling',
  lambda: 'TooManyRequestsException',
  scheduler: 'ThrottlingException',
};

/** A process of a function. Nothing in it goes on when it has died. */
export interface Run {
  isDead: boolean;
  readonly die: () => void;
}

type Send = (command: { readonly input: any; readonly constructor: { readonly name: string } }) => Promise<any>;

export class QuickCalls {
  readonly logs: string[] = [];
  /** Of all keys that there can be. */
  readonly canaries = [CANARY];

  constructor(
    readonly clock: Clock, private readonly random: Random, private readonly faults: Faults,
    private readonly broken: string[],
  ) {}

  /** What an event is run with that Lambda has taken into its queue. `work` is false when the run has failed. */
  async deliver(work: () => Promise<boolean>): Promise<void> {
    await this.clock.sleep(EVENT_DELAY_MS);
    for (const pause of [...REPEATS_AFTER_MS, undefined]) {
      const hasEnded = await work();
      if (hasEnded || pause === undefined) return;
      await this.clock.sleep(pause);
    }
  }

  /** False when the run failed, died, or had no more time. */
  async run(work: (run: Run) => Promise<void>): Promise<boolean> {
    const done = new AbortController();
    let run!: Run;
    const died = new Promise<false>((resolve) => {
      run = { isDead: false, die: () => resolve(false) };
    });
    const ended = work(run).then(() => true, () => false);
    const outOfTime = this.clock.sleep(TIMEOUT_MS, done.signal).then(() => false, () => false);
    try {
      return await Promise.race([ended, died, outOfTime]);
    } finally {
      run.isDead = true;
      done.abort(ENDED); // to make an error takes longer than all else here
    }
  }

  /** A client of the SDK. `handle` does what a call asks for. */
  client(run: Run, service: string, handle: (operation: string, input: any) => unknown): any {
    const send: Send = (command) => {
      const operation = command.constructor.name.replace(/Command$/, '');
      const isSeen = (key: string, value: unknown) => KEY_FIELDS[operation] === key ? undefined : value;
      this.wrote(operation, JSON.stringify(command.input, isSeen));
      return this.call(run, service, operation, () => handle(operation, command.input));
    };
    return { send };
  }

  log(line: string): void {
    this.wrote('the log', line);
    this.logs.push(line);
  }

  wrote(where: string, text: string): void {
    if (this.canaries.some((canary) => canary.isIn(text))) this.broken.push(`3: a private key is in ${where}`);
  }

  sleep(run: Run, ms: number, signal?: AbortSignal): Promise<void> {
    return this.alive(run, this.clock.sleep(ms, signal));
  }

  /** One call of a run: it takes its time, and what a fault says happens to it. */
  async call<T>(run: Run, service: string, operation: string, effect: () => T): Promise<T> {
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

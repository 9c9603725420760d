// Retries calls that a service was too busy for, with back-off and jitter, inside the time that is left.
import { describeError, detailsOf, nameOf } from './describe-error';
import { OutOfTimeError, UnreachableError } from './errors';
import { Log } from './log';

/** A look of a fence counts for so long. */
const LOOK_COUNTS_MS = 5_000;
/** A call that has begun takes up to 20 seconds (`index.ts`), and 5 to connect. */
const CALL_MS = 25_000;
/** So long after a request or a step was overtaken, no call of it can come any more. */
export const OVERTAKEN_ENDS_MS = LOOK_COUNTS_MS + CALL_MS;
/**
 * After a write, SES and Secrets Manager may show what was there before, for some seconds. AWS does not say for how
 * long. See https://github.com/aws/aws-sdk-js-v3/issues/7701.
 */
export const SHOWN_AFTER_MS = 10_000;

export interface Timekeeper {
  /** Milliseconds since 1970. */
  now(): number;
  /** Rejects when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * A fence: looks before a write whether it still counts, and throws when it does not. A look that has let one write
 * counts for the next ones, for some seconds.
 *
 * @param looked when somebody has looked last, in ms since 1970
 */
export function fenceBy(look: () => Promise<void>, time: Pick<Timekeeper, 'now'>, looked = -Infinity): () => Promise<void> {
  return async () => {
    const now = time.now();
    if (now - looked < LOOK_COUNTS_MS) return;
    await look();
    looked = now;
  };
}

/** There is room again soon: SES takes one call a second, and a zone one change at a time. */
const NEXT_IN_LINE = new Set(['TooManyRequestsException', 'PriorRequestNotComplete']);
/** The call may work later: throttled, in the words of any service, a failure on its side, or a broken connection. */
const BUSY = new RegExp(`Throttl|Timeout|ConcurrentModification|Internal|^(${[
  ...NEXT_IN_LINE, 'RequestLimitExceeded', 'SlowDown', 'ServiceUnavailable', 'NotShownYet',
].join('|')})$`);
const BROKEN = new Set([
  'ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH',
  'ENETUNREACH',
]);
const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation']);

/** A network that is only slow, or a host that is being replaced, is back by then. */
const UNREACHABLE_MS = 3 * 60_000;

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** The call that is next in line pauses no longer than this: meanwhile nobody else uses its place. */
const LONGEST_PAUSE_IN_LINE_MS = 2_000;

export interface RetryOptions {
  readonly time: Timekeeper;
  readonly log: Log;
  /** When this invocation has to be done, in ms since 1970. */
  readonly end: number;
  /** For how long a refusal is retried. New IAM policies need some time until every service knows them. */
  readonly accessGraceMs: number;
  /** For how long a call is tried again, whatever time is left. @default Infinity */
  readonly patienceMs?: number;
  /** Asked before each try of a write. Throws when the request no longer stands. */
  readonly fence?: () => Promise<void>;
}

export class Retry {
  constructor(private readonly options: RetryOptions) {}

  now(): number {
    return this.options.time.now();
  }

  /** Sleeps, or throws when there is no time left for that. */
  async pause(ms: number, waitingFor: string): Promise<void> {
    if (this.now() + ms >= this.options.end) throw new OutOfTimeError(waitingFor);
    await this.options.time.sleep(ms);
  }

  /** As `call`, for a call that changes something. */
  async write<T>(name: string, attempt: () => Promise<T>): Promise<T> {
    return this.call(name, async () => {
      await this.options.fence?.();
      return attempt();
    });
  }

  /** Makes a call until it is answered. Each retry comes later, at a random moment, as many callers share one limit. */
  async call<T>(name: string, attempt: () => Promise<T>): Promise<T> {
    const began = this.now();
    let waitingFor = name;
    let lastReached = began;
    for (let tries = 1; ; tries++) {
      // A call that begins now may end too late, and take effect after CloudFormation has been told of a failure.
      // A pause can last longer than asked for, so this is looked at before each call.
      if (this.now() >= this.options.end) throw new OutOfTimeError(waitingFor);
      try {
        return await attempt();
      } catch (error) {
        if (this.now() - began >= (this.options.patienceMs ?? Infinity)) throw error;
        const mayWorkLater = isBusy(error) || (isRefusal(error) && this.now() - began < this.options.accessGraceMs);
        if (!mayWorkLater) throw error;
        const { name: errorName, text: message } = describeError(error);
        if (!isUnreachable(error)) lastReached = this.now();
        if (this.now() - lastReached >= UNREACHABLE_MS) {
          const host = detailsOf(error).host ?? 'the service';
          throw new UnreachableError(`${name} could not reach ${host} for minutes: ${errorName}: ${message}`);
        }
        this.options.log('call-retried', { call: name, attempt: tries, errorName, message });
        waitingFor = `${name}, which last answered ${errorName}: ${message}`;
        const longest = NEXT_IN_LINE.has(errorName) ? longestInLine(this.now() - began) : LONGEST_PAUSE_MS;
        await this.pause(backOff(tries, FIRST_PAUSE_MS, longest), waitingFor);
      }
    }
  }
}

/** Where the line does not move for minutes, something else is wrong, and pauses grow as elsewhere. */
function longestInLine(waited: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(LONGEST_PAUSE_IN_LINE_MS, waited / 30));
}

/** Milliseconds before a further try: twice as long each time, at a random moment in the second half. */
export function backOff(tries: number, first: number, longest = LONGEST_PAUSE_MS): number {
  const most = Math.min(longest, first * 2 ** (tries - 1));
  return most / 2 + Math.random() * most / 2;
}

export function isBusy(error: unknown): boolean {
  const { name = '', code = '', status = 0 } = detailsOf(error);
  return BUSY.test(name) || BROKEN.has(code) || status >= 500 || status === 429;
}

/** No connection, also not in time, or one that broke. */
function isUnreachable(error: unknown): boolean {
  const { name = '', code = name, status, isSlow } = detailsOf(error);
  return status === undefined && !isSlow && (BROKEN.has(code) || code === 'TimeoutError');
}

/** What a role that is seconds old gets to hear: its policies, or the role itself, are not known everywhere yet. */
function isRefusal(error: unknown): boolean {
  return isAccessDenied(error) || ['InvalidClientTokenId', 'UnrecognizedClientException'].includes(nameOf(error));
}

export function isAccessDenied(error: unknown): boolean {
  return DENIED.has(nameOf(error));
}

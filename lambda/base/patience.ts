// Patience: repeats calls that a service was too busy for, with jittered back-off, inside the time that is left.
import { Log, withoutKeys } from './log';

export interface Timekeeper {
  /** Milliseconds since 1970. */
  now(): number;
  /** Rejects when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** This invocation ends before the work does. There may be time for a further one. */
export class OutOfTimeError extends Error {}

/** The call may work later: throttled, a failure on the service's side, or a broken connection. */
const BUSY = new Set([
  'TooManyRequestsException', 'Throttling', 'ThrottlingException', 'ThrottledException', 'RequestLimitExceeded', 'SlowDown',
  'PriorRequestNotComplete', 'ConcurrentModification', 'ConcurrentModificationException', 'InternalFailure', 'InternalServiceError',
  'InternalServiceErrorException', 'ServiceUnavailable', 'TimeoutError',
]);
const BROKEN = new Set(['ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

export class Patience {
  /**
   * @param end when this invocation has to be done (ms since 1970)
   * @param accessGrace how long a refusal is taken for fresh IAM: new policies need some time until every service knows them
   */
  constructor(private readonly time: Timekeeper, private readonly log: Log, private readonly end: number, private readonly accessGrace: number) {}

  now(): number {
    return this.time.now();
  }

  /** Sleeps, or throws when there is no time left for that. */
  async pause(ms: number, waitingFor: string): Promise<void> {
    if (this.time.now() + ms >= this.end) throw new OutOfTimeError(`there was no time left for: ${waitingFor}`);
    await this.time.sleep(ms);
  }

  /** Makes a call until it is answered. Each further try comes later, at a random moment, as many callers share one limit. */
  async insist<T>(call: string, attempt: () => Promise<T>): Promise<T> {
    const began = this.time.now();
    let what = call;
    for (let tries = 1; ; tries++) {
      // What is begun now may not be over in time, and take effect after CloudFormation has been told of a failure. A pause can last longer than asked for.
      if (this.time.now() >= this.end) throw new OutOfTimeError(`there was no time left for: ${what}`);
      try {
        return await attempt();
      } catch (error) {
        const later = isBusy(error) || (isRefusal(error) && this.time.now() - began < this.accessGrace);
        if (!later) throw error;
        const message = withoutKeys((error as Error).message);
        this.log('call-repeated', { call, attempt: tries, errorName: (error as Error).name, message });
        what = `${call}, which last answered ${(error as Error).name}: ${message}`;
        await this.pause(backOff(tries, FIRST_PAUSE), what);
      }
    }
  }
}

/** Milliseconds before a further try: twice as long each time, at a random moment in the second half. */
export function backOff(tries: number, first: number): number {
  const most = Math.min(LONGEST_PAUSE, first * 2 ** (tries - 1));
  return most / 2 + Math.random() * most / 2;
}

export function isBusy(error: unknown): boolean {
  const { name, code, $metadata } = error as { name?: string; code?: string; $metadata?: { httpStatusCode?: number } };
  return BUSY.has(name ?? '') || BROKEN.has(code ?? '') || ($metadata?.httpStatusCode ?? 0) >= 500;
}

/** What a role that is seconds old gets to hear: its policies, or the role itself, are not known there yet. */
function isRefusal(error: unknown): boolean {
  return isAccessDenied(error) || ['InvalidClientTokenId', 'UnrecognizedClientException'].includes((error as Error).name);
}

export function isAccessDenied(error: unknown): boolean {
  return ['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation'].includes((error as Error).name);
}

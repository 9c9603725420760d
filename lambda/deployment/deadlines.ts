// Until when a request is worked on: the invocation ends, and CloudFormation stops waiting.
import { HandlerEvent, requestedAt } from './event';
import { MAX_SERVICE_TIMEOUT, serviceTimeout } from '../../src/private/contract';
import { HandlerError } from '../base/errors';
import { Timekeeper } from '../base/retry';

/** Kept of an invocation and of CloudFormation's time for the answer itself, with its retries. */
export const ANSWER_MS = 30_000;
/** A call that has begun takes up to 20 seconds (`index.ts`). One that goes on for longer is given up. */
const HANG_MS = 25_000;
/** Less than this is not worth a further invocation. */
const WORTHWHILE_MS = 60_000;

/** In ms since 1970, without the time for the answer. */
export interface Deadlines {
  readonly invocation: number;
  /** Infinity while it is not known, because the properties could not be read. */
  readonly cloudFormation: number;
}

/** An app can set a time-out of its own. */
export function cloudFormationDeadline(event: HandlerEvent, now: number): number {
  const { ServiceTimeout, WaitForVerification } = event.ResourceProperties;
  const given = Number(ServiceTimeout);
  const isGiven = given >= 1 && given <= MAX_SERVICE_TIMEOUT;
  const seconds = isGiven ? given : serviceTimeout(Number(WaitForVerification) || 0);
  return requestedAt(event, now) + seconds * 1000 - ANSWER_MS;
}

function endOf({ invocation, cloudFormation }: Deadlines): number {
  return Math.min(invocation, cloudFormation);
}

/** Until when calls may begin. */
export function lastCallOf(deadlines: Deadlines): number {
  return endOf(deadlines) - HANG_MS;
}

/** True when a further invocation has no more time than this one: CloudFormation stops waiting first. */
export function isLastInvocation({ invocation, cloudFormation }: Deadlines): boolean {
  return invocation + WORTHWHILE_MS >= cloudFormation;
}

/** Should a call hang in spite of its own time-outs, CloudFormation hears of it before Lambda kills the process. */
export async function unlessItHangs<T>(result: Promise<T>, deadlines: Deadlines, time: Timekeeper): Promise<T> {
  const done = new AbortController();
  const hung = time.sleep(Math.max(0, endOf(deadlines) - time.now()), done.signal).then(() => {
    throw new HandlerError('A call hung until the time was over', 'Deploy again');
  });
  try {
    return await Promise.race([result, hung]);
  } finally {
    hung.catch(() => undefined); // aborted
    done.abort();
  }
}

// Until when a request is worked on: the invocation ends, and CloudFormation stops waiting.
import { HandlerEvent, requestedAt } from './event';
import { SERVICE_TIMEOUT } from '../../src/private/contract';
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

/** Templates of older versions have shorter time-outs, and an app can set its own. */
export function cloudFormationDeadline(event: HandlerEvent, now: number): number {
  const given = Number(event.ResourceProperties.ServiceTimeout);
  const seconds = given >= 1 && given <= SERVICE_TIMEOUT ? given : SERVICE_TIMEOUT;
  return Math.min(requestedAt(event) ?? now, now) + seconds * 1000 - ANSWER_MS;
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

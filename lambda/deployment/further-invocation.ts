// A further invocation that goes on with a request: at once when this one has no time left, later when SES needs time.
import { Deadlines, isLastInvocation, lastCallOf } from './deadlines';
import { HandlerEvent } from './event';
import { Environment, Request, lateRetry } from './request';
import { LookAgainError, OutOfTimeError } from '../base/errors';
import { Retry } from '../base/retry';

/** Looks of one identity are so far apart, or up to three times as far. */
const LOOK_EVERY_MS = 20_000;
/**
 * And so far for each identity that waits. SES takes one call a second from a whole account: an identity is looked at
 * once in twice this time, on average, so that all looks together take half of the calls.
 */
const LOOK_EVERY_MS_EACH = 1_000;
/** The last look is asked for so long before CloudFormation stops waiting: it comes up to a minute later. */
const LAST_LOOK_MS = 120_000;
/** New roles and policies are known everywhere after seconds, rarely minutes. */
const ACCESS_GRACE_MS = 120_000;

/** Gives what starts it. Undefined when CloudFormation stops waiting before that could do anything. */
export function furtherInvocation(
  request: Request, reason: OutOfTimeError, deadlines: Deadlines,
): (() => Promise<void>) | undefined {
  const { event, environment, progress, log, fence } = request;
  const { time } = environment;
  const sent = (): HandlerEvent => ({ ...event, Progress: progress });
  if (!(reason instanceof LookAgainError)) {
    return isLastInvocation(deadlines) ? undefined : async () => {
      await environment.startInvocation(sent(), lateRetry(request, deadlines));
      log('continued-in-new-invocation');
    };
  }
  const now = time.now();
  const at = Math.min(now + pauseBetweenLooks(environment), reason.until, deadlines.cloudFormation - LAST_LOOK_MS);
  return at <= now ? undefined : async () => {
    const retry = new Retry({ time, log, end: lastCallOf(deadlines), accessGraceMs: ACCESS_GRACE_MS, fence });
    progress.looks = (progress.looks ?? 0) + 1;
    await environment.scheduler(retry).wake(`${event.RequestId}-${progress.looks}`, at, sent());
    log('continued-later', { seconds: Math.round((at - now) / 1000) });
  };
}

/** Random, as all that wait share one limit. */
function pauseBetweenLooks({ waitingIdentities }: Environment): number {
  return Math.max(LOOK_EVERY_MS, waitingIdentities * LOOK_EVERY_MS_EACH) * (1 + 2 * Math.random());
}

// Repeats the work of a request until no cancelled request changes anything in between.
//
// When one resource of a stack fails, CloudFormation cancels the others and rolls them back at once. Their invocations
// are still at work, and nobody stops them. So a roll-back may begin before the request that it rolls back has ended.
// https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1814
import { OutOfTimeError } from '../base/errors';
import { Services } from '../base/ports';

/** An invocation at work goes no longer without a change: in sync takes a minute, a public answer is waited for two. */
const QUIET_MS = 150_000;

/**
 * Does the work again after each quiet time, until it finds nothing to change. `first` is what it has come to until
 * now. In the last invocation the last result counts: most likely nobody interferes any more.
 */
export async function repeatUntilQuiet<T>(
  work: (services: Services) => Promise<T>, first: T,
  { services, isLastInvocation }: { readonly services: Services; readonly isLastInvocation: boolean },
): Promise<T> {
  const { counting, changes } = countingChanges(services);
  for (let last = first; ;) {
    services.log('waiting-for-cancelled-request', { seconds: QUIET_MS / 1000 });
    try {
      await services.retry.pause(QUIET_MS, 'a cancelled request to come to its end');
    } catch (error) {
      if (error instanceof OutOfTimeError && isLastInvocation) return last;
      throw error;
    }
    const before = changes();
    last = await work(counting);
    if (changes() === before) return last;
    services.log('cancelled-request-at-work');
  }
}

/** The same services, with the changes counted that took effect. */
function countingChanges({ ses, hostedZone, ...others }: Services): { counting: Services; changes: () => number } {
  let count = 0;
  const counted = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => async (...args: A): Promise<R> => {
    const result = await call(...args);
    count++;
    return result;
  };
  const counting: Services = {
    ...others,
    ses: { ...ses, putSigning: counted((attributes) => ses.putSigning(attributes)) },
    hostedZone: (settings) => {
      const zone = hostedZone(settings);
      return {
        describe: () => zone.describe(),
        list: (below) => zone.list(below),
        change: counted((...batch) => zone.change(...batch)),
      };
    },
  };
  return { counting, changes: () => count };
}

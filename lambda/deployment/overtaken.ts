// When one resource of a stack fails, CloudFormation cancels the others and rolls them back at once, while their invocations are still at work:
// nobody stops those. So a request that may have overtaken another one is done again until nothing more comes in between.
// https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1814
import { OutOfTimeError } from '../base/patience';
import { World } from '../signing/task';

/** Longer than an invocation at work goes without a change of its own: in sync takes a minute, a public answer is waited for two. */
const QUIET_MS = 150_000;

/**
 * Does the work again after each quiet time, until it finds nothing to change. `first` is what came of it until now. Where no further invocation
 * has more time, `mayEnd`, it is the result: the work is done, and most likely nobody comes after it.
 */
export async function againUntilQuiet<T>(world: World, first: T, work: (world: World) => Promise<T>, mayEnd: boolean): Promise<T> {
  const { counting, changes } = countingChanges(world);
  for (let last = first; ;) {
    world.log('waiting-for-overtaken-request', { seconds: QUIET_MS / 1000 });
    try {
      await world.patience.pause(QUIET_MS, 'a cancelled request to come to its end');
    } catch (error) {
      if (error instanceof OutOfTimeError && mayEnd) return last;
      throw error;
    }
    const before = changes();
    last = await work(counting);
    if (changes() === before) return last;
    world.log('overtaken-request-at-work');
  }
}

/** The same world, with its changes counted: those that took effect. */
function countingChanges(world: World): { counting: World; changes: () => number } {
  let count = 0;
  const counted = <A extends unknown[], R>(call: (...given: A) => Promise<R>) => async (...given: A): Promise<R> => {
    const result = await call(...given);
    count++;
    return result;
  };
  const counting: World = {
    ...world,
    ses: { ...world.ses, putSigning: counted(world.ses.putSigning) },
    zone: (properties) => {
      const zone = world.zone(properties);
      return { describe: () => zone.describe(), list: (below) => zone.list(below), change: counted((changes) => zone.change(changes)) };
    },
  };
  return { counting, changes: () => count };
}

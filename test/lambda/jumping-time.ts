// Time for unit tests of what waits: whoever sleeps moves the clock, so that nobody really waits and nothing depends on the machine.
import { Timekeeper } from '../../lambda/patience';
import { Clock } from '../cloud/clock';

/** @param asleep called before each sleep, for what happens meanwhile */
export function jumpingTime(clock: Clock, asleep: () => void = () => undefined): Timekeeper {
  return {
    now: () => clock.now(),
    sleep: async (ms) => {
      asleep();
      clock.advance(ms);
    },
  };
}

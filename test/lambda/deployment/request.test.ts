// Tests of the retries after the work of a request is over.
import { OutOfTimeError } from '../../../lambda/base/errors';
import { ANSWER_MS, Deadlines, lastCallOf } from '../../../lambda/deployment/deadlines';
import { Environment, lateRetry, Request } from '../../../lambda/deployment/request';
import { JumpingClock, jumpingTime } from '../fixtures/jumping-time';

const MINUTE = 60_000;

/** Milliseconds until a service that stays busy is given up, when that much is left of the invocation. */
async function givenUpAfter(left: number): Promise<number> {
  const clock = new JumpingClock();
  const began = clock.now();
  const deadlines: Deadlines = { invocation: began + left, cloudFormation: began + 60 * MINUTE };
  const environment = { time: jumpingTime(clock) } as Environment;
  const retry = lateRetry({ environment, log: () => undefined } as unknown as Request, deadlines);
  const busy = () => Promise.reject(Object.assign(new Error('busy'), { name: 'Throttling' }));
  await expect(retry.call('DescribeStacks', busy)).rejects.toThrow(OutOfTimeError);
  expect(lastCallOf(deadlines)).toBeLessThan(began + left);
  return clock.now() - began;
}

test('with time left, a service that stays busy has that time', async () => {
  expect(await givenUpAfter(10 * MINUTE)).toBeGreaterThan(8 * MINUTE);
  expect(await givenUpAfter(10 * MINUTE)).toBeLessThan(10 * MINUTE);
});

test('without, it leaves most of what is kept for the answer to the answer itself', async () => {
  expect(await givenUpAfter(0)).toBeLessThan(ANSWER_MS / 2);
});

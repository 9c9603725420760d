// Tests of the retries that are made in the time that is kept for the answer.
import { OutOfTimeError } from '../../../lambda/base/errors';
import { ANSWER_MS } from '../../../lambda/deployment/deadlines';
import { Environment, Request, shortRetry } from '../../../lambda/deployment/request';
import { JumpingClock, jumpingTime } from '../fixtures/jumping-time';

test('a service that stays busy leaves most of that time to the answer itself', async () => {
  const clock = new JumpingClock();
  const began = clock.now();
  const environment = { time: jumpingTime(clock) } as Environment;
  const retry = shortRetry({ environment, log: () => undefined } as unknown as Request);
  const busy = () => Promise.reject(Object.assign(new Error('busy'), { name: 'Throttling' }));
  await expect(retry.call('DescribeStacks', busy)).rejects.toThrow(OutOfTimeError);
  expect(clock.now() - began).toBeLessThan(ANSWER_MS / 2);
});

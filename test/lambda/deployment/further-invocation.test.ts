// When one invocation is too short for a request, a further one goes on with it, and knows what has happened so far.
import { byo } from '../fixtures/aws-in-memory';
import { answers, MINUTE, PHYSICAL_ID, properties, StackInMemory } from '../fixtures/stack-in-memory';

const SECOND = 1_000;
/** Kept for the answer, and for a call that hangs: a call takes 20 seconds at most. */
const KEPT_FREE = 55 * SECOND;
const VERIFYING = { ResourceProperties: properties(byo('s1'), { WaitForVerification: '3600' }) };

test('SES is told once, however many invocations wait for it to verify', async () => {
  const stack = new StackInMemory();
  await stack.answered(VERIFYING);
  expect(stack.sent.length).toBeGreaterThan(1);
  expect(stack.aws.puts).toHaveLength(1);
});

test('a signing that an earlier invocation has set is not taken for one that was there before', async () => {
  const stack = new StackInMemory();
  await stack.run(VERIFYING);
  stack.aws.set({ status: 'SUCCESS' });
  expect(await stack.run(stack.sent[0])).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: PHYSICAL_ID });
});

test('no call begins when it might not end before the invocation does, and no time is given away', async () => {
  const stack = new StackInMemory();
  let last = 0;
  stack.servicesFor = (services) => ({
    ...services,
    ses: {
      ...services.ses,
      read: () => {
        last = stack.aws.time;
        return services.ses.read();
      },
    },
  });
  const end = stack.aws.time + stack.remaining;
  await stack.run(VERIFYING);
  expect(end - last).toBeGreaterThanOrEqual(KEPT_FREE);
  expect(end - last).toBeLessThan(KEPT_FREE + 31 * SECOND); // the longest pause
});

test('a key that an older version of the function has told SES is not told again', async () => {
  const stack = new StackInMemory();
  await stack.run(VERIFYING);
  const { acceptedKey, ...rest } = stack.sent[0].Progress!;
  await stack.run({ ...stack.sent[0], Progress: { ...rest, taken: acceptedKey } });
  expect(stack.aws.puts).toHaveLength(1);
});

test('a further invocation that cannot be started ends the request with both reasons, in whole sentences', async () => {
  const stack = new StackInMemory();
  stack.startFails = Object.assign(new Error('Rate exceeded'), { name: 'TooManyRequestsException' });
  const { Status, Reason } = await stack.run(VERIFYING);
  expect(Status).toBe('FAILED');
  expect(Reason)
    .toMatch(/the zone that has them\. The function could not start itself again: Rate exceeded\. Deploy again\.$/);
});

describe('where CloudFormation waits for half an hour', () => {
  const halfAnHour = { ResourceProperties: properties(byo('s1'), { ServiceTimeout: '1800' }) };
  const busy = () => Promise.reject(Object.assign(new Error('busy'), { name: 'TooManyRequestsException' }));
  const busyFor = (invocation: number) => {
    const stack = new StackInMemory();
    stack.remaining = invocation;
    stack.servicesFor = (services) => ({
      ...services,
      ses: { ...services.ses, read: () => services.retry.call('GetEmailIdentity', busy) },
    });
    return stack;
  };

  test('a further invocation with less than a minute is not started, and the answer says why', async () => {
    const stack = busyFor(30 * MINUTE - 50 * SECOND);
    const { Status, Reason } = await stack.run(halfAnHour);
    expect(Status).toBe('FAILED');
    expect(Reason).toContain('GetEmailIdentity, which last answered TooManyRequestsException');
    expect(stack.sent).toEqual([]);
  });

  test('one that has more is', async () => {
    const stack = busyFor(30 * MINUTE - 70 * SECOND);
    await stack.run(halfAnHour);
    expect(stack.sent).toHaveLength(1);
    expect(answers).toEqual([]);
  });
});

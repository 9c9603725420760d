// When one invocation is too short for a request, a further one goes on with it, and knows what has happened so far.
import { byo } from '../fixtures/aws-in-memory';
import { answers, MINUTE, PHYSICAL_ID, properties, StackInMemory } from '../fixtures/stack-in-memory';

const SECOND = 1_000;
/** Kept for the answer, and for a call that hangs: a call takes 20 seconds at most. */
const KEPT_FREE = 55 * SECOND;
const busy = () => Promise.reject(Object.assign(new Error('busy'), { name: 'TooManyRequestsException' }));
const VERIFYING = { ResourceProperties: properties(byo('s1'), { WaitForVerification: '3600' }) };
const HALF_AN_HOUR = { ResourceProperties: properties(byo('s1'), { ServiceTimeout: '1800' }) };

test('SES is told once, however many invocations wait for it to verify', async () => {
  const stack = new StackInMemory();
  await stack.answered(VERIFYING);
  expect(stack.sent.length).toBeGreaterThan(1);
  expect(stack.aws.puts).toHaveLength(1);
});

test('a signing that an earlier invocation has set is not taken for one that was there before', async () => {
  const stack = new StackInMemory();
  await stack.run(VERIFYING);
  stack.aws.set({ status: 'SUCCESS', lastChecked: new Date(stack.aws.time + SECOND) });
  expect(await stack.run(stack.sent[0])).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: PHYSICAL_ID });
});

test('no call begins when it might not end before the invocation does, and no time is given away', async () => {
  const stack = new StackInMemory();
  let last = 0;
  stack.servicesFor = (services) => ({
    ...services,
    ses: {
      ...services.ses,
      read: () => services.retry.call('GetEmailIdentity', () => {
        last = stack.aws.time;
        return busy();
      }),
    },
  });
  const end = stack.aws.time + stack.remaining;
  await stack.run(VERIFYING);
  expect(end - last).toBeGreaterThanOrEqual(KEPT_FREE);
  expect(end - last).toBeLessThan(KEPT_FREE + 31 * SECOND); // the longest pause
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
    const { Status, Reason } = await stack.run(HALF_AN_HOUR);
    expect(Status).toBe('FAILED');
    expect(Reason).toContain('GetEmailIdentity, which last answered TooManyRequestsException');
    expect(stack.sent).toEqual([]);
  });

  test('one that has more is', async () => {
    const stack = busyFor(30 * MINUTE - 70 * SECOND);
    await stack.run(HALF_AN_HOUR);
    expect(stack.sent).toHaveLength(1);
    expect(answers).toEqual([]);
  });
});

describe('a request that waits for SES', () => {
  const at = (stack: StackInMemory, index: number) => stack.wakesAt.get(JSON.stringify(stack.sent[index]))!;

  test('ends its invocation at once, and is called again within a minute, each time under a name of its own', async () => {
    const stack = new StackInMemory();
    const began = stack.aws.time;
    await stack.run(VERIFYING);
    expect(stack.aws.time).toBe(began);
    expect(at(stack, 0) - began).toBeGreaterThanOrEqual(20 * SECOND);
    expect(at(stack, 0) - began).toBeLessThanOrEqual(MINUTE);
    await stack.run(stack.sent[0]);
    expect(stack.names).toEqual(['request-1-1', 'request-1-2']);
  });

  test('is looked at less often the more of them wait: all together take half of SES\'s one call a second', async () => {
    const stack = new StackInMemory();
    stack.waitingIdentities = 150;
    const began = stack.aws.time;
    await stack.answered(VERIFYING);
    const looks = stack.sent.map((_, index) => at(stack, index) - (index > 0 ? at(stack, index - 1) : began));
    for (const pause of looks.slice(0, -1)) {
      expect(pause).toBeGreaterThanOrEqual(150 * SECOND);
      expect(pause).toBeLessThanOrEqual(450 * SECOND);
    }
  });

  test('is looked at a last time when its wait is over, not later', async () => {
    const stack = new StackInMemory();
    const began = stack.aws.time;
    const { Reason } = await stack.answered(
      { ResourceProperties: properties(byo('s1'), { WaitForVerification: '300' }) });
    expect(Reason).toContain('within 300 seconds');
    expect(stack.aws.time - began).toBe(5 * MINUTE);
  });

  test('is looked at so long before CloudFormation gives up that a late schedule comes in time', async () => {
    const stack = new StackInMemory();
    const began = stack.aws.time;
    const { Reason } = await stack.answered(VERIFYING); // for the whole hour that CloudFormation waits
    expect(Reason).toContain('there was no time left for: SES to verify DKIM');
    expect(stack.aws.time - began).toBeGreaterThan(55 * MINUTE);
    expect(stack.aws.time - began).toBeLessThanOrEqual(57.5 * MINUTE);
  });

  test('is not carried out anew: SES is only asked, once each time, also when zone and secret have gone', async () => {
    const stack = new StackInMemory();
    await stack.run(VERIFYING);
    const services = jest.fn();
    stack.servicesFor = ({ ses, ...rest }) => ({
      ...rest,
      ses: { ...ses, read: () => { services('read'); return ses.read(); } },
      hostedZone: () => { throw new Error('the zone has gone'); },
      secrets: { read: () => { throw new Error('the secret has gone'); } },
    });
    await stack.run(stack.sent[0]);
    expect(services.mock.calls).toEqual([['read']]);
    stack.aws.set({ status: 'SUCCESS', lastChecked: new Date(stack.aws.time + SECOND) });
    expect(await stack.run(stack.sent[1])).toMatchObject({
      Status: 'SUCCESS', PhysicalResourceId: PHYSICAL_ID, Data: { DkimStatus: 'SUCCESS', Selector: 's1' },
    });
  });

  test('does not count what SES may still say of the signing before', async () => {
    const stack = new StackInMemory();
    await stack.run(VERIFYING);
    stack.aws.set({ status: 'SUCCESS' });
    stack.wakesAt.set(JSON.stringify(stack.sent[0]), stack.aws.time + 30 * SECOND);
    expect(await stack.run(stack.sent[0])).toBeUndefined();
    expect(stack.sent).toHaveLength(2);
    stack.wakesAt.set(JSON.stringify(stack.sent[1]), stack.aws.time + 30 * SECOND);
    expect(await stack.run(stack.sent[1])).toMatchObject({ Status: 'SUCCESS' });
  });

  test('fails when somebody else has set the signing meanwhile', async () => {
    const stack = new StackInMemory();
    await stack.run(VERIFYING);
    stack.aws.set({ origin: 'EXTERNAL', tokens: ['other'], lastChecked: new Date(stack.aws.time + SECOND) });
    const { Status, Reason } = await stack.run(stack.sent[0]);
    expect([Status, Reason]).toEqual(['FAILED', expect.stringContaining('Somebody else has set how')]);
  });

  test('is told no more when it was overtaken while it did its work', async () => {
    const stack = new StackInMemory();
    stack.servicesFor = (services) => ({
      ...services,
      ses: {
        ...services.ses,
        putSigning: async (attributes) => {
          const answer = await services.ses.putSigning(attributes);
          stack.aws.time += MINUTE;
          stack.resourceStatus = 'DELETE_IN_PROGRESS';
          return answer;
        },
      },
    });
    await stack.run(VERIFYING);
    expect([answers, stack.sent]).toEqual([[], []]);
    expect(stack.aws.lines.join('')).toContain('"overtaken"');
  });
});

describe('a URL that does not say when the request was made', () => {
  const undated = (stack: StackInMemory) =>
    stack.event({}).ResponseURL.replace(/X-Amz-Date=[^&]*/, 'AWSAccessKeyId=A&Expires=1795000000');

  test('A4 the deadline does not begin anew with a further invocation', async () => {
    const stack = new StackInMemory();
    stack.servicesFor = (services) => ({
      ...services,
      ses: { ...services.ses, read: () => services.retry.call('GetEmailIdentity', busy) },
    });
    const began = stack.aws.time;
    const { Status } = await stack.answered({ ...HALF_AN_HOUR, ResponseURL: undated(stack) });
    expect(Status).toBe('FAILED');
    expect(stack.aws.time - began).toBeLessThan(30 * MINUTE);
  });

  test('A4 nor with a later one', async () => {
    const stack = new StackInMemory();
    const began = stack.aws.time;
    await stack.answered({ ...VERIFYING, ResponseURL: undated(stack) });
    expect(stack.aws.time - began).toBeLessThan(60 * MINUTE);
  });
});

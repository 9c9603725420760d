// Tests of retries: what is repeated, for how long, and what is given up at once.
import { OutOfTimeError, UnreachableError } from '../../../lambda/base/errors';
import { Log, logTo } from '../../../lambda/base/log';
import { Redactor } from '../../../lambda/base/redaction';
import { isAccessDenied, isBusy, Retry, Timekeeper } from '../../../lambda/base/retry';
import { JumpingClock, jumpingTime } from '../fixtures/jumping-time';

const MINUTE = 60_000;

let lines: string[];
let log: Log;
let clock: JumpingClock;
let pauses: number[];
let time: Timekeeper;

beforeEach(() => {
  lines = [];
  log = logTo((line) => lines.push(line), new Redactor());
  clock = new JumpingClock();
  pauses = [];
  const jumping = jumpingTime(clock);
  time = {
    now: jumping.now,
    sleep: (ms) => {
      pauses.push(ms);
      return jumping.sleep(ms);
    },
  };
});

const retry = ({ left = 24 * 60 * MINUTE, grace = 2 * MINUTE } = {}) => new Retry({
  time, log, end: clock.now() + left, accessGraceMs: grace,
});
const error = (name: string, more: object = {}) => Object.assign(new Error(`${name} happened`), { name, ...more });

/** Fails so many times, then answers. */
function failing(times: number, problem: Error): () => Promise<number> {
  let tries = 0;
  return async () => {
    tries++;
    if (tries <= times) throw problem;
    return tries;
  };
}

test('what answers at once is asked once', async () => {
  await expect(retry().call('Call', failing(0, error('x')))).resolves.toBe(1);
  expect(lines).toEqual([]);
  expect(pauses).toEqual([]);
});

test('what has no time left is not begun, as it could take effect after its request was given up', async () => {
  let begun = 0;
  await expect(retry({ left: 0 }).call('Call', async () => void begun++)).rejects.toThrow(OutOfTimeError);
  expect(begun).toBe(0);
});

test('what was answered last is said, also when a pause lasted longer than the time that was left', async () => {
  const slow: Timekeeper = { now: time.now, sleep: (ms) => time.sleep(ms + MINUTE) };
  const call = new Retry({ time: slow, log, end: clock.now() + MINUTE / 2, accessGraceMs: MINUTE }).call(
    'Call', failing(9, error('ThrottlingException')),
  );
  await expect(call).rejects.toThrow(
    'there was no time left for: Call, which last answered ThrottlingException: ThrottlingException happened',
  );
  expect(lines).toHaveLength(1);
});

test('a role that is seconds old is waited for, too', async () => {
  for (const name of ['InvalidClientTokenId', 'UnrecognizedClientException']) {
    await expect(retry().call('Call', failing(2, error(name)))).resolves.toBe(3);
  }
});

test.each<[string, Error & { code?: string }]>([
  ['SES is throttled', error('TooManyRequestsException', { $metadata: { httpStatusCode: 429 } })],
  ['Route 53 is throttled', error('Throttling')],
  ['Route 53 is busy with the zone', error('PriorRequestNotComplete')],
  ['Secrets Manager is throttled', error('ThrottlingException')],
  // https://docs.aws.amazon.com/secretsmanager/latest/userguide/throttling.html
  ['a service throttles in other words', error('RequestThrottledException', { $metadata: { httpStatusCode: 400 } })],
  ['a service throttles by the status only', error('Strange', { $metadata: { httpStatusCode: 429 } })],
  ['a request has come too slowly', error('RequestTimeoutException', { $metadata: { httpStatusCode: 400 } })],
  ['a service fails', error('Strange', { $metadata: { httpStatusCode: 500 } })],
  ['a service is away', error('Strange', { $metadata: { httpStatusCode: 503 } })],
  ['a connection breaks', error('Error', { code: 'ECONNRESET' })],
  ['a name cannot be looked up', error('Error', { code: 'EAI_AGAIN' })],
  ['an answer does not come', error('TimeoutError')],
])('a call is retried while %s', async (_, problem) => {
  // WHEN
  await expect(retry().call('Call', failing(8, problem))).resolves.toBe(9);
  // THEN
  expect(lines).toHaveLength(8);
  expect(JSON.parse(lines[7])).toEqual({
    decision: 'call-retried',
    call: 'Call',
    attempt: 8,
    errorName: problem.code ?? problem.name,
    message: problem.message,
  });
});

test.each([
  ['ServiceUnavailable', [1, 2, 4, 8, 16, 30, 30, 30, 30, 30]],
  ['Throttling', [1, 2, 4, 8, 16, 30, 30, 30, 30, 30]],
  // There is room again soon.
  ['TooManyRequestsException', [1, 2, 2, 2, 2, 2, 2, 2, 2, 2]],
  ['PriorRequestNotComplete', [1, 2, 2, 2, 2, 2, 2, 2, 2, 2]],
])('pauses after %s grow up to a limit, and differ from caller to caller', async (name, seconds) => {
  await retry().call('Call', failing(10, error(name)));
  const most = seconds.map((each) => each * 1000);
  pauses.forEach((pause, index) => {
    expect(pause).toBeGreaterThanOrEqual(most[index] / 2);
    expect(pause).toBeLessThanOrEqual(most[index]);
  });
  expect(new Set(pauses.slice(5)).size).toBeGreaterThan(1);
});

test('where the line does not move for minutes, the pauses grow as elsewhere', async () => {
  await retry().call('Call', failing(250, error('TooManyRequestsException')));
  expect(Math.max(...pauses.slice(0, 30))).toBeLessThanOrEqual(2_000);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(30_000);
  expect(Math.min(...pauses.slice(220))).toBeGreaterThanOrEqual(15_000);
});

test.each([
  'BadRequestException', 'NotFoundException', 'InvalidChangeBatch', 'NoSuchHostedZone', 'ValidationError', 'TypeError',
])(
  'a call that ends in %s is not repeated', async (name) => {
    const problem = error(name, { $metadata: { httpStatusCode: 400 } });
    const attempt = jest.fn(failing(1, problem));
    await expect(retry().call('Call', attempt)).rejects.toBe(problem);
    expect(attempt).toHaveBeenCalledTimes(1);
    expect(lines).toEqual([]);
  });

describe('a service that cannot be reached', () => {
  const refused = error('Error', { code: 'ECONNREFUSED', host: 'email.us-east-1.amazonaws.com' });

  test.each([
    refused,
    error('Error', { code: 'ENOTFOUND' }),
    error('AggregateError', { code: 'ETIMEDOUT' }),
    error('TimeoutError'), // of the SDK, while there is no connection
    error('TimeoutError', { code: 'ECONNRESET' }),
    error('TimeoutError', { code: 'ETIMEDOUT', syscall: 'connect' }),
  ])('is given up after some minutes: %p', async (problem) => {
    const began = clock.now();
    await expect(retry().call('Call', failing(Infinity, problem))).rejects.toBeInstanceOf(UnreachableError);
    expect(clock.now() - began).toBeGreaterThanOrEqual(3 * MINUTE);
    expect(clock.now() - began).toBeLessThan(4 * MINUTE);
  });

  test('is named by its host, with the cause and the way out', async () => {
    await expect(retry().call('Call', failing(Infinity, refused))).rejects
      .toThrow(/^Call could not reach email\.us-east-1\.amazonaws\.com for minutes: ECONNREFUSED: Error happened\. .*VPC endpoint/);
  });

  test.each([
    ['is throttled now and then', error('Throttling')],
    ['fails now and then', error('Strange', { $metadata: { httpStatusCode: 503 } })],
    ['takes the connection and is slow', error('TimeoutError', { code: 'ETIMEDOUT' })],
  ])('is not given up while it %s', async (_, answer) => {
    let tries = 0;
    const attempt = async () => {
      if (++tries === 40) return tries;
      throw tries % 4 === 0 ? answer : refused;
    };
    await expect(retry().call('Call', attempt)).resolves.toBe(40);
  });
});

describe('a refusal', () => {
  test.each(['AccessDenied', 'AccessDeniedException'])('%s is taken for fresh IAM and repeated', async (name) => {
    await expect(retry().call('Call', failing(3, error(name)))).resolves.toBe(4);
  });

  test('is believed once the grace is over', async () => {
    // GIVEN
    const began = clock.now();
    const problem = error('AccessDenied');
    // WHEN
    await expect(retry({ grace: MINUTE }).call('Call', failing(Infinity, problem))).rejects.toBe(problem);
    // THEN
    expect(clock.now() - began).toBeGreaterThanOrEqual(MINUTE);
    expect(lines.length).toBeGreaterThan(2);
  });

  test('is believed at once without grace', async () => {
    const problem = error('AccessDeniedException');
    await expect(retry({ grace: 0 }).call('Call', failing(Infinity, problem))).rejects.toBe(problem);
    expect(lines).toEqual([]);
  });

  test('has a grace of its own for each call', async () => {
    const subject = retry({ grace: MINUTE });
    await subject.call('First', failing(2, error('AccessDenied')));
    void clock.pass(10 * MINUTE);
    await expect(subject.call('Second', failing(2, error('AccessDenied')))).resolves.toBe(3);
  });
});

test('when no time is left, that is said, with what was waited for', async () => {
  // GIVEN
  const end = clock.now() + MINUTE;
  const subject = new Retry({ time, log, end, accessGraceMs: 0 });
  // WHEN
  const given = subject.call('PutSigning', failing(Infinity, error('TooManyRequestsException')));
  // THEN
  await expect(given).rejects.toBeInstanceOf(OutOfTimeError);
  await expect(given).rejects.toThrow(
    'there was no time left for: PutSigning, which last answered TooManyRequestsException: TooManyRequestsException '
      + 'happened',
  );
  const slept = pauses.reduce((sum, each) => sum + each, 0);
  expect(slept).toBeLessThan(MINUTE);
});

test('a pause that would end too late is not begun', async () => {
  const subject = retry({ left: MINUTE });
  await expect(subject.pause(2 * MINUTE, 'SES to verify')).rejects.toThrow(new OutOfTimeError('SES to verify'));
  expect(pauses).toEqual([]);
  await subject.pause(1_000, 'SES to verify');
  expect(pauses).toEqual([1_000]);
});

test('it is the same time for everybody', () => {
  expect(new Retry({ time: { ...time, now: () => 42 }, log, end: 100, accessGraceMs: 0 }).now()).toBe(42);
});

test('an error without name, code or metadata is neither busy nor refused', () => {
  expect(isBusy({})).toBe(false);
  expect(isAccessDenied({})).toBe(false);
  expect(isBusy({ $metadata: {} })).toBe(false);
});

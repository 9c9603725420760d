// Tests of patience: what is repeated, for how long, and what is given up at once.
import { Log, logTo } from '../../../lambda/base/log';
import { isAccessDenied, isBusy, OutOfTimeError, Patience, Timekeeper } from '../../../lambda/base/patience';
import { Clock } from '../../cloud/clock';
import { jumpingTime } from '../fixtures/jumping-time';

const MINUTE = 60_000;

let lines: string[];
let log: Log;
let clock: Clock;
let pauses: number[];
let time: Timekeeper;

beforeEach(() => {
  lines = [];
  log = logTo((line) => lines.push(line));
  clock = new Clock();
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

const patience = ({ left = 24 * 60 * MINUTE, grace = 2 * MINUTE } = {}) => new Patience(time, log, clock.now() + left, grace);
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
  await expect(patience().insist('Call', failing(0, error('x')))).resolves.toBe(1);
  expect(lines).toEqual([]);
  expect(pauses).toEqual([]);
});

test('what has no time left is not begun, as it could take effect after its request was given up', async () => {
  let begun = 0;
  await expect(patience({ left: 0 }).insist('Call', async () => void begun++)).rejects.toThrow(OutOfTimeError);
  expect(begun).toBe(0);
});

test('what was answered last is said, also when a pause lasted longer than the time that was left', async () => {
  const slow: Timekeeper = { now: time.now, sleep: (ms) => time.sleep(ms + MINUTE) };
  const call = new Patience(slow, log, clock.now() + MINUTE / 2, MINUTE).insist('Call', failing(9, error('ThrottlingException')));
  await expect(call).rejects.toThrow('there was no time left for: Call, which last answered ThrottlingException: ThrottlingException happened');
  expect(lines).toHaveLength(1);
});

test('a role that is seconds old is waited for, too', async () => {
  for (const name of ['InvalidClientTokenId', 'UnrecognizedClientException']) {
    await expect(patience().insist('Call', failing(2, error(name)))).resolves.toBe(3);
  }
});

test.each([
  ['SES is throttled', error('TooManyRequestsException', { $metadata: { httpStatusCode: 429 } })],
  ['Route 53 is throttled', error('Throttling')],
  ['Route 53 is busy with the zone', error('PriorRequestNotComplete')],
  ['Secrets Manager is throttled', error('ThrottlingException')],
  ['a service fails', error('Strange', { $metadata: { httpStatusCode: 500 } })],
  ['a service is away', error('Strange', { $metadata: { httpStatusCode: 503 } })],
  ['a connection breaks', error('Error', { code: 'ECONNRESET' })],
  ['a name cannot be looked up', error('Error', { code: 'EAI_AGAIN' })],
  ['an answer does not come', error('TimeoutError')],
])('a call is repeated while %s', async (_, problem) => {
  // WHEN
  await expect(patience().insist('Call', failing(8, problem))).resolves.toBe(9);
  // THEN
  expect(lines).toHaveLength(8);
  expect(JSON.parse(lines[7])).toEqual({ decision: 'call-repeated', call: 'Call', attempt: 8, errorName: problem.name, message: problem.message });
});

test('each pause is longer than the ones before can be, up to a limit, and never the same for all callers', async () => {
  await patience().insist('Call', failing(10, error('Throttling')));
  const most = [1, 2, 4, 8, 16, 30, 30, 30, 30, 30].map((seconds) => seconds * 1000);
  pauses.forEach((pause, index) => {
    expect(pause).toBeGreaterThanOrEqual(most[index] / 2);
    expect(pause).toBeLessThanOrEqual(most[index]);
  });
  expect(new Set(pauses.slice(5)).size).toBeGreaterThan(1);
});

test.each(['BadRequestException', 'NotFoundException', 'InvalidChangeBatch', 'NoSuchHostedZone', 'ValidationError', 'TypeError'])(
  'a call that ends in %s is not repeated', async (name) => {
    const problem = error(name, { $metadata: { httpStatusCode: 400 } });
    const attempt = jest.fn(failing(1, problem));
    await expect(patience().insist('Call', attempt)).rejects.toBe(problem);
    expect(attempt).toHaveBeenCalledTimes(1);
    expect(lines).toEqual([]);
  });

describe('a refusal', () => {
  test.each(['AccessDenied', 'AccessDeniedException'])('%s is taken for fresh IAM and repeated', async (name) => {
    await expect(patience().insist('Call', failing(3, error(name)))).resolves.toBe(4);
  });

  test('is believed once the grace is over', async () => {
    // GIVEN
    const began = clock.now();
    const problem = error('AccessDenied');
    // WHEN
    await expect(patience({ grace: MINUTE }).insist('Call', failing(Infinity, problem))).rejects.toBe(problem);
    // THEN
    expect(clock.now() - began).toBeGreaterThanOrEqual(MINUTE);
    expect(lines.length).toBeGreaterThan(2);
  });

  test('is believed at once without grace', async () => {
    const problem = error('AccessDeniedException');
    await expect(patience({ grace: 0 }).insist('Call', failing(Infinity, problem))).rejects.toBe(problem);
    expect(lines).toEqual([]);
  });

  test('has a grace of its own for each call', async () => {
    const subject = patience({ grace: MINUTE });
    await subject.insist('First', failing(2, error('AccessDenied')));
    clock.advance(10 * MINUTE);
    await expect(subject.insist('Second', failing(2, error('AccessDenied')))).resolves.toBe(3);
  });
});

test('when no time is left, that is said, with what was waited for', async () => {
  // GIVEN
  const end = clock.now() + MINUTE;
  const subject = new Patience(time, log, end, 0);
  // WHEN
  const given = subject.insist('PutSigning', failing(Infinity, error('TooManyRequestsException')));
  // THEN
  await expect(given).rejects.toBeInstanceOf(OutOfTimeError);
  await expect(given).rejects.toThrow('there was no time left for: PutSigning, which last answered TooManyRequestsException: TooManyRequestsException happened');
  const slept = pauses.reduce((sum, each) => sum + each, 0);
  expect(slept).toBeLessThan(MINUTE);
});

test('a pause that would end too late is not begun', async () => {
  const subject = patience({ left: MINUTE });
  await expect(subject.pause(2 * MINUTE, 'SES to verify')).rejects.toThrow(new OutOfTimeError('there was no time left for: SES to verify'));
  expect(pauses).toEqual([]);
  await subject.pause(1_000, 'SES to verify');
  expect(pauses).toEqual([1_000]);
});

test('it is the same time for everybody', () => {
  expect(new Patience({ ...time, now: () => 42 }, log, 100, 0).now()).toBe(42);
});

test('a key that a service quotes is neither logged nor in the error', async () => {
  const key = 'MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBALw9'.repeat(10);
  const busy = Object.assign(new Error(`Value '${key}' could not be handled`), { name: 'ThrottlingException' });
  const given = await patience({ left: MINUTE }).insist('Put', failing(Infinity, busy)).catch((thrown: Error) => thrown.message);
  expect(given).toContain("Value '[removed]' could not be handled");
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.join('') + given).not.toContain(key.slice(0, 12));
});

test('an error without name, code or metadata is neither busy nor refused', () => {
  expect(isBusy({})).toBe(false);
  expect(isAccessDenied({})).toBe(false);
  expect(isBusy({ $metadata: {} })).toBe(false);
});

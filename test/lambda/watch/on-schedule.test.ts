// One run: its pace, what each Region costs the others, and what is written for whatever comes.
import { IdentityState, NameServerAnswer } from '../../../lambda/base/ports';
import { Retry } from '../../../lambda/base/retry';
import { Environment, onSchedule } from '../../../lambda/watch/on-schedule';
import { WatchedIdentity } from '../../../src/private/contract';
import { pooledKey } from '../../cloud/key-pool';
import { publicKeyOf } from '../../end-to-end/scene';
import { JumpingClock, jumpingTime } from '../fixtures/jumping-time';

const easy: IdentityState = {
  status: 'SUCCESS', signingEnabled: true, origin: 'AWS_SES', tokens: ['t1'], signingHostedZone: 'dkim.amazonses.com', tags: {},
};
const KEY: NameServerAnswer = {
  nameServer: 'ns1', alias: 't1.dkim.amazonses.com', values: [`"p=${publicKeyOf(pooledKey(2048, 0))}"`],
};

let clock: JumpingClock;
let lines: any[];
/** The calls of SES: when, which domain, in which Region. */
let calls: { at: number; domain: string; region: string }[];
let answer: (domain: string, region: string) => Promise<IdentityState | undefined>;
let dns: () => Promise<NameServerAnswer[]>;

beforeEach(() => {
  clock = new JumpingClock();
  lines = [];
  calls = [];
  answer = async () => easy;
  dns = async () => [KEY];
});

const watched = (count: number, more: Partial<WatchedIdentity> = {}): WatchedIdentity[] =>
  Array.from({ length: count }, (_, index) => ({ Identity: `d${index}.example`, Signing: { Method: 'EASY_DKIM' }, ...more }));

async function run(Identities: WatchedIdentity[], Runs = 1, minutes = 15): Promise<void> {
  const environment: Environment = {
    region: 'us-east-1',
    time: jumpingTime(clock),
    write: (line) => void lines.push(JSON.parse(line)),
    dns: { ask: () => dns() },
    secretOf: () => Promise.reject(new Error('no test here has a rotating key')),
    readerOf: (domain: string, retry: Retry) => (region) => retry.call('GetEmailIdentity', async () => {
      calls.push({ at: clock.now(), domain, region });
      return answer(domain, region);
    }),
  };
  await onSchedule({ Run: Runs - 1, Runs, Identities }, {
    awsRequestId: 'r-1', getRemainingTimeInMillis: () => minutes * 60_000,
  }, environment);
}

const metrics = () => lines.filter(({ _aws }) => _aws);
const throttled = Object.assign(new Error('Rate exceeded'), { name: 'TooManyRequestsException', $metadata: { httpStatusCode: 429 } });

test('each identity is one document, with what is paid for named as a metric', async () => {
  await run(watched(1));
  expect(lines).toEqual([{
    _aws: {
      Timestamp: expect.any(Number),
      CloudWatchMetrics: [{
        Namespace: 'cdk-ses-dkim',
        Dimensions: [['Domain', 'Region']],
        Metrics: [{ Name: 'Problem', Unit: 'None' }, { Name: 'LookFailed', Unit: 'None' }],
      }],
    },
    Domain: 'd0.example',
    Region: 'us-east-1',
    Problem: 0,
    LookFailed: 0,
    Verified: 1,
    SigningEnabled: 1,
    KeyPublished: 1,
  }]);
});

test.each([1, 3])('between two calls is a second and a half for each of %i runs, and the runs take turns', async (runs) => {
  const began = clock.now();
  await run(watched(5), runs);
  const times = calls.map(({ at }) => at);
  expect(times[0] - began).toBeGreaterThanOrEqual((runs - 1) * 1_500);
  expect(times[0] - began).toBeLessThanOrEqual((runs - 1) * 1_500 + 300);
  times.slice(1).forEach((at, index) => expect(at - times[index]).toBeGreaterThanOrEqual(1_500 * runs));
});

test('SES does not answer for the hour: each identity is said not to be seen, before the invocation ends', async () => {
  answer = async () => { throw throttled; };
  const began = clock.now();
  await run(watched(60));
  expect(metrics()).toHaveLength(60);
  expect(metrics().every(({ Problem, LookFailed }) => Problem === 1 && LookFailed === 1)).toBe(true);
  expect(metrics()[0]).not.toHaveProperty('Verified');
  expect(clock.now() - began).toBeLessThan(14 * 60_000);
});

test('an identity that SES does not answer for costs the others no look', async () => {
  answer = async (domain) => {
    if (domain === 'd0.example') throw throttled;
    return easy;
  };
  await run(watched(3));
  expect(metrics().map(({ Domain, LookFailed }) => [Domain, LookFailed]).sort()).toEqual([
    ['d0.example', 1], ['d1.example', 0], ['d2.example', 0],
  ]);
});

test('any other error of SES is said at once, with its name', async () => {
  answer = async () => { throw Object.assign(new Error('no'), { name: 'AccountSuspendedException', $metadata: { httpStatusCode: 400 } }); };
  await run(watched(1));
  expect(calls).toHaveLength(1);
  expect(lines[0]).toMatchObject({ decision: 'look-failed', message: expect.stringMatching(/^nobody could see how d0\.example signs, .*AccountSuspendedException: no\. If it stays so/) });
});

test('an identity that is gone is a problem, and no failed look', async () => {
  answer = async () => undefined;
  await run(watched(1, { DetailedMetrics: true }));
  expect(lines[0]).toMatchObject({ decision: 'problem-seen', requestId: 'r-1' });
  expect(metrics()[0]).toMatchObject({ Problem: 1, LookFailed: 0, Verified: 0, SigningEnabled: 0, KeyPublished: 0 });
});

test('a fault in one look is said, and the others are not lost', async () => {
  let asked = 0;
  dns = async () => {
    if (asked++ === 0) throw new TypeError('a fault');
    return [KEY];
  };
  await run(watched(2));
  expect(metrics().map(({ Domain, LookFailed }) => [Domain, LookFailed]).sort()).toEqual([
    ['d0.example', 1], ['d1.example', 0],
  ]);
  expect(lines[0].message).toMatch(/^nobody could see whether DKIM of d0\.example works: TypeError: a fault/);
});

test('a private key that somebody has put into DNS is not in the log too', async () => {
  const body = pooledKey(2048, 1).replace(/-----[^-]+-----|\s/g, '');
  dns = async () => [{ nameServer: 'ns1', values: [`"p=${body}"`] }];
  await run(watched(1));
  const written = JSON.stringify(lines);
  expect(written).toContain('is no CNAME to SES');
  for (let at = 0; at + 12 <= body.length; at += 1) expect(written).not.toContain(body.slice(at, at + 12));
});

test('name servers are asked a second time before anybody is told', async () => {
  let asked = 0;
  dns = async () => asked++ === 0 ? [] : [KEY];
  await run(watched(1));
  expect(metrics()[0]).toMatchObject({ Problem: 0, KeyPublished: 1 });
});

test('there is no second look where the time is short', async () => {
  let asked = 0;
  dns = async () => asked++ === 0 ? [] : [KEY];
  await run(watched(1), 1, 4);
  expect(metrics()[0]).toMatchObject({ Problem: 0 });
  asked = 0;
  lines = [];
  await run(watched(1), 1, 1);
  expect(metrics()[0]).toMatchObject({ Problem: 1 });
});

test('a replica costs a look at its parent in its Region', async () => {
  await run(watched(1, { Signing: { Method: 'DEED', ParentRegion: 'eu-west-1' } }));
  expect(calls.map(({ region }) => region)).toEqual(['us-east-1', 'eu-west-1']);
});

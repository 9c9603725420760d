// Time inside a function: timers and dates as Node has them, on the cloud's clock.
import { FunctionTime } from './function-time';
import { seededRandom } from './random';

const START = Date.UTC(2026, 0, 5);

let time: FunctionTime;
let globals: ReturnType<FunctionTime['globals']>;

beforeEach(() => {
  time = new FunctionTime(START, seededRandom(1, 'latency'), { least: 20, most: 200 });
  globals = time.globals();
});

/** Wakes all that time moves for, each when it is due. */
function run(): void {
  while (time.wakesAt !== undefined) time.wake(time.wakesAt);
}

test('dates are those of the cloud, and other dates are what they were', () => {
  time.set(START + 1234.5);
  expect(globals.Date.now()).toBe(START + 1234);
  expect(new globals.Date().toISOString()).toBe('2026-01-05T00:00:01.234Z');
  expect(new globals.Date(0).getTime()).toBe(0);
  expect(new globals.Date() instanceof Date).toBe(true);
});

test('timers run in the order in which they are due, and for one moment in the order in which they were set', () => {
  const ran: string[] = [];
  globals.setTimeout((name) => ran.push(String(name)), 20, 'second');
  globals.setTimeout(() => ran.push('third'), 20);
  globals.setTimeout(() => ran.push('first'), 10);
  run();
  expect(ran).toEqual(['first', 'second', 'third']);
});

test('a timer can be cleared, by itself or by its number', () => {
  const never = jest.fn();
  globals.clearTimeout(globals.setTimeout(never, 10));
  globals.clearTimeout(Number(globals.setTimeout(never, 10)));
  globals.clearTimeout(undefined);
  run();
  expect(never).not.toHaveBeenCalled();
});

test('a timer that is refreshed begins anew', () => {
  const ran = jest.fn(() => time.now() - START);
  const timer = globals.setTimeout(ran, 10);
  time.set(START + 5);
  timer.refresh();
  run();
  expect(ran.mock.results).toEqual([{ type: 'return', value: 15 }]);
});

test('time does not move for a timer without a reference, but passes it', () => {
  const ran: string[] = [];
  globals.setTimeout(() => ran.push('unreferenced'), 10).unref();
  expect(time.wakesAt).toBeUndefined();
  globals.setTimeout(() => ran.push('other'), 20);
  run();
  expect(ran).toEqual(['unreferenced', 'other']);
});

test('a signal aborts after its time, as Node\'s does', () => {
  const signal = globals.AbortSignal.timeout(50) as AbortSignal;
  expect(signal.aborted).toBe(false);
  run();
  expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
});

test('a promised time-out gives its value, and rejects when aborted', async () => {
  const value = time.promisedTimeout(10, 'value');
  run();
  await expect(value).resolves.toBe('value');
  await expect(time.promisedTimeout(10, 'value', { signal: AbortSignal.abort() }))
    .rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
});

test('each call takes its time from the seed', () => {
  const ways = Array.from({ length: 20 }, () => {
    void time.delayCall();
    const way = time.wakesAt! - time.now();
    run();
    return way;
  });
  expect(Math.min(...ways)).toBeGreaterThanOrEqual(20);
  expect(Math.max(...ways)).toBeLessThan(200);
  expect(new Set(ways).size).toBe(20);
});

// Simulated time: when it moves, whom it wakes, and what happens when nobody can be woken.
import { seededRandom } from './random';
import { Participant, SimulatedClock } from './simulated-clock';

const SECOND = 1_000;

let clock: SimulatedClock;
let start: number;

beforeEach(() => {
  clock = new SimulatedClock(seededRandom(1, 'clock'));
  start = clock.now();
});

/** Real time for whatever could happen by mistake. */
async function moment(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('a day passes at once, and whoever sleeps meanwhile wakes in order', async () => {
  const woken: [string, number][] = [];
  const sleeper = (name: string, ms: number) => clock.sleep(ms).then(() => woken.push([name, clock.now() - start]));
  void sleeper('late', 3600 * SECOND);
  void sleeper('early', 60 * SECOND);

  await clock.pass(86_400 * SECOND);

  expect(woken).toEqual([['early', 60 * SECOND], ['late', 3600 * SECOND]]);
  expect(clock.now() - start).toBe(86_400 * SECOND);
});

test('what is due at the last moment of a time that passes has happened at its end, whatever the seed', async () => {
  for (let seed = 0; seed < 10; seed++) {
    const seeded = new SimulatedClock(seededRandom(seed, 'clock'));
    let happened = false;
    const passing = seeded.pass(SECOND);
    void seeded.sleep(SECOND).then(() => (happened = true));
    await passing;
    expect(happened).toBe(true);
  }
});

test('time stands still while no test waits', async () => {
  void clock.sleep(SECOND);
  await moment();
  expect(clock.now()).toBe(start);
});

test('time stands still while a hold is taken, also when a test waits', async () => {
  let finish!: () => void;
  const held = clock.hold('a look in DNS', () => new Promise<void>((resolve) => {
    finish = resolve;
  }));
  const passing = clock.pass(SECOND);
  await moment();
  expect(clock.now()).toBe(start);

  finish();
  await Promise.all([held, passing]);
  expect(clock.now()).toBe(start + SECOND);
});

test('time stands still while a participant works, and its sleeper is woken like any other', async () => {
  const participant = {
    idle: false, wakesAt: undefined as number | undefined, wake: jest.fn(), describe: () => 'a function',
  };
  participant.wake.mockImplementation(() => {
    participant.wakesAt = undefined;
  });
  const leave = clock.join(participant as Participant);
  const passing = clock.pass(10 * SECOND);
  await moment();
  expect(clock.now()).toBe(start);

  Object.assign(participant, { idle: true, wakesAt: start + SECOND });
  clock.considerStep();
  await passing;
  expect(participant.wake).toHaveBeenCalledTimes(1);
  expect(participant.wake).toHaveBeenCalledWith(start + SECOND);
  leave();
});

test('a sleep that is aborted rejects with the reason, and is waited for no more', async () => {
  const controller = new AbortController();
  const sleep = clock.sleep(3600 * SECOND, controller.signal);
  controller.abort(new Error('enough'));
  await expect(sleep).rejects.toThrow('enough');
  await expect(clock.sleep(SECOND, controller.signal)).rejects.toThrow('enough');
  await expect(clock.drive('nothing', () => new Promise(() => undefined))).rejects.toThrow('nobody sleeps');
});

test('what a test waits for is seen before time moves on', async () => {
  let happened = false;
  void clock.sleep(SECOND).then(() => (happened = true));
  void clock.sleep(2 * SECOND);

  await clock.until('it to happen', () => happened);

  expect(clock.now()).toBe(start + SECOND);
});

test('a condition that throws fails the test that waits', async () => {
  await expect(clock.until('a broken condition', () => {
    throw new Error('broken');
  })).rejects.toThrow('broken');
});

test('what never comes is waited for no longer than told, though somebody always sleeps', async () => {
  const sleepAgain = (): Promise<void> => clock.sleep(300 * SECOND).then(sleepAgain);
  void sleepAgain();
  await expect(clock.until('a verified identity', () => false, 3600 * SECOND))
    .rejects.toThrow('Waited in vain for a verified identity');
  expect(clock.now()).toBe(start + 3900 * SECOND);
});

describe('a schedule without an end', () => {
  let woken: number;

  beforeEach(() => {
    woken = 0;
    const again = (): Promise<void> => clock.sleepUntilDue(3600 * SECOND).then(() => {
      woken++;
      return again();
    });
    void again();
  });

  test('moves no time for work that can never end', async () => {
    await expect(clock.drive('nothing', () => new Promise(() => undefined))).rejects.toThrow('nobody sleeps');
    expect(woken).toBe(0);
  });

  test('wakes while time passes, while a test waits for its effect, and while other work goes on', async () => {
    await clock.pass(7200 * SECOND);
    expect(woken).toBe(2);
    await clock.until('the fourth time', () => woken === 4);
    await clock.drive('work of 90 minutes', () => clock.sleep(5400 * SECOND));
    expect(woken).toBe(5);
    expect(clock.now() - start).toBe(5.5 * 3600 * SECOND);
  });

  test('ends the wait for what never comes as late as told', async () => {
    await expect(clock.until('a verified identity', () => false, 3 * 3600 * SECOND)).rejects.toThrow('in vain');
  });
});

test('work that fails at once fails who waits for it, and time stands again', async () => {
  const sleeping = clock.sleep(SECOND);
  await expect(clock.drive('broken work', () => {
    throw new Error('broken at once');
  })).rejects.toThrow('broken at once');
  await moment();
  expect(clock.now()).toBe(start);
  await clock.pass(2 * SECOND);
  await sleeping;
});

test('whoever waits when the clock is stopped is told why', async () => {
  const waiting = clock.drive('an end', () => new Promise(() => undefined));
  clock.stop('the local cloud was stopped');
  await expect(waiting).rejects.toThrow('the local cloud was stopped');
});

test('when all wait and nobody sleeps, every waiting test fails at once and is told who waits for what', async () => {
  clock.join({ idle: true, wake: () => undefined, describe: () => 'the function waits for nobody' });
  const one = clock.until('a record that nobody writes', () => false);
  const other = clock.drive('stack Mail to be deployed', () => new Promise(() => undefined));

  for (const waiting of [one, other]) {
    await expect(waiting).rejects.toThrow(
      /All wait, and nobody sleeps[^]*a record that nobody writes\n[^]*stack Mail to be deployed\n[^]*the function waits for nobody/,
    );
  }
});

test('among sleepers of one moment the seed chooses', async () => {
  const order = async (seed: number) => {
    const seeded = new SimulatedClock(seededRandom(seed, 'clock'));
    const woken: number[] = [];
    for (let name = 0; name < 8; name++) void seeded.sleep(SECOND).then(() => woken.push(name));
    await seeded.pass(2 * SECOND);
    return woken.join();
  };

  expect(await order(1)).toBe(await order(1));
  expect(await order(1)).not.toBe(await order(2));
});

test('a watcher sees each moment in which all are at rest', async () => {
  const moments: number[] = [];
  const stop = clock.watch(() => moments.push(clock.now() - start));
  void clock.sleep(SECOND);
  await clock.pass(2 * SECOND);
  stop();
  await clock.pass(SECOND);
  expect(moments).toEqual([0, SECOND, 2 * SECOND]);
});

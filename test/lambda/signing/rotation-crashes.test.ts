// Level, not edge, for a rotating key: wherever a run dies, or a call of it fails, what comes next ends in the same
// place, and SES never signs with a key whose record is not in the zone.
//
// What a run that dies leaves changes only where a write has had its effect, so it dies before the first, and after
// each. A call that fails is seen by the run, so each call fails once.
import { Crash } from '../fixtures/aws-in-memory';
import { HOUR, KeysInMemory } from '../fixtures/keys-in-memory';

const DAY = 24 * HOUR;
const EFFECT = /^(Putted|Tagged|Untagged|Changed|.*, done)$/;

type Work = (keys: KeysInMemory) => Promise<void>;

interface Flow {
  readonly prepare: Work;
  readonly run: Work;
  /** What comes next, after a death or a failure. */
  readonly next: Work;
}

interface Prepared extends Pick<Flow, 'run' | 'next'> {
  readonly prepared: KeysInMemory;
}

const begun: Work = async (keys) => keys.begin();
const stored: Work = async (keys) => keys.addNext();
const told: Work = async (keys) => {
  keys.addNext();
  await keys.step('setSecret');
};
const verified: Work = async (keys) => {
  await told(keys);
  keys.aws.set({ status: 'SUCCESS' });
};
const finished: Work = async (keys) => {
  await verified(keys);
  await keys.step('finishSecret');
};
const after = (ms: number, work: Work): Work => async (keys) => {
  await work(keys);
  keys.aws.time += ms;
};
const takenBack: Work = async (keys) => {
  await keys.step('testSecret').then(() => Promise.reject(new Error('it was not taken back')), (error: unknown) => {
    if (error instanceof Crash) throw error;
  });
};
const cared: Work = (keys) => {
  keys.aws.time += HOUR;
  return keys.care();
};
const again: Work = (keys) => keys.allSteps();

const FLOWS: Record<string, Flow> = {
  'createSecret, and Secrets Manager begins again': { prepare: begun, run: (keys) => keys.step('createSecret'), next: again },
  'setSecret, and Secrets Manager begins again': { prepare: stored, run: (keys) => keys.step('setSecret'), next: again },
  'setSecret, and nothing but the care comes': { prepare: stored, run: (keys) => keys.step('setSecret'), next: cared },
  'finishSecret, and Secrets Manager begins again': { prepare: verified, run: (keys) => keys.step('finishSecret'), next: again },
  'finishSecret, and nothing but the care comes': { prepare: verified, run: (keys) => keys.step('finishSecret'), next: cared },
  'testSecret that takes back a key SES gave up': {
    prepare: async (keys) => {
      await told(keys);
      keys.aws.set({ status: 'FAILED' });
    },
    run: takenBack,
    next: cared,
  },
  'the care that finishes what was left': { prepare: after(HOUR, verified), run: (keys) => keys.care(), next: cared },
  'the care that takes back what was left': { prepare: after(HOUR, told), run: (keys) => keys.care(), next: cared },
  'the care that retires': { prepare: after(15 * DAY, finished), run: (keys) => keys.care(), next: cared },
  'a revocation': { prepare: finished, run: (keys) => keys.revoke('s1'), next: (keys) => keys.revoke('s1') },
};

/** The calls and effects of an undisturbed run, in their order. */
async function callsOf({ prepared, run }: Prepared): Promise<string[]> {
  const keys = prepared.copy();
  const calls: string[] = [];
  keys.aws.onCall = (call) => void calls.push(call);
  await run(keys);
  return calls;
}

/** Where it is to end: as without a disturbance. */
async function endOf({ prepared, run, next }: Prepared): Promise<string> {
  const keys = prepared.copy();
  await run(keys);
  keys.sesVerifies();
  await next(keys);
  return selectorNow(keys);
}

const selectorNow = ({ aws: { identity } }: KeysInMemory) => identity.tokens.join();

/** Selectors that the registry record lists, and does not mark as superseded. */
function used({ aws: { zone } }: KeysInMemory): string[] {
  const entries = zone.registries.flat().filter((line) => !line.includes('until='));
  return entries.flatMap((line) => /^record=([^;]+);/.exec(line)?.[1] ?? []);
}

function expectPublished(keys: KeysInMemory, at: string): void {
  const record = keys.aws.zone.contents.find((line) => line.startsWith(`TXT ${selectorNow(keys)}._domainkey.`));
  expect({ at, record }).toEqual({ at, record: expect.stringContaining('; p=M') });
}

async function expectToEnd({ next }: Pick<Flow, 'next'>, keys: KeysInMemory, at: string, selector: string): Promise<void> {
  expectPublished(keys, at);
  keys.sesVerifies();
  await next(keys);
  expectPublished(keys, at);
  const pending = keys.idOf('AWSPENDING');
  expect({ at, pending, current: keys.selectorOf('AWSCURRENT'), signs: selectorNow(keys), used: used(keys) })
    .toEqual({ at, pending: undefined, current: selector, signs: selector, used: [selector] });
}

// A pause between two tries has a random length, and whether the fence looks once more depends on it. Here a run makes
// the same calls each time, so that each of them can fail.
beforeAll(() => void jest.spyOn(Math, 'random').mockReturnValue(0.5));
afterAll(() => jest.restoreAllMocks());

describe.each(Object.entries(FLOWS))('%s', (_, { prepare, ...flow }) => {
  let prepared: KeysInMemory;
  let calls: string[];
  let end: string;

  beforeAll(async () => {
    prepared = await KeysInMemory.deployed();
    await prepare(prepared);
    calls = await callsOf({ ...flow, prepared });
    end = await endOf({ ...flow, prepared });
  });

  test('after a death at any point', async () => {
    const points = calls.flatMap((call, index) => index === 0 || EFFECT.test(call) ? [index] : []);
    expect(points.length).toBeGreaterThan(1);
    for (const index of points) {
      const keys = prepared.copy();
      keys.aws.crashAt = index + 1;
      await expect(flow.run(keys)).rejects.toThrow(Crash);
      await expectToEnd(flow, keys, `${calls[index]}, call ${index + 1}`, end);
    }
  });

  test('after a failure at any point', async () => {
    // Between two writes, a call that is repeated is the same call.
    const kinds = calls.map((call, index) => `${calls.slice(0, index).filter((each) => EFFECT.test(each)).length} ${call}`);
    for (const [index, call] of calls.entries()) {
      if (kinds.indexOf(kinds[index]) < index) continue;
      const keys = prepared.copy();
      keys.aws.failAt = index + 1;
      await flow.run(keys).catch(() => undefined);
      expect(keys.aws.calls).toBeGreaterThan(index);
      await expectToEnd(flow, keys, `${call}, call ${index + 1}`, end);
    }
  });
});

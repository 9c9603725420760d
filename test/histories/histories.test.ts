// Any history of up to four owners keeps to the invariants, and those that did not once are named tests.
//
// `npx projen test:histories` runs 10,000, and prints what breaks an invariant as a test for this file.
import { Counts, runHistory } from './history';
import { Operation, Topology, Wanted } from './operations';
import { QuickWorld } from './quick-world';
import { search } from './search';
import { seedOfThisRun } from '../cloud/time/seed';

/** Runs it in the quick world, and deletes all in the end. */
async function runsThrough(topology: Topology, seed: number, operations: readonly Operation[]): Promise<void> {
  const world = new QuickWorld(topology, seed);
  try {
    await runHistory(world, operations);
  } finally {
    await world.stop();
  }
}

const AT = { account: '111111111111', region: 'us-east-1' } as const;
const ONE: Topology = { stacks: [AT], owners: [{ stack: 0, region: AT.region }] };
/** Two stacks with a construct each for one identity. */
const TWO: Topology = { stacks: [AT, AT], owners: [0, 1].map((stack) => ({ stack, region: AT.region })) };

const wanting = (signing: Wanted['signing'], more: Partial<Wanted> = {}): Wanted =>
  ({ signing, zone: true, ttl: 300, overwrite: false, retain: false, wait: 0, ...more });
const deploy = (owner: number, as: Wanted, ending = {}): Operation => ({ do: 'deploy', owner, as, ending });
const S1 = { selector: 's1', secret: 'one' } as const;
const S2 = { selector: 's2', secret: 'two' } as const;

test('300 histories keep to the invariants', async () => {
  const counts: Counts = new Map();
  const world = async (topology: Topology, seed: number) => new QuickWorld(topology, seed);
  const found = await search({ histories: 300, seed: seedOfThisRun(), world, counts });
  expect(found).toBeUndefined();
  // Most deployments go well, or nothing would be shown.
  expect(counts.get('→ CREATE_COMPLETE')).toBeGreaterThan(100);
  expect(counts.get('→ UPDATE_COMPLETE')).toBeGreaterThan(50);
});

test('12 the last owner takes the tags of those that have left the signing, also when it goes with RETAIN', () =>
  runsThrough(TWO, 0, [
    deploy(0, wanting(S1, { retain: true })), deploy(1, wanting(S2)), { do: 'remove', owner: 1 }, { do: 'remove', owner: 0 },
  ]));

test('7 a stack goes in which a failed resource and the one that was made anew are deleted at the same moment', () =>
  runsThrough(ONE, 0, [
    { do: 'change secret', secret: 'one', to: 'gone' },
    deploy(0, wanting(S1), { noRollback: true }),
    deploy(0, wanting('easy'), { noRollback: true, failsAfter: 120 }),
    { do: 'delete stack', stack: 0 },
  ]));

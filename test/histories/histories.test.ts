// Any history of up to four owners keeps to the invariants, and those that did not once are named tests.
//
// `npx projen test:histories` runs 10,000, and prints what breaks an invariant as a test for this file.
import { Counts, newModel, ofOwners, perform, runHistory } from './history';
import { Operation, placeName, Topology, Wanted } from './operations';
import { publicKeyOf } from './quick-services';
import { QuickWorld } from './quick-world';
import { RealWorld } from './real-world';
import { search } from './search';
import { Look } from './world';
import { steadySeed } from '../cloud/time/seed';

type Way = 'quick' | 'real';

/** Runs it, and deletes all in the end. */
async function runsThrough(
  topology: Topology, seed: number, operations: readonly Operation[], way: Way = 'quick',
): Promise<void> {
  const world = way === 'quick' ? new QuickWorld(topology, seed) : await RealWorld.start(topology, seed, 'in-process');
  try {
    await runHistory(world, operations);
  } finally {
    await world.stop();
  }
}

async function lookAfter(topology: Topology, operations: readonly Operation[]): Promise<Look> {
  const world = new QuickWorld(topology, 0);
  try {
    const model = newModel(topology, world);
    for (const operation of operations) await perform(model, world, operation, new Map());
    return world.look();
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

test('200 histories keep to the invariants', async () => {
  const counts: Counts = new Map();
  const world = async (topology: Topology, seed: number) => new QuickWorld(topology, seed);
  const found = await search(ofOwners(world, counts), { histories: 200, seed: steadySeed() });
  expect(found).toBeUndefined();
  // Most deployments go well, or nothing would be shown.
  expect(counts.get('→ CREATE_COMPLETE')).toBeGreaterThan(100);
  expect(counts.get('→ UPDATE_COMPLETE')).toBeGreaterThan(50);
});

describe.each<Way>(['quick', 'real'])('%s', (way) => {
  test('12 the last owner takes the tags of those that have left the signing, also when it goes with RETAIN', () =>
    runsThrough(TWO, 0, [
      deploy(0, wanting(S1, { retain: true })),
      deploy(1, wanting(S2)),
      { do: 'remove', owner: 1 },
      { do: 'remove', owner: 0 },
    ], way));

  test('12 the last owner takes those tags also when somebody has set the signing by hand since', () =>
    runsThrough(TWO, 0, [
      deploy(0, wanting(S1)),
      deploy(1, wanting(S2)),
      { do: 'remove', owner: 1 },
      { do: 'change identity', at: AT, how: 'sign' },
      { do: 'remove', owner: 0 },
    ], way));

  test('12 RETAIN keeps no signing of another owner, also where an update that was rolled back has told SES the same', () =>
    runsThrough(TWO, 0, [
      deploy(0, wanting(S1, { retain: true })),
      { do: 'change identity', at: AT, how: 'switch off' },
      deploy(0, wanting(S2, { retain: true, zone: false }), { failsAfter: 20 }),
      deploy(1, wanting(S2)),
    ], way));

  test('7 a stack goes in which a failed resource and the one that was made anew are deleted at the same moment', () =>
    runsThrough(ONE, 0, [
      { do: 'change secret', secret: 'one', to: 'gone' },
      deploy(0, wanting(S1), { noRollback: true }),
      deploy(0, wanting('easy'), { noRollback: true, failsAfter: 120 }),
      { do: 'delete stack', stack: 0 },
    ], way));

  test('12 a failed create takes its tag off, also when it had told SES nothing and has no zone', () =>
    runsThrough(TWO, 0, [
      deploy(0, wanting('replica', { zone: false })), deploy(1, wanting('replica', { zone: false, wait: 300 })),
    ], way));

  test('5 a failed create is undone also when a run of it had told SES and died, and there is no zone', () =>
    runsThrough(ONE, 0, [
      { do: 'fault', fault: { service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', kind: 'kill-after' } },
      deploy(0, wanting('replica', { zone: false, wait: 300 })),
    ], way));
});

// Its properties are those of the update that failed. It has no tag from before, as it has found Easy DKIM.
test('10 what is retained is not led back by an owner whose update to that selector failed', async () => {
  const look = await lookAfter(TWO, [
    deploy(1, wanting('easy')),
    deploy(0, wanting(S1, { retain: true, wait: 300 })),
    deploy(1, wanting({ ...S1, secret: 'two' }), { noRollback: true }),
    { do: 'remove', owner: 0 },
    { do: 'delete stack', stack: 1 },
  ]);
  expect(look.identities[placeName(AT)]).toMatchObject({ origin: 'EXTERNAL', tokens: ['s1'] });
});

// The update has published the other key in a zone, and mail is signed by it: it has to stay.
test('5 a roll-back does not claim a key that SES does not have, where the record is published elsewhere', async () => {
  const look = await lookAfter(ONE, [
    deploy(0, wanting(S1, { zone: false })), deploy(0, wanting({ ...S1, secret: 'two' }), { failsAfter: 32 }),
  ]);
  const { publicKey } = look.identities[placeName(AT)];
  expect({ key: publicKey, status: look.stacks[0]!.status })
    .not.toEqual({ key: publicKeyOf('two'), status: 'UPDATE_ROLLBACK_COMPLETE' });
});

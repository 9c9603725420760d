// Any history of a key that rotates keeps to the invariants, and those that did not once are named tests.
//
// `npx projen test:histories` runs thousands, and prints what breaks an invariant as a test for this file.
import { ofKeys, runsThrough, Scene } from './history';
import { KeyOperation } from './operations';
import { steadySeed } from '../../cloud/time/seed';
import { Counts } from '../history';
import { search } from '../search';

const ONE: Scene = {
  owners: 1,
  isDeployed: true,
  settings: {
    secondCalls: 'never',
    repeats: 4,
    repeatWithoutLabel: 'unlabelled',
    failedTrial: 'leaves AWSPENDING',
    oldRateStillRotates: true,
  },
};
const rotate = (seconds: number): KeyOperation => ({ do: 'rotate', owner: 0, seconds });
const pass = (minutes: number): KeyOperation => ({ do: 'pass', minutes });

/** What is so after each operation: which key has which label, which SES has, and which have records. */
async function course(operations: readonly KeyOperation[]): Promise<string[]> {
  const names: string[] = [];
  const short = (selector = 'none') => {
    if (selector === 'none') return selector;
    if (!names.includes(selector)) names.push(selector);
    return `key ${names.indexOf(selector) + 1}`;
  };
  const seen: string[] = [];
  await runsThrough(ONE, 0, operations, (world, { do: what }) => {
    const { identities, records } = world.look();
    const [{ tokens, status }] = Object.values(identities);
    const current = short(world.selectorOf(0, 'AWSCURRENT'));
    const signs = short(tokens[0]);
    const next = short(world.selectorOf(0, 'AWSPENDING'));
    const out = records.map(({ name }) => name.split('.')[0]).filter((label) => !label.startsWith('cdk-ses-dkim-'));
    seen.push(`${what}: current ${current}, next ${next}, SES ${signs} ${status}, records ${out.map(short).sort().join(', ')}`);
  });
  return seen;
}

test('40 histories keep to the invariants', async () => {
  const counts: Counts = new Map();
  expect(await search(ofKeys(counts), { histories: 40, seed: steadySeed() })).toBeUndefined();
  // Most goes well, or nothing would be shown.
  expect(counts.get('→ CREATE_COMPLETE')).toBeGreaterThan(25);
  expect(counts.get('→ rotate: the key has changed')).toBeGreaterThan(10);
});

test('a key is changed, and the one before it is retired', async () => {
  expect(await course([rotate(20), pass(5), pass(1_200), pass(1_600)])).toEqual([
    'rotate: current key 1, next key 2, SES key 1 SUCCESS, records key 1, key 2',
    'pass: current key 2, next none, SES key 2 SUCCESS, records key 1, key 2',
    'pass: current key 2, next none, SES key 2 SUCCESS, records key 1, key 2',
    'pass: current key 2, next none, SES key 2 SUCCESS, records key 2',
  ]);
});

test('a key that SES does not verify is taken back', async () => {
  const [away, back]: KeyOperation[] = [{ do: 'SES finds', what: 'nothing' }, { do: 'SES finds', what: 'all' }];
  expect(await course([away, rotate(300), pass(400), back, pass(90)])).toEqual([
    'SES finds: current key 1, next none, SES key 1 SUCCESS, records key 1',
    'rotate: current key 1, next key 2, SES key 2 PENDING, records key 1, key 2',
    'pass: current key 1, next none, SES key 1 PENDING, records key 1, key 2',
    'SES finds: current key 1, next none, SES key 1 PENDING, records key 1, key 2',
    'pass: current key 1, next none, SES key 1 SUCCESS, records key 1, key 2',
  ]);
});

// A write that the fence refused, of which the step went on with the next one: the refused look counted for it.
test('11 a step writes nothing more when rotation was switched off meanwhile', async () => {
  const signing = (every: 40 | 90, ttl: number, wait: number): KeyOperation => ({
    do: 'deploy',
    owner: 0,
    as: {
      signing: 'easy', rotating: { prefix: 'dkim', bits: 1024, overlap: 1, every }, zone: true, ttl, overwrite: false, retain: false, wait,
    },
    ending: {},
  });
  await runsThrough(ONE, 0, [
    { do: 'SES finds', what: 'nothing' }, rotate(34), signing(90, 1800, 0), { do: 'cancel rotation', owner: 0 }, signing(40, 300, 1800),
  ]);
});

// Any history of a key that rotates keeps to the invariants, and those that did not once are named tests.
//
// `npx projen test:histories` runs thousands, and prints what breaks an invariant as a test for this file.
import { Stored } from './followed-secret';
import { ofKeys, runsThrough } from './history';
import { KeyOperation, Scene } from './operations';
import { steadySeed } from '../../cloud/time/seed';
import { Counts } from '../history';
import { Rotating, Wanted } from '../operations';
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
const deploy = (as: Partial<Wanted>): KeyOperation => ({
  do: 'deploy',
  owner: 0,
  as: { signing: 'easy', zone: true, ttl: 300, overwrite: false, retain: false, wait: 0, ...as },
  ending: {},
});
const ROTATING: Rotating = { prefix: 'dkim', bits: 1024, overlap: 1, every: 90 };

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

test('60 histories keep to the invariants', async () => {
  const counts: Counts = new Map();
  expect(await search(ofKeys(counts), { histories: 60, seed: steadySeed() })).toBeUndefined();
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

// Each of these fails when the handler leaves out what it looks at.
describe('what a handler that looks less would get wrong', () => {
  const moveBack: KeyOperation = { do: 'move label', owner: 0, label: 'AWSCURRENT', to: 'AWSPREVIOUS' };

  test('10 a superseded record stays while AWSCURRENT is on its key again', () =>
    runsThrough(ONE, 0, [rotate(1_200), moveBack, pass(4_600)]));

  test('10 a superseded record stays while SES signs with its key again', () => runsThrough(ONE, 0, [
    deploy({ signing: { selector: 's1', secret: 'one' } }), deploy({ rotating: ROTATING }),
    { do: 'change identity', how: 'sign again' }, pass(4_600),
  ]));

  test('10 a superseded key is not revoked while AWSCURRENT is on it again', () =>
    runsThrough(ONE, 0, [rotate(1_200), moveBack, pass(1), { do: 'revoke', owner: 0, key: 'AWSCURRENT' }]));

  test.each([1.5, 31.8, 32, 32.3])('4 a deployment ends a rotation that began %d s before', (seconds) =>
    runsThrough(ONE, 0, [rotate(seconds), deploy({})]));

  test('4 a last step that comes too early does not make a key the current one', () => runsThrough(ONE, 0, [
    { do: 'SES finds', what: 'nothing' }, rotate(60), { do: 'step', owner: 0, step: 'finishSecret', of: 'AWSPENDING' },
  ]));
});

// The stack has gone over to another secret, and stays so. What somebody does in the one before is no key of the stack.
test('a label is moved by hand in a secret that the stack has left', () => runsThrough(
  { ...ONE, often: 'old keys', settings: { ...ONE.settings, secondCalls: 'afterwards', repeats: 1, repeatWithoutLabel: 'labelled again' } },
  19, [
    { do: 'revoke', owner: 0, key: 'AWSCURRENT' }, { do: 'SES finds', what: 'nothing' },
    { ...deploy({ follows: true, wait: 1800 }), ending: { noRollback: true } } as KeyOperation,
    { do: 'move label', owner: 0, label: 'AWSCURRENT', to: 'AWSPREVIOUS' }, pass(1_600),
  ]));

describe('in two Regions', () => {
  const both: Rotating = { ...ROTATING, further: true };
  const further = (how: 'unreachable' | 'open'): KeyOperation => ({ do: 'close Region', region: 'eu-west-1', how });

  test('a key changes in both, also after one of them was away during a change', () => runsThrough(ONE, 0, [
    deploy({ rotating: both }), rotate(1_200), rotate(34), further('unreachable'), pass(1_600), further('open'), rotate(7_200),
    pass(1_600),
  ]));

  test('4 a deployment of another method fails in the middle of a rotation', () => runsThrough(
    { ...ONE, settings: { ...ONE.settings, repeats: 0, repeatWithoutLabel: 'labelled again' } }, 0, [
      deploy({ rotating: both }), rotate(27), rotate(94),
      { ...deploy({ follows: true }), ending: { failsAfter: 1 } } as KeyOperation, rotate(7_200), pass(1_600),
    ]));

  test('one goes and comes again', () => runsThrough(ONE, 0, [
    deploy({ rotating: both }), rotate(34), deploy({ rotating: ROTATING }), rotate(1_200), deploy({ rotating: both }),
    pass(1_600),
  ]));
});

describe('a key that follows the secret of the user', () => {
  const store = (what: Stored, seconds = 300, isHeard = true): KeyOperation => ({ do: 'store', what, isHeard, seconds });

  test('is changed by what is stored, and by nothing else', async () => {
    expect(await course([
      deploy({ follows: true }), pass(20), store('f2'), store('junk', 20_000), store('no selector', 20_000),
      store('f1 with another key', 20_000), store('f3', 20_000, false), pass(25_000),
    ])).toEqual([
      'deploy: current key 1, next none, SES key 1 SUCCESS, records key 1, key 2',
      'pass: current key 1, next none, SES key 1 SUCCESS, records key 1, key 2',
      'store: current key 3, next none, SES key 3 SUCCESS, records key 1, key 2, key 3',
      'store: current key 3, next none, SES key 3 SUCCESS, records key 1, key 2, key 3',
      'store: current key 3, next none, SES key 3 SUCCESS, records key 1, key 2, key 3',
      'store: current key 3, next none, SES key 3 SUCCESS, records key 1, key 2, key 3',
      'store: current key 4, next none, SES key 4 SUCCESS, records key 1, key 2, key 3, key 4',
      'pass: current key 4, next none, SES key 4 SUCCESS, records key 4',
    ]);
  });

  // One run took the key back that another had just told SES, which did not show it yet. So the tag said otherwise.
  test('12 several events come at once, and the tag says what SES has', () => runsThrough({ ...ONE, often: 'follow' }, 0, [
    { ...deploy({ rotating: { ...ROTATING, every: 40, further: true } }), ending: { failsAfter: 1 } } as KeyOperation,
    store('f1', 0), store('f2', 0, false), pass(20), store('f1', 0), store('f1', 40), store('f1', 0),
    store('f1 with another key', 300, false), store('f1', 0, false),
  ]));

  test('is the last of those that are stored in quick succession', () => runsThrough(ONE, 0, [
    deploy({ follows: true }), pass(20), store('f2', 40), store('f3', 5), store('f2', 0), pass(1_600),
  ]));
});

// The step that makes the next key had looked before. So it put the label on after the deployment had taken that off.
test('4 a deployment with another schedule comes half a second after a rotation has begun', () => runsThrough(
  { ...ONE, often: 'old keys' }, 0, [rotate(0.5), deploy({ rotating: { ...ROTATING, every: 40, further: true } })]));

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

// The selector was superseded before, so its record was retired soon after the deployment took SES away from it.
test('6 SES is set by hand to a superseded selector: its record stays for an overlap after the next deployment', () => {
  const further = { ...ROTATING, every: 40, further: true } as const;
  return runsThrough({ ...ONE, often: 'own key' }, 0, [
    { do: 'change identity', how: 'sign again' },
    pass(1_600),
    { ...deploy({ rotating: further, wait: 1800 }), ending: { cancelledAfter: 1 } } as KeyOperation,
    pass(25_000),
  ]);
});

test('6 SES is set by hand to a superseded selector for two days: its record stays for an overlap from then', () =>
  runsThrough(ONE, 0, [
    deploy({ signing: { selector: 's1', secret: 'one' } }), deploy({ rotating: { ...ROTATING, overlap: 3 } }),
    { do: 'change identity', how: 'sign again' }, pass(1_600), pass(1_600), { do: 'change identity', how: 'sign' }, pass(4_600),
  ]));

// Secrets Manager went on with the rotation that the roll-back had ended. SES had the next key when the wait was over.
test('5 a roll-back that waits in vain is at its end with the next key of the same secret, too', () => {
  const settings = { ...ONE.settings, repeats: 1, repeatWithoutLabel: 'labelled again' } as const;
  return runsThrough({ ...ONE, often: 'steps', settings }, 0, [
    { ...deploy({ follows: true }), ending: { failsAfter: 1 } } as KeyOperation,
  ]);
});

// The tag says that SES was told the key before Easy DKIM, also when all of that is there. So the key counts as one to
// go back to, whatever the followed secret has now.
test('5 a followed secret has a value that is no key, and a change to Easy DKIM is rolled back', () =>
  runsThrough({ ...ONE, often: 'follow', settings: { ...ONE.settings, secondCalls: 'afterwards' } }, 0, [
    { do: 'store', what: 'no selector', isHeard: false, seconds: 0 },
    { ...deploy({}), ending: { failsAfter: 32 } } as KeyOperation,
  ]));

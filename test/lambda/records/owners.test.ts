// What must hold of the records of one to four owners in one zone, in whatever order their batches are carried out.
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import fc from 'fast-check';
import { NEW, OLD, OwnersHistory, Region, REGIONS, Rules, Signing, SIGNINGS, Step } from '../fixtures/owners-history';

const foreign = (name: string, text: string): ResourceRecordSet =>
  ({ Name: `${name}.`, Type: 'TXT', TTL: 300, ResourceRecords: [{ Value: `"${text}"` }] });
/** None has the very text that this library writes: a stranger's copy of that could not be told apart. */
const THE_SAME_KEY = foreign(OLD.name, 'p=OldKey');
const FOREIGN = [
  THE_SAME_KEY, foreign(NEW.name, 'something'), foreign('theirs._domainkey.mail.example.com', 'p=Theirs'),
];

const publication = fc.record({
  publish: fc.constantFrom(...SIGNINGS),
  overwrite: fc.boolean(),
  ttl: fc.constantFrom(60, 1800),
});
const release = fc.record({ release: fc.constantFrom('destroy' as const, 'retain' as const) });
const work = fc.oneof({ weight: 2, arbitrary: publication }, release);
const ownerStep = fc.record({ owner: fc.nat({ max: 3 }), work });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: ownerStep },
  fc.record({ strangerSets: fc.constantFrom(...FOREIGN) }),
  fc.record({ strangerRemoves: fc.constantFrom(OLD.name, NEW.name) }),
);
const regions = fc.array(fc.constantFrom(...REGIONS), { minLength: 1, maxLength: 4 });

const ONE_BY_ONE: Rules = {
  overwritesOwners: false, listedRecordsVanish: false, signedRecordsStay: false,
};

type Example = [regions: Region[], steps: Step[]];

function requireInAnyHistory(rules: Rules, examples: Example[] = []): void {
  const history = fc.property(regions, fc.array(step, { maxLength: 24 }), (of, steps) =>
    new OwnersHistory(of, rules).run(steps));
  fc.assert(history, { numRuns: 600, examples, endOnFailure: examples.length > 0 });
}

/** The owner begins its work, its batch is carried out, and SES is told. */
const publishes = (owner: number, publish: Signing, overwrite = false): Step[] =>
  Array.from({ length: 3 }, () => ({ owner, work: { publish, overwrite, ttl: 1800 } }));
const isRemoved = (owner: number): Step => ({ owner, work: { release: 'destroy' } });
/** The owner is removed, and its batch is carried out. */
const goes = (owner: number): Step[] => [isRemoved(owner), isRemoved(owner)];

test('in any history nobody else’s record is touched, what an owner uses stays, and the last leaves nothing', () => {
  requireInAnyHistory(ONE_BY_ONE);
});

test('a record stays when two other owners have taken it in use since the batch that deletes it was planned', () => {
  const since = [...publishes(1, 'old'), ...publishes(2, 'old')];
  const history = new OwnersHistory(['us-east-1', 'eu-central-1', 'us-east-1'], ONE_BY_ONE);
  history.run([...publishes(0, 'old'), isRemoved(0), ...since]);
});

test('a record of two owners in two Regions goes with them when both are removed at the same moment', () => {
  const history = new OwnersHistory(['us-east-1', 'eu-central-1'], ONE_BY_ONE);
  history.run([...publishes(0, 'old'), ...publishes(1, 'old'), isRemoved(0), isRemoved(1)]);
});

describe('two owners of one Region are removed at the same moment', () => {
  const EXAMPLE: Example = [
    ['us-east-1', 'us-east-1'], [...publishes(0, 'new'), ...publishes(1, 'old'), isRemoved(0), isRemoved(1)],
  ];

  test('one after the other they leave nothing', () => {
    new OwnersHistory(EXAMPLE[0], ONE_BY_ONE).run(EXAMPLE[1]);
  });

  test('B4 at the same moment they leave nothing', () => {
    const bothGo = [isRemoved(0), isRemoved(1)];
    new OwnersHistory(EXAMPLE[0], ONE_BY_ONE).run([...EXAMPLE[1], ...bothGo, ...bothGo]);
  });
});

describe('OVERWRITE where another owner has a record of that name', () => {
  const TWO_KEYS: Example = [
    ['us-east-1', 'eu-central-1'], [...publishes(0, 'old'), ...publishes(1, 'old with another key', true)],
  ];
  const [plans, carriesOut] = publishes(1, 'old with another key', true);
  const FOUND_MEANWHILE: Example = [
    ['us-east-1', 'eu-central-1'], [{ strangerSets: THE_SAME_KEY }, plans, ...publishes(0, 'old'), carriesOut],
  ];

  test.each([['listed by another owner', TWO_KEYS], ['found by another owner since', FOUND_MEANWHILE]])(
    'a record that is %s stays when nothing is to be overwritten', (_, [of, steps]) => {
      new OwnersHistory(of, ONE_BY_ONE).run(steps);
    });

  test('B7 a record that another owner lists stays', () => {
    new OwnersHistory(TWO_KEYS[0], { ...ONE_BY_ONE, overwritesOwners: true }).run(TWO_KEYS[1]);
  });

  test('B7 a stranger’s record that another owner has found since the plan was made stays', () => {
    new OwnersHistory(FOUND_MEANWHILE[0], { ...ONE_BY_ONE, overwritesOwners: true }).run(FOUND_MEANWHILE[1]);
  });

  // Neither has a registry record when they first look. What follows is the order of notes, plans and batches.
  test.each([
    ['the one that overwrites notes, looks again, and is done first', [1, 0, 1, 1, 0, 1, 0, 0, 0]],
    ['the one that uses it is done before the batch that overwrites', [1, 0, 1, 1, 0, 0, 0, 1, 1]],
    ['both note before either looks again', [1, 0, 1, 0, 1, 0, 1, 0, 1]],
    ['both note, and the one that uses it looks first', [0, 1, 0, 1, 0, 1, 0, 1, 1]],
  ])('B7 a stranger’s record is not taken from who uses it: %s', (_, order) => {
    const steps = order.map((owner): Step => owner === 0 ? publishes(0, 'old')[0] : plans);
    new OwnersHistory(FOUND_MEANWHILE[0], { ...ONE_BY_ONE, overwritesOwners: true })
      .run([{ strangerSets: THE_SAME_KEY }, ...steps]);
  });

  test('B7 in any history with such an OVERWRITE, all of that holds', () => {
    requireInAnyHistory({ ...ONE_BY_ONE, overwritesOwners: true }, [TWO_KEYS, FOUND_MEANWHILE]);
  });
});

describe('a record that an owner lists is removed by somebody, and made anew by another owner', () => {
  const rules: Rules = { ...ONE_BY_ONE, listedRecordsVanish: true };
  const [plans, carriesOut] = publishes(1, 'old');
  const vanishes: Step = { strangerRemoves: OLD.name };
  const MEANWHILE: Example = [
    ['us-east-1', 'eu-central-1'], [...publishes(0, 'old'), isRemoved(0), vanishes, plans, carriesOut],
  ];

  // The old owner's registry record lists it still, so the new owner touches that.
  test('B it stays when the batch of an owner that is being removed comes after', () => {
    new OwnersHistory(MEANWHILE[0], rules).run(MEANWHILE[1]);
  });

  const retains: Step = { owner: 0, work: { release: 'retain' } };
  const RETAINED: Example = [
    ['us-east-1', 'eu-central-1', 'us-east-1'],
    [...publishes(0, 'old'), ...publishes(1, 'old'), retains, retains, vanishes, ...publishes(2, 'old'), ...goes(2)],
  ];

  test('B it goes with the last owner also when it was the user’s before', () => {
    new OwnersHistory(RETAINED[0], rules).run(RETAINED[1]);
  });

  // The batch that makes it anew has nothing to change in its owner's registry record. It touches that all the same.
  const ANEW_MEANWHILE: Example = [
    ['us-east-1', 'us-east-1'],
    [
      ...publishes(0, 'old'), vanishes, publishes(1, 'old')[0], publishes(0, 'old')[0], ...publishes(1, 'old').slice(1),
      { owner: 1, work: { release: 'retain' } }, vanishes,
    ],
  ];
  // What has been retained is found again, removed, and made anew by another owner before that is noted.
  const FOUND_AGAIN: Example = [
    ['us-east-1', 'us-east-1'],
    [
      publishes(0, 'old')[0], ...publishes(1, 'old'),
      ...Array.from({ length: 2 }, (): Step => ({ owner: 1, work: { release: 'retain' } })),
      publishes(1, 'old')[0], vanishes,
    ],
  ];

  test.each([
    ['made anew while another owner retains it', ANEW_MEANWHILE], ['found again by who has retained it', FOUND_AGAIN],
  ])('B it goes with the last owner also when it is %s', (_, [of, steps]) => {
    new OwnersHistory(of, rules).run(steps);
  });

  test('it stays and goes as any other when nobody is removed meanwhile and nothing was retained', () => {
    const steps = [...publishes(0, 'old'), vanishes, ...publishes(1, 'old'), ...goes(0)];
    new OwnersHistory(['us-east-1', 'eu-central-1'], rules).run(steps);
  });

  test('B in any history with such records, all of that holds', () => {
    requireInAnyHistory(rules, [MEANWHILE, RETAINED, ANEW_MEANWHILE, FOUND_AGAIN]);
  });
});

describe('a record that SES signs with, of an owner that is removed', () => {
  const rules: Rules = { ...ONE_BY_ONE, signedRecordsStay: true };

  test('goes to the owner that sets the signing in that Region, whichever owner the zone lists first', () => {
    const others = [0, 1, 2];
    const before = [...others.flatMap((other) => publishes(other, 'Easy DKIM')), ...publishes(3, 'old')];
    new OwnersHistory(['eu-central-1', 'eu-central-1', 'eu-central-1', 'us-east-1', 'us-east-1'], rules)
      .run([...before, ...publishes(4, 'new'), ...goes(4), ...others.flatMap(goes)]);
  });

  const SHARED: Example = [
    ['us-east-1', 'eu-central-1', 'us-east-1'],
    [...publishes(0, 'old'), ...publishes(1, 'new'), ...publishes(2, 'new'), ...goes(2), ...goes(1)],
  ];

  test('B stays also when an owner in another Region had it too, and goes', () => {
    new OwnersHistory(SHARED[0], rules).run(SHARED[1]);
  });

  // Who comes adopts it from an owner that is leaving, and touches only that one's registry record.
  const ADOPTED: Example = [
    ['eu-central-1', 'eu-central-1', 'eu-central-1'],
    [
      ...publishes(2, 'old with another key'), ...publishes(1, 'old with another key'), isRemoved(2), isRemoved(2),
      publishes(0, 'old with another key')[0], isRemoved(1),
    ],
  ];

  test('B stays when the last owner goes while another one takes it from one that is leaving', () => {
    new OwnersHistory(ADOPTED[0], rules).run(ADOPTED[1]);
  });

  // Both are removed, the first of them comes again, and then the other's batch is refused.
  const COMES_AGAIN: Example = [
    ['us-east-1', 'us-east-1'],
    [
      ...publishes(0, 'old'), ...publishes(1, 'old'), isRemoved(0), isRemoved(1), ...goes(0), publishes(0, 'old')[0],
    ],
  ];

  test('B stays when an owner that was leaving comes again before another one has left', () => {
    new OwnersHistory(COMES_AGAIN[0], rules).run(COMES_AGAIN[1]);
  });

  // Its own tag says that it leaves, as it has left the signing to the other one. SES is told after the zone.
  const LEFT: Example = [
    ['us-east-1', 'us-east-1'],
    [
      ...publishes(1, 'new'), ...publishes(0, 'old'), ...goes(0), isRemoved(0), isRemoved(1),
      ...publishes(0, 'old').slice(1), isRemoved(1),
    ],
  ];

  test('B stays when an owner that has left comes again while the other one leaves', () => {
    new OwnersHistory(LEFT[0], rules).run(LEFT[1]);
  });

  test('B stays in any history', () => {
    requireInAnyHistory(rules, [SHARED, ADOPTED, COMES_AGAIN, LEFT]);
  });
});

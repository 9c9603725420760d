// Any history: which topologies and operations there can be, and how often each kind comes.
import fc from 'fast-check';
import {
  ACCOUNTS, Ending, IdentityPlace, Operation, REGIONS, SECRETS, SELECTORS, Topology, Wanted,
} from './operations';
import { Fault, FaultKind } from '../cloud/faults';

const place: fc.Arbitrary<IdentityPlace> = fc.record({
  account: fc.oneof({ weight: 3, arbitrary: fc.constant(ACCOUNTS[0]) }, fc.constant(ACCOUNTS[1])),
  region: fc.oneof({ weight: 3, arbitrary: fc.constant(REGIONS[0]) }, fc.constant(REGIONS[1])),
});

/** One to four owners, in one to three stacks. In one stack each has a Region of its own. */
export const topology: fc.Arbitrary<Topology> = fc.array(
  fc.record({ place, both: fc.boolean() }), { minLength: 1, maxLength: 3 },
).map((stacks) => ({
  stacks: stacks.map((each) => each.place),
  owners: stacks.flatMap(({ place: { region }, both }, stack) =>
    REGIONS.filter((each) => both || each === region).map((each) => ({ stack, region: each }))).slice(0, 4),
})).map(({ stacks, owners }) => ({
  stacks: stacks.filter((_, stack) => owners.some((owner) => owner.stack === stack)), owners,
}));

/** As the objects of a named test are. */
export const PLAIN = { noNullPrototype: true };

const ownKey = fc.record({ selector: fc.constantFrom(...SELECTORS), secret: fc.constantFrom(...SECRETS) }, PLAIN);
const wanted: fc.Arbitrary<Wanted> = fc.record({
  signing: fc.oneof(
    { weight: 6, arbitrary: ownKey }, { weight: 3, arbitrary: fc.constant('easy' as const) },
    fc.constant('shorter' as const), fc.constant('replica' as const),
  ),
  zone: fc.oneof({ weight: 6, arbitrary: fc.constant(true) }, fc.constant(false)),
  ttl: fc.constantFrom(300, 1800),
  overwrite: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
  retain: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
  wait: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.constantFrom(300, 1800)),
}, PLAIN).map(asTheConstructHasIt);

/** A replica has no records, and without a zone there is nothing to say of them. */
function asTheConstructHasIt(made: Wanted): Wanted {
  return made.zone && made.signing !== 'replica' ? made : { ...made, zone: false, ttl: 300, overwrite: false };
}

/**
 * From the second after the request was made. One that is cancelled in its own second, before the function has begun,
 * cannot be told from the next one (docs/adr/0017-fence.md).
 */
const seconds = fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 120 }));
export const ending: fc.Arbitrary<Ending> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({}) },
  { weight: 3, arbitrary: fc.record({ failsAfter: seconds }) },
  { weight: 1, arbitrary: fc.record({ cancelledAfter: seconds }) },
  { weight: 1, arbitrary: fc.record({ failsAfter: seconds, noRollback: fc.constant(true) }) },
  { weight: 1, arbitrary: fc.constant({ noRollback: true }) },
);

const calls = fc.constantFrom(
  ['ses', 'GetEmailIdentity'], ['ses', 'PutEmailIdentityDkimSigningAttributes'], ['ses', 'TagResource'],
  ['ses', 'UntagResource'], ['route53', 'ListResourceRecordSets'], ['route53', 'ChangeResourceRecordSets'],
  ['route53', 'GetChange'], ['secretsmanager', 'GetSecretValue'], ['cloudformation', 'DescribeStackResource'],
  ['s3', 'PutObject'],
);
export const KINDS: readonly (FaultKind & string)[] = [
  'throttle', 'error', 'access-denied', 'hang', 'cut-before', 'cut-after', 'kill-before', 'kill-after',
];
/** Once, or for some minutes. A process that dies more than twice in one request is given up by Lambda. */
const fault: fc.Arbitrary<Fault> = fc.tuple(
  calls, fc.constantFrom(...KINDS), fc.nat({ max: 3 }), fc.constantFrom(1, 1, 2, 30),
).map(([[service, operation], kind, skip, times]) =>
  ({ service, operation, kind, skip, times: kind.startsWith('kill') ? Math.min(times, 2) : times }));

/** The operations of a topology. */
export function anyOperation({ owners, stacks }: Topology): fc.Arbitrary<Operation> {
  const owner = fc.nat({ max: owners.length - 1 });
  const stack = fc.nat({ max: stacks.length - 1 });
  const identity = fc.constantFrom(...owners.map(({ stack: of, region }) => ({ account: stacks[of].account, region })));
  const kind = <T extends Operation['do']>(name: T) => fc.constant(name);
  const deploy = fc.record({ do: kind('deploy'), owner, as: wanted, ending });
  const remove = fc.record({ do: kind('remove'), owner });
  const both = fc.tuple(fc.oneof(deploy, remove), fc.oneof(deploy, remove));
  return fc.oneof(
    { weight: 18, arbitrary: deploy },
    { weight: 2, arbitrary: fc.record({ do: kind('again'), owner }) },
    { weight: 4, arbitrary: remove },
    { weight: 1, arbitrary: fc.record({ do: kind('delete stack'), stack }) },
    { weight: 1, arbitrary: fc.record({ do: kind('forget'), stack }) },
    { weight: 2, arbitrary: fc.record({ do: kind('skip'), stack }) },
    { weight: 1, arbitrary: fc.record({ do: kind('roll back'), stack }) },
    { weight: stacks.length > 1 ? 4 : 0, arbitrary: fc.record({ do: kind('together'), both }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: kind('write record'),
        selector: fc.constantFrom(...SELECTORS),
        text: fc.constantFrom('same key' as const, 'other key' as const, 'junk' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: kind('remove record'), selector: fc.constantFrom(...SELECTORS) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: kind('harm registry'),
        owner,
        how: fc.constantFrom('remove' as const, 'garble' as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: kind('change secret'),
        secret: fc.constantFrom(...SECRETS),
        to: fc.constantFrom('new key' as const, 'garbage' as const, 'gone' as const, 'back' as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: kind('change identity'),
        at: identity,
        how: fc.constantFrom('sign', 'switch off', 'switch on', 'make anew', 'take tags') as any,
      }),
    },
    { weight: 5, arbitrary: fc.record({ do: kind('pass'), minutes: fc.constantFrom(5, 60, 1_500, 21_000) }) },
    { weight: 4, arbitrary: fc.record({ do: kind('fault'), fault }) },
  ) as fc.Arbitrary<Operation>;
}

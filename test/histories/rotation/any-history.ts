// Any history of keys that rotate: which operations there can be, and how often each kind comes.
//
// Some rules are broken only where a few operations come close together. So most histories have kinds that come often.
import fc from 'fast-check';
import { STORED } from './followed-secret';
import { FURTHER, KeyOperation, LABELS, Often, Scene, Settings } from './operations';
import { STEPS } from '../../../lambda/rotation/event';
import { Fault } from '../../cloud/faults';
import { ending, KINDS, PLAIN } from '../any-history';
import { REGIONS, Rotating, SECRETS, SELECTORS, Wanted } from '../operations';

export const settings: fc.Arbitrary<Settings> = fc.record({
  secondCalls: fc.constantFrom('never' as const, 'never' as const, 'afterwards' as const, 'at the same time' as const),
  repeats: fc.constantFrom(0, 1, 4),
  repeatWithoutLabel: fc.constantFrom('unlabelled' as const, 'labelled again' as const, 'none' as const),
  failedTrial: fc.constantFrom('leaves AWSPENDING' as const, 'leaves nothing' as const),
  oldRateStillRotates: fc.boolean(),
}, PLAIN);

const rotating: fc.Arbitrary<Omit<Rotating, 'further'>> = fc.record({
  prefix: fc.constantFrom('dkim' as const, 'dkim' as const, 'mail' as const),
  bits: fc.oneof({ weight: 7, arbitrary: fc.constant(1024 as const) }, fc.constant(2048 as const)),
  overlap: fc.constantFrom(1 as const, 3 as const),
  every: fc.constantFrom(40 as const, 90 as const),
}, PLAIN);

/** Most keys of a stack that is alone are those of two Regions. */
function rotatingIn(owners: number): fc.Arbitrary<Rotating> {
  const isFurther = owners === 1 ? fc.constantFrom(true, true, false) : fc.constant(false);
  return fc.tuple(rotating, isFurther).map(([first, further]) => further ? { ...first, further } : first);
}

/** Each selector has a key of its own. */
const ownKey = fc.constantFrom(...SECRETS.map((secret, index) => ({ selector: SELECTORS[index], secret })));
const rest = {
  zone: fc.constant(true),
  ttl: fc.constantFrom(300, 1800),
  overwrite: fc.constant(false),
  retain: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
  wait: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.constant(1800)),
};
const wantedWith = (weight: number, owners: number) => fc.oneof(
  { weight: 1, arbitrary: fc.record({ signing: fc.constant('easy' as const), follows: fc.constant(true), ...rest }, PLAIN) },
  {
    weight,
    arbitrary: fc.record({ signing: fc.constant('easy' as const), rotating: rotatingIn(owners), ...rest }, PLAIN),
  },
  { weight: 1, arbitrary: fc.record({ signing: fc.constant('easy' as const), ...rest }, PLAIN) },
  { weight: 1, arbitrary: fc.record({ signing: ownKey, ...rest }, PLAIN) },
) as fc.Arbitrary<Wanted>;

const calls = fc.constantFrom(
  ['ses', 'GetEmailIdentity'], ['ses', 'PutEmailIdentityDkimSigningAttributes'], ['ses', 'TagResource'],
  ['route53', 'ListResourceRecordSets'], ['route53', 'ChangeResourceRecordSets'], ['route53', 'GetChange'],
  ['secretsmanager', 'GetSecretValue'], ['secretsmanager', 'DescribeSecret'], ['secretsmanager', 'PutSecretValue'],
  ['secretsmanager', 'UpdateSecretVersionStage'], ['secretsmanager', 'UpdateSecretVersionStage'], ['dns', 'Query'],
  ['s3', 'PutObject'],
);
const fault: fc.Arbitrary<Fault> = fc.tuple(
  calls, fc.constantFrom(...KINDS), fc.nat({ max: 3 }), fc.constantFrom(1, 1, 2, 30),
).map(([[service, operation], kind, skip, times]) =>
  ({ service, operation, kind, skip, times: kind.startsWith('kill') ? Math.min(times, 2) : times }));

/** What comes more often in a history than in others. */
const OFTEN: Readonly<Record<Often, readonly KeyOperation['do'][]>> = {
  // A step that comes late, or too early.
  'steps': ['rotate', 'step', 'SES finds'],
  // A deployment in the middle of a rotation.
  'deployments': ['rotate', 'deploy'],
  // Records that are superseded, and needed all the same.
  'old keys': ['move label', 'revoke', 'pass'],
  'own key': ['change identity', 'revoke', 'pass'],
  'follow': ['store', 'pass'],
  // SES in a Region, or a Region of the stack, goes and comes.
  'Regions': ['rotate', 'close Region', 'deploy', 'pass'],
};
const WEIGHT_OF_OFTEN = 40;
export const often: fc.Arbitrary<Often | undefined> = fc.constantFrom(
  undefined, 'steps', 'deployments', 'old keys', 'own key', 'Regions', 'Regions', 'follow', 'follow',
);

const tenths = (min: number, max: number) => fc.integer({ min: min * 10, max: max * 10 }).map((number) => number / 10);
/**
 * SES is told half a minute after a rotation has begun. A deployment that comes right before that tells SES at the same
 * moment. So does one that has waited for half a minute.
 */
const untilTold = fc.oneof(tenths(31, 33), tenths(0, 3));
/** Whole rotations, and parts. */
const seconds = fc.oneof(fc.nat({ max: 150 }), fc.constantFrom(1_200, 7_200), untilTold);

type Fields = Readonly<Record<string, fc.Arbitrary<unknown>>>;

/** The operations of a scene. */
export function anyOperation({ owners, often: mood }: Pick<Scene, 'owners' | 'often'>): fc.Arbitrary<KeyOperation> {
  const owner = fc.nat({ max: owners - 1 });
  const meetsRotations = mood === 'deployments';
  const label = fc.constantFrom(...LABELS);
  const weighted: readonly [weight: number, kind: KeyOperation['do'], fields: Fields][] = [
    [14, 'deploy', { owner, as: wantedWith(meetsRotations ? 2 : 5, owners), ending }],
    [1, 'again', { owner }],
    [2, 'remove', { owner }],
    [2, 'skip', { owner }],
    [14, 'rotate', { owner, seconds: meetsRotations ? untilTold : seconds }],
    [2, 'cancel rotation', { owner }],
    [4, 'step', {
      owner, step: fc.constantFrom(...STEPS), of: fc.constantFrom(...LABELS, 'AWSPENDING', 'AWSPENDING', 'nothing'),
    }],
    [3, 'revoke', { owner, key: fc.constantFrom(...LABELS, 'AWSPREVIOUS', 'oldest', 'signing') }],
    [3, 'move label', {
      owner,
      label: fc.constantFrom(...LABELS, 'AWSCURRENT'),
      to: fc.constantFrom(...LABELS, 'AWSPREVIOUS', 'oldest', 'nothing'),
    }],
    [1, 'put junk', { owner, as: fc.constantFrom('AWSCURRENT', 'AWSPENDING') }],
    [1, 'change secret', { owner, to: fc.constantFrom('marked', 'back', 'gone') }],
    [2, 'change tag', { owner, how: fc.constantFrom('no overlap', 'no stack', 'back') }],
    [5, 'SES finds', { what: fc.constantFrom('nothing', 'all') }],
    [1, 'change identity', {
      how: fc.constantFrom('sign', 'sign again', 'sign again', 'switch off', 'switch on', 'make anew', 'take tags'),
    }],
    [1, 'write record', {
      selector: fc.constantFrom(...SELECTORS), text: fc.constantFrom('same key', 'other key', 'junk'),
    }],
    [1, 'remove record', { owner, of: label }],
    [2, 'store', {
      what: fc.constantFrom(...STORED, 'f1', 'f2', 'f3'), isHeard: fc.boolean(), seconds: fc.constantFrom(0, 5, 40, 300, 20_000),
    }],
    [owners === 1 ? 2 : 0, 'close Region', {
      region: fc.constantFrom(...REGIONS, FURTHER.region), how: fc.constantFrom('fails', 'unreachable', 'open', 'open'),
    }],
    [9, 'pass', { minutes: fc.constantFrom(1, 20, 90, 400, 1_600, 4_600, 25_000) }],
    [5, 'fault', { fault }],
  ];
  return fc.oneof(...weighted.map(([weight, kind, fields]) => ({
    weight: weight > 0 && mood && OFTEN[mood].includes(kind) ? WEIGHT_OF_OFTEN : weight,
    arbitrary: fc.record({ do: fc.constant(kind), ...fields }, PLAIN),
  }))) as fc.Arbitrary<KeyOperation>;
}

// Any history of keys that rotate: which operations there can be, and how often each kind comes.
import fc from 'fast-check';
import { KeyOperation, LABELS, Settings } from './operations';
import { STEPS } from '../../../lambda/rotation/event';
import { Fault } from '../../cloud/faults';
import { ending, KINDS, PLAIN } from '../any-history';
import { Rotating, SECRETS, SELECTORS, Wanted } from '../operations';

export const settings: fc.Arbitrary<Settings> = fc.record({
  secondCalls: fc.constantFrom('never' as const, 'never' as const, 'afterwards' as const, 'at the same time' as const),
  repeats: fc.constantFrom(0, 1, 4),
  repeatWithoutLabel: fc.constantFrom('unlabelled' as const, 'labelled again' as const, 'none' as const),
  failedTrial: fc.constantFrom('leaves AWSPENDING' as const, 'leaves nothing' as const),
  oldRateStillRotates: fc.boolean(),
}, PLAIN);

const rotating: fc.Arbitrary<Rotating> = fc.record({
  prefix: fc.constantFrom('dkim' as const, 'dkim' as const, 'mail' as const),
  bits: fc.oneof({ weight: 7, arbitrary: fc.constant(1024 as const) }, fc.constant(2048 as const)),
  overlap: fc.constantFrom(1 as const, 3 as const),
  every: fc.constantFrom(40 as const, 90 as const),
}, PLAIN);

/** Each selector has a key of its own. */
const ownKey = fc.constantFrom(...SECRETS.map((secret, index) => ({ selector: SELECTORS[index], secret })));
const rest = {
  zone: fc.constant(true),
  ttl: fc.constantFrom(300, 1800),
  overwrite: fc.constant(false),
  retain: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
  wait: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.constant(1800)),
};
const wanted: fc.Arbitrary<Wanted> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ signing: fc.constant('easy' as const), rotating, ...rest }, PLAIN) },
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

/** The operations of so many owners. */
export function anyOperation(owners: number): fc.Arbitrary<KeyOperation> {
  const owner = fc.nat({ max: owners - 1 });
  const kind = <T extends KeyOperation['do']>(name: T) => fc.constant(name);
  const label = fc.constantFrom(...LABELS);
  const weighted: readonly [number, fc.Arbitrary<unknown>][] = [
    [14, fc.record({ do: kind('deploy'), owner, as: wanted, ending }, PLAIN)],
    [1, fc.record({ do: kind('again'), owner }, PLAIN)],
    [2, fc.record({ do: kind('remove'), owner }, PLAIN)],
    [2, fc.record({ do: kind('skip'), owner }, PLAIN)],
    [14, fc.record({ do: kind('rotate'), owner, seconds: fc.oneof(fc.nat({ max: 150 }), fc.constantFrom(1_200, 7_200)) }, PLAIN)],
    [2, fc.record({ do: kind('cancel rotation'), owner }, PLAIN)],
    [4, fc.record({
      do: kind('step'), owner, step: fc.constantFrom(...STEPS), of: fc.constantFrom(...LABELS, 'AWSPENDING', 'nothing'),
    }, PLAIN)],
    [3, fc.record({ do: kind('revoke'), owner, key: fc.constantFrom(...LABELS, 'AWSPREVIOUS', 'oldest') }, PLAIN)],
    [3, fc.record({ do: kind('move label'), owner, label, to: fc.constantFrom(...LABELS, 'oldest', 'nothing') }, PLAIN)],
    [1, fc.record({ do: kind('put junk'), owner, as: fc.constantFrom('AWSCURRENT', 'AWSPENDING') }, PLAIN)],
    [1, fc.record({ do: kind('change secret'), owner, to: fc.constantFrom('marked', 'back', 'gone') }, PLAIN)],
    [2, fc.record({ do: kind('change tag'), owner, how: fc.constantFrom('no overlap', 'no stack', 'back') }, PLAIN)],
    [5, fc.record({ do: kind('SES finds'), what: fc.constantFrom('nothing', 'all') }, PLAIN)],
    [1, fc.record({
      do: kind('change identity'), how: fc.constantFrom('sign', 'switch off', 'switch on', 'make anew', 'take tags'),
    }, PLAIN)],
    [1, fc.record({
      do: kind('write record'),
      selector: fc.constantFrom(...SELECTORS),
      text: fc.constantFrom('same key', 'other key', 'junk'),
    }, PLAIN)],
    [1, fc.record({ do: kind('remove record'), owner, of: label }, PLAIN)],
    [9, fc.record({ do: kind('pass'), minutes: fc.constantFrom(1, 20, 90, 400, 1_600, 4_600, 25_000) }, PLAIN)],
    [5, fc.record({ do: kind('fault'), fault }, PLAIN)],
  ];
  return fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary }))) as fc.Arbitrary<KeyOperation>;
}

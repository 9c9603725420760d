// Tests of names that are too long for DNS, which a deployment learns when it knows the domain.
import { DesiredState } from '../../../lambda/base/desired-state';
import { requireShortNames } from '../../../lambda/records/record-names';
import { byo, EASY, wanting } from '../fixtures/aws-in-memory';

/** A name of so many characters. */
function domainOf(length: number): string {
  const label = `${'x'.repeat(49)}.`;
  return label.repeat(5).slice(0, length - 4).replace(/\.$/, 'x').concat('.com');
}
const check = (length: number, signing: DesiredState['signing'], more: Partial<DesiredState> = {}) => () =>
  requireShortNames(wanting(signing, { domain: domainOf(length), ...more }));
const NO_ZONE = { zone: undefined };
/** `._domainkey.` */
const BETWEEN = 12;

test.each([['in a zone', {}, 45], ['without one', NO_ZONE, 2]])(
  'the longest name of a record may have 253 characters, %s', (_, more, longest) => {
    const most = 253 - BETWEEN - longest;
    expect(domainOf(most)).toHaveLength(most);
    expect(check(most, byo('s1'), more)).not.toThrow();
    expect(check(most + 1, byo('s1'), more)).toThrow('would have 254 characters, and DNS takes 253. Use a shorter domain.');
  });

test('a selector that is longer than the registry record can be made shorter', () => {
  const selector = 's'.repeat(60);
  expect(check(253 - BETWEEN - 60, byo(selector))).not.toThrow();
  expect(check(253 - BETWEEN - 59, byo(selector))).toThrow('Use a shorter selector, or a shorter domain.');
});

test('one that is as long as the registry record need not be shorter', () => {
  expect(check(253 - BETWEEN - 44, byo('s'.repeat(45)))).toThrow('DNS takes 253. Use a shorter domain.');
});

test('Easy DKIM has a registry record in a zone, and names of its own without one', () => {
  expect(check(253 - BETWEEN - 44, EASY)).toThrow('Use a shorter domain.');
  expect(check(253 - BETWEEN - 44, EASY, NO_ZONE)).not.toThrow();
  expect(check(253, EASY, NO_ZONE)).not.toThrow();
});

test('where CNAMEs lead to the place of the keys, the names there count', () => {
  const delegation = { place: domainOf(220), slots: ['dkim-a', 'dkim-b'] };
  expect(check(20, byo('s1'), { zone: { id: 'Z1', ttl: 60, delegation } })).toThrow('and DNS takes 253');
});

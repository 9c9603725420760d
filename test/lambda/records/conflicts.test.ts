// Tests of why a wanted record cannot be published: what the text shows, and what it advises.
import { generateKeyPairSync } from 'node:crypto';
import { RecordSet } from '../../../lambda/base/ports';
import { RecordConflictError, SelectorInUseError } from '../../../lambda/records/conflicts';
import { cnameRecords, DkimRecord, txtRecord } from '../../../lambda/records/dkim-record';

const DOMAIN = 'example.com';
const [OURS, THEIRS] = [1, 2].map(() => generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  .export({ format: 'der', type: 'spki' }).toString('base64'));
const WANTED = txtRecord(DOMAIN, 's1', OURS);
const [TOKEN] = cnameRecords(DOMAIN, ['t1'], 'dkim.amazonses.com');
const txt = (...values: string[]): RecordSet => ({ name: WANTED.name, type: 'TXT', ttl: 60, values });

const REMOVE = 'Remove it, choose another selector, or set recordConflict to OVERWRITE.';
const IN_USE = 'Mail may be signed with the key that is there. Choose another selector, or remove it if no mail is signed with that key.';
const REVOKED = 'Its empty p= says that the key was revoked. Take a new key with a new selector.';
const foreign = (existing: readonly RecordSet[], { wanted = WANTED, mayOverwrite = true } = {}) =>
  RecordConflictError.foreign(wanted, existing, mayOverwrite).message;

test.each<[string, RecordSet[], string]>([
  ['no key', [txt('"hello"')], `needed is TXT ${WANTED.value}. ${REMOVE}`],
  ['what is no key that mail can be signed with', [txt('"p=abc"')], `needed is TXT ${WANTED.value}. ${REMOVE}`],
  ['another key', [txt(`"p=${THEIRS}"`)], `needed is TXT ${WANTED.value}. ${IN_USE}`],
  ['another key beside a note', [txt('"hello"', `"p=${THEIRS}"`)], IN_USE],
  ['a revoked key', [txt('"v=DKIM1; p="')], REVOKED],
  [
    'the wanted key, in a test', [txt(`"v=DKIM1; t=y; p=${OURS}"`)],
    '. It has this very key, but t=y says that DKIM is only tested, and mail counts as unsigned. Take y out of t=',
  ],
  [
    'the wanted key, with another value', [txt(`"v=DKIM1; p=${OURS}"`, '"hello"')],
    '. It has this very key, but it has 2 values, of which a verifier takes any. Leave it the value with the key.',
  ],
  ['the wanted key and another one', [txt(`"p=${OURS}"`, `"p=${THEIRS}"`)], IN_USE],
  ['the wanted key in one of several', [txt(`"p=${OURS}; t=y"`), txt(`"p=${THEIRS}"`)], 'It has this very key, but it has 2 values'],
])('a record with %s is shown, and the advice is about that', (_, existing, expected) => {
  expect(foreign(existing)).toContain(expected);
  expect(foreign(existing)).toMatch(/^The record s1\._domainkey\.example\.com exists and was not written by this construct: it has TXT /);
});

test('a text that no key is in, and that would be the wanted one for its letters, has its flaw named', () => {
  const wanted: DkimRecord = txtRecord(DOMAIN, 's1', 'abc');
  expect(foreign([txt('"p=abc; t=y"')], { wanted })).toContain('It has this very key, but t=y');
  expect(foreign([txt('"p=abc"', '"hello"')], { wanted })).toContain(REMOVE);
});

test.each<[string, DkimRecord, boolean, string]>([
  ['nobody can ask for OVERWRITE', WANTED, false, 'Remove it, or choose another selector.'],
  ['SES has chosen the selector', TOKEN, true, 'Remove it, or set recordConflict to OVERWRITE.'],
])('what cannot be done is not advised: %s', (_, wanted, mayOverwrite, expected) => {
  const { type, value } = wanted;
  expect(foreign([txt('"hello"')], { wanted, mayOverwrite })).toContain(`needed is ${type} ${value}. ${expected}`);
});

test.each<[string, Partial<RecordSet>, string]>([
  ['a CNAME', { type: 'CNAME', values: ['x.example.net'] }, 'it has CNAME x.example.net; needed'],
  ['an alias', { values: [], aliasOf: 'x.example.net' }, 'it has TXT (alias of x.example.net); needed'],
  ['an alias of what nobody knows', { values: [] }, 'it has TXT (alias); needed'],
  [
    'a CNAME that was followed', { type: 'CNAME', values: ['x.example.net'], leadsTo: ['"a" "b"', '"c"'] },
    'it has CNAME x.example.net, which leads to ab | c; needed',
  ],
  ['one that leads nowhere', { type: 'CNAME', values: ['x.example.net'], leadsTo: [] }, ', which leads to no TXT; needed'],
])('it shows %s', (_, existing, expected) => {
  expect(foreign([{ ...txt(), ...existing }])).toContain(expected);
});

test('what a CNAME leads to can be the key of mail', () => {
  const existing = { ...txt('x.example.net'), type: 'CNAME', leadsTo: [`"p=${THEIRS}"`] };
  expect(foreign([existing])).toContain(IN_USE);
});

test('long values are cut, both of the record and of what it leads to', () => {
  const long = `"${'x'.repeat(250)}" `.repeat(10);
  const { length } = foreign([{ ...txt(long), leadsTo: [long] }]);
  expect(length).toBeGreaterThan(1_200);
  expect(length).toBeLessThan(1_200 + 700);
});

describe('a selector that mail needs', () => {
  const [now, until] = ['2026-03-01T00:00:00Z', '2026-03-15T00:00:00Z'];
  const superseded = (value: string, times: { until: string; now: string }) =>
    SelectorInUseError.superseded(WANTED, [txt(value)], times);

  test('is taken until the time that is said, then it is remembered; a revoked key is always revoked', () => {
    const during = superseded(`"p=${THEIRS}"`, { until, now }).message;
    expect(during).toContain(`has to stay as it is until ${until}. Give the key a new selector, or pin the version of the `
      + 'secret that has the old key (versionId).');
    expect(superseded(`"p=${THEIRS}"`, { until, now: until }).message)
      .toContain('an earlier key, which receivers may remember. Give the key a new selector: a selector has one key.');
    for (const time of [now, until]) {
      expect(superseded('"p="', { until, now: time }).message)
        .toContain('says that the key of this selector was revoked. Take a new key with a new selector.');
    }
  });

  test('of another stack is named, with what both want', () => {
    expect(SelectorInUseError.byAnother(WANTED, [txt('"a"'), txt('"b"')]).message).toBe(
      'Another stack, or the same domain in another Region, uses the record s1._domainkey.example.com: it has TXT a, TXT b; '
      + `needed is TXT ${WANTED.value}. Choose another selector. One selector can serve both where both have the same key.`);
  });
});

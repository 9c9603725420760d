// Tests of the registry record: what is written is read again, and nothing is believed that is not exactly of its form.
import fc from 'fast-check';
import { quote } from '../../../lambda/base/dns-text';
import { digestOf, Entry, parseRegistry, Registry, renderRegistry } from '../../../lambda/records/registry';

const hex32 = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 });
const label = fc.string({ unit: fc.constantFrom(...'abcxyz0189-'), minLength: 1, maxLength: 63 });
const time = fc.date({ min: new Date('2020-01-01'), max: new Date('2099-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString().replace(/\.\d+Z$/, 'Z'));
const entry: fc.Arbitrary<Entry> = fc.record({
  label,
  type: fc.constantFrom('TXT' as const, 'CNAME' as const),
  origin: fc.constantFrom('ours' as const, 'found' as const),
  digest: hex32,
  until: time,
}, { requiredKeys: ['label', 'type', 'origin', 'digest'] });
const registry: fc.Arbitrary<Registry> = fc.record({
  of: hex32.map((digits) => `cdk-ses-dkim-${digits}`),
  region: fc.constantFrom('us-east-1', 'cn-northwest-1'),
  entries: fc.uniqueArray(entry, { maxLength: 8, selector: (each) => JSON.stringify(each) }),
}, { requiredKeys: ['entries'] });

const sorted = ({ entries, ...rest }: Registry) =>
  ({ ...rest, entries: entries.map((each) => JSON.stringify(Object.entries(each).sort())).sort() });

const DIGEST = '0123456789abcdef0123456789abcdef';
const HEAD = '"v=cdk-ses-dkim1"';

test('what is written is read again, in any order of the values', () => {
  fc.assert(fc.property(registry.chain((each) => fc.tuple(fc.constant(each), fc.shuffledSubarray(renderRegistry(each), {
    minLength: renderRegistry(each).length,
  }))), ([original, values]) => {
    expect(sorted(parseRegistry(values))).toEqual(sorted(original));
  }));
});

test('it is written in a form that people can read', () => {
  expect(renderRegistry({
    entries: [
      { label: 'sel', type: 'TXT', origin: 'ours', digest: DIGEST, until: '2026-05-01T00:00:00Z' },
      { label: 'abc', type: 'CNAME', origin: 'found', digest: DIGEST },
    ],
  })).toEqual([
    HEAD,
    `"record=abc; type=CNAME; origin=found; digest=${DIGEST}"`,
    `"record=sel; type=TXT; origin=ours; digest=${DIGEST}; until=2026-05-01T00:00:00Z"`,
  ]);
  expect(renderRegistry({ entries: [] })).toEqual([HEAD]);
});

test('an entry that stands there twice is written once, as Route 53 refuses the same value twice', () => {
  const twice: Entry = { label: 'sel', type: 'TXT', origin: 'ours', digest: DIGEST };
  expect(renderRegistry({ entries: [twice, { ...twice }] })).toHaveLength(2);
});

test('whatever stands in a TXT record, reading does not fail and believes only what is of the form', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({
      unit: fc.constantFrom(
        '=', ';', '"', '\\', ' ', 'v', 'record', 'type', 'origin', 'digest', 'TXT', 'ours', 'cdk-ses-dkim1',
        '__proto__',
      ),
    }),
  );
  fc.assert(fc.property(fc.array(hostile), (values) => {
    expect(parseRegistry([HEAD, ...values, ...values.map(quote)]).entries).toEqual([]);
  }));
});

test.each([
  ['no head', []],
  ['the head of another version', ['"v=cdk-ses-dkim2"']],
  ['the head of something else', ['"v=DKIM1; p="', '"heritage=external-dns"']],
])('nothing is believed with %s', (_, head) => {
  const line = `"record=sel; type=TXT; origin=ours; digest=${DIGEST}"`;
  expect(parseRegistry([HEAD, line]).entries).toHaveLength(1);
  expect(parseRegistry([...head, line])).toEqual({ entries: [] });
});

test.each([
  ['a name with more than one label', { record: 'www.example' }],
  ['a name in capitals', { record: 'Sel' }],
  ['an empty name', { record: '' }],
  ['a wildcard', { record: '*' }],
  ['a name of 64 letters', { record: 'a'.repeat(64) }],
  ['another registry record', { record: `cdk-ses-dkim-${DIGEST}` }],
  ['another type', { type: 'MX' }],
  ['another origin', { origin: 'theirs' }],
  ['a digest that is too short', { digest: DIGEST.slice(1) }],
  ['a digest with other letters', { digest: DIGEST.replace('0', 'g') }],
  ['a time in another form', { until: 'tomorrow' }],
  ['text before a time', { until: 'not 2026-05-01T00:00:00Z' }],
  ['text after a time', { until: '2026-05-01T00:00:00Z or so' }],
])('an entry is passed over for %s', (_, changed) => {
  const parts = { record: 'sel', type: 'TXT', origin: 'ours', digest: DIGEST, ...changed };
  const line = Object.entries(parts).map(([name, value]) => `${name}=${value}`).join('; ');
  expect(parseRegistry([HEAD, quote(line)]).entries).toEqual([]);
});

test('a further page names the owner’s own registry record, and nothing else is taken for one', () => {
  const of = `cdk-ses-dkim-${DIGEST}`;
  expect(renderRegistry({ of, entries: [] })).toEqual([`"v=cdk-ses-dkim1; of=${of}"`]);
  expect(parseRegistry([`"v=cdk-ses-dkim1; of=${of}"`])).toEqual({ of, entries: [] });
  expect(parseRegistry(['"v=cdk-ses-dkim1; of=www; region=Here"'])).toEqual({ entries: [] });
});

test('what an older version wrote besides is passed over', () => {
  expect(parseRegistry(['"v=cdk-ses-dkim1; signs=us-east-1"'])).toEqual({ entries: [] });
});

describe('the digest', () => {
  test('is the same however a text is split and values are ordered', () => {
    expect(digestOf('TXT', ['"one" "two"', '"three"'])).toBe(digestOf('TXT', ['"three"', '"onetwo"']));
    expect(digestOf('CNAME', ['A.example.com.'])).toBe(digestOf('CNAME', ['a.example.com']));
  });

  test('differs with text, letters, number of values and type', () => {
    const digests = [
      digestOf('TXT', ['"a"']), digestOf('TXT', ['"A"']), digestOf('TXT', ['"a"', '"b"']), digestOf('TXT', ['"ab"']), digestOf('TXT', []),
      digestOf('CNAME', ['a']),
      digestOf('TXT', ['"a "']),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });
});

// Tests of what CNAMEs and aliases lead to, in the zone and elsewhere.
import { NameServerAnswer, OpenZone, RecordSet } from '../../../lambda/base/ports';
import { followed, namesFrom } from '../../../lambda/records/led-to';

const BELOW = '_domainkey.example.com';
const NAME = `s1.${BELOW}`;

const cname = (name: string, ...values: string[]): RecordSet => ({ name, type: 'CNAME', ttl: 300, values });
const alias = (name: string, aliasOf: string): RecordSet => ({ name, type: 'TXT', values: [], aliasOf });
const key: RecordSet = { name: `key.${BELOW}`, type: 'TXT', ttl: 300, values: ['"p=a"'] };

/** From the name by way of so many others to the key. */
function chain(others: number): RecordSet[] {
  const names = [NAME, ...Array.from({ length: others }, (_, index) => `x${index}.${BELOW}`), key.name];
  return names.slice(1).map((target, index) => cname(names[index], target));
}

const ANSWERS: NameServerAnswer[] = [
  { nameServer: 'ns1', values: ['"p=public"'] },
  { nameServer: 'ns2', error: 'ETIMEOUT' },
  { nameServer: 'ns3', values: ['"p=public"'] },
];

async function leadsTo(records: RecordSet[], answers = ANSWERS) {
  const asked: string[] = [];
  const zone: OpenZone = { list: async () => records, change: async () => ({ inSync: async () => undefined }) };
  const listed = await followed(zone, NAME, {
    ask: async (name) => {
      asked.push(name);
      return answers;
    },
  }).list(BELOW);
  return { asked, leadsTo: listed[0].leadsTo };
}

test.each<[string, RecordSet[], readonly string[] | undefined]>([
  ['a CNAME in the zone', [cname(NAME, `KEY.${BELOW}.`), key], key.values],
  ['an alias in the zone', [alias(NAME, `key.${BELOW}`), key], key.values],
  ['a CNAME to an alias', [cname(NAME, `x.${BELOW}`), alias(`x.${BELOW}`, `key.${BELOW}`), key], key.values],
  ['a wildcard', [cname(`*.${BELOW}`, `key.${BELOW}`), key], key.values],
  ['a CNAME to what a wildcard answers', [cname(NAME, `x.${BELOW}`), { ...key, name: `*.${BELOW}` }], key.values],
  ['a name that is not there', [cname(NAME, `x.${BELOW}`), key], []],
  ['a name without a TXT', [cname(NAME, `key.${BELOW}`), { ...key, type: 'MX' }], []],
  ['a circle', [cname(NAME, `x.${BELOW}`), cname(`x.${BELOW}`, NAME)], []],
  ['another name', [cname(`s2.${BELOW}`, `key.${BELOW}`), key], undefined],
  ['a wildcard that does not answer, as something has the name', [
    cname(`*.${BELOW}`, `key.${BELOW}`), key, { ...key, name: NAME, type: 'MX' },
  ], undefined],
  ['a wildcard that does not answer, as something is below the name', [
    cname(`*.${BELOW}`, `key.${BELOW}`), key, { ...key, name: `x.${NAME}` },
  ], undefined],
  ['a name that leads to two others, by a routing policy', [
    cname(NAME, `x.${BELOW}`), cname(`x.${BELOW}`, key.name), cname(`x.${BELOW}`, `other.${BELOW}`), key,
    { ...key, name: `other.${BELOW}`, values: ['"p=b"'] },
  ], ['"p=a"', '"p=b"']],
  ['a name that leads to two others with the same text', [
    cname(NAME, `x.${BELOW}`), cname(`x.${BELOW}`, key.name), cname(`x.${BELOW}`, `other.${BELOW}`), key,
    { ...key, name: `other.${BELOW}` },
  ], key.values],
  ['an alias for addresses, which answers for no text', [{ ...alias(NAME, key.name), type: 'A' }, key], undefined],
  ['a TXT', [{ ...key, name: NAME }], undefined],
  ['a CNAME with two values, which is none', [cname(NAME, `key.${BELOW}`, `x.${BELOW}`), key], undefined],
  ['a chain as long as resolvers follow', [...chain(7), key], key.values],
  ['a longer chain', [...chain(8), key], []],
])('%s is followed in the zone, and nobody is asked', async (_, records, expected) => {
  expect(await leadsTo(records)).toEqual({ asked: [], leadsTo: expected });
});

test.each<[string, RecordSet]>([
  ['elsewhere', cname(NAME, 'key.example.net.')], ['beside the DKIM records', cname(NAME, 'key.example.com')],
])('a CNAME that leads %s is asked for in public DNS, once', async (_, record) => {
  expect(await leadsTo([record])).toEqual({ asked: [record.values[0].replace(/\.$/, '')], leadsTo: ['"p=public"'] });
});

test('C a CNAME to what no name server tells is not taken for one to nothing', async () => {
  const silent = leadsTo([cname(NAME, 'key.example.net')], [{ nameServer: 'ns1', silence: 'no-address' }]);
  await expect(silent).rejects.toThrow('Nobody could see what key.example.net has in public DNS: ns1 has no public add');
  expect((await leadsTo([cname(NAME, 'key.example.net')], [])).leadsTo).toEqual([]);
});

test('in a zone of thousands of records, none is looked at again for each other one', async () => {
  let looks = 0;
  const records = Array.from({ length: 9_000 }, (_, index): RecordSet => ({
    ...key,
    get name() {
      looks++;
      return `c${index}.${BELOW}`;
    },
  }));
  await leadsTo(records);
  expect(looks / records.length).toBeLessThan(10);
});

test('changes go to the zone', async () => {
  const change = jest.fn(async () => ({ inSync: async () => undefined }));
  const changes = [{ action: 'DELETE' as const, record: key }];
  await followed({ list: async () => [], change }, NAME, { ask: async () => [] }).change(changes);
  expect(change).toHaveBeenCalledWith(changes);
});

test.each<[string, RecordSet[], string[]]>([
  ['nothing', [key], []],
  ['a name', [cname(NAME, `key.${BELOW}`), key], [`key.${BELOW}`]],
  ['several steps', chain(2), [`x0.${BELOW}`, `x1.${BELOW}`, `key.${BELOW}`]],
  ['one of two, by a routing policy', ['a', 'b'].map((each) => cname(NAME, `${each}.${BELOW}`)), [`a.${BELOW}`, `b.${BELOW}`]],
  ['a circle', [cname(NAME, `key.${BELOW}`), cname(`key.${BELOW}`, NAME)], [`key.${BELOW}`]],
])('the names that a selector leads to: %s', (_, records, expected) => {
  expect(namesFrom(['s1'], 'example.com', records)).toEqual([NAME, ...expected]);
});

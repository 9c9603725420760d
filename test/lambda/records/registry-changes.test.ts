// Tests of changing registry records: what goes to a further page, which records are touched, and how room is made.
import { ownerOf, pageLabel } from '../../../lambda/base/owner';
import { RecordSet } from '../../../lambda/base/ports';
import { MAX_CHARACTERS } from '../../../lambda/records/batch';
import { recordName, txtRecord } from '../../../lambda/records/dkim-record';
import { digestOf, Entry, parseRegistry, Registry, renderRegistry } from '../../../lambda/records/registry';
import {
  changeEntries, changeOwnRegistry, create, dropEntries, makeRoom, remove, touch, touchOthers,
} from '../../../lambda/records/registry-changes';
import { registryName, ZoneView } from '../../../lambda/records/zone-view';

const DOMAIN = 'example.com';
const [A, B, C] = ['A', 'B', 'C'].map((stack) => ownerOf(stack, 'Dkim', { region: 'us-east-1', domain: DOMAIN }));
const UNTIL = '2026-03-15T00:00:00Z';

const record = (selector: string): RecordSet =>
  ({ name: recordName(selector, DOMAIN), type: 'TXT', ttl: 300, values: [txtRecord(DOMAIN, selector, 'AbCd').data] });
const entry = (label: string, more: Partial<Entry> = {}): Entry =>
  ({ label, type: 'TXT', origin: 'ours', digest: digestOf('TXT', record(label).values), ...more });
const entries = (count: number, more: Partial<Entry> = {}) => Array.from({ length: count }, (_, index) => entry(`s${index}`, more));
const registryOf = (owner: typeof A, listed: readonly Entry[], more: Partial<RecordSet> = {}): RecordSet =>
  ({ name: registryName(owner), type: 'TXT', ttl: 300, values: renderRegistry({ region: owner.region, entries: listed }), ...more });
const pageOf = (owner: typeof A, page: number, listed: readonly Entry[]): RecordSet => ({
  name: recordName(pageLabel(owner.label, page), DOMAIN),
  type: 'TXT',
  ttl: 300,
  values: renderRegistry({ of: owner.label, entries: listed }),
});
const labelsIn = ({ values }: RecordSet) => parseRegistry(values).entries.map(({ label }) => label);
const own = (records: readonly RecordSet[], registry: Registry, ttl?: number) =>
  changeOwnRegistry(new ZoneView(records, A), registry, ttl);

describe('the TTL of a registry record that is written again', () => {
  test.each([[300, 301], [86_398, 86_399], [86_399, 0], [undefined, 1]])('was %s, and is another one', (ttl, next) => {
    const before = { ...registryOf(A, []), ttl, listed: { HealthCheckId: 'x' } };
    const { name, type, values } = before;
    expect(touch(before)).toEqual([remove(before), create({ name, type, ttl: next, values })]);
  });
});

describe('the own registry record', () => {
  test('is made with the TTL of the records, and the Region', () => {
    expect(own([], { entries: [] }, 60)).toEqual([create(registryOf(A, [], { ttl: 60 }))]);
    expect(own([], { entries: [] })).toEqual([create(registryOf(A, [], { ttl: 0 }))]);
  });

  test('stays where it says this already', () => {
    const there = registryOf(A, entries(2));
    expect(own([there], { entries: entries(2) })).toEqual([]);
    expect(own([{ ...there, values: [...there.values].reverse() }], { entries: entries(2) })).toEqual([]);
  });

  test('takes the place of what somebody else has put there', () => {
    const cname = { ...registryOf(A, []), type: 'CNAME', values: ['x.example.net'] };
    expect(own([cname], { entries: [] })).toEqual([remove(cname), create(registryOf(A, [], { ttl: 301 }))]);
    const several = [1, 2].map((ttl) => registryOf(A, [], { ttl }));
    expect(own(several, { entries: [] })).toEqual([...several.map(remove), create(registryOf(A, [], { ttl: 2 }))]);
  });

  test('turns over what is superseded when it is long, to the first page that is free', () => {
    const wanted = entry('wanted');
    const listed = [wanted, ...entries(8, { until: UNTIL })];
    const before = registryOf(A, [wanted]);
    const records = [before, pageOf(A, 1, [entry('older')]), pageOf(A, 3, [entry('old')])];
    expect(own(records, { entries: listed })).toEqual([
      remove(before),
      create(registryOf(A, [wanted], { ttl: 301 })),
      create({ ...pageOf(A, 2, entries(8, { until: UNTIL })), ttl: 301 }),
    ]);
  });

  test('keeps what is superseded while it is short, and what is wanted always', () => {
    for (const listed of [entries(3, { until: UNTIL }), entries(20)]) {
      expect(own([], { entries: listed })).toEqual([create(registryOf(A, listed, { ttl: 0 }))]);
    }
  });
});

describe('entries that change', () => {
  const [first, second, third] = entries(3);
  const records = [registryOf(A, [first]), pageOf(A, 1, [second, third])];
  const view = new ZoneView(records, A);

  test('change where they are, and nowhere else', () => {
    const [listed] = view.ownPages[0].registry.entries;
    expect(changeEntries(view, new Map([[listed, [{ ...second, until: UNTIL }]]]))).toEqual([
      remove(records[1]), create({ ...pageOf(A, 1, [{ ...second, until: UNTIL }, third]), ttl: 301 }),
    ]);
  });

  test('are dropped, and a page that lists nothing more goes', () => {
    expect(dropEntries(view, view.ownPages[0].registry.entries)).toEqual([remove(records[1])]);
    expect(dropEntries(view, view.head.entries)).toEqual([remove(records[0]), create(registryOf(A, [], { ttl: 301 }))]);
    expect(dropEntries(view, view.entries)).toEqual([remove(records[1]), remove(records[0])]);
  });
});

describe('a record that others list', () => {
  const S0 = record('s0');
  const found = entry('s0', { origin: 'found' });
  const touched = (records: RecordSet[], changed: string[] = [], of = [S0]) => {
    const view = new ZoneView([S0, record('s1'), ...records], A);
    const pages = view.others.filter((page) => changed.includes(page.record.name));
    return touchOthers(view, of, pages).filter(({ action }) => action === 'DELETE').map(({ record: { name } }) => name);
  };

  test('touches one that wrote it, before one that found it', () => {
    expect(touched([registryOf(B, [found]), registryOf(C, [entry('s0'), ...entries(3)])])).toEqual([registryName(C)]);
    expect(touched([registryOf(B, [found])])).toEqual([registryName(B)]);
    expect(touched([registryOf(B, [entry('s1')])])).toEqual([]);
  });

  test('touches the shortest of them', () => {
    const [short, long] = [[entry('s0')], entries(5)];
    expect(touched([registryOf(B, long), registryOf(C, short)])).toEqual([registryName(C)]);
    expect(touched([registryOf(B, short), registryOf(C, long)])).toEqual([registryName(B)]);
  });

  test('needs no touch where one of them changes anyway, or is touched for another record', () => {
    const both = [registryOf(B, entries(2)), registryOf(C, [...entries(2), entry('s2')])];
    expect(touched(both, [registryName(C)])).toEqual([]);
    expect(touched(both, [], [S0, record('s1')])).toEqual([registryName(B)]);
  });
});

describe('room in a batch', () => {
  const view = new ZoneView([], A);
  const long = registryOf(B, [...entries(3, { until: UNTIL }), entry('wanted')]);
  const theirs: RecordSet = { ...record('theirs'), values: ['x'.repeat(900)] };
  const changes = [remove(record('s1')), remove(long), create(theirs)];

  test('is not made where the changes fit', () => {
    expect(makeRoom(view, changes)).toBe(changes);
    const full = [remove(theirs), create({ ...theirs, values: ['x'.repeat(MAX_CHARACTERS - 900)] })];
    expect(makeRoom(view, full)).toBe(full);
  });

  test('comes from the longest record that goes: half of it goes to a page, what is superseded first', () => {
    const made = makeRoom(view, changes, 500);
    expect(made.map(({ action, record: { name } }) => [action, name])).toEqual([
      ['DELETE', long.name], ['CREATE', long.name], ['CREATE', recordName(pageLabel(B.label, 1), DOMAIN)],
    ]);
    expect(made.slice(1).map((change) => labelsIn(change.record))).toEqual([['s0', 'wanted'], ['s1', 's2']]);
    expect(parseRegistry(made[2].record.values).of).toBe(B.label);
    expect(made.slice(1).map((change) => change.record.ttl)).toEqual([301, 300]);
  });

  test('comes from a further page in the same way, as a page of the same owner', () => {
    const page = pageOf(B, 1, entries(3));
    const made = makeRoom(new ZoneView([page], A), [remove(page), create(theirs)], 500);
    expect(made.map((change) => parseRegistry(change.record.values).of)).toEqual([B.label, B.label, B.label]);
    expect(made[2].record.name).toBe(recordName(pageLabel(B.label, 2), DOMAIN));
    expect(made.slice(1).map((change) => labelsIn(change.record))).toEqual([['s0', 's1'], ['s2']]);
    const short = pageOf(B, 1, entries(2));
    expect(makeRoom(new ZoneView([short], A), [remove(short), create(theirs)], 500).slice(1)
      .map((change) => labelsIn(change.record))).toEqual([['s0'], ['s1']]);
  });

  test('comes from somebody else\'s record, which goes first', () => {
    expect(makeRoom(view, [remove(record('s1')), remove(theirs), create(long)], 500)).toEqual([remove(theirs)]);
    expect(makeRoom(view, [remove(theirs)], 500)).toEqual([remove(theirs)]);
  });

  test.each<[string, RecordSet[]]>([
    ['a record of ours', [registryOf(A, [entry('s1')]), record('s1')]],
    ['a registry record with one entry', [registryOf(B, [entry('s1')])]],
  ])('cannot be made of %s: the batch stays as it is', (_, records) => {
    const [longest] = records.slice(-1);
    const batch = [remove(longest), create(theirs)];
    expect(makeRoom(new ZoneView(records, A), batch, 10)).toBe(batch);
  });

  test('cannot be made where nothing goes', () => {
    const batch = [create(theirs), create(long)];
    expect(makeRoom(view, batch, 10)).toBe(batch);
  });
});

// Tests of what is in a zone, as one owner sees it: whose pages count, and which entries speak of a record.
import { ownerOf, pageLabel } from '../../../lambda/base/owner';
import { RecordSet } from '../../../lambda/base/ports';
import { recordName, txtRecord } from '../../../lambda/records/dkim-record';
import { digestOf, Entry, renderRegistry } from '../../../lambda/records/registry';
import { entriesOf, otherListing, registryName, ZoneView } from '../../../lambda/records/zone-view';

const DOMAIN = 'example.com';
const [A, B] = ['A', 'B'].map((stack) => ownerOf(stack, 'Dkim', { region: 'us-east-1', domain: DOMAIN }));

const record = (selector: string): RecordSet =>
  ({ name: recordName(selector, DOMAIN), type: 'TXT', ttl: 300, values: [txtRecord(DOMAIN, selector, 'AbCd').data] });
const [S1, S2, S3] = ['s1', 's2', 's3'].map((selector) => record(selector));

const entry = (label: string, { type, values }: RecordSet): Entry =>
  ({ label, type: type as 'TXT', origin: 'ours', digest: digestOf(type, values) });
const registry = (name: string, entries: Entry[], of?: string): RecordSet =>
  ({ name, type: 'TXT', ttl: 300, values: renderRegistry({ of, entries }) });

const OF_A = registry(registryName(A), [entry('s1', S1)]);
const PAGE_OF_B = registry(recordName(pageLabel(B.label, 1), DOMAIN), [entry('s2', S2)], B.label);
const OF_B = registry(registryName(B), [entry('s1', S1)]);

test('the entries of an owner are those of the labels whose records are there as they were written', () => {
  const records = [OF_A, S1, S2];
  expect(entriesOf(records, A, ['s1', 's2'])).toEqual([entry('s1', S1)]);
  expect(entriesOf(records, A, ['s2'])).toEqual([]);
  expect(entriesOf([OF_A, S2], A, ['s1'])).toEqual([]);
  expect(entriesOf([OF_A, { ...S1, values: ['"p=Other"'] }], A, ['s1'])).toEqual([]);
  expect(entriesOf(records, B, ['s1'])).toEqual([]);
});

test('a record is of another owner when that one lists it as it is, in any of its pages', () => {
  const records = [OF_A, OF_B, PAGE_OF_B, S1, S2, S3];
  expect(otherListing(records, A, [S1.name])).toBe(B.label);
  expect(otherListing(records, A, [S2.name, S3.name])).toBe(B.label);
  expect(otherListing(records, A, [S3.name])).toBeUndefined();
  expect(otherListing(records, B, [S2.name, S3.name])).toBeUndefined();
  expect(otherListing(records, A, [])).toBeUndefined();
  expect(otherListing([PAGE_OF_B, { ...S2, values: ['"p=Other"'] }], A, [S2.name])).toBeUndefined();
});

test('an owner that leaves does not count, in its record or in a further page of it', () => {
  const view = new ZoneView([OF_A, OF_B, PAGE_OF_B, S1, S2], A);
  expect([S1, S2].map((each) => view.isListedByAnother(each))).toEqual([true, true]);
  expect([S1, S2].map((each) => view.isListedByAnother(each, [B.label]))).toEqual([false, false]);
  expect(view.others.map((page) => view.ownerLabelOf(page))).toEqual([B.label, B.label]);
});

test('only a TXT record is a page', () => {
  const view = new ZoneView([{ ...OF_B, type: 'SPF' }, { ...PAGE_OF_B, type: 'SPF' }, S1, S2], A);
  expect(view.others).toEqual([]);
  expect([S1, S2].some((each) => view.isListedByAnother(each))).toBe(false);
});

test('C what a name leads to over several steps counts, when a staying owner lists that name', () => {
  const cname = (selector: string, target: RecordSet): RecordSet =>
    ({ name: recordName(selector, DOMAIN), type: 'CNAME', ttl: 300, values: [`${target.name}.`] });
  const second = cname('x2', S1);
  const first = cname('x1', second);
  const ledTo = (listed: RecordSet, ...leaving: string[]) => new ZoneView([
    first, second, S1, registry(registryName(B), [entry(listed.name.split('.', 1)[0], listed)]),
  ], A).ledTo([], leaving);
  expect([...ledTo(first)]).toEqual([second.name, S1.name]);
  expect([...ledTo(second)]).toEqual([S1.name]);
  expect([...ledTo(S1)]).toEqual([]);
  expect([...ledTo(first, B.label)]).toEqual([]);
});

test('C so is what a name leads to that mail is signed under, also in a circle', () => {
  const [x1, x2] = ['x1', 'x2'].map((selector, index): RecordSet => ({
    name: recordName(selector, DOMAIN), type: 'CNAME', ttl: 300, values: [recordName(`x${2 - index}`, DOMAIN)],
  }));
  const view = new ZoneView([x1, x2, S1], A);
  expect([...view.ledTo([x1.name])]).toEqual([x2.name, x1.name]);
  expect([...view.ledTo()]).toEqual([]);
});

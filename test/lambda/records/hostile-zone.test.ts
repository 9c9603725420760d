// Tests of a zone that somebody has filled, who may write to it: a plan is made in time all the same.
import { ownerOf } from '../../../lambda/base/owner';
import { RecordSet } from '../../../lambda/base/ports';
import { recordName, txtRecord } from '../../../lambda/records/dkim-record';
import { digestOf, Entry, renderRegistry } from '../../../lambda/records/registry';
import { planRelease } from '../../../lambda/records/zone-plan';
import { registryName } from '../../../lambda/records/zone-view';

const DOMAIN = 'example.com';
const A = ownerOf('A', 'Dkim', { region: 'us-east-1', domain: DOMAIN });
const S1: RecordSet = { name: recordName('s1', DOMAIN), type: 'TXT', ttl: 300, values: [txtRecord(DOMAIN, 's1', 'AbCd').data] };
const OWN: RecordSet = {
  name: registryName(A),
  type: 'TXT',
  ttl: 300,
  values: renderRegistry({ entries: [{ label: 's1', type: 'TXT', origin: 'ours', digest: digestOf('TXT', S1.values) }] }),
};
const numbers = (length: number) => Array.from({ length }, (_, index) => index);
const hex = (number: number) => number.toString(16).padStart(32, '0');

test('7 thousands of CNAMEs, each of which leads to the next and the last to ours, keep no Delete from its end', () => {
  const chain = numbers(8_000).map((index): RecordSet => ({
    name: recordName(`c${index}`, DOMAIN), type: 'CNAME', ttl: 300, values: [recordName(index === 0 ? 's1' : `c${index - 1}`, DOMAIN)],
  }));
  const changes = planRelease([S1, OWN, ...chain], A);
  expect(changes.map(({ action, record }) => `${action} ${record.name}`)).toEqual([`DELETE ${S1.name}`, `DELETE ${OWN.name}`]);
});

test('7 nor where forged registry records say that each of them is ours: they are followed a few times', () => {
  let looks = 0;
  const chain = numbers(1_000).map((index) => ({
    get name() { looks++; return recordName(`c${index}`, DOMAIN); },
    type: 'CNAME',
    ttl: 300,
    values: [recordName(index === 0 ? 's1' : `c${index - 1}`, DOMAIN)],
  }));
  const entries = chain.map(({ values }, index): Entry =>
    ({ label: `c${index}`, type: 'CNAME', origin: 'ours', digest: digestOf('CNAME', values) }));
  const forged = numbers(5).map((page): RecordSet => ({
    name: recordName(`cdk-ses-dkim-${hex(page)}`, DOMAIN),
    type: 'TXT',
    ttl: 300,
    values: renderRegistry({ of: A.label, entries: entries.slice(page * 200, (page + 1) * 200) }),
  }));
  planRelease([S1, OWN, ...chain, ...forged], A);
  expect(looks / chain.length).toBeLessThan(100);
});

test('9 of hundreds of forged registry records, each line about our record is looked at a few times', () => {
  const [pages, lines] = [200, 250];
  const forged = numbers(pages).map((page): RecordSet => ({
    name: recordName(`cdk-ses-dkim-${hex(page)}`, DOMAIN),
    type: 'TXT',
    ttl: 300,
    values: renderRegistry({
      entries: numbers(lines).map((line) => ({ label: 's1', type: 'TXT', origin: 'ours', digest: hex(line) })),
    }),
  }));
  let looks = 0;
  const watched: RecordSet = { ...S1, get name() { looks++; return S1.name; } };
  planRelease([watched, OWN, ...forged], A);
  expect(looks / (pages * lines)).toBeLessThan(10);
});

// What the hourly care retires: the record of a superseded key after its overlap, unless SES signs with it, or it is
// not this construct's alone.
import { ChangeRefusedError } from '../../../lambda/base/errors';
import { RecordSet } from '../../../lambda/base/ports';
import { keyLine, record } from '../fixtures/aws-in-memory';
import { HOUR, KeysInMemory } from '../fixtures/keys-in-memory';

const DAY = 24 * HOUR;
const NEW = keyLine('n1', 'two');
const OLD = keyLine('s1');

let rotated: Promise<KeysInMemory> | undefined;
let keys: KeysInMemory;

/** `n1` is the current key, and `s1` is superseded. */
async function rotate(): Promise<KeysInMemory> {
  const made = await KeysInMemory.deployed();
  made.sesVerifies();
  made.addNext();
  await made.allSteps();
  return made;
}

beforeEach(async () => void (keys = (await (rotated ??= rotate())).copy()));

const contents = () => keys.aws.zone.contents;
const logged = () => keys.aws.lines.map((line) => JSON.parse(line).decision);
const overlapIsOver = () => void (keys.aws.time += 14 * DAY);

test('the record stays for its overlap, and goes then, with what the registry record says of it', async () => {
  keys.aws.time += 14 * DAY - HOUR;
  await keys.care();
  expect(contents()).toEqual([NEW, OLD]);
  expect(logged()).not.toContain('records-changed');
  keys.aws.time += 2 * HOUR;
  await keys.care();
  expect(contents()).toEqual([NEW]);
  expect(keys.aws.zone.registries.flat().join()).not.toContain('s1');
});

test('an overlap of its own counts from when the record was superseded', async () => {
  keys.tags['cdk-ses-dkim:RecordOverlap'] = '86400';
  keys.aws.time += 13 * DAY;
  await keys.care();
  expect(contents()).toContain(OLD);
});

test.each([['s1'], ['S1']])('what SES signs with stays, for one more overlap: %s', async (selector) => {
  overlapIsOver();
  keys.aws.set({ tokens: [selector] });
  await keys.care();
  expect(contents()).toEqual([NEW, OLD]);
  keys.aws.set({ tokens: ['n1'] });
  keys.aws.time += 13 * DAY;
  await keys.care();
  expect(contents()).toEqual([NEW, OLD]);
  keys.aws.time += DAY;
  await keys.care();
  expect(contents()).toEqual([NEW]);
});

test('what SES was set to by hand stays for an overlap from when it was seen last', async () => {
  keys.aws.time += 10 * DAY;
  keys.aws.set({ tokens: ['s1'] });
  await keys.care();
  keys.aws.set({ tokens: ['n1'] });
  keys.aws.time += 14 * DAY - HOUR;
  await keys.care();
  expect(contents()).toEqual([NEW, OLD]);
  keys.aws.time += HOUR;
  await keys.care();
  expect(contents()).toEqual([NEW]);
});

test('while nothing is superseded, SES is not asked', async () => {
  overlapIsOver();
  await keys.care();
  keys.aws.lines.length = 0;
  keys.aws.identities.clear();
  await keys.care();
  expect(logged()).toContain('nothing-superseded');
});

test('where SES names no selector, nobody knows that it is not this one: it stays', async () => {
  overlapIsOver();
  keys.aws.set({ tokens: [] });
  await keys.care();
  expect(contents()).toEqual([NEW, OLD]);
  expect(logged()).toContain('selector-not-named');
});

test.each<[string, () => void]>([
  ['SES signs with Easy DKIM', () => keys.aws.set({ origin: 'AWS_SES', tokens: ['t1', 't2', 't3'] })],
  ['SES signs with Easy DKIM, and has no tokens yet', () => keys.aws.set({ origin: 'AWS_SES', tokens: [] })],
  ['the identity is gone', () => keys.aws.identities.clear()],
])('it goes where %s', async (_, happens) => {
  overlapIsOver();
  happens();
  await keys.care();
  expect(contents()).toEqual([NEW]);
});

/** The record, or the one that the registry record is, made into others. */
const changed = (start: string, into: (each: RecordSet) => RecordSet[]) =>
  keys.aws.zone.records.flatMap((each) => each.name.startsWith(start) ? into(each) : [each]);

test('what somebody has changed since is theirs', async () => {
  overlapIsOver();
  keys.aws.zone.records = changed('s1.', ({ name }) => [record(name, 'TXT', '"v=DKIM1; p=AAAA"')]);
  await keys.care();
  expect(contents()).toContain('TXT s1._domainkey.example.com "v=DKIM1; p=AAAA"');
  expect(keys.aws.zone.registries.flat().join()).not.toContain('s1');
});

test('what another owner lists stays for that one', async () => {
  overlapIsOver();
  const name = `cdk-ses-dkim-${'0'.repeat(32)}._domainkey.example.com`;
  keys.aws.zone.records = changed('cdk-ses-dkim-', (own) => [
    own, { ...own, name, values: own.values.filter((value) => !value.includes('record=n1;')) },
  ]);
  await keys.care();
  expect(contents()).toEqual([NEW, OLD]);
});

test('what Route 53 refuses to change is no failure, and is tried again an hour later', async () => {
  overlapIsOver();
  keys.aws.zone.meanwhile = () => {
    throw new ChangeRefusedError('The record is managed by a service');
  };
  await keys.care();
  expect(logged()).toContain('records-refused');
  expect(contents()).toEqual([NEW, OLD]);
  keys.aws.zone.meanwhile = undefined;
  await keys.care();
  expect(contents()).toEqual([NEW]);
});

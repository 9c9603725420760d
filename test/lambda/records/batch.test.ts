// Tests of how much one batch of Route 53 holds, up to its very limits.
import { Change } from '../../../lambda/base/ports';
import { changesForMost, charactersOf, isOneBatch, MAX_CHARACTERS } from '../../../lambda/records/batch';

/** A change for each text, each of which is the value of a record. */
function changes(...values: string[]): Change[] {
  return values.map((value) => ({ action: 'CREATE', record: { name: 'a.example.com', type: 'TXT', ttl: 300, values: [value] } }));
}

test('characters count, and so do values', () => {
  expect(charactersOf(['abc', '', 'de'])).toBe(5);
  expect(MAX_CHARACTERS).toBe(32_000);
});

test.each([
  ['nothing', [], true],
  ['all the room', changes('a'.repeat(60), 'b'.repeat(40)), true],
  ['a character more', changes('a'.repeat(60), 'b'.repeat(41)), false],
  ['a deletion that has no room', [{ ...changes('a'.repeat(101))[0], action: 'DELETE' as const }], false],
])('a batch of 100 characters: %s', (_, batch, expected) => {
  expect(isOneBatch(batch, 100)).toBe(expected);
});

test('a batch has at most 1,000 values, however short they are', () => {
  const values = (count: number): Change[] =>
    [{ action: 'CREATE', record: { name: 'a.example.com', type: 'TXT', ttl: 300, values: Array(count).fill('') } }];
  expect(isOneBatch(values(1_000), MAX_CHARACTERS)).toBe(true);
  expect(isOneBatch(values(1_001), MAX_CHARACTERS)).toBe(false);
});

test.each([
  ['all of them', 120, 12],
  ['three quarters, when not all have room', 119, 9],
  ['three quarters of these, when there is less', 89, 6],
  ['one, when two have no room', 19, 1],
  ['one, even when it has no room', 9, 1],
])('of twelve items of ten characters: %s', (_, room, count) => {
  const items = Array.from({ length: 12 }, (__, index) => String(index).padStart(10, '0'));
  expect(changesForMost(items, (first) => changes(...first), room)).toEqual(changes(...items.slice(0, count)));
});

test('of no items, the changes that are needed without any', () => {
  expect(changesForMost([], (first) => changes('always', ...first), 3)).toEqual(changes('always'));
});

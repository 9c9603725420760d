// Random numbers, texts and ids that a seed repeats.
import { randomInt, randomText, randomUuid, seededRandom } from './random';

const random = seededRandom(1, 'test');

test('the same seed and stream give the same numbers, another seed or stream gives others', () => {
  const numbers = (seed: number, stream: string) => {
    const next = seededRandom(seed, stream);
    return Array.from({ length: 20 }, next);
  };
  expect(numbers(1, 'a')).toEqual(numbers(1, 'a'));
  expect(numbers(1, 'a')).not.toEqual(numbers(2, 'a'));
  expect(numbers(1, 'a')).not.toEqual(numbers(1, 'b'));
  for (const each of numbers(1, 'a')) expect(each >= 0 && each < 1).toBe(true);
});

test('a whole number is below its limit, and each one comes', () => {
  const seen = new Set(Array.from({ length: 200 }, () => randomInt(random, 5)));
  expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
});

test('a text has the asked length and only the given letters', () => {
  expect(randomText(random, 'ab', 64)).toMatch(/^[ab]{64}$/);
});

test('an id has the form of a UUID of version 4, and no two are the same', () => {
  const ids = Array.from({ length: 100 }, () => randomUuid(random));
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(ids).size).toBe(100);
});

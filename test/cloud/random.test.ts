// Random texts that a seed repeats.
import { randomId, randomText } from './random';

test('a text has the asked length and only the given letters', () => {
  expect(randomText(64, 'ab')).toMatch(/^[ab]{64}$/);
  expect(randomText(6)).toMatch(/^[a-zA-Z0-9]{6}$/);
});

test('an identifier has the form of a UUID of version 4, and no two are the same', () => {
  const ids = Array.from({ length: 100 }, randomId);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(ids).size).toBe(100);
});

test('the same Math.random gives the same texts', () => {
  const textsFrom = (first: number) => {
    let next = first;
    const random = jest.spyOn(Math, 'random').mockImplementation(() => (next = (next + 0.37) % 1));
    const texts = [randomText(8), randomId()];
    random.mockRestore();
    return texts;
  };
  expect(textsFrom(0.1)).toEqual(textsFrom(0.1));
  expect(textsFrom(0.1)).not.toEqual(textsFrom(0.2));
});

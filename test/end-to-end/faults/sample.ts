// Chooses some of many by a seed.
import { randomInt, seededRandom } from '../../cloud/time/random';

/** In their own order. */
export function sample<T>(all: readonly T[], count: number, seed: number): T[] {
  const random = seededRandom(seed, 'sample');
  const left = all.map((each, index) => ({ each, index }));
  const chosen = Array.from({ length: Math.min(count, all.length) }, () =>
    left.splice(randomInt(random, left.length), 1)[0]);
  return chosen.sort((a, b) => a.index - b.index).map(({ each }) => each);
}

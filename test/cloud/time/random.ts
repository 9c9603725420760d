// Random numbers that a seed repeats: the same seed and stream give the same numbers on every machine.
import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** At least 0, less than 1. */
export type Random = () => number;

/**
 * @param stream names a part of the cloud. Each part has its own numbers: when one part takes one more, the others get
 * the same as before.
 */
export function seededRandom(seed: number, stream: string): Random {
  const generator = xoroshiro128plus(createHash('sha256').update(`${seed}/${stream}`).digest().readInt32BE());
  return () => uniformFloat64(generator);
}

/** A whole number from 0, less than `limit`. */
export function randomInt(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** A text of that length, made of letters of the alphabet. */
export function randomText(random: Random, alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(random, alphabet.length)]).join('');
}

/** A UUID of version 4. */
export function randomUuid(random: Random): string {
  const hex = randomText(random, '0123456789abcdef', 32);
  const variant = '89ab'[randomInt(random, 4)];
  return [
    hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`, hex.slice(20),
  ].join('-');
}

// Tests of keys whose numbers do not make a whole key: each is refused in words for users, and shows no number.
import { createPrivateKey, generateKeyPairSync, generatePrimeSync } from 'node:crypto';
import { parseKey } from '../../../lambda/signing/key';
import { UnusableKeyError } from '../../../lambda/signing/unusable-key';
import { rsaKey } from '../fixtures/rsa-numbers';

type Numbers = readonly [n: bigint, e: bigint, d: bigint, p: bigint, q: bigint, dp: bigint, dq: bigint, qi: bigint];

const jwk = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' });
const WHOLE = [jwk.n, jwk.e, jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi]
  .map((number) => BigInt(`0x${Buffer.from(number!, 'base64url').toString('hex')}`)) as unknown as Numbers;
const [n, e, d, p, q, dp, dq, qi] = WHOLE;

/**
 * A prime that is no 1 more than a multiple of the exponent. It is so large that the product of three has as many bits
 * as they have together.
 */
function prime(bits: number): bigint {
  for (;;) {
    const found = generatePrimeSync(bits, { bigint: true });
    const isLarge = found >= 7n * 2n ** BigInt(bits - 3);
    if (isLarge && (found - 1n) % 65537n !== 0n && (found - 1n) % 3n !== 0n) return found;
  }
}

/** The number that makes 1 with `a`, modulo `m`. */
function inverse(a: bigint, m: bigint): bigint {
  let [r, next, s, t] = [m, a % m, 0n, 1n];
  while (next !== 0n) {
    const times = r / next;
    [r, next, s, t] = [next, r - times * next, t, s - times * t];
  }
  return (s % m + m) % m;
}

/** A key of these two factors, whatever they are. */
function keyOf(first: bigint, second: bigint, exponent: bigint, phi = (first - 1n) * (second - 1n)): Numbers {
  const priv = inverse(exponent, phi);
  const [dOfFirst, dOfSecond] = [priv % (first - 1n), priv % (second - 1n)];
  return [first * second, exponent, priv, first, second, dOfFirst, dOfSecond, inverse(second, first)];
}

const EXPONENT = /^its public exponent is not an odd number from 3 to 2147483647/;
const ZERO = /^some of its numbers are zero/;
const DAMAGED = /^it is damaged: its numbers do not belong together/;
/** The OpenSSL of Node 24 does not read a key whose modulus is 0. */
const BITS = /^it is an RSA key of 0 bits|^its base64 is not an RSA private key/;

const [first, second, third] = [prime(512), prime(256), prime(256)];
const composite = keyOf(first, second * third, 65537n, (first - 1n) * (second - 1n) * (third - 1n));

const REFUSED: [string, Numbers, RegExp][] = [
  ['no primes', [n, e, d, 0n, 0n, 0n, 0n, 0n], ZERO],
  ['no exponents of the primes', [n, e, d, p, q, 0n, 0n, qi], ZERO],
  ['no coefficient', [n, e, d, p, q, dp, dq, 0n], ZERO],
  ['no private exponent', [n, e, 0n, p, q, dp, dq, qi], ZERO],
  ['no modulus', [0n, e, d, p, q, dp, dq, qi], BITS],
  ['nothing but zeros', [0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n], BITS],
  ['a prime of 1', [n, e, d, 1n, n, 1n, d, 1n], DAMAGED],
  ['the other prime of 1', [n, e, d, n, 1n, d, 1n, 1n], DAMAGED],
  ['primes of 1', [n, e, d, 1n, 1n, 1n, 1n, 1n], /^it has more than two primes/],
  ['a prime of 2', keyOf(2n, prime(1023), 65537n), ZERO],
  ['the exponent 0', [n, 0n, d, p, q, dp, dq, qi], EXPONENT],
  ['the exponent 1', [n, 1n, 1n, p, q, 1n, 1n, qi], EXPONENT],
  ['the exponent 2', [n, 2n, d, p, q, dp, dq, qi], EXPONENT],
  ['an even exponent', [n, 65536n, d, p, q, dp, dq, qi], EXPONENT],
  ['an exponent above the modulus', [n, n + 2n, d, p, q, dp, dq, qi], EXPONENT],
  ['an exponent that Go does not take', keyOf(first, prime(512), 4294967297n), EXPONENT],
  ['its exponents exchanged', [n, d, e, p, q, dp, dq, qi], EXPONENT],
  ['another modulus', [n + 2n, e, d, p, q, dp, dq, qi], DAMAGED],
  ['another private exponent', [n, e, d + 2n, p, q, dp, dq, qi], DAMAGED],
  ['its primes exchanged', [n, e, d, q, p, dp, dq, qi], DAMAGED],
  ['the same prime twice', keyOf(first, first, 65537n, first * (first - 1n)), ZERO],
  ['a factor that is no prime', composite, DAMAGED],
];

test.each(REFUSED)('%s', (_, numbers, reason) => {
  const refusal = refusalOf(rsaKey(numbers));
  expect(refusal).toBeInstanceOf(UnusableKeyError);
  expect(refusal.message).toMatch(reason);
  for (const number of numbers.filter((each) => each > 2n ** 32n)) expect(refusal.message).not.toContain(`${number}`);
});

test('more than two primes', () => {
  const all = [prime(342), prime(342), prime(342)];
  const modulus = all.reduce((product, each) => product * each, 1n);
  const priv = inverse(65537n, all.reduce((product, each) => product * (each - 1n), 1n));
  const numbers: Numbers = [
    modulus, 65537n, priv, all[0], all[1], priv % (all[0] - 1n), priv % (all[1] - 1n), inverse(all[1], all[0]),
  ];
  const more = [all[2], priv % (all[2] - 1n), inverse(all[0] * all[1], all[2])];
  expect(refusalOf(rsaKey(numbers, more)).message).toMatch(/^it has more than two primes; make a key with: openssl/);
});

test('numbers of which OpenSSL alone sees the sign are those of a good key, and go to SES as that', () => {
  const text = rsaKey(WHOLE, undefined, { signed: false });
  expect(parseKey(text)).toEqual(parseKey(rsaKey(WHOLE)));
  expect(createPrivateKey({ key: Buffer.from(parseKey(text).privateKey, 'base64'), format: 'der', type: 'pkcs8' })
    .export({ format: 'jwk' })).toEqual(jwk);
});

test('a small exponent that verifiers take is taken', () => {
  expect(parseKey(rsaKey(keyOf(prime(512), prime(512), 3n))).publicKey).toMatch(/^MI/);
});

function refusalOf(text: string): Error {
  try {
    parseKey(text);
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was taken');
}

// Whether the numbers of an RSA key make a whole key, with which anybody can verify mail. Pure.
import { KeyObject } from 'node:crypto';
import { AGAIN } from './key-lookalikes';
import { UnusableKeyError } from './unusable-key';

/** Several verifiers take no larger one, such as those that are written in Go. */
const MAX_EXPONENT = 2n ** 31n - 1n;

/**
 * OpenSSL reads a key without looking at its numbers. A signature as a probe would not show it either: OpenSSL notices
 * a damaged prime and signs without it, and what SES signs with may not. So the equations of RFC 8017 section 3.2 are
 * looked at here.
 */
export function checkNumbers(key: KeyObject): void {
  const jwk = key.export({ format: 'jwk' });
  const [n, e, d, p, q, dp, dq, qi] = [jwk.n, jwk.e, jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi]
    .map((number) => BigInt(`0x0${Buffer.from(number!, 'base64url').toString('hex')}`));
  // The value is not shown: it may be the private exponent in the wrong place.
  if (e < 3n || e % 2n === 0n || e > MAX_EXPONENT) {
    throw new UnusableKeyError('its public exponent is not an odd number from 3 to 2147483647, as verifiers need it; '
      + 'make a key with: openssl genrsa 2048');
  }
  if ([d, p, q, dp, dq, qi].includes(0n)) {
    throw new UnusableKeyError('some of its numbers are zero, as in a key that Java writes without its primes; store '
      + 'the key from a file that has all its numbers, or make one with: openssl genrsa 2048');
  }
  if (p * q !== n && n % (p * q) === 0n) {
    throw new UnusableKeyError('it has more than two primes; make a key with: openssl genrsa 2048');
  }
  const belongTogether = p > 1n && q > 1n && p * q === n
    && e * d % (p - 1n) === 1n && e * d % (q - 1n) === 1n
    && dp === d % (p - 1n) && dq === d % (q - 1n) && qi * q % p === 1n
    && isPrime(p) && isPrime(q);
  if (!belongTogether) {
    throw new UnusableKeyError(`it is damaged: its numbers do not belong together; ${AGAIN}`);
  }
}

/**
 * Fermat's test with base 2. No accident makes a number that passes it and is not prime. OpenSSL's test takes ten times
 * as long, which is a tenth of a second on a function with 512 MB.
 */
function isPrime(number: bigint): boolean {
  let power = 1n;
  for (const bit of (number - 1n).toString(2)) power = power * power * (bit === '1' ? 2n : 1n) % number;
  return power === 1n;
}

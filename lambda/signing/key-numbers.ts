// Whether the numbers of an RSA key make a whole key, with which anybody can verify mail.
import { KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { AGAIN } from './key-lookalikes';
import { UnusableKeyError } from './unusable-key';

/** Several verifiers take no larger one, such as those that are written in Go. */
const MAX_EXPONENT = 2n ** 31n - 1n;

/**
 * OpenSSL reads a key without looking at its numbers. A signature alone would not show it either: OpenSSL notices a
 * damaged prime and signs without it, and what SES signs with may not. So first the equations of RFC 8017 section 3.2
 * are looked at.
 */
export function checkNumbers(key: KeyObject, publicKey: KeyObject): void {
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
    && signsAsItVerifies(key, publicKey);
  if (!belongTogether) {
    throw new UnusableKeyError(`it is damaged: its numbers do not belong together; ${AGAIN}`);
  }
}

/**
 * With a factor that is not prime, no signature verifies, though all equations hold. This is Fermat's test, of a random
 * base. OpenSSL's own test of a prime takes thirty times as long.
 */
function signsAsItVerifies(key: KeyObject, publicKey: KeyObject): boolean {
  const probe = randomBytes(32);
  return verify('sha256', probe, publicKey, sign('sha256', probe, key));
}

// `crypto` for functions in the test's own process: the same, but keys cost less.
//
// A new RSA key is the next of the pool. A key that was read once is not read again: tests have few keys, and reading
// one takes longer than most else of a call.
import * as crypto from 'node:crypto';
import { FIRST_KEY_OF_FUNCTIONS, pooledKey } from '../../key-pool';

/** No two keys of one cloud are the same. So it has one of these for all its functions. */
export function pooledCrypto(): object {
  let made = 0;
  const generateKeyPairSync = (type: 'rsa', { modulusLength, ...others }: crypto.RSAKeyPairKeyObjectOptions) => {
    if (type !== 'rsa' || Object.keys(others).length > 0) return crypto.generateKeyPairSync(type, { modulusLength, ...others });
    const privateKey = crypto.createPrivateKey(pooledKey(modulusLength, FIRST_KEY_OF_FUNCTIONS + made++));
    return { privateKey, publicKey: crypto.createPublicKey(privateKey) };
  };
  return { ...crypto, generateKeyPairSync, createPrivateKey, createPublicKey };
}

export const createPrivateKey = readOnce(crypto.createPrivateKey);
export const createPublicKey = readOnce(crypto.createPublicKey);

/** Only DER is known by its bytes. What cannot be read throws each time. */
function readOnce<I>(read: (input: I) => crypto.KeyObject): (input: I) => crypto.KeyObject {
  const known = new Map<string, crypto.KeyObject>();
  return (input) => {
    const { key: der, format, type } = input as Partial<crypto.PrivateKeyInput>;
    if (!Buffer.isBuffer(der) || format !== 'der') return read(input);
    const name = `${type} ${der.toString('latin1')}`;
    const key = known.get(name) ?? read(input);
    known.set(name, key);
    return key;
  };
}

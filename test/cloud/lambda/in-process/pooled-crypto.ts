// `crypto` for functions in the test's own process: a new RSA key is the next of the pool, as making one takes long.
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
  return { ...crypto, generateKeyPairSync };
}

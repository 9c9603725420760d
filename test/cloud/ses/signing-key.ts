// The keys that SES signs with. Each is read once: that takes longer than all else of a call, and tests share keys.
import { createPrivateKey, createPublicKey, KeyObject } from 'node:crypto';

/** A key of SES's own, from PEM. */
export const easyDkimKey = once((pem: string) => createPrivateKey(pem));

/** What SES can sign with: an RSA key of 1024 to 2048 bits, as bare base64 of PKCS #1 or PKCS #8. Else undefined. */
export const readSigningKey = once((base64: string): KeyObject | undefined => {
  for (const type of ['pkcs8', 'pkcs1'] as const) {
    try {
      const key = createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type });
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
      return key.asymmetricKeyType === 'rsa' && bits >= 1024 && bits <= 2048 ? key : undefined;
    } catch {
      continue; // not of this form
    }
  }
  return undefined;
});

/** What `p=` has for a private key. */
export const publicTextOf = once((privateKey: KeyObject) =>
  createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).toString('base64'));

function once<K, V>(read: (from: K) => V): (from: K) => V {
  const known = new Map<K, V>();
  return (from) => {
    if (!known.has(from)) known.set(from, read(from));
    return known.get(from) as V;
  };
}

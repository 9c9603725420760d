// Keys that a function makes in a quick history: those of the pool, one after the other. To make one takes longer than
// the rest of a history, and to read one again and again a fifth of it.
import crypto from 'node:crypto';
import { FIRST_KEY_OF_FUNCTIONS, pooledKey } from '../../cloud/key-pool';
import { createPrivateKey, createPublicKey } from '../../cloud/lambda/in-process/pooled-crypto';
import { Canary } from '../../end-to-end/faults/canary';

/** Two keys of one history may be the same after so many: what counts is that the next one differs. */
const KEYS = 6;

const pemOf = (bits: number, index: number) => pooledKey(bits, FIRST_KEY_OF_FUNCTIONS + index % KEYS);

let canary: Canary | undefined;

/** Of all keys that functions make. */
export function canaryOfFunctions(): Canary {
  const numbers = Array.from({ length: KEYS }, (_, index) => index);
  return canary ??= Canary.ofAll([1024, 2048].flatMap((bits) => numbers.map((index) => pemOf(bits, index))));
}

/** Gives a function that ends it. */
export function poolKeysOfFunctions(): () => void {
  const real = { ...crypto };
  let made = 0;
  const generateKeyPairSync = (_type: 'rsa', { modulusLength }: { modulusLength: number }) => {
    const privateKey = real.createPrivateKey(pemOf(modulusLength, made++));
    return { privateKey, publicKey: real.createPublicKey(privateKey) };
  };
  const readsOnce = (input: Parameters<typeof createPrivateKey>[0]) => exportingOnce(createPrivateKey(input));
  const derived = new WeakMap<object, crypto.KeyObject>();
  const derivesOnce = (input: Parameters<typeof createPublicKey>[0]) => {
    const known = input instanceof crypto.KeyObject ? derived.get(input) : undefined;
    if (known) return known;
    const key = exportingOnce(createPublicKey(input));
    if (input instanceof crypto.KeyObject) derived.set(input, key);
    return key;
  };
  Object.assign(crypto, { generateKeyPairSync, createPrivateKey: readsOnce, createPublicKey: derivesOnce });
  return () => {
    const { generateKeyPairSync: make, createPrivateKey: read, createPublicKey: derive } = real;
    Object.assign(crypto, { generateKeyPairSync: make, createPrivateKey: read, createPublicKey: derive });
  };
}

/** A key that is known gives each of its forms once. */
function exportingOnce(key: crypto.KeyObject): crypto.KeyObject {
  if (Object.hasOwn(key, 'export')) return key;
  const forms = new Map<string, unknown>();
  const real = key.export.bind(key) as (options: unknown) => unknown;
  return Object.assign(key, {
    export: (options: unknown) => {
      const name = JSON.stringify(options);
      if (!forms.has(name)) forms.set(name, real(options));
      return forms.get(name);
    },
  });
}

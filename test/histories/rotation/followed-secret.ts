// The secret of a user whose key is followed: what can be stored in it, and which of that is a key with its selector.
import { pooledKey } from '../../cloud/key-pool';
import { bare, publicTextOf } from '../quick-services';

/** As the stack names it. */
export const FOLLOWED = 'followed';
export const FOLLOWED_ARN = `arn:aws:secretsmanager:us-east-1:111111111111:secret:${FOLLOWED}-AbCdEf`;

/** Each of the first three has a selector and a key of its own. The others are mistakes. */
export const STORED = ['f1', 'f2', 'f3', 'f1 with another key', 'junk', 'no selector', 'broken key'] as const;
export type Stored = typeof STORED[number];

export interface NamedKey {
  readonly selector: string;
  /** In base64. */
  readonly publicKey: string;
}

const FIRST_KEY = 10;
export const FOLLOWED_KEYS = [0, 1, 2, 3].map((index) => pooledKey(1024, FIRST_KEY + index));
const KEY_OF: Readonly<Partial<Record<Stored, readonly [selector: string, pem: string]>>> = {
  'f1': ['f1', FOLLOWED_KEYS[0]],
  'f2': ['f2', FOLLOWED_KEYS[1]],
  'f3': ['f3', FOLLOWED_KEYS[2]],
  'f1 with another key': ['f1', FOLLOWED_KEYS[3]],
};

export function textOfStored(stored: Stored): string {
  const [selector, privateKey] = KEY_OF[stored] ?? [];
  if (selector !== undefined) return JSON.stringify({ selector, privateKey });
  switch (stored) {
    case 'no selector': return JSON.stringify({ privateKey: FOLLOWED_KEYS[0] });
    case 'broken key': return JSON.stringify({ selector: 'f4', privateKey: FOLLOWED_KEYS[0].slice(0, 400) });
    default: return '{ this is no JSON';
  }
}

/** Undefined when it is none. */
export function keyIn(stored: Stored): NamedKey | undefined {
  const [selector, pem] = KEY_OF[stored] ?? [];
  return selector === undefined || pem === undefined ? undefined : { selector, publicKey: publicTextOf(bare(pem)) };
}

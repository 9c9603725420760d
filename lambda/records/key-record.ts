// Reads key records as verifiers do (RFC 6376 3.6.1): which keys they hold, and what keeps SES's signatures from them.
import { createPublicKey } from 'node:crypto';
import { sha256 } from '../base/sha256';

/** Why verifiers do not take a signature of SES by a record that holds its key. */
export interface Flaw {
  readonly what: string;
  readonly remedy: string;
}

type Tag = readonly [name: string, value: string];

/** The text of a key record with this key, in base64 of its SubjectPublicKeyInfo. */
export function keyText(publicKey: string): string {
  return `v=DKIM1; k=rsa; p=${publicKey}`;
}

/** What says that the key of this name is no longer to be trusted (RFC 6376 3.6.1). */
export const REVOKED_KEY = 'v=DKIM1; k=rsa; p=';

/**
 * True when the texts of a record hold the key of the wanted text and no other, whatever else they say. So if SES has
 * verified its key by them, it is this one.
 */
export function hasKey(wanted: string, texts: readonly string[]): boolean {
  const keys = keysIn(texts);
  const [key] = keysIn([wanted]);
  return key !== undefined && keys.length > 0 && keys.every((found) => found === key || reencoded(found) === key);
}

/** True when one of the texts holds a key that verifiers can use: mail may be signed with it. */
export function hasUsableKey(texts: readonly string[]): boolean {
  return keysIn(texts).some((key) => reencoded(key) !== undefined || isEd25519(key));
}

/** A public key as a stack names it. */
export interface PublicKey {
  /** In base64 of its SubjectPublicKeyInfo, as `p=` takes it. */
  readonly publicKey: string;
  /** In hex, of the same. */
  readonly publicKeySha256: string;
}

/** @param spki the DER */
export function publicKeyOf(spki: Buffer): PublicKey {
  return { publicKey: spki.toString('base64'), publicKeySha256: sha256(spki) };
}

/** Each RSA key in the texts, once. */
export function publicKeysIn(texts: readonly string[]): PublicKey[] {
  return [...new Set(keysIn(texts).flatMap((key) => reencoded(key) ?? []))]
    .map((key) => publicKeyOf(Buffer.from(key, 'base64')));
}

/** True when the texts say that the key of this name is no longer to be trusted. */
export function isRevoked(texts: readonly string[]): boolean {
  return keysIn(texts).includes('');
}

/** What in the record harms signatures of SES. Unknown tags, notes and `t=s` do no harm. */
export function flawOf(texts: readonly string[]): Flaw | undefined {
  if (texts.length > 1) {
    return {
      what: `it has ${texts.length} values, of which a verifier takes any`, remedy: 'Leave it the value with the key',
    };
  }
  const [text] = texts;
  if (text === undefined) return undefined;
  const tags = tagsIn(text);
  const names = tags.map(([name]) => name);
  if (names.includes('') || new Set(names).size < names.length) {
    return { what: 'it is not a list of tags, each with a name and there once', remedy: 'Correct its tags' };
  }
  const value = (name: string) => tags.find((tag) => tag[0] === name)?.[1];
  const list = (name: string) => value(name)?.split(':').map((item) => item.trim());
  if (names.indexOf('v') > 0 || (value('v') ?? 'DKIM1') !== 'DKIM1') {
    return { what: 'its version is not v=DKIM1 in the first place', remedy: 'Begin it with v=DKIM1' };
  }
  if ((value('k') ?? 'rsa') !== 'rsa') {
    return { what: `k=${shown(value('k'))} is not the type of the key`, remedy: 'Write k=rsa' };
  }
  if (list('h')?.includes('sha256') === false) {
    const remedy = 'Add sha256 to h=, or take h= out';
    return { what: `h=${shown(value('h'))} lacks sha256, by which SES signs`, remedy };
  }
  if (list('s')?.some((service) => ['*', 'email'].includes(service)) === false) {
    return { what: `s=${shown(value('s'))} is not for mail`, remedy: 'Add email to s=, or take s= out' };
  }
  if ((value('g') ?? '*') !== '*') { // of RFC 4871; some verifiers go by it still, and SES names no local part
    return { what: `g=${shown(value('g'))} limits it to some senders, for verifiers that know g=`, remedy: 'Take g= out' };
  }
  if (list('t')?.some((flag) => flag.toLowerCase() === 'y')) {
    return { what: 't=y says that DKIM is only tested, and mail counts as unsigned', remedy: 'Take y out of t=' };
  }
  const key = keysIn(texts)[0];
  if ((reencoded(key) ?? key) !== key) {
    return {
      what: 'not every verifier can read the form of its p=', remedy: 'Write p= as base64 of a SubjectPublicKeyInfo',
    };
  }
  return undefined;
}

/** A text without any `=` has one part without a name. One semicolon at the end means nothing. */
function tagsIn(text: string): Tag[] {
  return text.trimEnd().replace(/;$/, '').split(';').map((part): Tag => {
    const [name, ...rest] = part.split('=');
    return rest.length > 0 ? [name.trim(), rest.join('=').trim()] : ['', part.trim()];
  });
}

/** What `p=` has, without white space; empty where the key is revoked. */
function keysIn(texts: readonly string[]): string[] {
  return texts.flatMap(tagsIn)
    .flatMap(([name, value]) => name === 'p' ? [value.replace(/\s+/g, '')] : []);
}

/** A key of 512 bits is longer in base64, the least that verifiers ever took. */
const LEAST_CHARACTERS = 90;

/**
 * An RSA key as most verifiers read it. RFC 6376 names the bare RSAPublicKey, which some publish and some can read;
 * the world has settled on the SubjectPublicKeyInfo (erratum 3017).
 */
function reencoded(key: string): string | undefined {
  if (key.length < LEAST_CHARACTERS) return undefined; // thousands of them would take seconds
  for (const type of ['spki', 'pkcs1'] as const) {
    try {
      const parsed = createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type });
      if (parsed.asymmetricKeyType !== 'rsa') return undefined;
      return parsed.export({ format: 'der', type: 'spki' }).toString('base64');
    } catch {
      // Not of this form.
    }
  }
  return undefined;
}

/** RFC 8463: the 32 bytes of the key itself. */
function isEd25519(key: string): boolean {
  return Buffer.from(key, 'base64').length === 32;
}

function shown(value: string | undefined): string {
  return (value ?? '').slice(0, 40);
}

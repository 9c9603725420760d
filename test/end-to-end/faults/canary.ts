// Looks for a private key in everything that was written, in the forms in which a key can be written.
import { createPrivateKey, createPublicKey } from 'node:crypto';

/** Shorter runs of base64 come by chance; 16 characters are 96 bits. */
const RUN = 16;
/** Only each ninth run of a text is looked up. So 24 characters of a key are always found, for a ninth of the work. */
const STEP = 9;
/** Of bytes, so many at once. */
const PART = 24;
/** Line breaks, escapes and quotes are gone by then: they would hide a key. */
const WORDS = /[A-Za-z0-9+/_=-]{32,}/g;

/** The forms of one key, and what all of them have: no part of it is public. */
export class Canary {
  /** Several keys are looked for in the time that one takes. */
  static ofAll(pems: readonly string[]): Canary {
    const [first, ...others] = pems.map((pem, index) => new Canary(pem, pems.at(index - 1)!));
    for (const { runs, binary } of others) {
      for (const run of runs) first.runs.add(run);
      first.binary.push(...binary);
    }
    return first;
  }

  private readonly runs: Set<string>;
  private readonly binary: string[];

  /** @param another of the same size: what both have says nothing, such as the names of algorithms */
  constructor(pem: string, another: string) {
    const published = createPublicKey(pem).export({ type: 'spki', format: 'der' });
    const harmless = new Set([...textForms(published), ...formsOf(another)].flatMap(runsOf));
    this.runs = new Set(formsOf(pem).flatMap(runsOf).filter((run) => !harmless.has(run)));
    const harmlessBytes = [published, ...dersOf(another)].map((der) => der.toString('latin1')).join(' ');
    this.binary = dersOf(pem).flatMap(partsOf)
      .filter((part) => !harmlessBytes.includes(part.toString('latin1')))
      .flatMap((part) => [part.toString('latin1'), part.toString('utf8')]);
  }

  /** True when a part of the key is in the text. */
  isIn(text: string): boolean {
    return this.isInWords(text.replace(/\\+[nrt]|\s|["',]/g, '')) || this.isInBytes(text);
  }

  private isInWords(text: string): boolean {
    for (const [word] of text.matchAll(WORDS)) {
      for (let at = 0; at + RUN <= word.length; at += STEP) if (this.runs.has(word.slice(at, at + RUN))) return true;
    }
    return false;
  }

  private isInBytes(text: string): boolean {
    return /[\x80-\uffff]/.test(text) && this.binary.some((part) => text.includes(part));
  }
}

function dersOf(pem: string): Buffer[] {
  const key = createPrivateKey(pem);
  return (['pkcs1', 'pkcs8'] as const).map((type) => key.export({ type, format: 'der' }));
}

/** The key as text: its DER, and its PEM encoded once more. PEM itself is base64 in lines. */
function formsOf(pem: string): string[] {
  const key = createPrivateKey(pem);
  const pems = (['pkcs1', 'pkcs8'] as const).map((type) => Buffer.from(key.export({ type, format: 'pem' })));
  return [...dersOf(pem), ...pems].flatMap(textForms);
}

function partsOf(der: Buffer): Buffer[] {
  const count = Math.floor(der.length / PART);
  return Array.from({ length: count }, (_, index) => der.subarray(index * PART, (index + 1) * PART));
}

/** Base64, base64url, and hex in both cases. */
function textForms(bytes: Buffer): string[] {
  const hex = bytes.toString('hex');
  return [bytes.toString('base64'), bytes.toString('base64url'), hex, hex.toUpperCase()];
}

function runsOf(form: string): string[] {
  return Array.from({ length: Math.max(0, form.length - RUN + 1) }, (_, at) => form.slice(at, at + RUN));
}

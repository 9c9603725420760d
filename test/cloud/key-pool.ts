// RSA private keys for tests. Each is made once on a machine, as making a key takes more than 100 ms.
//
// The keys protect nothing. They are test data in the machine's directory for temporary files.
// Each key has a file of its own, so that the jest workers share what any of them has made.
import crypto from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Raise it when the form of the files changes. Files of another version are not read. */
const VERSION = 1;

/** Tests use the numbers from 0, and the local SES those from here. So a test's key is never one of SES. */
export const FIRST_KEY_OF_SES = 1_000;
/** The same for keys that a function makes. */
export const FIRST_KEY_OF_FUNCTIONS = 2_000;
/** One local SES has so many. With more identities of Easy DKIM, the first keys come again. */
export const KEYS_OF_SES = 20;

const keys = new Map<string, string>();
/** Node's own: histories replace it, so that functions take their keys from here. */
const { generateKeyPairSync } = crypto;

/** The pool's key of that number, in PEM (PKCS #8). Each number has a key of its own. */
export function pooledKey(bits: number, index: number, directory = poolDirectory()): string {
  const file = join(directory, `${bits}-${index}.pem`);
  const key = keys.get(file) ?? readKey(file) ?? makeKey(bits, file);
  keys.set(file, key);
  return key;
}

declare global {
  /** Where keys are kept, when temporary files of a test file go with it (test/seeded-environment.ts). */
  var DIRECTORY_OF_KEYS: string | undefined;
}

/** One for each user of the machine, as nobody can write into another's. */
function poolDirectory(): string {
  return join(globalThis.DIRECTORY_OF_KEYS ?? tmpdir(), `cdk-ses-dkim-test-keys-${process.getuid?.() ?? 'user'}-v${VERSION}`);
}

function readKey(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Two workers can make the same key at once. The first to link its file wins, and the other takes that key. */
function makeKey(bits: number, file: string): string {
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  const made = generateKeyPairSync('rsa', { modulusLength: bits }).privateKey.export({ format: 'pem', type: 'pkcs8' });
  const own = `${file}.${process.pid}`;
  writeFileSync(own, made, { mode: 0o600 });
  try {
    linkSync(own, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(own);
  }
  return readFileSync(file, 'utf8');
}

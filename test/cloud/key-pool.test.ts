// The pool of RSA keys, in a directory of the test's own.
import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pooledKey } from './key-pool';

const BITS = 1024;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'key-pool-test-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a key is an RSA key of the asked length in PKCS #8', () => {
  const key = pooledKey(BITS, 0, directory);
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(key);
  expect(asymmetricKeyType).toBe('rsa');
  expect(asymmetricKeyDetails?.modulusLength).toBe(BITS);
});

test('the same number gives the same key, and another number another key', () => {
  expect(pooledKey(BITS, 0, directory)).toBe(pooledKey(BITS, 0, directory));
  expect(pooledKey(BITS, 1, directory)).not.toBe(pooledKey(BITS, 0, directory));
});

test('a process takes the key that another process has made', () => {
  const script = `console.log(JSON.stringify(require(${JSON.stringify(join(__dirname, 'key-pool.ts'))})`
    + `.pooledKey(${BITS}, 7, ${JSON.stringify(directory)})))`;
  const theirs = JSON.parse(execFileSync(process.execPath, ['--import', 'tsx', '-e', script], { encoding: 'utf8' }));
  expect(pooledKey(BITS, 7, directory)).toBe(theirs);
});

test('two workers that make the same key at once both take the first one that is stored', () => {
  // GIVEN a worker that stores its key while this one is still making its own
  let theirs: string | undefined;
  const crypto = jest.requireActual<typeof import('node:crypto')>('node:crypto');
  jest.isolateModules(() => {
    jest.doMock('node:crypto', () => ({
      ...crypto,
      generateKeyPairSync: (...parameters: Parameters<typeof crypto.generateKeyPairSync>) => {
        theirs = pooledKey(BITS, 0, directory);
        return crypto.generateKeyPairSync(...parameters);
      },
    }));
    // WHEN
    const worker = jest.requireActual<typeof import('./key-pool')>('./key-pool');
    const ours = worker.pooledKey(BITS, 0, directory);
    // THEN
    expect(ours).toBe(theirs);
  });
  expect(readdirSync(directory)).toEqual([`${BITS}-0.pem`]);
  expect(readFileSync(join(directory, `${BITS}-0.pem`), 'utf8')).toBe(theirs);
});

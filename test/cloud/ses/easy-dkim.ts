// Easy DKIM of one identity: three tokens, the key pair behind the first one, and SES's own DNS where the public key stands.
import { createPublicKey, generateKeyPair, randomInt } from 'node:crypto';
import { promisify } from 'node:util';
import { HOUR } from './verification';

export type KeyLength = 'RSA_1024_BIT' | 'RSA_2048_BIT';

/** SES's own DNS. TXT values are whole texts; the DNS side splits them into strings. */
export interface KeyPublisher {
  set(name: string, type: 'TXT', values: string[]): void;
  remove(name: string, type: 'TXT'): void;
}

export interface EasyDkimKeys {
  /** Only the first one has a key; the other two are there for SES's own rotation and published empty. */
  readonly tokens: readonly string[];
  readonly keyLength: KeyLength;
  readonly generatedAt: number;
  /** PEM; made when first asked for, and in the background, as the whole cloud runs in one thread. */
  readonly privateKey: () => Promise<string>;
}

/** Regions whose keys do not stand under `dkim.amazonses.com`: https://docs.aws.amazon.com/general/latest/gr/ses.html#ses_dkim_domains */
const REGIONS_WITH_OWN_ZONE = new Set([
  'af-south-1', 'ap-northeast-3', 'ap-south-2', 'ap-southeast-3', 'ap-southeast-5', 'ca-west-1',
  'eu-central-2', 'eu-south-1', 'il-central-1', 'me-central-1', 'us-gov-east-1',
]);

export function signingHostedZone(region: string): string {
  return REGIONS_WITH_OWN_ZONE.has(region) ? `dkim.${region}.amazonses.com` : 'dkim.amazonses.com';
}

export function newEasyDkimKeys(keyLength: KeyLength, now: number): EasyDkimKeys {
  let privateKey: Promise<string> | undefined;
  return {
    tokens: [newToken(), newToken(), newToken()],
    keyLength,
    generatedAt: now,
    privateKey: () => privateKey ??= newPrivateKey(keyLength),
  };
}

export async function publish(keys: EasyDkimKeys, zone: string, publisher: KeyPublisher): Promise<void> {
  const [current, ...empty] = keys.tokens;
  for (const token of empty) publisher.set(`${token}.${zone}`, 'TXT', ['p=']);
  const publicKey = createPublicKey(await keys.privateKey()).export({ format: 'der', type: 'spki' }).toString('base64');
  publisher.set(`${current}.${zone}`, 'TXT', [`p=${publicKey}`]);
}

export async function unpublish(keys: EasyDkimKeys, zone: string, publisher: KeyPublisher): Promise<void> {
  await keys.privateKey(); // otherwise a publication that still waits for its key would come after the removal
  for (const token of keys.tokens) publisher.remove(`${token}.${zone}`, 'TXT');
}

/** One change a day, but the first step down to 1024 bits is always free. */
export function mayChangeKeyLength(to: KeyLength, changes: readonly { to: KeyLength; at: number }[], now: number): boolean {
  const last = changes.at(-1);
  const firstDowngrade = to === 'RSA_1024_BIT' && !changes.some((change) => change.to === 'RSA_1024_BIT');
  return !last || firstDowngrade || now - last.at >= 24 * HOUR;
}

const TOKEN_LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

function newToken(): string {
  return Array.from({ length: 32 }, () => TOKEN_LETTERS[randomInt(TOKEN_LETTERS.length)]).join('');
}

async function newPrivateKey(keyLength: KeyLength): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: keyLength === 'RSA_1024_BIT' ? 1024 : 2048 });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

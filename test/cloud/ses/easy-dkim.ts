// Easy DKIM of one identity: three tokens, the key behind the first one, and SES's own DNS where the public key is.
import { easyDkimKey, publicTextOf } from './signing-key';
import { HOUR } from './verification';
import { Random, randomText } from '../time/random';

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
  /** PEM. Taken when first asked for: an identity that only ever has BYODKIM needs none. */
  readonly privateKey: () => string;
}

/** Regions whose keys are not below `dkim.amazonses.com`: https://docs.aws.amazon.com/general/latest/gr/ses.html */
const REGIONS_WITH_OWN_ZONE = new Set([
  'af-south-1', 'ap-northeast-3', 'ap-south-2', 'ap-southeast-3', 'ap-southeast-5', 'ca-west-1',
  'eu-central-2', 'eu-south-1', 'il-central-1', 'me-central-1', 'us-gov-east-1',
]);

export function signingHostedZone(region: string): string {
  return REGIONS_WITH_OWN_ZONE.has(region) ? `dkim.${region}.amazonses.com` : 'dkim.amazonses.com';
}

/** What new keys are made of. */
interface KeySource {
  readonly random: Random;
  /** Gives a private key in PEM that no identity has had before. */
  readonly takeKey: (bits: number) => string;
}

export function newEasyDkimKeys(keyLength: KeyLength, now: number, { random, takeKey }: KeySource): EasyDkimKeys {
  let privateKey: string | undefined;
  return {
    tokens: [newToken(random), newToken(random), newToken(random)],
    keyLength,
    generatedAt: now,
    privateKey: () => privateKey ??= takeKey(keyLength === 'RSA_1024_BIT' ? 1024 : 2048),
  };
}

export function publish(keys: EasyDkimKeys, zone: string, publisher: KeyPublisher): void {
  const [current, ...empty] = keys.tokens;
  publisher.set(`${current}.${zone}`, 'TXT', [`p=${publicTextOf(easyDkimKey(keys.privateKey()))}`]);
  for (const token of empty) publisher.set(`${token}.${zone}`, 'TXT', ['p=']);
}

export function unpublish(keys: EasyDkimKeys, zone: string, publisher: KeyPublisher): void {
  for (const token of keys.tokens) publisher.remove(`${token}.${zone}`, 'TXT');
}

/** One change a day, but the first step down to 1024 bits is always free. */
export function mayChangeKeyLength(
  to: KeyLength, changes: readonly { to: KeyLength; at: number }[], now: number,
): boolean {
  const last = changes.at(-1);
  const firstDowngrade = to === 'RSA_1024_BIT' && !changes.some((change) => change.to === 'RSA_1024_BIT');
  return !last || firstDowngrade || now - last.at >= 24 * HOUR;
}

function newToken(random: Random): string {
  return randomText(random, 'abcdefghijklmnopqrstuvwxyz234567', 32);
}

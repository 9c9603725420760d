// The keys of a rotating key, as its secret has them: one that is current, and one that is to follow it.
//
// | label        | value                     | meaning                                                          |
// | ------------ | ------------------------- | ---------------------------------------------------------------- |
// | none at all  |                           | the secret is new: the deployment makes the first key            |
// | AWSCURRENT   | a key with its selector   | mail is signed with it, but for the moments of a rotation        |
// | AWSPENDING   | a key with its selector   | a rotation goes on, or has been left half-way                    |
// | AWSPENDING   | none, or no key           | a rotation has begun, or Secrets Manager tries a new schedule    |
//
// The value is JSON, which users can read with their own rights: selector, private key as PEM, and when it was made.
// For a key that follows the user's own secret, the value says in place of the private key which version of that secret
// has it (docs/adr/0034-followed-secret.md).
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { datedSelector } from './dated-selector';
import { parseKey } from './key';
import { readKeyPair } from './secret-key';
import { UnusableKeyError } from './unusable-key';
import { LABEL } from '../../src/private/contract';
import { ByoDkim, describeSecret, FollowedSecret, RotatingByoDkim, SecretSource } from '../base/desired-state';
import { HandlerError } from '../base/errors';
import { ifReadable, isObject } from '../base/hostile';
import { KeyStoreState, Services } from '../base/ports';
import { SECRET_ARN } from '../base/properties';
import { PublicKey, publicKeyOf } from '../records/key-record';

export interface StoredKey extends PublicKey {
  readonly versionId: string;
  readonly selector: string;
  /** In ms since 1970. */
  readonly madeAt: number;
  /** What SES takes, where it has been read. */
  readonly privateKey?: string;
  /** Which secret has the private key. */
  readonly secret: SecretSource;
  /** The same without the version, if it is the user's own secret. */
  readonly follows?: FollowedSecret;
}

export interface StoredKeys {
  readonly state: KeyStoreState;
  readonly current?: StoredKey;
  /** `key` is missing while the version has no value, or one that is no key. */
  readonly pending?: { readonly versionId: string; readonly key?: StoredKey };
}

/** The keys, with the one that a deployment goes on with: while a rotation goes on, the one that SES has been told. */
export interface Known extends StoredKeys {
  readonly known?: StoredKey;
}

/**
 * Throws when the secret is gone, or the current value is not of the form.
 *
 * @param known the state of the secret, where it was read just now
 */
export async function readStoredKeys(
  secretArn: string, services: Services, known?: KeyStoreState,
): Promise<StoredKeys> {
  const state = known ?? await services.keyStore(secretArn).describe();
  if (!state) {
    throw new HandlerError(`The secret ${secretArn} with the rotating key is gone`,
      'Restore it if it is marked for deletion. Otherwise deploy the construct with DkimSigning.easyDkim(), and after that '
      + 'with rotatingByoDkim() again, which makes a new one');
  }
  const { AWSCURRENT: currentId } = state.versions;
  const [current, pending] = await Promise.all([
    currentId === undefined ? undefined : readKey(secretArn, currentId, services),
    readPending(secretArn, state, services),
  ]);
  return { state, current, pending: pending?.key ? { ...pending, key: ofSameSecret(pending.key, current) } : pending };
}

/** Which secret is followed, the current key says: the signing tag vouches for that. */
function ofSameSecret(key: StoredKey, { follows }: Partial<StoredKey> = {}): StoredKey {
  return key.follows && follows ? { ...key, ...placeIn(follows, key.secret.versionId) } : key;
}

function placeIn(
  { selectorField, ...secret }: FollowedSecret, versionId: string | undefined,
): Pick<StoredKey, 'secret' | 'follows'> {
  return { secret: { ...secret, versionId }, follows: { ...secret, selectorField } };
}

/** The version that is to follow the current one. */
export async function readPending(
  secretArn: string, { versions: { AWSCURRENT, AWSPENDING: versionId } }: KeyStoreState, services: Services,
): Promise<StoredKeys['pending']> {
  if (versionId === undefined || versionId === AWSCURRENT) return undefined;
  return { versionId, key: await readVersion(secretArn, versionId, services) };
}

class NoKeyError extends HandlerError {}

function unlessItIsNone(error: unknown): undefined {
  if (!(error instanceof NoKeyError)) throw error;
}

/** Undefined when there is no such version, or it is no key. */
export async function readVersion(
  secretArn: string, versionId: string, services: Services,
): Promise<StoredKey | undefined> {
  return readKey(secretArn, versionId, services).catch(unlessItIsNone);
}

async function readKey(
  secretArn: string, versionId: string, { keyStore, redactor }: Services,
): Promise<StoredKey | undefined> {
  const text = await keyStore(secretArn).read(versionId);
  if (text === undefined) return undefined;
  const fields = fieldsOf(ifReadable(() => JSON.parse(text)));
  const { selector, made, privateKey, follows } = fields;
  try {
    if (typeof selector !== 'string' || !LABEL.test(selector)) throw new UnusableKeyError('its selector is not one');
    const madeAt = typeof made === 'string' ? Date.parse(made) : NaN;
    if (Number.isNaN(madeAt)) throw new UnusableKeyError('it does not say when the key was made');
    const key = follows === undefined ? keyHere(privateKey, { arn: secretArn, versionId }, redactor)
      : keyElsewhere(fields);
    return { versionId, selector, madeAt, ...key };
  } catch (error) {
    const why = error instanceof UnusableKeyError ? error.message : 'it cannot be read';
    throw new NoKeyError(`The version ${versionId} of the secret ${secretArn} is no key of cdk-ses-dkim: ${why}`,
      'Somebody has put it there by hand. Move the label AWSCURRENT back to the version before it');
  }
}

type Fields = Readonly<Partial<Record<string, unknown>>>;
type Place = PublicKey & Pick<StoredKey, 'privateKey' | 'secret' | 'follows'>;

function fieldsOf(value: unknown): Fields {
  return isObject(value) ? Object.fromEntries(Object.entries(value)) : {};
}

function keyHere(privateKey: unknown, secret: SecretSource, redactor: Services['redactor']): Place {
  if (typeof privateKey !== 'string') throw new UnusableKeyError('it has no privateKey');
  const { publicKey, publicKeySha256, privateKey: base64 } = parseKey(privateKey);
  redactor.hide(base64); // SES gets it in this form, and may quote it
  return { publicKey, publicKeySha256, privateKey: base64, secret: { ...secret, jsonField: 'privateKey' } };
}

function keyElsewhere({ publicKey, follows }: Fields): Place {
  const { arn, arnForm, jsonField, selectorField, versionId } = fieldsOf(follows);
  const isSecret = typeof arn === 'string' && SECRET_ARN.test(arn) && typeof jsonField === 'string'
    && typeof selectorField === 'string' && typeof versionId === 'string';
  if (!isSecret) throw new UnusableKeyError('it does not say which secret has the key');
  const der = Buffer.from(typeof publicKey === 'string' ? publicKey : '', 'base64');
  createPublicKey({ key: der, format: 'der', type: 'spki' }); // throws
  return {
    ...publicKeyOf(der),
    ...placeIn({ arn, arnForm: arnForm === 'PARTIAL' ? arnForm : undefined, jsonField, selectorField }, versionId),
  };
}

/** The text of a new key, with its selector: `slot`, if there is one. `token` is the id that its version gets. */
export function newKey(
  { selectorPrefix, keyLength }: RotatingByoDkim, token: string, now: number, slot?: string,
): { readonly selector: string; readonly text: string } {
  const made = new Date(now).toISOString();
  const selector = slot ?? datedSelector(selectorPrefix, token, now);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: keyLength });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { selector, text: JSON.stringify({ selector, made, privateKey: pem }) };
}

/** A key that the user has made. */
export interface FollowedKey extends Pick<StoredKey, 'selector' | 'publicKey' | 'madeAt'> {
  /** Of the user's secret. */
  readonly versionId: string;
}

/** The same for such a key. It says where the private key is. */
export function textOfFollowed(
  follows: FollowedSecret, { selector, publicKey, madeAt, versionId }: FollowedKey,
): string {
  const made = new Date(madeAt).toISOString();
  return JSON.stringify({ selector, made, publicKey, follows: { ...follows, versionId } });
}

/** What SES takes. A public key that is published without it would let others sign. */
export async function privateKeyOf(
  { privateKey, publicKey, secret }: StoredKey, services: Services,
): Promise<string> {
  if (privateKey !== undefined) return privateKey;
  const pair = await readKeyPair(secret, services);
  if (pair.publicKey === publicKey) return pair.privateKey;
  throw new HandlerError(`${describeSecret(secret)} has another key than the secret of the stack says`,
    'Somebody has changed the secret of the stack by hand. Nothing was changed');
}

export function bitsOf({ publicKey }: StoredKey): number {
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  return key.asymmetricKeyDetails?.modulusLength ?? 0;
}

/** Signing with one of the keys, as a method that has a key of its own. */
export function signingWith({ secretArn }: RotatingByoDkim, { selector, secret, follows }: StoredKey): ByoDkim {
  return { method: 'BYODKIM', selector, secret, followedBy: follows && followedByOf(secretArn, follows) };
}

/** Which secret is followed, and by which. */
export function followedByOf(secretArn: string, { arn, jsonField, selectorField }: FollowedSecret): string {
  return [secretArn, arn, jsonField, selectorField].join(' ');
}

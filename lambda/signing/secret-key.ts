// The key pair that a secret holds. The private key goes from here to the SES call and nowhere else.
import { KeyPair, parseKey } from './key';
import { describeJson, fieldOf } from './secret-json';
import { UnusableKeyError } from './unusable-key';
import { LABEL } from '../../src/private/contract';
import { describeSecret, FollowedSecret, SecretSource } from '../base/desired-state';
import { HandlerError, OutOfTimeError, SecretGoneError, UnreachableError } from '../base/errors';
import { ifReadable } from '../base/hostile';
import { Services } from '../base/ports';

type KeyServices = Pick<Services, 'secrets' | 'redactor'>;

/** A key with the selector that its secret says. */
export interface NamedKey {
  readonly selector: string;
  readonly publicKey: string;
  /** Of the secret. */
  readonly versionId: string;
}

/** Reads and checks the key. Throws when the secret holds none that SES can use. */
export async function readKeyPair(source: SecretSource, { secrets, redactor }: KeyServices): Promise<KeyPair> {
  const { text } = await secrets.read(source);
  return pairIn(text, source, redactor);
}

/** The same for a secret that says the selector in another field. */
export async function readNamedKey(source: FollowedSecret, { secrets, redactor }: KeyServices): Promise<NamedKey> {
  const { text, versionId } = await secrets.read(source);
  const { publicKey } = pairIn(text, source, redactor);
  return { selector: selectorIn(text, source), publicKey, versionId };
}

function pairIn(text: string, source: SecretSource, redactor: Services['redactor']): KeyPair {
  try {
    const pair = pairFrom(text, source.jsonField);
    redactor.hide(pair.privateKey); // SES gets it in this form, and may quote it
    return pair;
  } catch (error) {
    throw new HandlerError(`${describeSecret(source)} holds no private key that SES can use: ${whyUnusable(error)}`);
  }
}

/** What is there instead may be a key, so it is not shown. */
function selectorIn(text: string, { selectorField, ...source }: FollowedSecret): string {
  const selector = ifReadable(() => fieldOf(text, selectorField));
  if (selector !== undefined && LABEL.test(selector)) return selector;
  throw new HandlerError(`${describeSecret({ ...source, jsonField: selectorField })} has no selector`,
    'Write it beside the key: 1 to 63 letters in lower case, digits and inner hyphens, as a JSON string. A new key has a '
    + 'new one');
}

function pairFrom(text: string, jsonField: string | undefined): KeyPair {
  const keyText = jsonField === undefined ? text : fieldOf(text, jsonField);
  try {
    return parseKey(keyText);
  } catch (error) {
    const json = describeJson(keyText, jsonField);
    throw json === undefined ? error : new UnusableKeyError(json);
  }
}

/** An error of the runtime can quote the text that it stumbles over, and its name helps nobody. So it ends here. */
function whyUnusable(error: unknown): string {
  if (error instanceof UnusableKeyError) return error.message;
  return 'it cannot be read; store an RSA private key as PEM, made with: openssl genrsa 2048';
}

/**
 * The key that the secret had before. Undefined when it has none that SES can use, or when the stack says which version
 * to read.
 */
export async function readPreviousKeyPair(source: SecretSource, services: KeyServices): Promise<KeyPair | undefined> {
  if (source.versionId !== undefined || source.versionStage !== undefined) return undefined;
  try {
    return await readKeyPair({ ...source, versionStage: 'AWSPREVIOUS' }, services);
  } catch (error) {
    if (error instanceof OutOfTimeError || error instanceof UnreachableError) throw error; // it may be read later
    return undefined;
  }
}

/** True when nobody will ever read it again: the secret was deleted, or has forgotten the version. */
export function isGone(source: SecretSource, { secrets }: Pick<KeyServices, 'secrets'>): Promise<boolean> {
  return secrets.read(source).then(() => false, (error: unknown) => {
    if (error instanceof OutOfTimeError) throw error;
    return error instanceof SecretGoneError;
  });
}

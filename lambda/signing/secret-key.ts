// The key pair that a secret holds. The private key goes from here to the SES call and nowhere else.
import { KeyPair, parseKey } from './key';
import { describeJson, fieldOf } from './secret-json';
import { UnusableKeyError } from './unusable-key';
import { describeSecret, SecretSource } from '../base/desired-state';
import { HandlerError, OutOfTimeError, UnreachableError } from '../base/errors';
import { Services } from '../base/ports';

type KeyServices = Pick<Services, 'secrets' | 'redactor'>;

/** Reads and checks the key. Throws when the secret holds none that SES can use. */
export async function readKeyPair(source: SecretSource, { secrets, redactor }: KeyServices): Promise<KeyPair> {
  const text = await secrets.read(source);
  try {
    const pair = pairFrom(text, source.jsonField);
    redactor.hide(pair.privateKey); // SES gets it in this form, and may quote it
    return pair;
  } catch (error) {
    throw new HandlerError(`${describeSecret(source)} holds no private key that SES can use: ${whyUnusable(error)}`);
  }
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

// The key pair that a secret holds. The private key goes from here to the SES call and nowhere else.
import { KeyPair, parseKey, UnusableKeyError } from './key';
import { nameOf } from '../base/describe-error';
import { describeSecret, SecretSource } from '../base/desired-state';
import { HandlerError, OutOfTimeError } from '../base/errors';
import { Services } from '../base/ports';

type KeyServices = Pick<Services, 'secrets' | 'redactor'>;

/** Reads and checks the key. Throws when the secret holds none that SES can use. */
export async function readKeyPair(source: SecretSource, { secrets, redactor }: KeyServices): Promise<KeyPair> {
  const text = await secrets.read(source);
  try {
    const pair = parseKey(source.jsonField === undefined ? text : fieldOf(text, source.jsonField));
    redactor.hide(pair.privateKey); // SES gets it in this form, and may quote it
    return pair;
  } catch (error) {
    throw new HandlerError(`${describeSecret(source)} holds no private key that SES can use: ${whyUnusable(error)}`);
  }
}

/** An error of the runtime can quote the text that it stumbles over. So its own text is never passed on. */
function whyUnusable(error: unknown): string {
  if (error instanceof UnusableKeyError) return error.message;
  return `reading it failed with ${nameOf(error)}; store an RSA private key as PEM, made with: openssl genrsa 2048`;
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
    if (error instanceof OutOfTimeError) throw error; // a further invocation may have more luck
    return undefined;
  }
}

function fieldOf(text: string, name: string): string {
  const value = parseObject(text);
  if (!value) {
    throw new UnusableKeyError(
      'it is not a JSON object, so it has no fields; leave jsonField out if the key is the whole value');
  }
  const found = value.get(name);
  if (found === undefined) {
    throw new UnusableKeyError('it has no such field; name the field that has the key in jsonField');
  }
  if (typeof found !== 'string') {
    throw new UnusableKeyError('the field is not a string; store the key as a JSON string');
  }
  return found;
}

/** A map, so that what all objects inherit is no field. The parser's own error quotes the text, so it ends here. */
function parseObject(text: string): ReadonlyMap<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? new Map(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}

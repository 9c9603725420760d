// The key pair that a secret holds. The private key goes from here to the SES call and nowhere else.
import { KeyPair, parseKey } from './key';
import { OutOfTimeError } from '../base/patience';
import { describeSecret, Secrets, SecretSource } from '../base/ports';

/** Reads and checks the key. Throws when the secret holds none that SES can use. */
export async function readKeyPair(source: SecretSource, secrets: Secrets): Promise<KeyPair> {
  const text = await secrets.read(source);
  try {
    return parseKey(source.jsonField === undefined ? text : field(text, source.jsonField));
  } catch (error) {
    throw new Error(`${describeSecret(source)} holds no private key that SES can use: ${(error as Error).message}.`);
  }
}

/** The key that the secret had before. Undefined when it has none that SES can use, or when the stack says which version to read. */
export async function readPreviousKeyPair(source: SecretSource, secrets: Secrets): Promise<KeyPair | undefined> {
  if (source.versionId !== undefined || source.versionStage !== undefined) return undefined;
  try {
    return await readKeyPair({ ...source, versionStage: 'AWSPREVIOUS' }, secrets);
  } catch (error) {
    if (error instanceof OutOfTimeError) throw error;
    return undefined;
  }
}

function field(text: string, name: string): string {
  const value = parseObject(text);
  if (!value) throw new Error('it is not a JSON object, so it has no fields; leave jsonField out if the key is the whole value');
  const found = Object.hasOwn(value, name) ? value[name] : undefined;
  if (found === undefined) throw new Error('it has no such field; name the field that has the key in jsonField');
  if (typeof found !== 'string') throw new Error('the field is not a string; store the key as a JSON string');
  return found;
}

/** The parser's own error quotes the text it stumbles over, so it is never passed on. */
function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}

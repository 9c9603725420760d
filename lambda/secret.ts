// Reads the private key from Secrets Manager. Its text goes from here to the SES call and nowhere else.
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { parseKey } from './key';
import { withoutKeys } from './log';
import { OutOfTimeError, Patience } from './patience';
import { Keys } from './ports';
import { sentence } from './reason';
import { ByoDkimProperties } from '../src/private/contract';

/** The secret can be in another Region or account: its ARN says where. */
export function keysFrom(clientFor: (region: string) => SecretsManagerClient, patience: Patience): Keys {
  const keys: Keys = {
    async read(signing) {
      const { SecretArn, VersionId, VersionStage, JsonField } = signing;
      const client = clientFor(SecretArn.split(':')[3]);
      const where = whereOf(signing);
      const answer = await patience.insist('GetSecretValue', () =>
        client.send(new GetSecretValueCommand({ SecretId: SecretArn, VersionId, VersionStage }))).catch((error: Error) => {
        if (error instanceof OutOfTimeError) throw error; // a further invocation may have more luck
        throw new Error(`${where} could not be read: ${error.name}: ${sentence(withoutKeys(error.message))} ${adviceFor(error)}`);
      });
      if (answer.SecretString === undefined) throw new Error(`${where} is binary. Store the private key as text (SecretString).`);
      try {
        return parseKey(JsonField === undefined ? answer.SecretString : field(answer.SecretString, JsonField));
      } catch (error) {
        throw new Error(`${where} holds no private key that SES can use: ${(error as Error).message}.`);
      }
    },

    async readPrevious(signing) {
      if (signing.VersionId !== undefined || signing.VersionStage !== undefined) return undefined;
      try {
        return await keys.read({ ...signing, VersionStage: 'AWSPREVIOUS' });
      } catch (error) {
        if (error instanceof OutOfTimeError) throw error;
        return undefined;
      }
    },
  };
  return keys;
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

function whereOf({ SecretArn, VersionId, VersionStage, JsonField }: ByoDkimProperties): string {
  const parts = [VersionId && `version ${VersionId}`, VersionStage && `stage ${VersionStage}`, JsonField && `field '${JsonField}'`].filter(Boolean);
  return `The secret ${SecretArn}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}

function adviceFor({ name, message }: Error): string {
  if (/\bKMS\b/.test(message)) {
    return 'If the secret has a customer managed key, import it with encryptionKey; the key policy has to let the account of the function use it.';
  }
  switch (name) {
    case 'ResourceNotFoundException': return 'Check the ARN, and that this version or stage exists.';
    case 'InvalidRequestException': return 'A secret that is marked for deletion has to be restored first.';
    case 'AccessDeniedException':
    case 'DecryptionFailure': return 'A secret of another account needs a resource policy for the function\'s role, and a key policy if it has its own key.';
    default: return 'Deploy again; if it stays, the function\'s log says what went before.';
  }
}

// Reads the text of a secret from Secrets Manager.
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { withoutKeys } from '../base/log';
import { OutOfTimeError, Patience } from '../base/patience';
import { describeSecret, Secrets } from '../base/ports';
import { sentence } from '../base/reason';

/** The secret can be in another Region or account: its ARN says where. */
export function secretsFrom(clientFor: (region: string) => SecretsManagerClient, patience: Patience): Secrets {
  return {
    async read(source) {
      const { arn: SecretId, versionId: VersionId, versionStage: VersionStage } = source;
      const client = clientFor(SecretId.split(':')[3]);
      const answer = await patience.insist('GetSecretValue', () =>
        client.send(new GetSecretValueCommand({ SecretId, VersionId, VersionStage }))).catch((error: Error) => {
        if (error instanceof OutOfTimeError) throw error; // a further invocation may have more luck
        throw new Error(`${describeSecret(source)} could not be read: ${error.name}: ${sentence(withoutKeys(error.message))} ${adviceFor(error)}`);
      });
      if (answer.SecretString === undefined) throw new Error(`${describeSecret(source)} is binary. Store the private key as text (SecretString).`);
      return answer.SecretString;
    },
  };
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

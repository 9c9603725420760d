// Reads the text of a secret from Secrets Manager.
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describeError } from '../base/describe-error';
import { describeSecret } from '../base/desired-state';
import { HandlerError, SecretGoneError, sentence } from '../base/errors';
import { Secrets } from '../base/ports';
import { Redactor } from '../base/redaction';
import { Retry } from '../base/retry';

const COMPLETE_ARN = 'A secret of another account is imported by its complete ARN, with the six characters that Secrets '
  + 'Manager has put at its end; one whose own name ends like that, by its name';

/** `clientFor` gives the client of a Region. `redactor` is told each text, before anybody else gets it. */
export function secretsFrom(
  clientFor: (region: string) => SecretsManagerClient, retry: Retry, redactor: Redactor,
): Secrets {
  return {
    async read(source) {
      const { arn, arnForm, versionId: VersionId, versionStage: VersionStage } = source;
      const [,,, region,,, secretName] = arn.split(':');
      const client = clientFor(region); // it can be in another Region or account
      const command = new GetSecretValueCommand({ SecretId: arnForm ? secretName : arn, VersionId, VersionStage });
      const answer = await retry.call('GetSecretValue', () => client.send(command)).catch((error: unknown) => {
        throw secretError(`${describeSecret(source)} could not be read`, error);
      });
      if (arnForm && !answer.ARN?.startsWith(`${arn}-`)) {
        throw new HandlerError(`${describeSecret(source)} is not in the account of the function, where ${answer.ARN} `
          + 'has that name', COMPLETE_ARN);
      }
      if (answer.SecretString === undefined) {
        throw new HandlerError(`${describeSecret(source)} is binary`, 'Store the private key as text (SecretString)');
      }
      redactor.hide(answer.SecretString);
      return { text: answer.SecretString, versionId: answer.VersionId ?? '' };
    },
  };
}

/** An error of Secrets Manager, with what to do. One of our own says it already. */
export function secretError(whatHappened: string, error: unknown): unknown {
  if (error instanceof HandlerError) return error;
  const { name, text, advice } = describeError(error);
  const ofKind = name === 'ResourceNotFoundException' ? SecretGoneError : HandlerError;
  return new ofKind(`${whatHappened}: ${name}: ${sentence(text)}`, adviceFor(name, text) ?? advice);
}

function adviceFor(name: string, text: string): string | undefined {
  if (/\bto KMS\b|\bkms:/i.test(text)) { // which the name of a secret cannot have in it
    return 'If the secret has a customer managed key, import it with encryptionKey; '
      + 'the key policy has to let the account of the function use it';
  }
  switch (name) {
    case 'ResourceNotFoundException': return `Check the ARN, and that this version or stage exists. ${COMPLETE_ARN}`;
    case 'InvalidRequestException': return 'A secret that is marked for deletion has to be restored first';
    case 'AccessDeniedException':
    case 'DecryptionFailure':
      return "See whether the secret is there: for one that is not, the answer is the same. A secret of another account needs a resource policy for the function's role, "
        + 'and a key policy if it has its own key';
    default: return undefined;
  }
}

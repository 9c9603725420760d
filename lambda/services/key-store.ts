// The secret whose versions hold the keys of a rotating key: reads, stores and labels them.
import {
  DescribeSecretCommand, GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { secretError } from './secrets-manager';
import { nameOf } from '../base/describe-error';
import { KeyStore, KeyStoreState } from '../base/ports';
import { Redactor } from '../base/redaction';
import { Retry, SHOWN_AFTER_MS } from '../base/retry';

const NOT_FOUND = 'ResourceNotFoundException';
const REFUSED = 'InvalidParameterException';

/** `clientFor` gives the client of a Region. `redactor` is told each text, before anybody else gets it. */
export function keyStoreIn(
  SecretId: string, clientFor: (region: string) => SecretsManagerClient, retry: Retry, redactor: Redactor,
): KeyStore {
  const [,,, region] = SecretId.split(':');
  const client = clientFor(region);

  /** Undefined when it is not there. */
  async function found<T>(what: string, call: Promise<T>): Promise<T | undefined> {
    return call.catch((error: unknown) => {
      if (nameOf(error) === NOT_FOUND) return undefined;
      throw secretError(`The secret ${SecretId} could not be ${what}`, error);
    });
  }

  async function described(): Promise<KeyStoreState | undefined> {
    const answer = await found('described', retry.call('DescribeSecret', () =>
      client.send(new DescribeSecretCommand({ SecretId }))));
    if (!answer || answer.DeletedDate) return undefined;
    const { RotationEnabled: rotates = false, Tags = [], VersionIdsToStages = {}, LastChangedDate } = answer;
    const { LastRotatedDate, CreatedDate, NextRotationDate } = answer;
    return {
      rotates,
      tags: Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])),
      versions: Object.fromEntries(Object.entries(VersionIdsToStages).flatMap(([id, labels]) =>
        labels.map((label) => [label, id]))),
      changedAt: LastChangedDate?.getTime(),
      rotatedAt: (LastRotatedDate ?? CreatedDate)?.getTime(),
      nextRotationAt: NextRotationDate?.getTime(),
    };
  }

  const store: KeyStore = {
    async describe(versionId) {
      const state = await described();
      if (!state || !versionId || Object.values(state.versions).includes(versionId)) return state;
      await retry.pause(SHOWN_AFTER_MS, 'Secrets Manager to show the version');
      return described();
    },

    async read(VersionId) {
      const answer = await found('read', retry.call('GetSecretValue', () =>
        client.send(new GetSecretValueCommand({ SecretId, VersionId }))));
      if (answer?.SecretString !== undefined) redactor.hide(answer.SecretString);
      return answer?.SecretString;
    },

    async put(ClientRequestToken, SecretString, label) {
      redactor.hide(SecretString);
      const command = new PutSecretValueCommand({
        SecretId, ClientRequestToken, SecretString, VersionStages: label && [label],
      });
      await retry.write('PutSecretValue', () => client.send(command)).catch((error: unknown) => {
        // An earlier try of the same request has stored a key: that one counts.
        if (nameOf(error) !== 'ResourceExistsException') {
          throw secretError(`No key could be stored in the secret ${SecretId}`, error);
        }
      });
      await store.describe(ClientRequestToken); // whoever reads it next finds it
    },

    async moveLabel(VersionStage, RemoveFromVersionId, MoveToVersionId) {
      await retry.write('UpdateSecretVersionStage', () => client.send(new UpdateSecretVersionStageCommand({
        SecretId, VersionStage, RemoveFromVersionId, MoveToVersionId,
      }))).catch(async (error: unknown) => {
        // Somebody else has moved it in this moment: another run of the step, or a deployment.
        const now = nameOf(error) === REFUSED ? await store.describe() : undefined;
        const holder = now ? now.versions[VersionStage] : RemoveFromVersionId;
        if (MoveToVersionId ? holder === MoveToVersionId : holder !== RemoveFromVersionId) return;
        throw secretError(`The label ${VersionStage} of the secret ${SecretId} could not be moved`, error);
      });
    },
  };
  return store;
}

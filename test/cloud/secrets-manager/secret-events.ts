// What Secrets Manager tells EventBridge: labels that move, its own steps, and calls where there is a trail.
import { Parameters, recorded } from './parameters';
import { Secret } from './secret';
import { SecretsManagerSettings } from './settings';
import { SendEvent } from '../event-bridge';
import { apiCallEvent, isRecorded, ownStepEvent } from '../event-bridge/cloud-trail';
import { Call } from '../http-service';
import { ServiceError } from '../service-error';

const SOURCE = 'aws.secretsmanager';
/** Documented: their moves are no events. */
const SILENT_LABELS = ['AWSPENDING', 'AWSPREVIOUS'];

export class SecretEvents {
  constructor(private readonly send: SendEvent, private readonly settings: SecretsManagerSettings) {}

  labelled(secret: Secret, labelUpdated: string, versionId: string): void {
    if (SILENT_LABELS.includes(labelUpdated)) return;
    const copies = [...secret.replicas.values()].flatMap((each) => each.secret ?? []);
    for (const { arn, account, region, name } of [secret, ...this.settings.labelEventsOfReplicas ? copies : []]) {
      this.send({
        source: SOURCE,
        detailType: 'Secret Label Updated',
        account,
        region,
        resources: [arn],
        detail: { name, labelUpdated, versionId },
      });
    }
  }

  /** Such as `RotationFailed`. */
  ownStep(eventName: string, { arn: SecretId, account, region }: Secret): void {
    this.send(ownStepEvent({ source: SOURCE, account, region }, eventName, { SecretId }));
  }

  called(
    { operation, principal, region }: Call, parameters: Parameters, outcome: { arn?: string; error?: ServiceError },
  ): void {
    if (!isRecorded(operation)) return;
    const place = { source: SOURCE, account: principal.account, region };
    this.send(apiCallEvent({ ...place, principal, operation, requestParameters: recorded(parameters), ...outcome }));
  }
}

// The copies of a secret in other Regions. They can only be read, and follow the secret a moment later.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
import { invalidParameter, invalidRequest } from './errors';
import { ReplicaRegion } from './parameters';
import { Secret } from './secret';
import { Secrets } from './secrets';
import { SecretsManagerSettings } from './settings';
import { Clock } from '../time/clock';

export class Replicas {
  private readonly stopped = new AbortController();

  constructor(
    private readonly clock: Clock,
    private readonly secrets: Secrets,
    private readonly settings: SecretsManagerSettings,
  ) {}

  stop(): void {
    this.stopped.abort(new Error('the local cloud was stopped'));
  }

  add(primary: Secret, regions: readonly ReplicaRegion[], overwrite = false): void {
    for (const { Region: region, KmsKeyId: kmsKeyArn } of regions) {
      if (region === primary.region) throw invalidParameter('Invalid replica region.');
      if (primary.replicas.get(region)?.secret) continue;
      const namesake = this.secrets.named({ ...primary, region });
      if (namesake && overwrite) this.secrets.delete(namesake);
      const isTaken = namesake && !overwrite;
      const secret = isTaken ? undefined : this.secrets.addReplica(primary, region, kmsKeyArn);
      primary.replicas.set(region, { kmsKeyArn, secret, isInSync: false });
    }
    this.follow(primary);
  }

  remove(primary: Secret, regions: readonly string[]): void {
    for (const region of regions) {
      const secret = primary.replicas.get(region)?.secret;
      if (secret) this.secrets.delete(secret);
      primary.replicas.delete(region);
    }
  }

  /** Documented: the copies go first. CloudFormation sees to it itself. */
  refuseDelete({ replicas }: Secret): void {
    if ([...replicas.values()].some(({ secret }) => secret)) {
      throw invalidRequest("You can't delete secret that still has replica regions.");
    }
  }

  /** The copies show the change when its time has come. A later change may be shown with it. */
  follow(primary: Secret): void {
    const { clock, settings: { replicaDelay } } = this;
    for (const replica of primary.replicas.values()) {
      const { secret } = replica;
      if (!secret) continue;
      replica.isInSync = false;
      clock.sleep(replicaDelay, this.stopped.signal).then(() => {
        const { description, tags, resourcePolicy, changedAt } = primary;
        Object.assign(secret, { description, tags, resourcePolicy, changedAt, versions: primary.versions.copy() });
        replica.isInSync = true;
      }, () => undefined);
    }
  }
}

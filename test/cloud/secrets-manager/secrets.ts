// All secrets of the local Secrets Manager: how one is made, found, changed and deleted.
import { alreadyExists, invalidRequest, secretNotFound } from './errors';
import { Secret } from './secret';
import { means, newSecretArn, SecretName } from './secret-id';
import { SecretValue, SecretVersions } from './secret-versions';
import { SecretsManagerSettings } from './settings';
import { CloudContext } from '../http-service';
import { PolicyDocument } from '../iam-policy';
import { StaleReads } from '../stale-reads';
import { Tag } from '../tags';
import { randomUuid } from '../time/random';

export interface NewSecret extends SecretName {
  /** @default none: an empty secret, which has no version */
  readonly value?: SecretValue;
  /** @default the AWS managed key, which no other account can use */
  readonly kmsKeyArn?: string;
  readonly description?: string;
  readonly resourcePolicy?: PolicyDocument;
  readonly tags?: readonly Tag[];
  /** Of the version. @default a new UUID */
  readonly versionId?: string;
}

export class Secrets {
  /** By ARN. */
  private readonly secrets = new Map<string, Secret>();

  /** @param onLabel called for each label that comes to a version */
  constructor(
    private readonly context: Pick<CloudContext, 'clock' | 'random'>,
    private readonly settings: SecretsManagerSettings,
    private readonly onLabel: (secret: Secret, label: string, versionId: string) => void,
  ) {}

  create({ value, versionId = randomUuid(this.context.random), ...input }: NewSecret): Secret {
    const namesake = this.named(input);
    if (namesake?.deletedAt !== undefined) {
      throw invalidRequest(
        "You can't create this secret because a secret with this name is already scheduled for deletion.");
    }
    if (namesake) throw alreadyExists(input.name);
    const now = this.context.clock.now();
    const secret: Secret = {
      ...input,
      arn: newSecretArn(input, this.context.random),
      versions: new SecretVersions({
        labelled: (label, id) => {
          if (label === 'AWSCURRENT') secret.currentSince = this.context.clock.now();
          this.onLabel(secret, label, id);
        },
        // A new secret is seen with its first value.
        beforeChange: (versions) => this.secrets.has(secret.arn)
          && this.settings.staleReads !== 'never'
          && secret.staleReads.changesFrom(versions.copy(), this.context.clock.now()),
      }),
      staleReads: new StaleReads(this.settings, this.context.random),
      createdAt: now,
      changedAt: now,
      tags: input.tags ?? [],
      replicas: new Map(),
    };
    if (value !== undefined) secret.versions.add(versionId, value, ['AWSCURRENT'], now);
    this.secrets.set(secret.arn, secret);
    return secret;
  }

  /** A copy in another Region. Its ARN differs in the Region only: documented. */
  addReplica(primary: Secret, region: string, kmsKeyArn: string | undefined): Secret {
    const arn = primary.arn.replace(`:${primary.region}:`, `:${region}:`);
    const versions = primary.versions.copy();
    const staleReads = new StaleReads<SecretVersions>(this.settings, this.context.random);
    const replica: Secret = { ...primary, arn, region, kmsKeyArn, versions, staleReads, primary, replicas: new Map() };
    this.secrets.set(arn, replica);
    return replica;
  }

  /** The versions and labels that a read shows, which can be those of a moment ago. */
  seen(secret: Secret): SecretVersions {
    return secret.staleReads.read(secret.versions, this.context.clock.now());
  }

  delete(secret: Secret): void {
    this.secrets.delete(secret.arn);
  }

  /** By any id that a caller may use for it. */
  find(account: string, region: string, secretId: string): Secret | undefined {
    return [...this.secrets.values()].find((secret) =>
      secret.region === region && means(secretId, { account }, secret));
  }

  all(): readonly Secret[] {
    return [...this.secrets.values()];
  }

  named({ account, region, name }: SecretName): Secret | undefined {
    return [...this.secrets.values()].find((secret) =>
      secret.account === account && secret.region === region && secret.name === name);
  }

  existing(arn: string): Secret {
    const secret = this.secrets.get(arn);
    if (!secret) throw secretNotFound();
    return secret;
  }

  has(secret: Secret): boolean {
    return this.secrets.get(secret.arn) === secret;
  }
}

/** For everything but a description: documented. */
export function usable(secret: Secret): Secret {
  if (secret.deletedAt !== undefined) {
    throw invalidRequest("You can't perform this operation on the secret because it was marked for deletion.");
  }
  return secret;
}

/** Everything but reading is done in the first Region: documented. The words were seen. */
export function changeable(secret: Secret): Secret {
  if (secret.primary) {
    throw invalidRequest("Operation not permitted on a replica secret. Call must be made in primary secret's region.");
  }
  return usable(secret);
}

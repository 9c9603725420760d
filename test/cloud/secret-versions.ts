// The versions of one secret and their staging labels, by the rules of Secrets Manager:
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
import { createHash } from 'node:crypto';
import { ServiceError } from './service-error';

export type SecretValue = string | Buffer;

export interface SecretVersion {
  readonly id: string;
  readonly value: SecretValue;
  readonly createdAt: number;
  readonly stages: Set<string>;
}

export class SecretVersions {
  private readonly versions = new Map<string, SecretVersion>();

  /** The same id again is harmless with the same value, so that a call can be repeated, and refused with another. */
  add(id: string, value: SecretValue, stages: readonly string[], now: number): SecretVersion {
    const existing = this.versions.get(id);
    if (existing && !sameValue(existing.value, value)) {
      throw new ServiceError('ResourceExistsException', 400,
        `You can't modify a secret version: a version with the id ${id} has another value.`);
    }
    if (existing) return existing;
    const version: SecretVersion = { id, value, createdAt: now, stages: new Set() };
    const first = this.versions.size === 0; // the first version is always the current one
    this.versions.set(id, version);
    for (const stage of new Set(first ? [...stages, 'AWSCURRENT'] : stages)) this.attach(stage, version);
    return version;
  }

  /** All of them, with a digest in place of the value. */
  all(): object[] {
    return [...this.versions.values()].map(({ stages, value, ...version }) =>
      ({ ...version, stages: [...stages], value: createHash('sha256').update(value).digest('hex') }));
  }

  /** By id, by label or by both, which then have to mean the same version. */
  get(id: string | undefined, stage: string | undefined): SecretVersion {
    if (id !== undefined) {
      const version = this.versions.get(id);
      if (!version) throw notFound(`Secrets Manager can't find the specified secret value for VersionId: ${id}`);
      if (stage !== undefined && !version.stages.has(stage)) {
        throw new ServiceError('InvalidRequestException', 400,
          'You provided a VersionStage that is not associated to the provided VersionId.');
      }
      return version;
    }
    const wanted = stage ?? 'AWSCURRENT';
    const version = this.holderOf(wanted);
    if (!version) throw notFound(`Secrets Manager can't find the specified secret value for staging label: ${wanted}`);
    return version;
  }

  /** UpdateSecretVersionStage: take the label off one version, put it on another, or both. */
  move(stage: string, from: string | undefined, to: string | undefined): void {
    const holder = this.holderOf(stage);
    const target = to === undefined ? undefined : this.get(to, undefined);
    if (from !== undefined && holder?.id !== from) {
      throw invalidParameter(`The staging label ${stage} isn't attached to version ${from}.`);
    }
    if (target && holder && holder !== target && from === undefined) {
      throw invalidParameter(`The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently `
        + `attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`);
    }
    if (!target) {
      if (from === undefined) throw invalidParameter('Give RemoveFromVersionId, MoveToVersionId or both.');
      if (stage === 'AWSCURRENT') {
        throw invalidParameter('You can only move staging label AWSCURRENT to a different secret version. '
          + 'It can’t be completely removed.');
      }
      holder?.stages.delete(stage);
      return;
    }
    this.attach(stage, target);
  }

  /** `VersionIdsToStages`; versions without a label are on their way out and not listed. */
  labelled(): Record<string, string[]> {
    const labelled = [...this.versions.values()].filter((version) => version.stages.size > 0);
    return Object.fromEntries(labelled.map((version) => [version.id, [...version.stages]]));
  }

  private holderOf(stage: string): SecretVersion | undefined {
    return [...this.versions.values()].find((version) => version.stages.has(stage));
  }

  /** A label is on one version only, and AWSPREVIOUS follows what AWSCURRENT leaves. */
  private attach(stage: string, version: SecretVersion): void {
    const holder = this.holderOf(stage);
    if (holder === version) return;
    holder?.stages.delete(stage);
    version.stages.add(stage);
    if (stage === 'AWSCURRENT' && holder) this.attach('AWSPREVIOUS', holder);
  }
}

function sameValue(one: SecretValue, other: SecretValue): boolean {
  return typeof one === typeof other && Buffer.from(one).equals(Buffer.from(other));
}

function notFound(message: string): ServiceError {
  return new ServiceError('ResourceNotFoundException', 400, message);
}

function invalidParameter(message: string): ServiceError {
  return new ServiceError('InvalidParameterException', 400, message);
}

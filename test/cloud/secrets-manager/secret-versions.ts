// The versions of one secret and their staging labels, by the rules of Secrets Manager:
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
import { createHash } from 'node:crypto';
import { ServiceError } from '../service-error';

export type SecretValue = string | Buffer;

export interface SecretVersion {
  readonly id: string;
  /** Undefined while a rotation has given the version an id and a label, but has made no value for it yet. */
  value?: SecretValue;
  readonly createdAt: number;
  readonly stages: Set<string>;
}

interface Observer {
  /** Called for each label that comes to a version. */
  labelled?(label: string, versionId: string): void;
  beforeChange?(versions: SecretVersions): void;
}

export class SecretVersions {
  private readonly versions = new Map<string, SecretVersion>();

  constructor(private readonly observer: Observer = {}) {}

  /** The same id again is harmless with the same value, so that a call can be repeated, and refused with another. */
  add(id: string, value: SecretValue, stages: readonly string[], now: number): SecretVersion {
    const existing = this.versions.get(id);
    if (existing?.value !== undefined) {
      if (sameValue(existing.value, value)) return existing;
      throw new ServiceError('ResourceExistsException', 400,
        `You can't modify a secret version: a version with the id ${id} has another value.`);
    }
    this.observer.beforeChange?.(this);
    // The first value is always the current one: documented. That this is so also where a rotation has made the version
    // is an assumption.
    const first = this.all().every((each) => each.value === undefined);
    const version = existing ?? this.made(id, now);
    version.value = value;
    for (const stage of new Set(first ? [...stages, 'AWSCURRENT'] : stages)) this.attach(stage, version);
    return version;
  }

  /** All of them, with a digest in place of the value. */
  digests(): object[] {
    return [...this.versions.values()].map(({ stages, value, ...version }) =>
      ({ ...version, stages: [...stages], value: createHash('sha256').update(value ?? '').digest('hex') }));
  }

  /** A rotation begins: the version has its id and AWSPENDING before it has a value. Documented. */
  begin(id: string, now: number): void {
    this.observer.beforeChange?.(this);
    this.attach('AWSPENDING', this.versions.get(id) ?? this.made(id, now));
  }

  /** Takes the label off. A version that never got a value goes with it. */
  takeOff(stage: string): void {
    this.observer.beforeChange?.(this);
    const holder = this.holderOf(stage);
    holder?.stages.delete(stage);
    if (holder?.value === undefined && holder?.stages.size === 0) this.versions.delete(holder.id);
  }

  /** Secrets Manager forgets versions that have no label any more. */
  forget(id: string): void {
    this.versions.delete(id);
  }

  /** The version on which a rotation is not complete: AWSPENDING, and not AWSCURRENT as well. */
  get incomplete(): SecretVersion | undefined {
    const pending = this.holderOf('AWSPENDING');
    return pending?.stages.has('AWSCURRENT') ? undefined : pending;
  }

  /** As it is now, for a replica or for a stale read. */
  copy(): SecretVersions {
    const copy = new SecretVersions();
    for (const [id, version] of this.versions) copy.versions.set(id, { ...version, stages: new Set(version.stages) });
    return copy;
  }

  /** By id, by label or by both, which then have to mean the same version. One without a value is not found. */
  get(id: string | undefined, stage: string | undefined): SecretVersion & { value: SecretValue } {
    const { value, ...version } = this.found(id, stage);
    if (value === undefined) throw noValue(id === undefined ? { stage: stage ?? 'AWSCURRENT' } : { id });
    return { ...version, value };
  }

  private found(id: string | undefined, stage: string | undefined): SecretVersion {
    if (id !== undefined) {
      const version = this.versions.get(id);
      if (!version) throw noValue({ id });
      if (stage !== undefined && !version.stages.has(stage)) {
        throw new ServiceError('InvalidRequestException', 400,
          'You provided a VersionStage that is not associated to the provided VersionId.');
      }
      return version;
    }
    const wanted = stage ?? 'AWSCURRENT';
    const version = this.holderOf(wanted);
    if (!version) throw noValue({ stage: wanted });
    return version;
  }

  /** UpdateSecretVersionStage: take the label off one version, put it on another, or both. */
  move(stage: string, from: string | undefined, to: string | undefined): void {
    const holder = this.holderOf(stage);
    const target = to === undefined ? undefined : this.found(to, undefined);
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
      this.observer.beforeChange?.(this);
      holder?.stages.delete(stage);
      return;
    }
    this.observer.beforeChange?.(this);
    this.attach(stage, target);
  }

  /** Also those without a label, which are on their way out. */
  all(): readonly SecretVersion[] {
    return [...this.versions.values()];
  }

  holderOf(stage: string): SecretVersion | undefined {
    return this.all().find((version) => version.stages.has(stage));
  }

  private made(id: string, now: number): SecretVersion {
    const version: SecretVersion = { id, createdAt: now, stages: new Set() };
    this.versions.set(id, version);
    return version;
  }

  /** A label is on one version only, and AWSPREVIOUS follows what AWSCURRENT leaves. */
  private attach(stage: string, version: SecretVersion): void {
    const holder = this.holderOf(stage);
    if (holder === version) return;
    holder?.stages.delete(stage);
    version.stages.add(stage);
    this.observer.labelled?.(stage, version.id);
    if (stage === 'AWSCURRENT' && holder) this.attach('AWSPREVIOUS', holder);
  }
}

function sameValue(one: SecretValue, other: SecretValue): boolean {
  return typeof one === typeof other && Buffer.from(one).equals(Buffer.from(other));
}

function noValue({ id, stage }: { id?: string; stage?: string }): ServiceError {
  const which = id === undefined ? `staging label: ${stage}` : `VersionId: ${id}`;
  const message = `Secrets Manager can't find the specified secret value for ${which}`;
  return new ServiceError('ResourceNotFoundException', 400, message);
}

function invalidParameter(message: string): ServiceError {
  return new ServiceError('InvalidParameterException', 400, message);
}

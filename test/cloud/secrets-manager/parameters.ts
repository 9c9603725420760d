// The parameters of Secrets Manager's operations and its answers, as they are on the wire.
import { invalidParameter } from './errors';
import { daysBetween, RotationRules } from './rotation-window';
import { Secret } from './secret';
import { SecretValue, SecretVersion } from './secret-versions';
import { Tag } from '../tags';

/** Those of all operations. */
export interface Parameters {
  readonly SecretId?: string;
  readonly Name?: string;
  readonly Description?: string;
  readonly KmsKeyId?: string;
  readonly ClientRequestToken?: string;
  readonly SecretString?: string;
  readonly SecretBinary?: string;
  readonly VersionId?: string;
  readonly VersionStage?: string;
  readonly VersionStages?: string[];
  readonly RemoveFromVersionId?: string;
  readonly MoveToVersionId?: string;
  readonly ForceDeleteWithoutRecovery?: boolean;
  readonly RecoveryWindowInDays?: number;
  readonly Tags?: readonly Tag[];
  readonly TagKeys?: readonly string[];
  readonly RotationLambdaARN?: string;
  readonly RotationRules?: RotationRules;
  readonly RotateImmediately?: boolean;
  readonly AddReplicaRegions?: readonly ReplicaRegion[];
  readonly RemoveReplicaRegions?: readonly string[];
  readonly ForceOverwriteReplicaSecret?: boolean;
  readonly IncludeDeprecated?: boolean;
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

export interface ReplicaRegion {
  readonly Region: string;
  readonly KmsKeyId?: string;
}

export function valueOf({ SecretString: text, SecretBinary: binary }: Parameters): SecretValue {
  if ((text === undefined) === (binary === undefined)) {
    throw invalidParameter('You must provide either SecretString or SecretBinary.');
  }
  return text ?? Buffer.from(binary!, 'base64');
}

export function wireValue(value: SecretValue): { SecretString: string } | { SecretBinary: string } {
  return typeof value === 'string' ? { SecretString: value } : { SecretBinary: value.toString('base64') };
}

/** What CloudTrail notes of a call: never a value. */
export function recorded({ SecretString, SecretBinary, ...parameters }: Parameters): object {
  const lowerFirst = (name: string) => name[0].toLowerCase() + name.slice(1);
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [lowerFirst(name), value]));
}

export function describe(secret: Secret, now: number): object {
  const { arn: ARN, name: Name, description: Description, kmsKeyArn: KmsKeyId, rotation, versions } = secret;
  const labelled = versions.all().filter(({ stages }) => stages.size > 0);
  const { AutomaticallyAfterDays = rotation && daysBetween(rotation.rules, now), ...rules } = rotation?.rules ?? {};
  return {
    ARN,
    Name,
    Description,
    KmsKeyId,
    // Of a secret that never had a rotation, null: documented. The SDK takes that for undefined.
    RotationEnabled: rotation?.enabled,
    RotationLambdaARN: rotation?.lambdaArn,
    RotationRules: rotation && { AutomaticallyAfterDays, ...rules },
    // Both are null while rotation is off: documented.
    LastRotatedDate: rotation?.enabled ? seconds(secret.lastRotatedAt) : undefined,
    NextRotationDate: rotation?.enabled ? seconds(secret.nextRotationAt) : undefined,
    Tags: secret.tags.length > 0 ? secret.tags : undefined,
    // Whether it is left out or an empty object where there is no version is unknown: what is missing is worse.
    VersionIdsToStages: labelled.length > 0
      ? Object.fromEntries(labelled.map(({ id, stages }) => [id, [...stages]]))
      : undefined,
    CreatedDate: seconds(secret.createdAt),
    LastChangedDate: seconds(secret.changedAt),
    DeletedDate: seconds(secret.deletedAt),
    ...replication(secret),
  };
}

/** One page of ListSecretVersionIds. */
export function versionPage(
  { arn: ARN, name: Name, versions }: Secret, { IncludeDeprecated, MaxResults = 100, NextToken = '0' }: Parameters,
): object {
  const start = Number(NextToken);
  const listed = versions.all().filter(({ stages }) => IncludeDeprecated || stages.size > 0);
  const wire = ({ id: VersionId, stages, createdAt }: SecretVersion) =>
    ({ VersionId, VersionStages: stages.size > 0 ? [...stages] : undefined, CreatedDate: seconds(createdAt) });
  const end = start + MaxResults;
  const Versions = listed.slice(start, end).map(wire);
  return { ARN, Name, Versions, NextToken: end < listed.length ? String(end) : undefined };
}

export function replication({ region, primary, replicas }: Secret): object {
  const ofPrimary = primary ?? { region, replicas };
  if (ofPrimary.replicas.size === 0) return {};
  return {
    PrimaryRegion: ofPrimary.region,
    ReplicationStatus: [...ofPrimary.replicas].map(([Region, { kmsKeyArn: KmsKeyId, secret, isInSync }]) => ({
      Region,
      KmsKeyId,
      Status: secret ? isInSync ? 'InSync' : 'InProgress' : 'Failed',
      StatusMessage: secret ? undefined : 'Secret with this name already exists in this region',
    })),
  };
}

export function seconds(time: number | undefined): number | undefined {
  return time === undefined ? undefined : time / 1000;
}

// A secret as the local Secrets Manager keeps it.
import { RotationRules } from './rotation-window';
import { SecretName } from './secret-id';
import { SecretVersions } from './secret-versions';
import { PolicyDocument } from '../iam-policy';
import { StaleReads } from '../stale-reads';
import { Tag } from '../tags';

/** How a secret is rotated. It stays when rotation is switched off. */
export interface RotationConfiguration {
  readonly lambdaArn: string;
  readonly rules: RotationRules;
}

/** A copy in another Region, which can only be read. */
export interface Replica {
  readonly kmsKeyArn?: string;
  /** Undefined when the name is taken in that Region. */
  readonly secret?: Secret;
  isInSync: boolean;
}

export interface Secret extends SecretName {
  readonly arn: string;
  kmsKeyArn?: string;
  description?: string;
  versions: SecretVersions;
  /** Which versions and labels a read shows. */
  readonly staleReads: StaleReads<SecretVersions>;
  readonly createdAt: number;
  changedAt: number;
  resourcePolicy?: PolicyDocument;
  tags: readonly Tag[];
  deletedAt?: number;
  rotation?: RotationConfiguration & { readonly enabled: boolean };
  lastRotatedAt?: number;
  /** When the current value became current. One that was put by hand counts for the next date as well: documented. */
  currentSince?: number;
  /** The end of the next window. */
  nextRotationAt?: number;
  /** By Region. */
  readonly replicas: Map<string, Replica>;
  /** Of a replica: the secret in its first Region. */
  readonly primary?: Secret;
}

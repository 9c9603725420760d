// What the handler needs from outside, as interfaces: the real calls are behind them, and unit tests put a world in memory there.

export type DkimStatus = 'PENDING' | 'SUCCESS' | 'FAILED' | 'TEMPORARY_FAILURE' | 'NOT_STARTED';

/** How an identity signs, as SES says. */
export interface IdentityState {
  readonly status: DkimStatus | string;
  readonly signingEnabled: boolean;
  /** `AWS_SES`, `EXTERNAL` or `AWS_SES_<REGION>`. */
  readonly origin?: string;
  /** Easy DKIM's and DEED's three tokens; for BYODKIM the selector, or nothing. */
  readonly tokens: readonly string[];
  readonly signingHostedZone?: string;
  readonly nextKeyLength?: string;
  readonly lastKeyGeneration?: Date;
  readonly lastChecked?: Date;
  readonly errorType?: string;
}

/** The signing that SES is told to use. */
export type SigningAttributes =
  | { readonly origin: 'AWS_SES'; readonly keyLength?: string }
  | { readonly origin: 'EXTERNAL'; readonly selector: string; readonly privateKey: string }
  | { readonly origin: `AWS_SES_${string}` };

export interface Ses {
  /** Undefined when there is no such identity. */
  read(): Promise<IdentityState | undefined>;
  /** The same domain in another Region. */
  readIn(region: string): Promise<IdentityState | undefined>;
  putSigning(attributes: SigningAttributes): Promise<Pick<IdentityState, 'status' | 'tokens' | 'signingHostedZone'>>;
}

/** A record set as it is in the zone. */
export interface RecordSet {
  /** Lower case, no trailing dot, escapes resolved. */
  readonly name: string;
  readonly type: string;
  /** Absent for an alias. */
  readonly ttl?: number;
  /** In Route 53's form. Empty for an alias. */
  readonly values: readonly string[];
  /** Exactly what Route 53 listed, which DELETE has to repeat (also routing policies and aliases). */
  readonly listed?: unknown;
}

export interface Change {
  readonly action: 'CREATE' | 'DELETE';
  readonly record: RecordSet;
}

/** The zone, or the role that leads to it, is no longer there. */
export class ZoneGoneError extends Error {}

/** Route 53 did not carry out a batch because the zone is not as it was read, or a change is not legal. */
export class ChangeRefusedError extends Error {}

export interface HostedZone {
  /** Throws ZoneGoneError. */
  describe(): Promise<{ readonly name: string; readonly privateZone: boolean }>;
  /** Every record set below `name`. */
  list(name: string): Promise<RecordSet[]>;
  /** Carries out all changes or none, and returns when every name server of the zone has them. Throws ChangeRefusedError. */
  change(changes: readonly Change[]): Promise<void>;
}

/** A zone that was looked at, and that the domain's records belong in. */
export type OpenZone = Pick<HostedZone, 'list' | 'change'>;

/** What one name server says. */
export interface NameServerAnswer {
  readonly nameServer: string;
  /** In Route 53's form; empty when there is no such record. */
  readonly values?: readonly string[];
  /** Set when the server gave no usable answer. */
  readonly error?: string;
}

export interface PublicDns {
  /** Asks each name server that the name is publicly delegated to for its TXT. Empty when it is delegated to none. */
  ask(name: string): Promise<NameServerAnswer[]>;
}

/** Which secret holds the private key, and where in it. */
export interface SecretSource {
  readonly arn: string;
  /** Without it the whole value is the key. */
  readonly jsonField?: string;
  readonly versionStage?: string;
  readonly versionId?: string;
}

export interface Secrets {
  /** The text of the whole value. Throws with what to do when it cannot be read. */
  read(source: SecretSource): Promise<string>;
}

/** As an error names it. */
export function describeSecret({ arn, versionId, versionStage, jsonField }: SecretSource): string {
  const parts = [versionId && `version ${versionId}`, versionStage && `stage ${versionStage}`, jsonField && `field '${jsonField}'`].filter(Boolean);
  return `The secret ${arn}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}

/** What CloudFormation says of a stack. */
export interface CloudFormation {
  stackStatus(stackId: string): Promise<string | undefined>;
  /** How it knows a resource of the stack now. */
  resource(stackId: string, logicalId: string): Promise<ResourceNow>;
}

export interface ResourceNow {
  readonly physicalId?: string;
  readonly status?: string;
}

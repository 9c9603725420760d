// What the handler needs from outside, as interfaces. `services/` has the real calls; unit tests have doubles.
import { KeyLength, SecretSource, ZoneSettings } from './desired-state';
import { Log } from './log';
import { Redactor } from './redaction';
import { Retry } from './retry';

/** All that the work of one request calls. */
export interface Services {
  readonly ses: Ses;
  readonly dns: PublicDns;
  readonly secrets: Secrets;
  readonly hostedZone: (zone: ZoneSettings) => HostedZone;
  readonly retry: Retry;
  readonly log: Log;
  /** Keeps what `log` writes free of keys. */
  readonly redactor: Redactor;
}

/** How an identity signs, as SES says. */
export interface IdentityState {
  /** PENDING, SUCCESS, FAILED, TEMPORARY_FAILURE or NOT_STARTED. */
  readonly status: string;
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

export type SigningAnswer = Pick<IdentityState, 'status' | 'tokens' | 'signingHostedZone'>;

export type SigningAttributes =
  | { readonly origin: 'AWS_SES'; readonly keyLength?: KeyLength }
  | { readonly origin: 'EXTERNAL'; readonly selector: string; readonly privateKey: string }
  | { readonly origin: `AWS_SES_${string}` };

export interface Ses {
  /** Undefined when there is no such identity. */
  read(): Promise<IdentityState | undefined>;
  readIn(region: string): Promise<IdentityState | undefined>;
  putSigning(attributes: SigningAttributes): Promise<SigningAnswer>;
}

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

/** There is no UPSERT, which would overwrite a record unseen. */
export interface Change {
  readonly action: 'CREATE' | 'DELETE';
  readonly record: RecordSet;
}

export interface HostedZone {
  /** Throws ZoneGoneError. */
  describe(): Promise<{ readonly name: string; readonly privateZone: boolean }>;
  /** Every record set below `name`. */
  list(name: string): Promise<RecordSet[]>;
  /** Makes all changes or none. Returns when every name server of the zone has them. Throws ChangeRefusedError. */
  change(changes: readonly Change[]): Promise<void>;
}

/** A zone that was looked at, and that the domain's records belong in. */
export type OpenZone = Pick<HostedZone, 'list' | 'change'>;

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

export interface Secrets {
  /** The text of the whole value. Throws with what to do when it cannot be read. */
  read(source: SecretSource): Promise<string>;
}

export interface CloudFormation {
  stackStatus(stackId: string): Promise<string | undefined>;
  /** How it knows a resource of the stack now. */
  resource(stackId: string, logicalId: string): Promise<ResourceNow>;
}

export interface Scheduler {
  /**
   * Has this function called with the event, in the minute after that time (in ms since 1970) and perhaps twice. Where
   * the name is taken already, an earlier try has done it.
   */
  wake(name: string, at: number, event: unknown): Promise<void>;
}

export interface ResourceNow {
  readonly physicalId?: string;
  readonly status?: string;
}

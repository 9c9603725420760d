// What the handler needs from outside, as interfaces. `services/` has the real calls; unit tests have doubles.
import { KeyLength, SecretSource, WantedState, ZoneSettings } from './desired-state';
import { Log } from './log';
import { Redactor } from './redaction';
import { Retry, Timekeeper } from './retry';

/** What surrounds a function. */
export interface Surroundings {
  /** Region of the function. */
  readonly region: string;
  readonly time: Timekeeper;
  /** Writes a line of the log. */
  readonly write: (line: string) => void;
}

/** Gives the services for the work on one identity. The stack is the one that owns its records. */
export type ServicesFor = (
  wanted: Pick<WantedState, 'domain' | 'region'>, common: Pick<Services, 'retry' | 'log' | 'redactor'>, stackId: string,
) => Services;

/** All that the work of one request calls. */
export interface Services {
  readonly ses: Ses;
  readonly dns: PublicDns;
  readonly secrets: Secrets;
  readonly keyStore: (secretArn: string) => KeyStore;
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
  /** By key. */
  readonly tags: Readonly<Record<string, string>>;
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
  tag(key: string, value: string): Promise<void>;
  untag(key: string): Promise<void>;
}

export interface RecordSet {
  /** Lower case, no trailing dot, escapes resolved. */
  readonly name: string;
  readonly type: string;
  /** Absent for an alias. */
  readonly ttl?: number;
  /** In Route 53's form. Empty for an alias. */
  readonly values: readonly string[];
  /** The name that an alias stands for. */
  readonly aliasOf?: string;
  /** One of several of its name and type, by a routing policy. This library writes none of these. */
  readonly isRouted?: boolean;
  /** The TXT values that a CNAME or an alias leads to, when somebody has looked. */
  readonly leadsTo?: readonly string[];
  /** Exactly what Route 53 listed, which DELETE has to repeat (also routing policies and aliases). */
  readonly listed?: unknown;
}

/** There is no UPSERT, which would overwrite a record unseen. */
export interface Change {
  readonly action: 'CREATE' | 'DELETE';
  readonly record: RecordSet;
}

export interface ZoneDescription {
  readonly name: string;
  readonly privateZone: boolean;
  /** NS records by which the zone delegates the domain, or a name above it, to others. */
  readonly cut?: RecordSet;
}

export interface MadeChange {
  /** Returns when every name server of the zone has it. */
  inSync(): Promise<void>;
}

export interface HostedZone {
  /** Throws ZoneGoneError. */
  describe(domain: string): Promise<ZoneDescription>;
  /** The wildcard that answers for `name`, as neither it nor a name below it has a record in the zone. */
  wildcardFor(name: string): Promise<RecordSet[]>;
  /** For how many seconds resolvers may remember that a name of the zone does not exist. */
  negativeTtl(): Promise<number>;
  /** Every record set below `name`, and the NS records at it. */
  list(name: string): Promise<RecordSet[]>;
  /** Makes all changes or none. Throws ChangeRefusedError. */
  change(changes: readonly Change[]): Promise<MadeChange>;
}

/** A zone that was looked at, and that the domain's records belong in. */
export type OpenZone = Pick<HostedZone, 'list' | 'change'>;

/**
 * Why nobody knows what a name server has.
 *
 * | value         | meaning                                                                              |
 * | ------------- | ------------------------------------------------------------------------------------ |
 * | `no-resolver` | the resolver of the function's network gives no answer                               |
 * | `unreachable` | no answer comes through                                                              |
 * | `cut-short`   | the answer is too long for UDP, and none comes through by TCP                        |
 * | `ipv6-only`   | it has no address of IPv4, and none of IPv6 that the function reaches                |
 * | `lame`        | it answers that it does not hold the zone, or nonsense                               |
 * | `no-address`  | its name leads to no address, or to one of a private network                         |
 */
export type Silence = 'no-resolver' | 'unreachable' | 'cut-short' | 'ipv6-only' | 'lame' | 'no-address';

export interface NameServerAnswer {
  readonly nameServer: string;
  /** The name that was asked for, where a CNAME leads to another. */
  readonly alias?: string;
  /** In Route 53's form; empty when there is no such record. Absent when the server gave no usable answer. */
  readonly values?: readonly string[];
  /** Why it gave none. @default unreachable */
  readonly silence?: Silence;
  /** The code of the error, or the address that is of no use. */
  readonly error?: string;
}

export interface PublicDns {
  /**
   * Asks each name server that a resolver in the world may ask for the name's TXT. Empty when the domain is delegated
   * to none. No resolver is asked for the name, so it need not exist yet.
   */
  ask(name: string): Promise<NameServerAnswer[]>;
}

export interface Secrets {
  /** The text of the whole value, and the version that has it. Throws with what to do when it cannot be read. */
  read(source: SecretSource): Promise<SecretValue>;
}

export interface SecretValue {
  readonly text: string;
  readonly versionId: string;
}

/** A secret whose versions hold the keys of one identity, of which one is in use. */
export interface KeyStore {
  /** Undefined when there is no such secret. With a version that has a label, it waits if that is shown late. */
  describe(versionId?: string): Promise<KeyStoreState | undefined>;
  /** The text of a version. Undefined when it has none yet. */
  read(versionId: string): Promise<string | undefined>;
  /** Stores a version, unless it is there already. Without a label it becomes the current one. */
  put(versionId: string, text: string, label?: 'AWSPENDING'): Promise<void>;
  /** Takes a label off the version that has it, and puts it on another one. */
  moveLabel(label: VersionLabel, from: string | undefined, to?: string): Promise<void>;
}

/**
 * A label of our own: the next key is being taken back. Who has begun that writes it first, so others stop. With a
 * followed secret it stays, so that the key is not tried again.
 */
export const TAKEN_BACK = 'cdk-ses-dkim:taken-back';

/**
 * Begins a label of our own, on the current key: since the moment that follows, the hourly care of the key fails.
 * The function that watches sees no log, and nothing else of a key that cannot be used, or a record that stays.
 */
export const FAILS_SINCE = 'cdk-ses-dkim:fails-since:';

/**
 * Begins a label of our own, on the current key: since the moment that follows, the stack is to sign otherwise. No
 * rotation begins or goes on, for as long as a deployment can take.
 */
export const ENDED = 'cdk-ses-dkim:ended:';
const DEPLOYMENT_MS = 24 * 3_600_000;

export type VersionLabel = 'AWSCURRENT' | 'AWSPENDING' | typeof TAKEN_BACK
  | `${typeof FAILS_SINCE | typeof ENDED}${string}`;

/** The whole label that begins so, where there is one. */
export function labelOf(
  beginning: typeof FAILS_SINCE | typeof ENDED, { versions }: Pick<KeyStoreState, 'versions'>,
): VersionLabel | undefined {
  return Object.keys(versions).find((label): label is VersionLabel => label.startsWith(beginning));
}

/** True when the stack is to sign otherwise. The label of a deployment that has failed long ago does not count. */
export function isEnded(state: Pick<KeyStoreState, 'versions'>, now: number): boolean {
  const since = Date.parse(labelOf(ENDED, state)?.slice(ENDED.length) ?? '');
  return now - since < DEPLOYMENT_MS;
}

export interface KeyStoreState {
  /** Secrets Manager has the key changed: nobody has switched that off. */
  readonly rotates: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** The versions that have each label. */
  readonly versions: Readonly<Partial<Record<VersionLabel, string>>>;
  /** When anything of the secret was changed last, in ms since 1970. */
  readonly changedAt?: number;
  /** When Secrets Manager has last changed the key, or else when the secret was made, in ms since 1970. */
  readonly rotatedAt?: number;
  /** By when it changes the key next. */
  readonly nextRotationAt?: number;
}

export interface CloudFormation {
  stackStatus(stackId: string): Promise<string | undefined>;
  /** How it knows a resource of the stack now. Undefined when the stack, or the resource, is gone. */
  resource(stackId: string, logicalId: string): Promise<ResourceNow | undefined>;
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
  /** When it came into this status. */
  readonly since?: Date;
}

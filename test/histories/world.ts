// Where a history happens: one interface for both ways of running it.
import { Ending, IdentityPlace, KeyName, Operation, SecretName, Topology, Wanted } from './operations';
import { Fault } from '../cloud/faults';

export interface RecordSeen {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly values: readonly string[];
}

export interface IdentitySeen {
  readonly origin: string;
  readonly status: string;
  readonly signingEnabled: boolean;
  readonly tokens: readonly string[];
  /** Base64 of the public key, with BYODKIM. */
  readonly publicKey?: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface StackSeen {
  readonly status: string;
  readonly reason?: string;
  /** The labels of the owners that it has resources of, and the owners. */
  readonly owners: readonly number[];
}

/** What somebody sees who may look everywhere. */
export interface Look {
  readonly now: number;
  /** Of the hosted zone, without its own NS and SOA. */
  readonly records: readonly RecordSeen[];
  /** By account and Region. */
  readonly identities: Readonly<Record<string, IdentitySeen>>;
  /** By number. Undefined: there is none. */
  readonly stacks: readonly (StackSeen | undefined)[];
  /** The label of each owner. Undefined while its stack is not there. */
  readonly labels: readonly (string | undefined)[];
}

export interface World {
  readonly topology: Topology;
  /** What has been broken at the moment of a call: only the quick world sees it. */
  readonly broken: readonly string[];
  /** How many calls of the handler changed something in SES or the zone. */
  readonly writes: number;
  look(): Look;
  /** Creates the stack or updates it: with these constructs, and none else. */
  deploy(stack: number, wanted: ReadonlyMap<number, Wanted>, ending: Ending): Promise<void>;
  /** `arrives`: false when no Delete reaches the handler. */
  delete(stack: number, arrives: boolean): Promise<void>;
  continueRollBack(stack: number, skips: boolean): Promise<void>;
  rollBack(stack: number): Promise<void>;
  pass(ms: number): Promise<void>;
  addFault(fault: Fault): void;
  clearFaults(): void;
  /** Somebody else's doing. */
  writeRecord(label: string, value: string): void;
  removeRecord(name: string): void;
  changeSecret(secret: SecretName, to: Extract<Operation, { do: 'change secret' }>['to']): void;
  changeIdentity(at: IdentityPlace, how: Extract<Operation, { do: 'change identity' }>['how']): void;
  /** Base64 of the public key. */
  publicKey(key: KeyName): string;
  stop(): Promise<void>;
}

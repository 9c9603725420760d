// What can happen in a history: to stacks, in the zone, in a secret, in SES, to calls, and to the clock. Plain data, so
// that a history can be printed and run again.
import { Fault } from '../cloud/faults';

export const DOMAIN = 'example.com';
export const ACCOUNTS = ['111111111111', '222222222222'] as const;
export const REGIONS = ['us-east-1', 'eu-west-1'] as const;
/** The account of the hosted zone. Stacks of the other account use a role. */
export const ZONE_ACCOUNT = ACCOUNTS[0];

export type Account = typeof ACCOUNTS[number];
export type Region = typeof REGIONS[number];

export const SELECTORS = ['s1', 's2', 's3'] as const;
export type Selector = typeof SELECTORS[number];
/** Secrets by name. Each account has its own, with the same keys. `three` is the key of what is made by hand. */
export const SECRETS = ['one', 'two'] as const;
export type SecretName = typeof SECRETS[number];
export type KeyName = SecretName | 'three';

/** Which identity: the domain in an account and a Region. */
export interface IdentityPlace {
  readonly account: Account;
  readonly region: Region;
}

/** The stacks that there can be, and the owner of each construct in them. */
export interface Topology {
  readonly stacks: readonly IdentityPlace[];
  /** An owner's identity can be in another Region than its stack. */
  readonly owners: readonly { readonly stack: number; readonly region: Region }[];
}

export type WantedSigning = 'easy' | 'shorter' | 'replica' | { readonly selector: Selector; readonly secret: SecretName };

/** A key that rotates. Only histories of rotation have one. */
export interface Rotating {
  readonly prefix: 'dkim' | 'mail';
  readonly bits: 1024 | 2048;
  /** Overlap, in days. */
  readonly overlap: 1 | 3;
  /** From one rotation by the schedule to the next, in days. */
  readonly every: 40 | 90;
  /** In another Region too, which its first one names. */
  readonly further?: true;
}

/** The properties of a construct. */
export interface Wanted {
  readonly signing: WantedSigning;
  /** Counts in place of `signing`. */
  readonly rotating?: Rotating;
  /** The key is that of a secret in which the user changes it. Counts in place of `signing`. */
  readonly follows?: true;
  readonly zone: boolean;
  readonly ttl: number;
  readonly overwrite: boolean;
  readonly retain: boolean;
  /** `waitForVerification`, in seconds. */
  readonly wait: number;
  /** `ServiceTimeout`, in seconds: the handler makes the same of each. @default 3600 */
  readonly timeout?: number;
}

/** How a deployment ends, when not well: a resource beside fails, or the user cancels, after so many seconds. */
export interface Ending {
  readonly failsAfter?: number;
  readonly cancelledAfter?: number;
  readonly noRollback?: boolean;
}

export type Operation =
  /** The stack of that owner is deployed, with this construct in it. */
  | { readonly do: 'deploy'; readonly owner: number; readonly as: Wanted; readonly ending: Ending }
  /** The same properties once more: nothing that the handler looks at has changed. */
  | { readonly do: 'again'; readonly owner: number }
  /** The construct is taken out of its stack. With the last one the stack is deleted. */
  | { readonly do: 'remove'; readonly owner: number }
  | { readonly do: 'delete stack'; readonly stack: number }
  /** The stack goes, and no Delete reaches the handler. */
  | { readonly do: 'forget'; readonly stack: number }
  /** A roll-back that failed goes on, and skips what failed. */
  | { readonly do: 'skip'; readonly stack: number }
  /** What was deployed without roll-back is rolled back. */
  | { readonly do: 'roll back'; readonly stack: number }
  /** Two stacks are deployed at the same moment. */
  | { readonly do: 'together'; readonly both: readonly [Operation, Operation] }
  | { readonly do: 'write record'; readonly selector: Selector; readonly text: 'same key' | 'other key' | 'junk' }
  | { readonly do: 'remove record'; readonly selector: Selector }
  | { readonly do: 'harm registry'; readonly owner: number; readonly how: 'remove' | 'garble' }
  | { readonly do: 'change secret'; readonly secret: SecretName; readonly to: 'new key' | 'garbage' | 'gone' | 'back' }
  /** `sign`: with the key `three`, and its record is published. */
  | {
    readonly do: 'change identity';
    readonly at: IdentityPlace;
    readonly how: 'sign' | 'switch off' | 'switch on' | 'make anew' | 'take tags';
  }
  | { readonly do: 'pass'; readonly minutes: number }
  /** Holds for the next deployment or deletion only. */
  | { readonly do: 'fault'; readonly fault: Fault };

/** The operations that send requests to the handler. */
export type Deployment = Extract<Operation, { do: 'deploy' | 'again' | 'remove' | 'delete stack' | 'skip' | 'roll back' }>;

/** The selector of what is signed by hand. */
export const HAND = 'hand';

export function identityOf(topology: Topology, owner: number): IdentityPlace {
  const { stack, region } = topology.owners[owner];
  return { account: topology.stacks[stack].account, region };
}

export function placeName({ account, region }: IdentityPlace): string {
  return `${account}/${region}`;
}

export function otherRegion(region: Region): Region {
  return REGIONS[1 - REGIONS.indexOf(region)];
}

/** Where there is an identity: in all Regions of the accounts that have a stack, as each can be a replica's parent. */
export function placesOf({ stacks }: Topology): IdentityPlace[] {
  const accounts = new Set(stacks.map(({ account }) => account));
  return [...accounts].flatMap((account) => REGIONS.map((region) => ({ account, region })));
}

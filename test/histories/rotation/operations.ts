// What can happen to a key that rotates: to its stack, its secret and SES, in a rotation, and by hand. Plain data.
import type { Stored } from './followed-secret';
import type { Step } from '../../../lambda/rotation/event';
import { Fault } from '../../cloud/faults';
import type { SecretsManagerSettings } from '../../cloud/secrets-manager/settings';
import { Ending, IdentityPlace, Region, Selector, Topology, Wanted } from '../operations';

/** All stacks are in one account and Region. */
export const AT: IdentityPlace = { account: '111111111111', region: 'us-east-1' };
/** A key can be that of another Region too. */
export const FURTHER: IdentityPlace = { account: '111111111111', region: 'eu-west-1' };

/**
 * One stack or two, with a construct each for the same identity. An owner of the same stack in the further Region has
 * the number of the first one, and that of the stacks added.
 */
export function topologyOf(stacks: number): Topology {
  const numbers = Array.from({ length: stacks }, (_, number) => number);
  const ownersIn = ({ region }: IdentityPlace) => numbers.map((stack) => ({ stack, region }));
  return { stacks: numbers.map(() => AT), owners: [...ownersIn(AT), ...ownersIn(FURTHER)] };
}

/** What nobody knows of Secrets Manager. */
export type Settings = Pick<SecretsManagerSettings,
  'secondCalls' | 'repeats' | 'repeatWithoutLabel' | 'failedTrial' | 'oldRateStillRotates'>;

/** Which kinds of operations come often in a history. Some have a beginning of their own. */
export type Often = 'steps' | 'deployments' | 'old keys' | 'own key' | 'Regions' | 'follow';

/** Where a history happens. */
export interface Scene {
  readonly owners: number;
  /** The first owner has a key that rotates, which SES has verified. */
  readonly isDeployed: boolean;
  readonly settings: Settings;
  /** @default none */
  readonly often?: Often;
}

export const LABELS = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'] as const;
export type Label = typeof LABELS[number];

export type KeyOperation =
  | { readonly do: 'deploy'; readonly owner: number; readonly as: Wanted; readonly ending: Ending }
  /** The same properties once more, but for one that the handler does not look at. */
  | { readonly do: 'again'; readonly owner: number }
  /** The stack is deleted. */
  | { readonly do: 'remove'; readonly owner: number }
  /** A roll-back that failed goes on, and skips what failed. */
  | { readonly do: 'skip'; readonly owner: number }
  /** `aws secretsmanager rotate-secret`, and so many seconds. */
  | { readonly do: 'rotate'; readonly owner: number; readonly seconds: number }
  | { readonly do: 'cancel rotation'; readonly owner: number }
  /** A late repeat of one step, for the version with this label, or for one that there is not. */
  | { readonly do: 'step'; readonly owner: number; readonly step: Step; readonly of: Label | 'nothing' }
  | { readonly do: 'revoke'; readonly owner: number; readonly key: Label | 'oldest' | 'signing' }
  | { readonly do: 'move label'; readonly owner: number; readonly label: Label; readonly to: Label | 'oldest' | 'nothing' }
  /** A value that is no key. */
  | { readonly do: 'put junk'; readonly owner: number; readonly as: 'AWSCURRENT' | 'AWSPENDING' }
  /** Marked for deletion, restored, or deleted at once. */
  | { readonly do: 'change secret'; readonly owner: number; readonly to: 'marked' | 'back' | 'gone' }
  | { readonly do: 'change tag'; readonly owner: number; readonly how: 'no overlap' | 'no stack' | 'back' }
  | { readonly do: 'SES finds'; readonly what: 'nothing' | 'all' }
  /** `sign again`: with a key of the user that has a record still. */
  | {
    readonly do: 'change identity';
    readonly how: 'sign' | 'sign again' | 'switch off' | 'switch on' | 'make anew' | 'take tags';
  }
  | { readonly do: 'write record'; readonly selector: Selector; readonly text: 'same key' | 'other key' | 'junk' }
  | { readonly do: 'remove record'; readonly owner: number; readonly of: Label }
  /** The user stores a new version in the secret that is followed, and so many seconds. `isHeard`: its event comes. */
  | { readonly do: 'store'; readonly what: Stored; readonly isHeard: boolean; readonly seconds: number }
  /** SES in a Region answers with errors, or cannot be reached, until it is opened. */
  | { readonly do: 'close Region'; readonly region: Region; readonly how: 'fails' | 'unreachable' | 'open' }
  | { readonly do: 'pass'; readonly minutes: number }
  /** Until the next deployment is over, or an hour has passed. */
  | { readonly do: 'fault'; readonly fault: Fault };

export type Deployment = Extract<KeyOperation, { do: 'deploy' | 'again' | 'remove' | 'skip' }>;

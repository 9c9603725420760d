// The settings of the local SES: its limits and times, and a switch for each behaviour that AWS does not document.
import { SES_TIMES, VerificationTimes } from './verification';

export interface SesSettings extends VerificationTimes {
  /** Control-plane requests per second. */
  readonly requestsPerSecond: number;
  /**
   * What shares that limit in one account and Region: all operations together, or each operation for itself. AWS's page
   * of quotas speaks of the API, and the error's description of "the operation". Together is harsher.
   */
  readonly requestLimit: 'all operations' | 'each operation';
  /** What a call that configures signing answers. On AWS it was NOT_STARTED. The next read says PENDING in any case. */
  readonly firstStatus: 'NOT_STARTED' | 'PENDING';
  /**
   * Whether a read can show what was before a change, for `staleForMs` after it: never, always, or as Math.random has
   * it. Unknown on AWS. Off, as the handler takes the old SUCCESS for the new key's, and most tests would fail for it.
   */
  readonly staleReads: 'never' | 'always' | 'sometimes';
  /**
   * For how long. Three seconds: the request limit alone keeps the first read a second away from the change, and a
   * refused call is repeated a second or two later. A shorter time would hardly ever be seen.
   */
  readonly staleForMs: number;
  /** What BYODKIM shows as tokens: the selector, as was seen, or nothing, as a guide's example has it. */
  readonly byoDkimTokens: 'selector' | 'none';
  /** Whether SES keeps a selector in the case it was given in. Unknown on AWS; kept is harsher, as DNS has no case. */
  readonly selectorCase: 'kept' | 'lower';
  /**
   * How long after a call Easy DKIM has no tokens to show. Nobody has seen that, but the list may be empty by the API's
   * types. Off, as no deployment can end well while it lasts.
   */
  readonly tokensAfterMs: number;
  /** Refuse to set the key length that the identity already has. AWS documents that it does, but was seen not to. */
  readonly strictKeyLength: boolean;
  /** Make new tokens whenever an identity comes back to Easy DKIM, also with the same key length. Unknown on AWS. */
  readonly newTokensOnReturn: boolean;
  /**
   * What CloudFormation makes of the identity's tags when it updates the identity: only those of the template, or these
   * and whatever others there are. Unknown on AWS; the first is harsher.
   */
  readonly stackUpdateKeepsTags: 'its own' | 'all';
}

export const SES_DEFAULTS: SesSettings = {
  ...SES_TIMES,
  requestsPerSecond: 1,
  requestLimit: 'all operations',
  firstStatus: 'NOT_STARTED',
  staleReads: 'never',
  staleForMs: 3_000,
  byoDkimTokens: 'selector',
  selectorCase: 'kept',
  tokensAfterMs: 0,
  strictKeyLength: true,
  newTokensOnReturn: false,
  stackUpdateKeepsTags: 'its own',
};

// An identity of the local SES: which one it is, what SES keeps of it, and what SES shows of it.
import { SoaRecord } from 'node:dns';
import { EasyDkimKeys, KeyLength } from './easy-dkim';
import { Signing } from './signing';
import { StaleReads } from '../stale-reads';
import { Tag } from './tags';
import { DkimStatus, LookError, Verification } from './verification';
import { partitionOf } from '../partition';

/** Which identity. */
export interface IdentityRef {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

/** What SES shows of an identity. It never shows a private key. */
export interface IdentityState extends IdentityRef {
  /** `AWS_SES`, `EXTERNAL`, or `AWS_SES_<REGION>` of a replica. */
  readonly origin: string;
  readonly status: DkimStatus;
  readonly signingEnabled: boolean;
  /** Tokens of Easy DKIM, or the selector of BYODKIM. */
  readonly tokens: readonly string[];
  /** Not with BYODKIM. */
  readonly signingHostedZone?: string;
  readonly nextKeyLength?: KeyLength;
  readonly currentKeyLength?: KeyLength;
  readonly keyGeneratedAt?: number;
  readonly verifiedForSending: boolean;
  readonly lastChecked?: number;
  readonly lastSuccess?: number;
  readonly errorType?: LookError;
  readonly soa?: SoaRecord;
  readonly tags: readonly Tag[];
}

/** What SES keeps. */
export interface Identity extends IdentityRef {
  signing: Signing;
  /** Kept while another method is in use. */
  easy: EasyDkimKeys;
  /** Before this time SES shows no tokens of Easy DKIM. */
  tokensAt: number;
  /** Of the last key that was verified. */
  currentKeyLength: KeyLength;
  readonly keyLengthChanges: { to: KeyLength; at: number }[];
  /** All keys that stand in SES's DNS; old ones stay there for mail on its way. */
  readonly published: EasyDkimKeys[];
  signingEnabled: boolean;
  verification: Verification;
  soa?: SoaRecord;
  tags: readonly Tag[];
  readonly staleReads: StaleReads<IdentityState>;
  /** Ends the waiting for the next look. */
  watch: AbortController;
}

export function identityArn({ account, region, name }: IdentityRef): string {
  return `arn:${partitionOf(region)}:ses:${region}:${account}:identity/${name}`;
}

/** Identifies an identity in this process. */
export function identityKey({ account, region, name }: IdentityRef): string {
  return `${account}/${region}/${name}`;
}

// The DKIM verification of one identity as pure steps: a call starts it, and what a look in DNS finds moves it on.

export type DkimStatus = 'NOT_STARTED' | 'PENDING' | 'SUCCESS' | 'FAILED' | 'TEMPORARY_FAILURE';

/** `VerificationInfo.ErrorType` of SES. */
export type LookError =
  | 'HOST_NOT_FOUND'
  | 'TYPE_NOT_FOUND'
  | 'INVALID_VALUE'
  | 'DNS_SERVER_ERROR'
  | 'SERVICE_ERROR'
  | 'REPLICATION_ACCESS_DENIED'
  | 'REPLICATION_PRIMARY_NOT_FOUND'
  | 'REPLICATION_PRIMARY_BYO_DKIM_NOT_SUPPORTED'
  | 'REPLICATION_REPLICA_AS_PRIMARY_NOT_SUPPORTED'
  | 'REPLICATION_PRIMARY_INVALID_REGION';

/** What SES saw when it looked. */
export type Look = 'FOUND' | LookError;

export interface Verification {
  readonly status: DkimStatus;
  /** When this search began: the call, or the look that missed the records. */
  readonly since: number;
  /** When SES looks again; without it SES does not look by itself. */
  readonly nextLook?: number;
  readonly lastChecked?: number;
  readonly lastSuccess?: number;
  readonly errorType?: LookError;
  /** Once true it stays: no Put takes it away. */
  readonly verifiedForSending: boolean;
}

/** All in milliseconds of cloud time. */
export interface VerificationTimes {
  /** From the call to the first look. */
  firstLook: number;
  /** Between looks while the records are searched for. */
  readonly lookEvery: number;
  /** Between looks while all is well. */
  readonly recheckEvery: number;
  /** How long SES searches after a call. */
  readonly giveUpAfter: number;
  /** How long records that have disappeared may take to come back. */
  readonly restoreWithin: number;
}

export const HOUR = 3_600_000;

export const SES_TIMES: VerificationTimes = {
  firstLook: 30_000,
  lookEvery: 60_000,
  recheckEvery: 300_000,
  giveUpAfter: 72 * HOUR,
  restoreWithin: 5 * 24 * HOUR,
};

/**
 * After a call that configures signing, even one that changes nothing. Whether SES would skip that one is unknown, and
 * this is the worse case.
 */
export function armed(before: Verification | undefined, now: number, times: VerificationTimes): Verification {
  return {
    status: 'PENDING',
    since: now,
    nextLook: now + times.firstLook,
    lastChecked: before?.lastChecked,
    lastSuccess: before?.lastSuccess,
    verifiedForSending: before?.verifiedForSending ?? false,
  };
}

/** After SES has looked. */
export function looked(before: Verification, look: Look, now: number, times: VerificationTimes): Verification {
  if (look === 'FOUND') {
    return {
      status: 'SUCCESS',
      since: before.since,
      nextLook: now + times.recheckEvery,
      lastChecked: now,
      lastSuccess: now,
      verifiedForSending: true,
    };
  }
  const { lastSuccess, verifiedForSending } = before;
  const missed = { lastChecked: now, lastSuccess, errorType: look, verifiedForSending };
  const lost = before.status === 'SUCCESS' || before.status === 'TEMPORARY_FAILURE';
  const since = before.status === 'SUCCESS' ? now : before.since;
  const deadline = since + (lost ? times.restoreWithin : times.giveUpAfter);
  // No record in DNS would mend a refused replication, and a FAILED identity waits for the next call.
  if (look.startsWith('REPLICATION_') || now >= deadline) return { status: 'FAILED', since, ...missed };
  const nextLook = Math.min(now + times.lookEvery, deadline);
  return { status: lost ? 'TEMPORARY_FAILURE' : 'PENDING', since, nextLook, ...missed };
}

// Looks whether a rotating key is changed in time: what Secrets Manager says of the secret, without its value, and what
// the registry records in public DNS say of the records before.
import { DEPLOY_A_CHANGE, Finding } from './finding';
import { Seen } from './metrics';
import { SesView } from './ses-findings';
import { METRICS, placeIn, WatchedIdentity } from '../../src/private/contract';
import { textOf } from '../base/describe-error';
import { isRegistryLabel, pageLabel } from '../base/owner';
import { FAILS_SINCE, IdentityState, KeyStoreState, labelOf, PublicDns, TAKEN_BACK } from '../base/ports';
import { recordName } from '../records/dkim-record';
import { parseRegistry } from '../records/registry';
import { dayOf } from '../signing/dated-selector';

export interface RotationLook {
  readonly seen: Pick<Seen, typeof METRICS.rotating[number]>;
  readonly findings: readonly Finding[];
}

interface Sources {
  readonly describe: (secretArn: string) => Promise<KeyStoreState | undefined>;
  readonly dns: PublicDns;
  readonly now: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Longer than SES and all repeats can take: the hourly care should have settled it. */
const LONGEST_ROTATION_MS = 4 * HOUR_MS;
/** Secrets Manager begins within a window after the time of the schedule, of a day at most. */
const LATEST_MS = 2 * DAY_MS;
/** The hourly care may have failed once. */
const OVERDUE_MS = 3 * HOUR_MS;
/** Further pages of a registry record that are looked for. */
const MOST_PAGES = 8;

export async function lookAtRotation(
  { Identity: domain, Signing, DelegatedTo: zoneName }: WatchedIdentity, view: SesView | Finding,
  { describe, dns, now }: Sources,
): Promise<RotationLook> {
  if (Signing.Method !== 'ROTATING_BYODKIM') return { seen: {}, findings: [] };
  const { SecretArn: arn, Follows: isFollowing } = Signing;
  const identity = 'identity' in view ? view.identity : undefined;
  const [state, { isUnlisted, ...ofRecords }] = await Promise.all([
    describe(arn).catch((error: unknown) => blind(arn, error)),
    identity ? recordsBefore(zoneName ? placeIn(zoneName, domain) : domain, identity, dns, now) : { isUnlisted: false },
  ]);
  if (!state || 'what' in state) return { seen: ofRecords, findings: [state ?? gone(arn)] };
  const { nextRotationAt, changedAt = now } = state;
  const { rotatedAt, latest } = keyChangedAt(state, identity, now);
  const isOnTime = nextRotationAt === undefined || now - nextRotationAt < LATEST_MS || latest > nextRotationAt;
  const { AWSPENDING, AWSCURRENT, [TAKEN_BACK]: takenBack } = state.versions;
  const isPending = AWSPENDING !== undefined && AWSPENDING !== AWSCURRENT;
  const pendingMs = isPending ? now - changedAt : 0;
  const isTakenBack = isFollowing && takenBack !== undefined && !isPending;
  const failing = labelOf(FAILS_SINCE, state)?.slice(FAILS_SINCE.length);
  const failingMs = failing ? now - Date.parse(failing) : 0;
  return {
    seen: {
      KeyAgeDays: isFollowing ? undefined : tenths((now - rotatedAt) / DAY_MS),
      DaysToRotation: nextRotationAt === undefined ? undefined : tenths((nextRotationAt - now) / DAY_MS),
      RotationPendingMinutes: Math.round(pendingMs / MINUTE_MS),
      ...ofRecords,
    },
    findings: [
      ...isTakenBack ? [{
        what: `the key that ${domain} was to be signed with was taken back, as SES did not verify it`,
        whatToDo: 'See in the log of the function that changes keys (…Rotation…) what SES saw. Then store the key again',
      }] : [],
      ...isTakenBack || failingMs < LONGEST_ROTATION_MS ? [] : [{
        what: isFollowing
          ? `the function that follows the secret of ${domain} has failed for ${Math.round(failingMs / HOUR_MS)} hours, so a new `
            + 'key is not used'
          : `the hourly care of the key of ${domain} has failed for ${Math.round(failingMs / HOUR_MS)} hours, so records of `
            + 'earlier keys can stay',
        whatToDo: 'See in the log of the function that changes keys (…Rotation…) what keeps it from that',
      }],
      ...!isUnlisted || isFollowing ? [] : [{
        what: `the key of ${domain} cannot be changed any more, as the registry record that lists it is gone`,
        whatToDo: `Find out who has deleted it. To have it written again, ${DEPLOY_A_CHANGE}`,
      }],
      ...state.rotates || isFollowing ? [] : [{
        what: `the key of ${domain} is not changed any more, as rotation of the secret ${arn} is switched off`,
        whatToDo: `Find out who did. To switch it on again: aws secretsmanager rotate-secret --secret-id ${arn}`,
      }],
      ...pendingMs < LONGEST_ROTATION_MS ? [] : [{
        what: `a change of the key of ${domain} has not come to its end for ${Math.round(pendingMs / HOUR_MS)} hours`,
        whatToDo: 'See in the log of the function that changes keys (…Rotation…) what keeps it from that',
      }],
      ...isOnTime ? [] : [{
        what: `the key of ${domain} should have been changed by ${new Date(nextRotationAt).toISOString()}`,
        whatToDo: 'See in CloudTrail, and in the log of the function that changes keys (…Rotation…), why it was not',
      }],
    ],
  };
}

/**
 * Secrets Manager does not count a change that the hourly care has brought to its end, when SES took longer than all
 * repeats. So the selector counts too, which says on which day its key was made, but not at which time of it.
 */
function keyChangedAt({ rotatedAt: counted }: KeyStoreState, identity: IdentityState | undefined, now: number) {
  const days = identity?.origin === 'EXTERNAL' ? identity.tokens.flatMap((selector) => dayOf(selector) ?? []) : [];
  const rotatedAt = Math.max(counted ?? now, ...days.filter((day) => day <= now));
  return { rotatedAt, latest: rotatedAt === counted ? counted : rotatedAt + DAY_MS };
}

function gone(arn: string): Finding {
  return {
    what: `the secret ${arn} with the rotating key is gone, or marked for deletion`,
    whatToDo: 'Restore it: aws secretsmanager restore-secret. SES goes on with the key that it has',
  };
}

function blind(arn: string, error: unknown): Finding {
  return {
    what: `nobody could see when the key in the secret ${arn} changes: ${textOf(error)}`,
    whatToDo: "See whether a policy forbids secretsmanager:DescribeSecret to the function's role",
    isBlind: true,
  };
}

/** By the registry records of those who have told SES. Nobody knows of one that no name server has answered. */
async function recordsBefore(
  place: string, { tags }: IdentityState, dns: PublicDns, now: number,
): Promise<RotationLook['seen'] & { readonly isUnlisted: boolean }> {
  // Pages come and go, so there can be gaps.
  const labels = Object.keys(tags).filter(isRegistryLabel).flatMap((label) =>
    [label, ...Array.from({ length: MOST_PAGES }, (_, index) => pageLabel(label, index + 1))]);
  const answers = await Promise.all(labels.map((label) => dns.ask(recordName(label, place))));
  const values = answers.map((each) => each.find(({ values: given }) => given !== undefined)?.values);
  if (values.includes(undefined)) return { isUnlisted: false };
  const ends = values.flatMap((given) => parseRegistry(given ?? []).entries.flatMap(({ until }) => until ?? []));
  return {
    // A rotation trusts its secret only if a registry record lists the key. It need not be at each DNS provider.
    isUnlisted: labels.length > 0
      && answers.flat().every(({ values: given = [] }) => parseRegistry(given).entries.length === 0),
    SupersededRecords: ends.length,
    RetirementsOverdue: ends.filter((until) => Date.parse(until) < now - OVERDUE_MS).length,
  };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

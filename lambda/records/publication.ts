// Publishes the records of a signing in the hosted zone, and leaves a zone that is no longer named.
import { DkimRecord, domainKeyName } from './dkim-record';
import { settle } from './settle';
import { planLeaving, planPublication, planReaffirmation, registryName } from './zone-plan';
import { ZoneProperties } from '../base/desired';
import { Log, withoutKeys } from '../base/log';
import { Owner } from '../base/owner';
import { OpenZone, RecordSet } from '../base/ports';

/** How long a superseded record stays: mail is delivered for days after it was signed. Practice is 3 to 14 days. */
const OVERLAP_DAYS = 14;

/** Where an owner's records are published, and how. */
export interface Publisher {
  readonly owner: Owner;
  readonly zone: OpenZone;
  /** How the stack wants the zone's records. */
  readonly settings: ZoneProperties;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
}

export interface PublicationRequest {
  readonly wanted: readonly DkimRecord[];
  /** Region in which the owner sets how the identity signs. */
  readonly signs: string;
  /** Looks at the records before anything is written. */
  readonly guard?: (records: readonly RecordSet[]) => unknown;
  /** What is no longer wanted is marked as superseded. @default true */
  readonly supersedes?: boolean;
  /** The records have to be in sync in the end, even when a run before this one wrote them. */
  readonly inSync?: boolean;
  /** Called before the first change in a zone in which this owner has nothing yet. */
  readonly beforeFirstChange?: () => void;
}

export async function publish(publisher: Publisher, request: PublicationRequest): Promise<readonly RecordSet[]> {
  const { owner, zone, log } = publisher;
  const { supersededUntil, ...publication } = publicationOf(publisher);
  return settle(zone, domainKeyName(owner.domain), (records) => {
    request.guard?.(records);
    const { wanted, signs, supersedes = true } = request;
    return planPublication(records, owner, { wanted, signs, ...publication, ...(supersedes ? { supersededUntil } : {}) });
  }, {
    log,
    reaffirm: request.inSync ? (records) => planReaffirmation(records, owner) : undefined,
    beforeChange: (records) => {
      if (!records.some(({ name }) => name === registryName(owner))) request.beforeFirstChange?.();
    },
  });
}

function publicationOf({ settings: { ttl, overwrite }, now: clock }: Pick<Publisher, 'settings' | 'now'>) {
  const now = clock();
  return { ttl, overwrite, now: isoSeconds(now), supersededUntil: isoSeconds(now + OVERLAP_DAYS * 86_400_000) };
}

function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * Marks the owner's records as superseded in a zone that the stack no longer names. They stay for the mail on its way. It is a courtesy to the
 * next reader: when the old zone cannot be reached any more, the deployment goes on.
 */
export async function leaveZone(publisher: Publisher): Promise<void> {
  const { owner, zone, settings: { id: hostedZoneId }, log } = publisher;
  try {
    await settle(zone, domainKeyName(owner.domain), (records) => planLeaving(records, owner, publicationOf(publisher)), { log });
    log('previous-zone-left', { hostedZoneId });
  } catch (error) {
    log('previous-zone-unreachable', { hostedZoneId, message: withoutKeys((error as Error).message) });
  }
}

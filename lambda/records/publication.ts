// Publishes the records of a signing in the hosted zone, and leaves a zone that is no longer named.
import { applyPlan, Plan } from './apply-plan';
import { domainKeyName } from './dkim-record';
import { alreadyListed } from './open-zone';
import { refuseCut } from './zone-cut';
import {
  planLeaving, planNote, planPublication, planRetirement, planRevocation, planTouch, Publication, Retirement,
} from './zone-plan';
import { entriesOf, namesOfListers, registryName, ZoneView } from './zone-view';
import { DEFAULT_RECORD_OVERLAP } from '../../src/private/contract';
import { textOf } from '../base/describe-error';
import { ZoneSettings } from '../base/desired-state';
import { ChangeRefusedError } from '../base/errors';
import { Owner } from '../base/owner';
import { OpenZone, RecordSet, Services } from '../base/ports';

/** Where an owner's records are published, and how. */
export interface Publisher extends Pick<Services, 'retry' | 'log'> {
  readonly owner: Owner;
  readonly zone: OpenZone;
  readonly settings: ZoneSettings;
}

export interface PublicationRequest extends Pick<Publication, 'wanted' | 'inUse' | 'usedUntilNow'> {
  /** Looks at the records before anything is written, and throws when they must not change. */
  readonly check?: (records: readonly RecordSet[]) => void;
  /** What is no longer wanted is marked as superseded. @default true */
  readonly supersedes?: boolean;
  /** The records have to be in sync in the end, even when a run before this one wrote them. */
  readonly inSync?: boolean;
  /** Called before the first change in a zone in which this owner has nothing yet. */
  readonly beforeFirstChange?: () => void;
}

export async function publish(publisher: Publisher, request: PublicationRequest): Promise<readonly RecordSet[]> {
  const { owner, zone, log, retry } = publisher;
  const { wanted, inUse, usedUntilNow, check, supersedes = true, inSync = false, beforeFirstChange } = request;
  const { supersededUntil, ...settings } = planSettings(publisher);
  const publication = {
    ...settings, wanted, inUse, usedUntilNow, supersededUntil: supersedes ? supersededUntil : undefined,
  };
  let notedAmong: string[] | undefined;
  const beforeChange = (records: readonly RecordSet[]) => {
    if (!records.some(({ name }) => name === registryName(owner))) beforeFirstChange?.();
  };
  const checked = (plan: typeof planPublication): Plan => (records, room, changed) => {
    for (const { name } of wanted) refuseCut(name, records, publisher.settings.id);
    check?.(records);
    // Who has come meanwhile is touched once. Two deployments would otherwise touch each other without end. Where a run
    // before this one has made the note, anybody can have come since: then the first batch touches some.
    const known = notedAmong ?? (inSync && changed.length === 0 ? [] : undefined);
    return plan(records, owner, { ...publication, notedAmong: known && [...known, ...changed] }, room);
  };
  const below = domainKeyName(owner.domain);
  const records = await applyPlan(zone, below, checked(planNote), {
    log,
    retry,
    awaitsSync: true,
    // Its answer can have been lost, and then it has not been waited for.
    touch: (found) => notedAmong ? planTouch(found, owner) : [],
    beforeChange: (found) => {
      beforeChange(found);
      // A batch that was refused may be there: then who has come since has not been touched.
      notedAmong ??= namesOfListers(found, owner, wanted.map(({ name }) => name));
    },
  });
  return applyPlan(notedAmong ? zone : alreadyListed(zone, records), below, checked(planPublication), {
    log,
    retry,
    awaitsSync: true,
    touch: inSync ? (found) => planTouch(found, owner) : undefined,
    wasInSync: notedAmong !== undefined,
    beforeChange,
  });
}

/**
 * Deletes what has been superseded for long enough. `records` are those of the zone; gives those that are there then.
 * Mail does not depend on it: when Route 53 refuses it, the deployment goes on, and the next one tries again.
 */
export async function retire(
  publisher: Publisher, records: readonly RecordSet[], selectorsInUse: readonly string[],
  which: Pick<Retirement, 'revokedToo' | 'neverTold'> = {},
): Promise<readonly RecordSet[]> {
  const { owner, zone, log } = publisher;
  const { now, supersededUntil } = planSettings(publisher);
  const plan = (found: readonly RecordSet[], room: number) =>
    planRetirement(found, owner, { ...which, now, supersededUntil, selectorsInUse }, room);
  try {
    return await applyPlan(alreadyListed(zone, records), domainKeyName(owner.domain), plan, publisher);
  } catch (error) {
    if (!(error instanceof ChangeRefusedError)) throw error;
    log('records-refused', { message: error.whatHappened });
    return records;
  }
}

/** @param before in ms: only what must stay no longer than until then */
export function hasSuperseded(records: readonly RecordSet[], owner: Owner, before = Infinity): boolean {
  return new ZoneView(records, owner).entries.some(({ until }) => until && Date.parse(until) <= before);
}

/**
 * Publishes an empty key in place of a superseded one. It stays for an overlap from now.
 *
 * @param partners labels of owners of the same key, which may list the record too
 */
export async function revoke(publisher: Publisher, selector: string, partners: readonly string[]): Promise<void> {
  const { owner, zone } = publisher;
  const { supersededUntil } = planSettings(publisher);
  const plan = (records: readonly RecordSet[], room: number) =>
    planRevocation(records, owner, { label: selector, until: supersededUntil, partners }, room);
  await applyPlan(zone, domainKeyName(owner.domain), plan, { ...publisher, awaitsSync: true });
}

/**
 * Marks the owner's records as superseded in a zone that the stack no longer names. They stay for the mail on its way.
 * It is a courtesy to the next reader: when the zone cannot be reached any more, the deployment goes on.
 *
 * @param untold selectors that SES has not been told of lately. Unless they are superseded, no mail has them, and their
 * records need not stay
 */
export async function leaveZone(publisher: Publisher, untold: readonly string[] = []): Promise<void> {
  const { owner, zone, settings: { id: hostedZoneId }, log } = publisher;
  const planned = planSettings(publisher);
  const below = domainKeyName(owner.domain);
  const plan = (records: readonly RecordSet[], room: number) => planLeaving(records, owner, planned, room);
  try {
    const before = await zone.list(below);
    const neverTold = entriesOf(before, owner, untold).flatMap(({ label, until }) => until ? [] : [label]);
    const records = await applyPlan(alreadyListed(zone, before), below, plan, publisher);
    if (neverTold.length > 0) await retire(publisher, records, [], { neverTold });
    log('previous-zone-left', { hostedZoneId });
  } catch (error) {
    log('previous-zone-unreachable', { hostedZoneId, message: textOf(error) });
  }
}

/** What the times of a plan are. */
export function planSettings({ settings, retry }: Pick<Publisher, 'settings' | 'retry'>) {
  const { ttl, overwrite, overlapSeconds: overlap = DEFAULT_RECORD_OVERLAP, delegation } = settings;
  const now = retry.now();
  return {
    ttl,
    overwrite,
    takesTurns: delegation !== undefined,
    now: isoSeconds(now),
    supersededUntil: isoSeconds(now + overlap * 1000),
  };
}

function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

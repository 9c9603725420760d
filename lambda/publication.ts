// Publishes the records of a signing in the hosted zone, and leaves a zone that is no longer named.
import { DkimRecord, domainKeyName } from './dkim-record';
import { withoutKeys } from './log';
import { OpenZone } from './ports';
import { ZoneProperties } from './properties';
import { settle } from './settle';
import { Task, World } from './task';
import { planLeaving, planPublication, planReaffirmation, RecordSet, registryName } from './zone-plan';

/** How long a superseded record stays: mail is delivered for days after it was signed. Practice is 3 to 14 days. */
const OVERLAP_DAYS = 14;

interface PublishOptions {
  /** Looks at the records before anything is written. */
  readonly guard?: (records: readonly RecordSet[]) => unknown;
  /** What is no longer wanted is marked as superseded. @default true */
  readonly supersedes?: boolean;
  /** The records have to be in sync in the end, even when a run before this one wrote them. */
  readonly inSync?: boolean;
}

export async function publish(task: Task, zone: OpenZone, wanted: readonly DkimRecord[], options: PublishOptions = {}) {
  const { desired, owner, world, progress } = task;
  const { supersededUntil, ...publication } = publicationOf(desired.zone!, world);
  const plan = (records: readonly RecordSet[]) => {
    options.guard?.(records);
    const changes = planPublication(records, owner, {
      wanted, signs: desired.region, ...publication, ...(options.supersedes === false ? {} : { supersededUntil }),
    });
    progress.recordsBegun ||= !records.some(({ name }) => name === registryName(owner));
    return changes;
  };
  const reaffirm = options.inSync ? (records: readonly RecordSet[]) => planReaffirmation(records, owner) : undefined;
  return settle(zone, domainKeyName(desired.identity), plan, world, reaffirm);
}

function publicationOf({ ttl, overwrite }: ZoneProperties, { patience }: World) {
  const now = patience.now();
  return { ttl, overwrite, now: isoSeconds(now), supersededUntil: isoSeconds(now + OVERLAP_DAYS * 86_400_000) };
}

function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * The zone was changed or taken away. What is in the old one stays for the mail on its way, marked with its time. It is a courtesy to the
 * next reader: when the old zone cannot be reached any more, the deployment goes on.
 */
export async function leavePreviousZone({ desired, previous, owner, world }: Task): Promise<void> {
  const left = previous?.zone;
  if (!left || left.id === desired.zone?.id) return;
  try {
    await settle(world.zone(left), domainKeyName(desired.identity), (records) => planLeaving(records, owner, publicationOf(left, world)), world);
    world.log('previous-zone-left', { hostedZoneId: left.id });
  } catch (error) {
    world.log('previous-zone-unreachable', { hostedZoneId: left.id, message: withoutKeys((error as Error).message) });
  }
}

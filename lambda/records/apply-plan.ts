// Applies a plan to a hosted zone: reads, plans and changes until nothing is left to do. A refused plan is made again.
import { isDeepStrictEqual } from 'node:util';
import { MAX_CHARACTERS } from './batch';
import { ChangeRefusedError } from '../base/errors';
import { Log } from '../base/log';
import { Change, OpenZone, RecordSet } from '../base/ports';
import { backOff, Retry } from '../base/retry';

/** How often a batch may be refused although the zone is as it was read. Nobody else's change is the reason then. */
const MAX_UNEXPLAINED = 5;
/** Then the batch may be too large by Route 53's own count, so a smaller one is tried, down to this. */
const LEAST_ROOM = 3_000;
const FIRST_PAUSE_MS = 1_000;

/**
 * Decides what has to change first, from what is in the zone and how many characters a batch may have. Gives nothing
 * when all is as it should be. Changes nothing itself. The batches before this one have changed records of the names
 * in `changed`.
 */
export type Plan = (records: readonly RecordSet[], room: number, changed: readonly string[]) => readonly Change[];

export interface ApplyOptions {
  readonly log: Log;
  /** Returns when the name servers have the change. If nothing comes after it, there is no need to wait. */
  readonly awaitsSync?: boolean;
  readonly retry: Pick<Retry, 'pause'>;
  /**
   * A change without effect, made when the plan has none. What is listed need not be in sync: a run that crashed may
   * have changed it a second ago. A zone's changes come into sync in their order, so after this one the earlier one is.
   */
  readonly touch?: Plan;
  /** A change before has been waited for. But one that is refused can be there: its answer was lost. */
  readonly wasInSync?: boolean;
  /** Called before each change, with what is there: after a crash, the change can be there. */
  readonly beforeChange?: (records: readonly RecordSet[]) => void;
}

/**
 * A plan names exactly what it found, so Route 53 refuses its batch when that has changed. A batch that is carried
 * out was right for the zone at that moment, also when two stacks work in it (docs/adr/0010-one-batch.md). What is too
 * much for one batch is done in several: after each, the plan is made from what is there then, as it would be after a
 * crash (docs/adr/0019-several-batches.md). Returns the records as they are in the end.
 */
export async function applyPlan(
  zone: OpenZone, below: string, plan: Plan,
  { log, retry, awaitsSync, touch = () => [], wasInSync = false, beforeChange }: ApplyOptions,
): Promise<readonly RecordSet[]> {
  let records: readonly RecordSet[] = await zone.list(below);
  let room = MAX_CHARACTERS;
  let changed: readonly string[] = [];
  let planned = plan(records, room, changed);
  let isInSync = wasInSync;
  for (let refusals = 0, unexplained = 0; ;) {
    const changes = planned.length > 0 || isInSync ? planned : touch(records, room, changed);
    if (changes.length === 0) return records;
    const then = after(records, changes);
    const changedThen = [...changed, ...changes.map(({ record }) => record.name)];
    const next = plan(then, room, changedThen);
    beforeChange?.(records);
    try {
      const made = await zone.change(changes);
      // Changes come into sync in their order, so only the last is waited for.
      if (awaitsSync && next.length === 0) await made.inSync();
    } catch (error) {
      if (!(error instanceof ChangeRefusedError) || unexplained + 1 === MAX_UNEXPLAINED) throw error;
      log('records-refused', { attempt: ++refusals, message: error.whatHappened });
      await retry.pause(backOff(refusals, FIRST_PAUSE_MS), `a change that was refused last: ${error.whatHappened}`);
      const found = await zone.list(below);
      unexplained = isDeepStrictEqual(found, records) ? unexplained + 1 : 0;
      if (unexplained > 0) room = Math.max(LEAST_ROOM, room / 2);
      records = found;
      isInSync = false;
      planned = plan(records, room, changed);
      continue;
    }
    log('records-changed', { records: changes.map(({ action, record }) => `${action} ${record.type} ${record.name}`) });
    isInSync = next.length === 0;
    records = then;
    changed = changedThen;
    planned = next;
  }
}

function after(records: readonly RecordSet[], changes: readonly Change[]): RecordSet[] {
  const recordsOf = (wanted: Change['action']) =>
    changes.flatMap(({ action, record }) => action === wanted ? [record] : []);
  const deleted = new Set(recordsOf('DELETE'));
  return [...records.filter((record) => !deleted.has(record)), ...recordsOf('CREATE')];
}

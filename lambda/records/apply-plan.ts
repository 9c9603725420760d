// Applies a plan to a hosted zone: reads, plans, changes. When Route 53 refuses the change, it starts again.
import { ChangeRefusedError } from '../base/errors';
import { Log } from '../base/log';
import { Change, OpenZone, RecordSet } from '../base/ports';

/** Each round after the first means that somebody else changed the same names meanwhile. */
const MAX_ROUNDS = 5;

/** Decides what has to change from what is in the zone. Changes nothing itself. */
export type Plan = (records: readonly RecordSet[]) => readonly Change[];

export interface ApplyOptions {
  readonly log: Log;
  /** Returns when the name servers have the change. Where nothing comes after it, nobody has to wait for that. */
  readonly awaitsSync?: boolean;
  /**
   * A change without effect, made when the plan has none. What is listed need not be in sync: a run that crashed may
   * have changed it a second ago. A zone's changes come into sync in their order, so after this one the earlier one is.
   */
  readonly touch?: Plan;
  /** Called before each change, with what is there: whoever crashes after it may leave the change behind. */
  readonly beforeChange?: (records: readonly RecordSet[]) => void;
}

/**
 * A plan names exactly what it found, so Route 53 refuses its batch when that has changed. A batch that is carried
 * out was right for the zone at that moment, also when two stacks work in it (docs/adr/0010-one-batch.md).
 * Returns the records as they are then.
 */
export async function applyPlan(
  zone: OpenZone, below: string, plan: Plan, { log, awaitsSync, touch = () => [], beforeChange }: ApplyOptions,
): Promise<readonly RecordSet[]> {
  for (let round = 1; ; round++) {
    const records = await zone.list(below);
    const planned = plan(records);
    const changes = planned.length > 0 ? planned : touch(records);
    if (changes.length === 0) return records;
    beforeChange?.(records);
    try {
      const made = await zone.change(changes);
      if (awaitsSync) await made.inSync();
    } catch (error) {
      if (!(error instanceof ChangeRefusedError) || round === MAX_ROUNDS) throw error;
      log('records-refused', { attempt: round, message: error.whatHappened });
      continue;
    }
    log('records-changed', { records: changes.map(({ action, record }) => `${action} ${record.type} ${record.name}`) });
    return after(records, changes);
  }
}

function after(records: readonly RecordSet[], changes: readonly Change[]): RecordSet[] {
  const recordsOf = (wanted: Change['action']) =>
    changes.flatMap(({ action, record }) => action === wanted ? [record] : []);
  const deleted = recordsOf('DELETE');
  return [...records.filter((record) => !deleted.includes(record)), ...recordsOf('CREATE')];
}

// Carries plans out in a hosted zone: reads, plans, changes; and again from what is there then, when Route 53 refuses the change.
import { Log } from '../base/log';
import { Change, ChangeRefusedError, OpenZone, RecordSet } from '../base/ports';

/** Each round but the first means that somebody else changed the same names meanwhile. */
const MAX_ROUNDS = 5;

/** Decides what has to change from what is in the zone. Changes nothing itself. */
export type Plan = (records: readonly RecordSet[]) => readonly Change[];

export interface SettleOptions {
  readonly log: Log;
  /**
   * A change that is made when the plan has none. What is listed need not be in sync: a run that crashed may have changed it a second ago. The
   * changes of a zone come into sync in their order, so after this one the earlier one is.
   */
  readonly reaffirm?: Plan;
  /** Called before each change, with what was there: a crash after it may have left the change behind. */
  readonly beforeChange?: (records: readonly RecordSet[]) => void;
}

/**
 * A plan names exactly what it found, so its batch is refused when that has changed; what is carried out was right for the zone at that moment,
 * also when two stacks work in it (docs/adr/0010-one-batch.md). Returns the records as they are then.
 */
export async function settle(
  zone: OpenZone, below: string, plan: Plan, { log, reaffirm = () => [], beforeChange }: SettleOptions,
): Promise<readonly RecordSet[]> {
  for (let round = 1; ; round++) {
    const records = await zone.list(below);
    const planned = plan(records);
    const changes = planned.length > 0 ? planned : reaffirm(records);
    if (changes.length === 0) return records;
    beforeChange?.(records);
    try {
      await zone.change(changes);
    } catch (error) {
      if (!(error instanceof ChangeRefusedError) || round === MAX_ROUNDS) throw error;
      log('records-refused', { attempt: round, message: error.message });
      continue;
    }
    log('records-changed', { records: changes.map(({ action, record }) => `${action} ${record.type} ${record.name}`) });
    return after(records, changes);
  }
}

function after(records: readonly RecordSet[], changes: readonly Change[]): RecordSet[] {
  const made = (wanted: Change['action']) => changes.flatMap(({ action, record }) => action === wanted ? [record] : []);
  const deleted = made('DELETE');
  return [...records.filter((record) => !deleted.includes(record)), ...made('CREATE')];
}

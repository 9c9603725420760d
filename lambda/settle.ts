// Carries plans out in a hosted zone: reads, plans, changes, and reads again until nothing is left to change.
import { Log } from './log';
import { isAccessDenied } from './patience';
import { ChangeRefusedError, HostedZone, ZoneGoneError } from './ports';
import { ZoneProperties } from './properties';
import { Change, RecordSet } from './zone-plan';

/** Each round but the last means that somebody else changed the same names meanwhile. */
const MAX_ROUNDS = 5;

/**
 * The plan is made from what is there, each time anew, so two stacks that work in one zone end in a state that is right for both. Returns the
 * records as they are in the end.
 *
 * What is listed need not be in sync: a run that crashed may have changed it a second ago. Who has to know gives `reaffirm`, a change that is
 * made when there is none; the changes of a zone come into sync in their order, so then the earlier one is.
 */
export async function settle(
  zone: HostedZone, below: string, plan: (records: readonly RecordSet[]) => readonly Change[], { log }: { log: Log },
  reaffirm?: (records: readonly RecordSet[]) => readonly Change[],
): Promise<readonly RecordSet[]> {
  let changed = false;
  for (let round = 1; ; round++) {
    const records = await zone.list(below);
    let changes = plan(records);
    if (changes.length === 0 && !changed && reaffirm) changes = reaffirm(records);
    if (changes.length === 0) return records;
    if (round > MAX_ROUNDS) throw new Error(`The records below ${below} were changed by somebody else after each of ${MAX_ROUNDS} changes. Deploy again.`);
    try {
      await zone.change(changes);
      changed = true;
      log('records-changed', { records: changes.map(({ action, record }) => `${action} ${record.type} ${record.name}`) });
    } catch (error) {
      if (!(error instanceof ChangeRefusedError) || round === MAX_ROUNDS) throw error;
      log('records-refused', { attempt: round, message: error.message });
    }
  }
}

/** Looks at the zone itself before anything is written to it. */
export async function openZone(zone: HostedZone, { id, roleArn }: ZoneProperties, domain: string): Promise<HostedZone> {
  try {
    const { name, privateZone } = await zone.describe();
    if (privateZone) throw new Error(`The hosted zone ${id} (${name}) is private. SES and receivers look in public DNS: use the public zone.`);
    if (domain !== name && !domain.endsWith(`.${name}`)) {
      throw new Error(`The hosted zone ${id} is for ${name}, and ${domain} is not in it. Use the zone of the domain or of a parent of it.`);
    }
    return zone;
  } catch (error) {
    if (isAccessDenied(error)) {
      throw new Error(`The function has no access to the hosted zone ${id}: ${(error as Error).message}. A zone of another account needs hostedZoneRole; `
        + 'in this account, a permission boundary or service control policy forbids the call.');
    }
    if (!(error instanceof ZoneGoneError)) throw error;
    throw new Error(`${error.message} Use the id of a hosted zone in ${roleArn ? `the account of ${roleArn}` : 'this account, or set hostedZoneRole'}.`);
  }
}

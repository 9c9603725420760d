// The CNAMEs of a domain that has its DNS elsewhere, and whether the world follows them into the zone of its keys.
import { DkimRecord, recordName } from './dkim-record';
import { PAUSE_MS, saidBy, WAIT_MS } from './public-answer';
import { Delegation, DesiredState } from '../base/desired-state';
import { HandlerError, LookAgainError } from '../base/errors';
import { NameServerAnswer, Services } from '../base/ports';

/** One for each slot. They never change. */
export function slotRecords(domain: string, { place, slots }: Delegation): DkimRecord[] {
  return slots.map((slot) => {
    const value = recordName(slot, place);
    return { name: recordName(slot, domain), type: 'CNAME', value, data: value };
  });
}

/**
 * Returns when the world follows both. Throws with what has to be published, and what was answered, when it does not in
 * time.
 *
 * @param until in ms since 1970: until then, a further invocation looks again. Undefined: nobody waits but for a moment
 */
export async function requireLedHere(
  { domain, zone }: Pick<DesiredState, 'domain' | 'zone'>, services: Pick<Services, 'dns' | 'retry' | 'log'>,
  until?: number,
): Promise<void> {
  if (!zone?.delegation) return;
  const { dns, retry, log } = services;
  const wanted = slotRecords(domain, zone.delegation);
  const began = retry.now();
  for (;;) {
    const asked = await Promise.all(wanted.map(async (record) => ({ record, answers: await dns.ask(record.name) })));
    const missing = asked.filter(({ record, answers }) => !leads(record, answers));
    if (missing.length === 0) return log('publicly-answered', { records: wanted.map(({ name }) => name) });
    if (retry.now() >= (until ?? began + WAIT_MS)) throw notLedHere(domain, wanted, missing);
    const waitingFor = `the CNAMEs of ${domain} to be published: ${listOf(wanted)}`;
    if (until !== undefined) throw new LookAgainError(waitingFor, until);
    await retry.pause(PAUSE_MS, waitingFor);
  }
}

interface Asked {
  readonly record: DkimRecord;
  readonly answers: readonly NameServerAnswer[];
}

/** A name server that is silent does not count. Nor does it matter yet what there is where they lead. */
function leads({ value }: DkimRecord, answers: readonly NameServerAnswer[]): boolean {
  const heard = answers.filter(({ alias, values }) => alias !== undefined || values !== undefined);
  return heard.length > 0 && heard.every(({ alias }) => alias === value);
}

function notLedHere(domain: string, wanted: readonly DkimRecord[], missing: readonly Asked[]): Error {
  const said = missing.map(({ record, answers }) => `${record.name}: ${saidBy(answers) || 'nobody has it'}`).join('. ');
  return new HandlerError(`Public DNS does not lead to the keys of ${domain} yet. ${said}. Signing was not touched`,
    `Publish both at the DNS provider of ${domain}, once and for good: ${listOf(wanted)}`);
}

function listOf(records: readonly DkimRecord[]): string {
  return records.map(({ name, value }) => `CNAME ${name} ${value}`).join('; ');
}

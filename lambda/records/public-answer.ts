// Publish before use: public name servers have to answer a record before SES is told to sign with what it holds.
import { DkimRecord } from './dkim-record';
import { DesiredState } from '../base/desired-state';
import { unquote } from '../base/dns-text';
import { HandlerError } from '../base/errors';
import { NameServerAnswer, Services } from '../base/ports';

/** Route 53 answers at once after INSYNC; other providers need a moment. */
const WAIT_MS = 120_000;
const PAUSE_MS = 10_000;

/** Whether the values of a record are as they have to be. */
export type Check = (values: readonly string[]) => boolean;

/** None of the name servers says otherwise, and one at least says it. One that cannot be reached does not count. */
export function isAnswered(answers: readonly NameServerAnswer[], isRight: Check): boolean {
  const given = answers.flatMap(({ values }) => values === undefined ? [] : [values]);
  return given.length > 0 && given.every(isRight);
}

/**
 * Returns when the name servers that the domain is publicly delegated to answer the record. Throws with what each of
 * them said.
 */
export async function requireAnswered(
  record: DkimRecord, isRight: Check, desired: DesiredState, services: Pick<Services, 'dns' | 'retry' | 'log'>,
): Promise<void> {
  const { dns, retry, log } = services;
  const began = retry.now();
  for (;;) {
    const answers = await dns.ask(record.name);
    if (isAnswered(answers, isRight)) return log('publicly-answered', { records: [record.name] });
    if (retry.now() - began >= WAIT_MS) throw notAnswered(record, answers, desired);
    await retry.pause(PAUSE_MS, `the public name servers to answer ${record.name}`);
  }
}

function notAnswered(record: DkimRecord, answers: readonly NameServerAnswer[], { domain, zone }: DesiredState): Error {
  const said = answers.map(whatItSaid).join('; ').slice(0, 1500) || 'it is delegated to none';
  return new HandlerError(
    `${domain} signs mail now, and its public name servers do not answer ${record.type} ${record.name}: ${said}. `
    + 'Signing was not touched',
    zone
      ? `Is ${zone.id} the zone that the domain is delegated to? Compare its name servers with those at the registrar`
      : `Publish ${record.type} ${record.name} with the value ${record.value} at your DNS provider, then deploy again`);
}

function whatItSaid({ nameServer, values = [], error }: NameServerAnswer): string {
  if (error) return `${nameServer} gave no answer (${error})`;
  return `${nameServer} ${values.length > 0 ? `has ${values.map(unquote).join(' | ').slice(0, 300)}` : 'has none'}`;
}

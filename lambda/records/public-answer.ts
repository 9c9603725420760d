// Publish before use: a record has to be answered by the public name servers before SES is told to sign with what it holds.
import { DkimRecord } from './dkim-record';
import { Desired } from '../base/desired';
import { Log } from '../base/log';
import { Patience } from '../base/patience';
import { NameServerAnswer, PublicDns } from '../base/ports';

/** Route 53 answers at once after INSYNC; other providers need a moment. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 10_000;

/** None of the name servers says otherwise, and one at least says it: one that cannot be reached does not count. */
export function isAnswered(answers: readonly NameServerAnswer[], isRight: (values: readonly string[]) => boolean): boolean {
  const given = answers.flatMap(({ values }) => values === undefined ? [] : [values]);
  return given.length > 0 && given.every(isRight);
}

/** Returns when the name servers that the domain is publicly delegated to answer the record. Throws with what each of them said. */
export async function requireAnswered(
  record: DkimRecord, isRight: (values: readonly string[]) => boolean, desired: Desired,
  { dns, patience, log }: { dns: PublicDns; patience: Patience; log: Log },
): Promise<void> {
  const began = patience.now();
  for (;;) {
    const answers = await dns.ask(record.name);
    if (isAnswered(answers, isRight)) return log('publicly-answered', { records: [record.name] });
    if (patience.now() - began >= PATIENCE_MS) throw notAnswered(record, answers, desired);
    await patience.pause(PAUSE_MS, `the public name servers to answer ${record.name}`);
  }
}

function notAnswered(record: DkimRecord, answers: readonly NameServerAnswer[], { identity, zone }: Desired): Error {
  const said = answers.map(({ nameServer, values, error }) =>
    `${nameServer} ${error ? `gave no answer (${error})` : values!.length ? `has ${values!.join(' | ').slice(0, 300)}` : 'has none'}`);
  const advice = zone
    ? `Is ${zone.id} the zone that the domain is delegated to? Compare its name servers with those at the registrar.`
    : `Publish ${record.type} ${record.name} with the value ${record.value} at your DNS provider, then deploy again.`;
  return new Error(`${identity} signs mail now, and its public name servers do not answer ${record.type} ${record.name}: `
    + `${said.join('; ').slice(0, 1500) || 'it is delegated to none'}. Signing was not touched. ${advice}`);
}

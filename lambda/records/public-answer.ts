// Publish before use: public name servers must have the record before SES is told to sign with its key.
import { DkimRecord } from './dkim-record';
import { DesiredState } from '../base/desired-state';
import { unquote } from '../base/dns-text';
import { HandlerError } from '../base/errors';
import { NameServerAnswer, Services, Silence } from '../base/ports';

/** Route 53 answers at once after INSYNC; other providers need a moment. */
export const WAIT_MS = 120_000;
export const PAUSE_MS = 10_000;
/** One that stays silent for so long is not heard by the world's resolvers either: they ask the others. */
const PATIENCE_MS = 30_000;

/** Whether the values of a record are as they have to be. */
export type Check = (values: readonly string[]) => boolean;

/** None of the name servers says otherwise, and one at least says it. One that is silent does not count. */
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
    const silent = answers.filter(isSilent);
    const waited = retry.now() - began;
    if (isAnswered(answers, isRight) && (silent.length === 0 || waited >= PATIENCE_MS)) {
      if (silent.length > 0) log('name-servers-silent', { message: silent.map(whatItSaid).join('; ') });
      return log('publicly-answered', { records: [record.name] });
    }
    if (waited >= WAIT_MS) throw notAnswered(record, answers, isRight, desired);
    await retry.pause(PAUSE_MS, `the public name servers to answer ${record.name}`);
  }
}

/**
 * The values that a name has in public DNS, each once, whichever name server gave it. Throws when none of them says
 * anything: what is there may be what mail is signed with.
 */
export function valuesFrom(name: string, answers: readonly NameServerAnswer[]): string[] {
  if (isUnknown(answers)) {
    throw new HandlerError(`Nobody could see what ${name} has in public DNS: ${saidBy(answers)}`,
      thenDeploy(answers));
  }
  return [...new Set(answers.flatMap(({ values = [] }) => values))];
}

function notAnswered(
  record: DkimRecord, answers: readonly NameServerAnswer[], isRight: Check, desired: DesiredState,
): Error {
  const found = isUnknown(answers) ? 'nobody could see whether its public name servers answer'
    : 'its public name servers do not answer';
  const said = saidBy(answers) || 'it is delegated to none';
  const why = desired.zone?.delegation ? `The CNAMEs of ${desired.domain} lead to the zone of its keys` : `${desired.domain} signs mail now`;
  return new HandlerError(
    `${why}, and ${found} ${record.type} ${record.name}: ${said}. Signing was not touched`,
    isUnknown(answers) ? thenDeploy(answers) : adviceOnAnswers(record, answers, isRight, desired));
}

function adviceOnAnswers(
  { name, type, value }: DkimRecord,
  answers: readonly NameServerAnswer[],
  isRight: Check,
  { domain, zone, signing }: DesiredState,
): string {
  const alias = answers.find((answer) => answer.alias)?.alias;
  if (answers.length === 0) {
    return `Have ${domain} delegated to the name servers that hold it, at the registrar or in the zone above`;
  }
  if (answers.some(({ values }) => values && isRight(values))) {
    // The registry record, which is asked for in place of Easy DKIM's, would be of no use with another provider.
    const publish = signing.method === 'EASY_DKIM'
      ? 'SES makes the names of the records only when it is told, so the others cannot have them in time. Take them'
      : 'Publish the record with the others too, or take them';
    return `Resolvers ask any of these name servers. ${publish} out of the delegation: at the registrar or in the zone above, and in `
      + `the NS records of ${alias ? `the domain of ${alias}` : domain}`;
  }
  return zone
    ? `Is ${zone.id} the zone that ${zone.delegation?.place ?? 'the domain'} is delegated to? Compare its name servers with those at the registrar`
    : `Publish ${type} ${alias ?? name} with the value ${value} at your DNS provider, then deploy again`;
}

const DELEGATION = 'Compare the name servers at the registrar, or in the zone above, with those that hold the domain';

/** What each cause looks like, and what to do. The first that is found gives the advice, so the nearest come first. */
const SILENCES: Readonly<Record<Silence, readonly [text: string, advice: string]>> = {
  'no-resolver': [
    'gave no answer',
    "See what DNS resolver the function's network has: in a VPC, whether DNS support is on, and what its DHCP options name",
  ],
  'unreachable': [
    'gave no answer',
    "The function's network has to let it ask name servers on the internet, by UDP and TCP on port 53: in a VPC look at "
    + 'security group, network ACL, firewall and NAT gateway. If it does, the name servers are down',
  ],
  'cut-short': [
    'gave an answer that is too long for UDP, and none by TCP',
    "The function's network has to let it ask name servers on the internet by TCP on port 53 too. If it does, they refuse it",
  ],
  'ipv6-only': [
    'has no address of IPv4, and could not be reached by IPv6',
    "Give the function's network IPv6, with subnets of a VPC that have both, or one of the name servers an address of IPv4",
  ],
  'lame': ['does not answer for the domain', DELEGATION],
  'no-address': ['has no public address', DELEGATION],
};

/** What to do where no name server has given an answer. */
export function adviceOnSilence(answers: readonly NameServerAnswer[]): string {
  const causes: string[] = answers.map(({ silence = 'unreachable' }) => silence);
  return Object.entries(SILENCES).find(([cause]) => causes.includes(cause))![1][1];
}

function thenDeploy(answers: readonly NameServerAnswer[]): string {
  return `${adviceOnSilence(answers)}. Then deploy again`;
}

/** Nobody knows what is there: name servers are asked, and all of them are silent. */
export function isUnknown(answers: readonly NameServerAnswer[]): boolean {
  return answers.length > 0 && answers.every(isSilent);
}

function isSilent({ values }: NameServerAnswer): boolean {
  return values === undefined;
}

/** What each name server has said. */
export function saidBy(answers: readonly NameServerAnswer[]): string {
  return answers.map(whatItSaid).join('; ').slice(0, 1500);
}

function whatItSaid({ nameServer, alias, values, silence = 'unreachable', error }: NameServerAnswer): string {
  const who = alias ? `${nameServer}, where the CNAME ${alias} leads,` : nameServer;
  if (!values) return `${who} ${SILENCES[silence][0]}${error ? ` (${error})` : ''}`;
  return `${who} ${values.length > 0 ? `has ${values.map(unquote).join(' | ').slice(0, 300)}` : 'has none'}`;
}

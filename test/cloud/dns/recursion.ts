// How a recursive resolver gets its answer: from the deepest delegation down, along referrals and CNAMEs. Nothing is cached: the cloud's
// clock jumps, so a cache would either answer from before the jump or have to be flushed by every test.
import type { Answer, Question } from 'dns-packet';
import { DnsAnswer, RCODE } from './dns-server';
import { NameServer } from './name-server';
import { isWithin } from './zone';

/** What the resolver starts from: the registries' delegations and the name servers there are. */
export interface PublicDns {
  /** Domain to the names of its name servers; lower case, without trailing dots. */
  readonly delegations: ReadonlyMap<string, readonly string[]>;
  /** By name. */
  readonly nameServers: ReadonlyMap<string, NameServer>;
}

/** CNAMEs and referrals of one question; more are a loop. */
const MAX_STEPS = 16;

/** What the root says about a name that nobody has registered. */
const ROOT_SOA: Answer = {
  name: '.',
  type: 'SOA',
  ttl: 900,
  data: { mname: 'a.root-servers.net', rname: 'nstld.verisign-grs.com', serial: 1, refresh: 1800, retry: 900, expire: 604800, minimum: 900 },
};

export function resolve(dns: PublicDns, question: Pick<Question, 'name' | 'type'>): DnsAnswer {
  const answers: Answer[] = [];
  let name = question.name.toLowerCase();
  let servers = delegatedTo(dns, name);
  for (let step = 0; step < MAX_STEPS; step++) {
    const answer = nameServerItself(dns, { name, type: question.type }) ?? ask(dns, servers, { name, type: question.type });
    const referral = answer.answers?.length ? undefined : answer.authorities?.filter((each) => each.type === 'NS');
    if (referral?.length) {
      servers = referral.map((each) => String('data' in each && each.data));
      continue;
    }
    answers.push(...answer.answers ?? []);
    const last = answers.at(-1);
    const ended = question.type === 'CNAME' || answer.rcode !== RCODE.noError || answer.authorities?.length;
    const alias = !ended && last?.type === 'CNAME' && last.data;
    if (!alias) return { rcode: answer.rcode, recursionAvailable: true, answers, authorities: answer.authorities };
    name = alias.toLowerCase();
    servers = delegatedTo(dns, name);
  }
  return failure();
}

/** The name servers of the deepest domain that is delegated; undefined when nobody has registered the name. */
function delegatedTo(dns: PublicDns, name: string): readonly string[] | undefined {
  const [domain] = [...dns.delegations.keys()].filter((each) => isWithin(name, each)).sort((a, b) => b.length - a.length);
  return dns.delegations.get(domain);
}

function ask(dns: PublicDns, servers: readonly string[] | undefined, question: Pick<Question, 'name' | 'type'>): DnsAnswer {
  if (!servers) return { rcode: RCODE.noSuchName, authorities: [ROOT_SOA] };
  for (const server of servers) {
    const nameServer = dns.nameServers.get(server.toLowerCase());
    const answer = nameServer?.reachable ? nameServer.answer(question) : undefined;
    // The next server may know better than one that is down or does not hold the zone.
    if (answer && answer.rcode !== RCODE.refused && answer.rcode !== RCODE.serverFailure) return answer;
  }
  return failure();
}

/** The addresses of name servers stand in registries as glue, so they need no zone here. */
function nameServerItself(dns: PublicDns, question: Pick<Question, 'name' | 'type'>): DnsAnswer | undefined {
  const nameServer = dns.nameServers.get(question.name);
  if (!nameServer) return undefined;
  if (question.type !== 'A') return { rcode: RCODE.noError, authorities: [ROOT_SOA] };
  return { rcode: RCODE.noError, answers: [{ name: question.name, type: 'A', ttl: 172800, data: nameServer.address }] };
}

function failure(): DnsAnswer {
  return { rcode: RCODE.serverFailure, recursionAvailable: true };
}

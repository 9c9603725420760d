// How a recursive resolver gets its answer: from the root down, along referrals, and on along CNAMEs.
import type { Question } from 'dns-packet';
import { DnsAnswer, RCODE, RecordAnswer } from './dns-server';
import { NameServer } from './name-server';
import { host } from './record-data';
import { ROOT_SERVERS } from './registry';
import { ResolverCache } from './resolver-cache';

/** What there is to ask. */
export interface PublicDns {
  /** By name, lower case and without trailing dots. */
  readonly nameServers: ReadonlyMap<string, NameServer>;
  /** From 0 up to 1, like Math.random: which of several name servers is asked. */
  readonly random: () => number;
}

/** More CNAMEs are a loop, and so are more referrals. */
const MAX_ALIASES = 8;
const MAX_REFERRALS = 16;

/**
 * How long a resolver waits for a name server before it asks the next one, in ms. The waiting itself costs no time
 * here: resolvers soon prefer servers that are quick.
 */
const PATIENCE = 5_000;

/** With an empty cache it is a resolver that has never been asked before. */
export function resolve(dns: PublicDns, cache: ResolverCache, question: Pick<Question, 'name' | 'type'>): DnsAnswer {
  const answers: RecordAnswer[] = [];
  let name = host(question.name).toLowerCase();
  for (let aliases = 0; aliases <= MAX_ALIASES; aliases++) {
    const found = cache.answer(name, question.type) ?? lookUp(dns, cache, name, question.type);
    if (!found) break;
    answers.push(...found.answers ?? []);
    const [first] = found.answers ?? [];
    const isAlias = first?.type === 'CNAME' && question.type !== 'CNAME';
    if (!isAlias) return { ...found, authoritative: false, recursionAvailable: true, answers };
    name = host(first.data).toLowerCase();
  }
  return { rcode: RCODE.serverFailure, recursionAvailable: true };
}

/** What the world says about one name, without going on along a CNAME; undefined when nobody can say it. */
function lookUp(dns: PublicDns, cache: ResolverCache, name: string, type: Question['type']): DnsAnswer | undefined {
  let servers = cache.delegation(name) ?? ROOT_SERVERS;
  for (let referrals = 0; referrals <= MAX_REFERRALS; referrals++) {
    const answer = ask(dns, servers, { name, type });
    if (!answer) return undefined;
    const referral = referralOf(answer);
    if (!referral) {
      const found = aboutName(answer, name);
      cache.keepAnswer(name, type, found);
      return found;
    }
    servers = referral.nameServers;
    cache.keepDelegation(referral.zone, servers, referral.ttl);
  }
  return undefined;
}

/** The first that says anything, in random order: no name server of a delegation is preferred. */
function ask(
  dns: PublicDns, servers: readonly string[], question: Pick<Question, 'name' | 'type'>,
): DnsAnswer | undefined {
  for (const server of shuffled(servers, dns.random)) {
    const nameServer = dns.nameServers.get(server);
    const answer = nameServer && isHeard(nameServer) ? nameServer.answer(question) : undefined;
    // The next server may know better than one that is down or does not hold the zone.
    if (answer && answer.rcode !== RCODE.refused && answer.rcode !== RCODE.serverFailure) return answer;
  }
  return undefined;
}

function isHeard({ settings: { delay, truncatesUdp, tcp } }: NameServer): boolean {
  return delay < PATIENCE && (tcp || !truncatesUdp);
}

interface Referral {
  readonly zone: string;
  readonly nameServers: readonly string[];
  readonly ttl: number;
}

function referralOf({ answers = [], authorities = [] }: DnsAnswer): Referral | undefined {
  const [first, ...more] = answers.length > 0 ? [] : authorities.flatMap((each) => each.type === 'NS' ? [each] : []);
  if (!first) return undefined;
  const nameServers = [first, ...more].map(({ data }) => host(data).toLowerCase());
  return { zone: first.name, nameServers, ttl: first.ttl };
}

/**
 * Only what an answer says about the name that was asked for. What a server adds about the target of a CNAME is not its
 * business: the target's own name servers are asked.
 */
function aboutName(answer: DnsAnswer, name: string): DnsAnswer {
  const own = (answer.answers ?? []).filter((each) => each.name === name);
  return own.length > 0 ? { rcode: RCODE.noError, answers: own } : { ...answer, answers: [], additionals: [] };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(Math.floor(random() * rest.length), 1)[0]);
}

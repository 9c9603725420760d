// Looks in public DNS as a resolver does: down from the top-level domain, to each public name server of the domain.
//
// Whom the world asks is what the parent of a zone says and what the zone says of itself, and the two need not agree.
// So all of them are asked. One may refer to others, where another one answers: each is followed.
//
// A resolver remembers for minutes or hours that a name does not exist, and SES may ask the same one. So it is asked
// only for what surely exists: the name servers of the top-level domain, and the addresses of name servers.
import { promises as dns } from 'node:dns';
import { BlockList } from 'node:net';
import { codeOf, query, QueryError, Reply } from './dns-query';
import { isWithin, namesDownTo, quote } from '../base/dns-text';
import { NameServerAnswer, PublicDns, Silence } from '../base/ports';

const OPTIONS = { timeout: 3_000, tries: 2 };

/** One would do. The others are for when it is down. */
const MAX_TOP_LEVEL_SERVERS = 3;
/** More name servers and addresses than any domain has. Whoever delegates to more does not get to keep us busy. */
const MAX_VISITS = 60;
/** Resolvers give up about there. */
const MAX_ALIASES = 8;

const NOT_PUBLIC = notPublic();

export const publicDns: PublicDns = {
  async ask(name) {
    const answers = await new Lookup(name).answers();
    const distinct = new Map(answers.map((answer) => [JSON.stringify(answer), answer]));
    return [...distinct.values()].sort((a, b) => a.nameServer < b.nameServer ? -1 : 1);
  },
};

/** A zone and its name servers, as its parent or the zone itself says. */
interface Delegation {
  readonly zone: string;
  readonly nameServers: readonly string[];
  /** Addresses that came along. */
  readonly glue: readonly { readonly nameServer: string; readonly address: string }[];
}

/** Looks for the TXT records of one name. */
class Lookup {
  private readonly resolver = new dns.Resolver(OPTIONS);
  private readonly visited = new Set<string>();
  private readonly aliases = new Map<string, Promise<NameServerAnswer[]>>();

  constructor(
    private readonly name: string, private readonly aliasesLeft = MAX_ALIASES,
    private readonly budget = { visits: MAX_VISITS },
  ) {}

  async answers(): Promise<NameServerAnswer[]> {
    const topLevel = this.name.slice(this.name.lastIndexOf('.') + 1);
    let nameServers: string[];
    try {
      nameServers = await orNothing(this.resolver.resolveNs(topLevel));
      // Who does not know this one either knows names of its own network alone.
      if (nameServers.length === 0) await this.resolver.resolveNs('com');
    } catch (error) {
      return [silent('the resolver', 'no-resolver', codeOf(error))];
    }
    const unheard: NameServerAnswer[] = [];
    for (const nameServer of nameServers.slice(0, MAX_TOP_LEVEL_SERVERS)) {
      const answers = await this.visit(topLevel, nameServer);
      const own = answers.find((answer) => answer.nameServer === nameServer);
      if (!own) return answers;
      if (!own.silence) return own.values?.length ? answers : []; // it has the domain itself, or nobody has
      // A registry's name server holds its zone. Whoever says otherwise stands between it and us.
      unheard.push(own.silence === 'lame' ? { ...own, silence: 'unreachable' } : own);
    }
    return unheard;
  }

  private async follow({ zone, nameServers, glue }: Delegation): Promise<NameServerAnswer[]> {
    const answers = await Promise.all(nameServers.map((nameServer) => this.visit(zone, nameServer, glue)));
    return answers.flat();
  }

  /** Asks a name server of that zone, at each of its addresses, and goes on to those that it names. */
  private async visit(zone: string, nameServer: string, glue: Delegation['glue'] = []): Promise<NameServerAnswer[]> {
    const key = `${zone} ${nameServer}`;
    if (this.visited.has(key) || this.budget.visits === 0) return [];
    this.visited.add(key);
    this.budget.visits--;
    const known = glue.filter((each) => each.nameServer === nameServer).map(({ address }) => address);
    let addresses: string[];
    try {
      addresses = await this.addressesOf(nameServer, known);
    } catch (error) {
      const code = codeOf(error);
      return [['ETIMEOUT', 'ECONNREFUSED'].includes(code)
        ? silent(`the resolver, asked for the address of ${nameServer},`, 'no-resolver', code)
        : silent(nameServer, 'no-address', code)]; // as ESERVFAIL: the name server's own domain is down
    }
    const asked = addresses.filter((address) => !NOT_PUBLIC.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'))
      .slice(0, this.budget.visits + 1); // one counts already
    if (asked.length === 0) return [silent(nameServer, 'no-address', addresses[0])];
    this.budget.visits -= asked.length - 1;
    return (await Promise.all(asked.map((address) => this.askAt(address, zone, nameServer)))).flat();
  }

  /** What the parent says, and what the domain says: the two can differ. Lambda's own network has no IPv6. */
  private async addressesOf(nameServer: string, glue: readonly string[]): Promise<string[]> {
    const found = await orNothing(this.resolver.resolve4(nameServer)).catch((error: unknown) => {
      if (glue.length === 0) throw error;
      return [];
    });
    const all = new Set([...glue.filter((address) => !isIPv6(address)), ...found]);
    if (all.size > 0) return [...all];
    return glue.length > 0 ? [...glue] : orNothing(this.resolver.resolve6(nameServer));
  }

  private async askAt(address: string, zone: string, nameServer: string): Promise<NameServerAnswer[]> {
    let reply: Reply;
    try {
      reply = await query(address, { name: this.name, type: 'TXT' });
    } catch (error) {
      return [silent(nameServer, silenceOf(error, address), codeOf(error))];
    }
    const referral = referralOf(reply, zone, this.name);
    const holdsMore = zone.includes('.') || (reply.answers ?? []).length > 0; // than a registry's own servers do
    const held = holdsMore ? await this.zonesHeld(address, zone, referral) : [];
    const answers = await Promise.all([
      referral ? this.follow(referral) : this.read(reply, nameServer), ...held.map((each) => this.follow(each)),
    ]);
    return answers.flat();
  }

  /**
   * The zones, from that one down to the name or to where the name server refers to others, as they themselves say. It
   * can hold more than the one for which it is asked. Those of the top level are known already.
   */
  private async zonesHeld(address: string, zone: string, referral: Delegation | undefined): Promise<Delegation[]> {
    const names = namesDownTo(this.name, zone)
      .filter((name) => name.includes('.') && !(referral && isWithin(name, referral.zone)));
    const found = await Promise.all(names.map(async (name) => {
      const reply = await query(address, { name, type: 'NS' }).catch(() => undefined);
      return reply?.flag_aa ? delegationIn(reply.answers, reply, name) : undefined;
    }));
    return found.flatMap((each) => each ?? []);
  }

  /** What a name server says of the name itself. */
  private async read({ rcode, flag_aa, answers = [] }: Reply, nameServer: string): Promise<NameServerAnswer[]> {
    if (rcode !== 'NOERROR' && rcode !== 'NXDOMAIN') return [silent(nameServer, 'lame', rcode)];
    if (!flag_aa) return [silent(nameServer, 'lame', 'NOTAUTH')];
    const own = answers.filter(({ name }) => name.toLowerCase() === this.name);
    const [alias] = own.flatMap((each) => each.type === 'CNAME' ? [each.data.toLowerCase()] : []);
    if (alias) return this.followAlias(alias, nameServer);
    const texts = own.flatMap((each) => each.type === 'TXT' ? [Buffer.concat(each.data as Buffer[]).toString()] : []);
    return [{ nameServer, values: texts.map(quote) }];
  }

  /** What else an answer says of the target is not this name server's to say: the target's own ones are asked. */
  private async followAlias(alias: string, nameServer: string): Promise<NameServerAnswer[]> {
    const isLoop = this.aliasesLeft === 0;
    const lookup = this.aliases.get(alias)
      ?? (isLoop ? Promise.resolve([]) : new Lookup(alias, this.aliasesLeft - 1, this.budget).answers());
    this.aliases.set(alias, lookup);
    const answers = await lookup;
    return answers.length > 0 ? answers.map((answer) => ({ alias, ...answer })) : [{ nameServer, alias, values: [] }];
  }
}

function silent(nameServer: string, silence: Silence, error?: string): NameServerAnswer {
  return { nameServer, silence, error };
}

function silenceOf(error: unknown, address: string): Silence {
  if (error instanceof QueryError && error.isCutShort) return 'cut-short';
  if (codeOf(error) === 'EBADRESP') return 'lame';
  return isIPv6(address) ? 'ipv6-only' : 'unreachable';
}

/** Only downwards: a name server that refers upwards, or to itself, does not have the zone. */
function referralOf(reply: Reply, zone: string, name: string): Delegation | undefined {
  if (reply.rcode !== 'NOERROR' || (reply.answers ?? []).length > 0) return undefined;
  const below = namesDownTo(name, zone).filter((each) => each !== zone);
  return below.map((each) => delegationIn(reply.authorities, reply, each, zone)).find((each) => each !== undefined);
}

/** The NS records of a zone. Addresses count only of what is within `holds`, which the name server speaks for. */
function delegationIn(
  records: Reply['answers'], { additionals = [] }: Reply, zone: string, holds = zone,
): Delegation | undefined {
  const nameServers = (records ?? []).flatMap((each) =>
    each.type === 'NS' && each.name.toLowerCase() === zone ? [each.data.toLowerCase()] : []);
  const glue = additionals.flatMap((each) => each.type === 'A' || each.type === 'AAAA'
    ? [{ nameServer: each.name.toLowerCase(), address: each.data }] : []);
  return nameServers.length === 0 ? undefined
    : { zone, nameServers, glue: glue.filter(({ nameServer }) => isWithin(nameServer, holds)) };
}

function isIPv6(address: string): boolean {
  return address.includes(':');
}

/** Addresses that are not public. The function may reach them, and get another answer than receivers of mail. */
function notPublic(): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of [
    ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12],
    ['192.168.0.0', 16], ['224.0.0.0', 3], ['::', 96], ['fc00::', 7], ['fe80::', 10], ['ff00::', 8],
  ] as const) list.addSubnet(network, prefix, isIPv6(network) ? 'ipv6' : 'ipv4');
  return list;
}

/** No such name and no such type are answers; everything else is an error. */
async function orNothing<T>(answer: Promise<T[]>): Promise<T[]> {
  try {
    return await answer;
  } catch (error) {
    if (['ENOTFOUND', 'ENODATA'].includes(codeOf(error))) return [];
    throw error;
  }
}

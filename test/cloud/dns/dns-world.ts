// The public DNS of the local cloud: name servers, who is delegated to which, and resolvers to ask.
import { promises } from 'node:dns';
import { Question } from 'dns-packet';
import { Delegations } from './delegations';
import { DnsProvider } from './dns-provider';
import { DnsAnswer, DnsServer } from './dns-server';
import { MemoryClient } from './memory-client';
import { Addresses, NameServer, NameServerSettings } from './name-server';
import { Nat, natOf, NetworkSettings } from './nat';
import { host } from './record-data';
import { resolve } from './recursion';
import { REGISTRY_SERVERS, ROOT_SERVERS, rootZone, topLevelOf, topLevelZone } from './registry';
import { ResolverCache } from './resolver-cache';
import { Zone } from './zone';

export interface DnsWorldOptions {
  /** Says in ms how late it is, for what the caching resolver remembers. @default the machine's clock */
  readonly clock?: { now(): number };
  /** Chooses which of several name servers a resolver asks: from 0 up to 1. @default Math.random */
  readonly random?: () => number;
  /** Decides what comes of each query of a function, from what would be answered. @default that */
  readonly meet?: MeetQuery;
}

/** Undefined: there is no answer. */
type MeetQuery = (
  question: Pick<Question, 'name' | 'type'>, answer: () => DnsAnswer | undefined,
) => DnsAnswer | undefined;

export interface DnsSettings {
  /** Whether the functions' resolver remembers answers, as all resolvers do. @default true */
  caches: boolean;
  /** The network that functions are in. @default IPv4 only, as Lambda's own is */
  readonly functionNetwork: NetworkSettings;
}

/** The blocks that RFC 5737 keeps for documentation: never a real machine, should a query ever leave this one. */
const DOCUMENTATION_BLOCKS = ['192.0.2', '198.51.100', '203.0.113'];
const HOSTS_PER_BLOCK = 254;
/** The same for IPv6 (RFC 3849). */
const DOCUMENTATION_PREFIX = '2001:db8::';

export class DnsWorld {
  /** Tests may change them at any time. */
  readonly settings: DnsSettings = { caches: true, functionNetwork: { port53: true, ipv6: false } };
  private readonly delegations = new Delegations();
  private readonly nameServers = new Map<string, NameServer>();
  /** Where each name server really listens. */
  private readonly ports = new Map<string, number>();
  private readonly providers = new Map<string, DnsProvider>();
  private readonly cachingResolver = new DnsServer((question) => this.meet(question, () => this.resolve(question)));
  private readonly freshResolver: DnsServer;
  private readonly resolve: (question: Pick<Question, 'name' | 'type'>) => DnsAnswer;
  private readonly fresh: (question: Pick<Question, 'name' | 'type'>) => DnsAnswer;
  private readonly meet: MeetQuery;
  private cachingResolverPort = 0;
  private freshResolverPort = 0;
  private addressesGiven = 0;

  constructor({ clock = Date, random = Math.random, meet = (_, answer) => answer() }: DnsWorldOptions = {}) {
    this.meet = meet;
    const publicDns = { nameServers: this.nameServers, random };
    const emptyCache = () => new ResolverCache(() => clock.now());
    const cache = emptyCache();
    this.resolve = (question) => resolve(publicDns, this.settings.caches ? cache : emptyCache(), question);
    this.fresh = (question) => resolve(publicDns, emptyCache(), question);
    this.freshResolver = new DnsServer(this.fresh);
  }

  async start(): Promise<void> {
    this.cachingResolverPort = await this.cachingResolver.listen();
    this.freshResolverPort = await this.freshResolver.listen();
    await this.addNameServers([...ROOT_SERVERS, ...REGISTRY_SERVERS]);
    this.addZone(rootZone(), ROOT_SERVERS);
  }

  async stop(): Promise<void> {
    await Promise.all([this.cachingResolver.close(), this.freshResolver.close()]);
    await this.removeNameServers([...this.nameServers.keys()]);
  }

  /** Where the functions' resolver listens, `127.0.0.1:PORT`, by UDP and TCP. It remembers answers. */
  get resolverAddress(): string {
    return `127.0.0.1:${this.cachingResolverPort}`;
  }

  /** What the functions' resolver or a name server says, without sockets. Undefined: nothing at all. */
  answer(server: string, question: Pick<Question, 'name' | 'type'>): DnsAnswer | undefined {
    return this.meet(question, () =>
      server === this.resolverAddress ? this.resolve(question) : this.nameServerAt(server)?.answer(question));
  }

  /** What the name server at that address sends back for a message, without sockets. Undefined: nothing. */
  reply(address: string, message: Buffer, transport: 'udp' | 'tcp'): Buffer | undefined {
    return this.nameServerAt(address)?.reply(message, transport);
  }

  /** Whether the name server at that address takes connections. */
  acceptsTcp(address: string): boolean {
    return this.nameServerAt(address)?.settings.tcp ?? false;
  }

  /** What a resolver says that was never asked before, without sockets. */
  freshAnswer(question: Pick<Question, 'name' | 'type'>): DnsAnswer {
    return this.fresh(question);
  }

  /** Asks a resolver somewhere in the world that was never asked before. */
  client(): promises.Resolver {
    return clientOf(`127.0.0.1:${this.freshResolverPort}`);
  }

  /** The same without sockets. */
  memoryClient(): MemoryClient {
    return new MemoryClient(this.fresh);
  }

  /** Asks the same resolver as the functions, without sockets. */
  cachingMemoryClient(): MemoryClient {
    return new MemoryClient((question) => this.answer(this.resolverAddress, question));
  }

  /** Asks the same resolver as the functions. */
  cachingClient(): promises.Resolver {
    return clientOf(this.resolverAddress);
  }

  /** What the parent says, such as the registry: these name servers answer for the domain. They need not agree. */
  delegate(domain: string, nameServerNames: string[]): void {
    this.openRegistry(topLevelOf(normal(domain)));
    this.delegations.set(normal(domain), nameServerNames.map(normal));
  }

  undelegate(domain: string): void {
    this.delegations.delete(normal(domain));
  }

  /** The name servers that a domain is delegated to, if it is. */
  delegation(domain: string): readonly string[] | undefined {
    return this.delegations.of(normal(domain));
  }

  /** A DNS provider other than Route 53; the same name gives the same provider. */
  provider(name: string, family?: 'ipv4' | 'ipv6'): DnsProvider {
    const provider = this.providers.get(name) ?? new DnsProvider(name, this, family);
    this.providers.set(name, provider);
    return provider;
  }

  /** New name servers, listening. Returns their names. */
  async addNameServers(names: string[], family: 'ipv4' | 'ipv6' = 'ipv4'): Promise<string[]> {
    for (const name of names.map(normal)) {
      const nameServer = new NameServer(name, this.nextAddress(family), {
        delegatedBelow: (apex) => this.delegations.below(apex),
        addressRecords: (each) => this.nameServers.get(each)?.addressRecords() ?? [],
        meet: this.meet,
      });
      this.ports.set(name, await nameServer.listen());
      this.nameServers.set(name, nameServer);
    }
    for (const name of names) this.openRegistry(topLevelOf(normal(name)));
    return names.map(normal);
  }

  async removeNameServers(names: string[]): Promise<void> {
    await Promise.all(names.map(async (name) => {
      const nameServer = this.nameServer(name);
      this.nameServers.delete(nameServer.name);
      await nameServer.close();
    }));
  }

  addZone(zone: Zone, nameServerNames: readonly string[]): void {
    for (const name of nameServerNames) this.nameServer(name).addZone(zone);
  }

  removeZone(apex: string, nameServerNames: readonly string[]): void {
    for (const name of nameServerNames) this.nameServer(name).removeZone(apex);
  }

  /** Whether a name server answers at all. */
  setReachable(nameServerName: string, reachable: boolean): void {
    this.changeNameServer(nameServerName, { mode: reachable ? 'answers' : 'silent' });
  }

  /** Takes a name server down, makes it lame, slow, or hard to reach. */
  changeNameServer(name: string, settings: Partial<NameServerSettings>): void {
    Object.assign(this.nameServer(name).settings, settings);
  }

  /** Where a name server really listens: `127.0.0.1:PORT`. */
  listeningAt(nameServerName: string): string {
    return `127.0.0.1:${this.ports.get(this.nameServer(nameServerName).name)}`;
  }

  /** How functions reach the name servers now. */
  natOfFunctions(): Nat {
    return natOf(this.nameServers.values(), this.ports, this.settings.functionNetwork);
  }

  private nameServerAt(address: string): NameServer | undefined {
    return [...this.nameServers.values()].find(({ addresses }) => Object.values(addresses).includes(address));
  }

  private nameServer(name: string): NameServer {
    const found = this.nameServers.get(normal(name));
    if (!found) {
      throw new Error(`There is no name server '${name}'; there are: ${[...this.nameServers.keys()].join(', ')}`);
    }
    return found;
  }

  /** The registry of a top-level domain is there as soon as something is registered below it. */
  private openRegistry(topLevel: string): void {
    if (this.delegations.of(topLevel)) return;
    this.addZone(topLevelZone(topLevel, this.nameServers), REGISTRY_SERVERS);
    this.delegations.set(topLevel, REGISTRY_SERVERS);
  }

  private nextAddress(family: 'ipv4' | 'ipv6'): Addresses {
    const number = this.addressesGiven++;
    if (family === 'ipv6') return { ipv6: `${DOCUMENTATION_PREFIX}${(number + 1).toString(16)}` };
    const block = DOCUMENTATION_BLOCKS[Math.floor(number / HOSTS_PER_BLOCK)];
    if (!block) {
      throw new Error(`All ${number} documentation addresses are given out: use fewer hosted zones in one local cloud`);
    }
    return { ipv4: `${block}.${number % HOSTS_PER_BLOCK + 1}` };
  }
}

function clientOf(resolver: string): promises.Resolver {
  const client = new promises.Resolver();
  client.setServers([resolver]);
  return client;
}

function normal(name: string): string {
  return host(name).toLowerCase();
}

// The public DNS of the local cloud: name servers, who is delegated to which, and a resolver to ask.
import { promises } from 'node:dns';
import { Question } from 'dns-packet';
import { DnsProvider } from './dns-provider';
import { DnsAnswer, DnsServer } from './dns-server';
import { NameServer } from './name-server';
import { host } from './record-data';
import { resolve } from './recursion';
import { Zone } from './zone';

/** The blocks that RFC 5737 keeps for documentation: never a real machine, should a query ever leave this one. */
const DOCUMENTATION_BLOCKS = ['192.0.2', '198.51.100', '203.0.113'];
const HOSTS_PER_BLOCK = 254;

export class DnsWorld {
  /** From a name server's public (documentation) address to where it really listens: `'192.0.2.1'` to `'127.0.0.1:PORT'`. */
  readonly nat: Record<string, string> = {};
  private readonly delegations = new Map<string, string[]>();
  private readonly nameServers = new Map<string, NameServer>();
  private readonly providers = new Map<string, DnsProvider>();
  private readonly resolver = new DnsServer((question) => resolve({ delegations: this.delegations, nameServers: this.nameServers }, question));
  private resolverPort = 0;
  private addressesGiven = 0;

  async start(): Promise<void> {
    this.resolverPort = await this.resolver.listen();
  }

  async stop(): Promise<void> {
    await this.resolver.close();
    await this.removeNameServers([...this.nameServers.keys()]);
  }

  /** Where the recursive resolver listens, `127.0.0.1:PORT`, by UDP and TCP. */
  get resolverAddress(): string {
    return `127.0.0.1:${this.resolverPort}`;
  }

  /** What the resolver or a name server says, without sockets. Undefined: nothing at all. */
  answer(server: string, question: Pick<Question, 'name' | 'type'>): DnsAnswer | undefined {
    if (server === this.resolverAddress) return resolve({ delegations: this.delegations, nameServers: this.nameServers }, question);
    const found = [...this.nameServers.values()].find(({ address }) => address === server);
    return found?.reachable ? found.answer(question) : undefined;
  }

  /** A client that asks the resolver. */
  client(): promises.Resolver {
    const client = new promises.Resolver();
    client.setServers([this.resolverAddress]);
    return client;
  }

  /** What the registry of the parent says: these name servers answer for the domain. */
  delegate(domain: string, nameServerNames: string[]): void {
    this.delegations.set(normal(domain), nameServerNames.map(normal));
  }

  undelegate(domain: string): void {
    this.delegations.delete(normal(domain));
  }

  /** The name servers that a domain is delegated to, if it is. */
  delegation(domain: string): string[] | undefined {
    return this.delegations.get(normal(domain));
  }

  /** A DNS provider other than Route 53; the same name gives the same provider. */
  provider(name: string): DnsProvider {
    const provider = this.providers.get(name) ?? new DnsProvider(name, this);
    this.providers.set(name, provider);
    return provider;
  }

  /** New name servers, listening. Returns their names. */
  async addNameServers(names: string[]): Promise<string[]> {
    for (const name of names.map(normal)) {
      const nameServer = new NameServer(name, this.nextAddress());
      this.nat[nameServer.address] = `127.0.0.1:${await nameServer.listen()}`;
      this.nameServers.set(name, nameServer);
    }
    return names.map(normal);
  }

  async removeNameServers(names: string[]): Promise<void> {
    await Promise.all(names.map(async (name) => {
      const nameServer = this.nameServer(name);
      this.nameServers.delete(nameServer.name);
      delete this.nat[nameServer.address];
      await nameServer.close();
    }));
  }

  addZone(zone: Zone, nameServerNames: string[]): void {
    for (const name of nameServerNames) this.nameServer(name).addZone(zone);
  }

  removeZone(apex: string, nameServerNames: string[]): void {
    for (const name of nameServerNames) this.nameServer(name).removeZone(apex);
  }

  /** Whether a name server answers at all. */
  setReachable(nameServerName: string, reachable: boolean): void {
    this.nameServer(nameServerName).reachable = reachable;
  }

  private nameServer(name: string): NameServer {
    const found = this.nameServers.get(normal(name));
    if (!found) throw new Error(`There is no name server '${name}'; there are: ${[...this.nameServers.keys()].join(', ')}`);
    return found;
  }

  private nextAddress(): string {
    const block = DOCUMENTATION_BLOCKS[Math.floor(this.addressesGiven / HOSTS_PER_BLOCK)];
    if (!block) throw new Error(`All ${this.addressesGiven} documentation addresses are given out: use fewer hosted zones in one local cloud`);
    return `${block}.${this.addressesGiven++ % HOSTS_PER_BLOCK + 1}`;
  }
}

function normal(name: string): string {
  return host(name).toLowerCase();
}

// A DNS provider other than Route 53: its own name servers, changes visible at once.
import { quoteText } from './character-strings';
import { DnsWorld } from './dns-world';
import { host } from './record-data';
import { isWithin, Zone, ZoneRecord } from './zone';

/** What registries ask for at the least. */
const NAME_SERVERS = 2;
const SOA_TIMERS = '1 7200 900 1209600 300';

export class DnsProvider {
  private nameServers?: string[];
  private readonly records = new Map<string, ZoneRecord[]>();

  /** @param family what kind of address its name servers have */
  constructor(
    readonly name: string, private readonly dns: DnsWorld, private readonly family: 'ipv4' | 'ipv6' = 'ipv4',
  ) {}

  /** Holds the domain from now on, and has it delegated to its name servers unless told otherwise. */
  async createZone(domain: string, options: { delegate?: boolean } = {}): Promise<{ nameServers: string[] }> {
    const apex = normal(domain);
    const names = Array.from({ length: NAME_SERVERS }, (_, index) => `ns${index + 1}.${this.name}.example`);
    this.nameServers ??= await this.dns.addNameServers(names, this.family);
    const soa = `${this.nameServers[0]} hostmaster.${this.name}.example ${SOA_TIMERS}`;
    this.records.set(apex, [
      { name: apex, type: 'NS', ttl: 86400, values: this.nameServers },
      { name: apex, type: 'SOA', ttl: 3600, values: [soa] },
    ]);
    this.dns.addZone(new Zone(apex, () => this.records.get(apex) ?? []), this.nameServers);
    if (options.delegate ?? true) this.dns.delegate(apex, this.nameServers);
    return { nameServers: this.nameServers };
  }

  /** The name servers refuse the domain from now on; a delegation stays, as it does in a registry. */
  deleteZone(domain: string): void {
    this.dns.removeZone(normal(domain), this.nameServers ?? []);
    this.records.delete(normal(domain));
  }

  /** Values as in a zone file. A TXT value without quotes is plain text, which is split into strings of 255 bytes. */
  set(name: string, type: string, values: string[], ttl = 300): void {
    this.remove(name, type);
    const text = (value: string) => value.startsWith('"') ? value : quoteText(value);
    this.recordsOf(name).push({ name: normal(name), type, ttl, values: type === 'TXT' ? values.map(text) : values });
  }

  /** It may be gone already. */
  remove(name: string, type: string): void {
    const records = this.recordsOf(name);
    const index = records.findIndex((each) => each.name === normal(name) && each.type === type);
    if (index >= 0) records.splice(index, 1);
  }

  private recordsOf(name: string): ZoneRecord[] {
    const apexes = [...this.records.keys()].filter((each) => isWithin(normal(name), each));
    const [apex] = apexes.sort((a, b) => b.length - a.length);
    if (apex === undefined) {
      throw new Error(`The DNS provider '${this.name}' holds no zone for '${name}': call createZone() first`);
    }
    return this.records.get(apex)!;
  }
}

function normal(name: string): string {
  return host(name).toLowerCase();
}

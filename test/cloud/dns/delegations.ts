// Who answers for which domain, as the registries and other parents say it.
import { isWithin, ZoneRecord } from './zone';

/** What registries give their NS records, in seconds. */
const TTL = 172_800;

export class Delegations {
  /** By domain; all names are lower case and have no trailing dot. */
  private readonly nameServers = new Map<string, readonly string[]>();

  set(domain: string, nameServers: readonly string[]): void {
    this.nameServers.set(domain, nameServers);
  }

  delete(domain: string): void {
    this.nameServers.delete(domain);
  }

  of(domain: string): readonly string[] | undefined {
    return this.nameServers.get(domain);
  }

  /** The NS records of the domains that are delegated somewhere below this one. */
  below(apex: string): ZoneRecord[] {
    return [...this.nameServers]
      .filter(([domain]) => domain !== apex && isWithin(domain, apex))
      .map(([name, values]) => ({ name, type: 'NS', ttl: TTL, values }));
  }
}

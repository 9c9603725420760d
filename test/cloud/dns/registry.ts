// The root of DNS and the registries of the top-level domains, as zones that name servers of the DNS world serve.
import { NameServer } from './name-server';
import { Zone, ZoneRecord } from './zone';

export const ROOT_SERVERS = ['a.root-servers.net', 'b.root-servers.net'];

/** One operator for all top-level domains. */
export const REGISTRY_SERVERS = ['a.gtld-servers.net', 'b.gtld-servers.net'];

/** In seconds, as in the zone of `com`. */
const NS_TTL = 172_800;
const SOA_TTL = 900;
const SOA_VALUE = 'nstld.verisign-grs.com 1 1800 900 604800 900';

export function topLevelOf(domain: string): string {
  return domain.slice(domain.lastIndexOf('.') + 1);
}

export function rootZone(): Zone {
  return new Zone('', () => apexRecords('', ROOT_SERVERS));
}

/** The delegations come from `Delegations`. The addresses of name servers are registered beside them. */
export function topLevelZone(domain: string, nameServers: ReadonlyMap<string, NameServer>): Zone {
  const registered = () => [...nameServers.values()].filter(({ name }) => topLevelOf(name) === domain);
  return new Zone(domain, () => [
    ...apexRecords(domain, REGISTRY_SERVERS), ...registered().flatMap((each) => each.addressRecords()),
  ]);
}

function apexRecords(name: string, nameServers: readonly string[]): ZoneRecord[] {
  return [
    { name, type: 'NS', ttl: NS_TTL, values: nameServers },
    { name, type: 'SOA', ttl: SOA_TTL, values: [`${nameServers[0]} ${SOA_VALUE}`] },
  ];
}

// How a network reaches the name servers of the DNS world: from their public addresses to where they really listen.
import { NameServer } from './name-server';

/** What becomes of packets to one public address. It travels between processes as JSON. */
export interface NatEntry {
  /** `127.0.0.1:PORT` */
  readonly at: string;
  /** How long the answer takes, in ms of the cloud's clock. @default 0 */
  readonly delay?: number;
  /** Packets are lost, so that no answer ever comes. @default false */
  readonly lost?: boolean;
}

/** By public address. */
export type Nat = Readonly<Record<string, NatEntry>>;

/** What a network lets out. */
export interface NetworkSettings {
  /** Whether packets to port 53 get out. Where a security group does not allow them, the resolver still answers. */
  port53: boolean;
  /** Whether addresses of IPv6 can be reached. */
  ipv6: boolean;
}

/** What Node says of an address that no packet reaches. */
export function unreachable(address: string): Error {
  const code = address.includes(':') ? 'ENETUNREACH' : 'ECONNREFUSED';
  return Object.assign(new Error(`connect ${code} ${address}:53`), { code });
}

export function natOf(
  nameServers: Iterable<NameServer>, ports: ReadonlyMap<string, number>, network: NetworkSettings,
): Nat {
  const nat: Record<string, NatEntry> = {};
  for (const { name, addresses: { ipv4, ipv6 }, settings: { mode, delay } } of nameServers) {
    const entry = { at: `127.0.0.1:${ports.get(name)}`, delay, lost: mode === 'silent' || !network.port53 };
    if (ipv4) nat[ipv4] = entry;
    if (ipv6 && network.ipv6) nat[ipv6] = entry;
  }
  return nat;
}

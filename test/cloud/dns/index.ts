// What the rest of the local cloud uses of its public DNS.
export { RCODE } from './dns-server';
export { DnsProvider } from './dns-provider';
export { DnsWorld, type DnsWorldOptions } from './dns-world';
export type { LookupClient } from './memory-client';

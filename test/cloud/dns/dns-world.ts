// The public DNS of the local cloud: name servers, who is delegated to which, and a resolver to ask.
import { promises } from 'node:dns';
import { DnsProvider } from './dns-provider';

export class DnsWorld {
  /** From a name server's public (documentation) address to where it really listens: `'192.0.2.1'` to `'127.0.0.1:PORT'`. */
  readonly nat: Record<string, string> = {};

  async start(): Promise<void> {}
  async stop(): Promise<void> {}

  /** Where the recursive resolver listens, `127.0.0.1:PORT`, by UDP and TCP. */
  get resolverAddress(): string {
    return '';
  }

  /** What the registry of the parent says: these name servers answer for the domain. */
  delegate(_domain: string, _nameServerNames: string[]): void {}
  undelegate(_domain: string): void {}
  /** A DNS provider other than Route 53; the same name gives the same provider. */
  provider(name: string): DnsProvider {
    return new DnsProvider(name);
  }

  /** A client that asks the resolver. */
  client(): promises.Resolver {
    return new promises.Resolver();
  }

  /** Whether a name server answers at all. */
  setReachable(_nameServerName: string, _reachable: boolean): void {}
}

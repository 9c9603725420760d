// `node:dns` without sockets, for functions in the test's own process. It has only what the handler uses.
import type { ResolverOptions } from 'node:dns';
import type { RecordType } from 'dns-packet';
import { DnsWorld } from '../../dns';
import { dnsError, found } from '../../dns/memory-client';
import { timesOut } from '../../dns/time-out';
import { FunctionTime } from '../../time/function-time';

/** The DNS world, as far as a function sees it. */
type FunctionDns = Pick<DnsWorld, 'answer' | 'natOfFunctions' | 'resolverAddress'>;

/** The module `node:dns` for one function. */
export function memoryDns(
  dns: FunctionDns, time: FunctionTime,
): { promises: { Resolver: new (options?: ResolverOptions) => MemoryResolver } } {
  return {
    promises: {
      Resolver: class extends MemoryResolver {
        constructor(options?: ResolverOptions) {
          super(dns, time, options);
        }
      },
    },
  };
}

export class MemoryResolver {
  private server: string;

  constructor(
    private readonly dns: FunctionDns, private readonly time: FunctionTime, private readonly options?: ResolverOptions,
  ) {
    this.server = dns.resolverAddress;
  }

  setServers([server]: readonly string[]): void {
    this.server = server.replace(/:53$/, '');
  }

  resolve4(name: string) {
    return this.look(name, 'A', (data) => data as string);
  }

  resolve6(name: string) {
    return this.look(name, 'AAAA', (data) => data as string);
  }

  resolveNs(name: string) {
    return this.look(name, 'NS', (data) => data as string);
  }

  resolveCname(name: string) {
    return this.look(name, 'CNAME', (data) => data as string);
  }

  resolveTxt(name: string) {
    return this.look(name, 'TXT', (data) => (data as Buffer[]).map(String));
  }

  private async look<T>(name: string, type: RecordType, read: (data: unknown) => T): Promise<T[]> {
    const { dns, time, server } = this;
    await time.delayCall();
    const entry = dns.natOfFunctions()[server];
    if (entry && await timesOut(entry, this.options, (ms) => time.sleep(ms))) throw dnsError('ETIMEOUT', name, type);
    const isReachable = entry || server === dns.resolverAddress;
    const answer = isReachable && dns.answer(server, { name, type });
    if (!answer && server === dns.resolverAddress) {
      await timesOut({ at: server, lost: true }, this.options, (ms) => time.sleep(ms));
      throw dnsError('ETIMEOUT', name, type);
    }
    if (!answer) throw dnsError('ECONNREFUSED', name, type);
    return found(answer, name, type).map(read);
  }
}

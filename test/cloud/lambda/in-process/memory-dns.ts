// DNS without sockets, for functions in the test's own process: as much of `node:dns` as a handler uses.
import type { ResolverOptions } from 'node:dns';
import { Answer, RecordType } from 'dns-packet';
import { systemError } from './main-realm';
import { DnsWorld, RCODE } from '../../dns';
import { waitsInVain } from '../../dns/patience';
import { FunctionTime } from '../../time/function-time';

const ERRORS: Readonly<Record<number, string>> = {
  [RCODE.noSuchName]: 'ENOTFOUND', [RCODE.serverFailure]: 'ESERVFAIL', [RCODE.refused]: 'EREFUSED',
};

export function memoryDns(dns: Pick<DnsWorld, 'answer' | 'natOfFunctions' | 'resolverAddress'>, time: FunctionTime) {
  class Resolver {
    private server = dns.resolverAddress;

    constructor(private readonly options?: ResolverOptions) {}

    setServers([server]: readonly string[]): void {
      this.server = server.replace(/:53$/, '');
    }

    resolve4(name: string) {
      return this.look(name, 'A', (data) => data as string);
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
      await time.travel();
      const entry = dns.natOfFunctions()[this.server];
      if (entry && await waitsInVain(entry, this.options, (ms) => time.sleep(ms))) {
        throw systemError(`query ${type} ETIMEOUT ${name}`, 'ETIMEOUT');
      }
      const isReachable = entry || this.server === dns.resolverAddress;
      const answer = isReachable && dns.answer(this.server, { name, type });
      if (!answer) throw systemError(`query ${type} ECONNREFUSED ${name}`, 'ECONNREFUSED');
      if (answer.rcode !== RCODE.noError) throw systemError(`query ${type} ${name}`, ERRORS[answer.rcode]);
      const found = (answer.answers ?? []).filter((each) => each.type === type);
      if (found.length === 0) throw systemError(`query ${type} ENODATA ${name}`, 'ENODATA');
      return found.map((each: Answer) => read('data' in each && each.data));
    }
  }
  return { promises: { Resolver } };
}

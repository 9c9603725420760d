// A resolver as Node's, without sockets: what it makes of the answer to a question.
import type { promises, SoaRecord } from 'node:dns';
import type { Answer, Question, RecordType, SoaData } from 'dns-packet';
import { DnsAnswer, RCODE } from './dns-server';

/** What SES asks for. */
export type LookupClient = Pick<promises.Resolver, 'resolveCname' | 'resolveSoa' | 'resolveTxt'>;

const ERRORS: Readonly<Record<number, string>> = {
  [RCODE.noSuchName]: 'ENOTFOUND', [RCODE.serverFailure]: 'ESERVFAIL', [RCODE.refused]: 'EREFUSED',
};

export class MemoryClient implements LookupClient {
  /** @param answer undefined: nothing at all */
  constructor(private readonly answer: (question: Pick<Question, 'name' | 'type'>) => DnsAnswer | undefined) {}

  async resolveTxt(name: string): Promise<string[][]> {
    return this.look(name, 'TXT', (data) => (data as Buffer[]).map(String));
  }

  async resolveCname(name: string): Promise<string[]> {
    return this.look(name, 'CNAME', (data) => data as string);
  }

  async resolveSoa(name: string): Promise<SoaRecord> {
    const [soa] = this.look(name, 'SOA', (data) => data as Required<SoaData>);
    const { mname, rname, minimum, ...times } = soa;
    return { ...times, nsname: mname, hostmaster: rname, minttl: minimum };
  }

  private look<T>(name: string, type: RecordType, read: (data: unknown) => T): T[] {
    return found(this.answer({ name, type }) ?? { rcode: RCODE.serverFailure }, name, type).map(read);
  }
}

/** The data of the records of that type. Throws as Node does where there are none. */
export function found({ rcode, answers = [] }: DnsAnswer, name: string, type: RecordType): unknown[] {
  if (rcode !== RCODE.noError) throw dnsError(ERRORS[rcode], name, type);
  const records = answers.filter((each: Answer) => each.type === type);
  if (records.length === 0) throw dnsError('ENODATA', name, type);
  return records.map((each) => 'data' in each && each.data);
}

export function dnsError(code: string, name: string, type: RecordType): NodeJS.ErrnoException {
  return Object.assign(new Error(`query ${type} ${code} ${name}`), { code });
}

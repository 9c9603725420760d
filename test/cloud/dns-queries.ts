// The DNS queries of functions: each is in the log of calls where a test asks for that, and can be made to fail.
import type { Question } from 'dns-packet';
import { DnsAnswer, RCODE } from './dns/dns-server';
import { CallRecord, CloudContext } from './http-service';

const SILENT = new Set(['hang', 'hang-after', 'cut-before', 'cut-after', 'kill-before', 'kill-after']);

export class DnsQueries {
  /** @param killCaller kills the function that has just asked */
  constructor(
    private readonly context: Pick<CloudContext, 'clock' | 'calls' | 'faults'>, private readonly isLogged: boolean,
    private readonly killCaller: () => void,
  ) {}

  /** What comes of a query: what would be answered, or what a fault makes of it. Undefined: nothing. */
  meet({ name, type }: Pick<Question, 'name' | 'type'>, answer: () => DnsAnswer | undefined): DnsAnswer | undefined {
    const { clock, calls, faults } = this.context;
    const record: CallRecord = {
      at: clock.now(),
      service: 'dns',
      operation: type,
      region: '',
      principal: { account: 'anonymous' },
      body: name,
      status: 0,
    };
    if (this.isLogged) calls.push(record);
    const { kind: fault } = faults.next('dns', type, record.at);
    const found = answer();
    if (fault === undefined) return found;
    record.error = typeof fault === 'string' ? fault : fault.code;
    if (record.error.startsWith('kill-')) this.killCaller();
    if (SILENT.has(record.error)) return undefined;
    if (fault === 'stale') return asBeforeItWasWritten(type, found);
    return { rcode: fault === 'throttle' || fault === 'access-denied' ? RCODE.refused : RCODE.serverFailure };
  }
}

/** A name server that does not know of the last change yet. It is about texts, as others are written by nobody. */
function asBeforeItWasWritten(type: Question['type'], found: DnsAnswer | undefined): DnsAnswer | undefined {
  const isWritten = type === 'TXT' && (found?.answers ?? []).length > 0;
  return isWritten ? { rcode: RCODE.noSuchName, authoritative: found?.authoritative } : found;
}

// What a recursive resolver remembers, and for how long: answers, names that do not exist, and delegations.
import { DnsAnswer, RCODE, RecordAnswer } from './dns-server';
import { isWithin } from './zone';

interface Kept<T> {
  readonly value: T;
  /** In ms of the clock. */
  readonly until: number;
}

/** All names are lower case and have no trailing dot. */
export class ResolverCache {
  private readonly answers = new Map<string, Kept<DnsAnswer>>();
  /** By name: a name that does not exist has records of no type (RFC 2308 5). */
  private readonly missingNames = new Map<string, Kept<DnsAnswer>>();
  private readonly delegations = new Map<string, Kept<readonly string[]>>();

  /** @param now in ms */
  constructor(private readonly now: () => number) {}

  answer(name: string, type: string): DnsAnswer | undefined {
    const kept = this.fresh(this.answers.get(key(name, type))) ?? this.missing(name);
    return kept && withTtl(kept.value, Math.ceil((kept.until - this.now()) / 1000));
  }

  keepAnswer(name: string, type: string, answer: DnsAnswer): void {
    const kept = { value: answer, until: this.now() + ttlOf(answer) * 1000 };
    if (answer.rcode === RCODE.noSuchName) this.missingNames.set(name, kept);
    else this.answers.set(key(name, type), kept);
  }

  /** The name servers of the deepest delegation that the name lies in. */
  delegation(name: string): readonly string[] | undefined {
    const known = [...this.delegations].filter(([zone, kept]) => isWithin(name, zone) && this.fresh(kept));
    return known.sort(([a], [b]) => b.length - a.length)[0]?.[1].value;
  }

  keepDelegation(zone: string, nameServers: readonly string[], ttl: number): void {
    this.delegations.set(zone, { value: nameServers, until: this.now() + ttl * 1000 });
  }

  /** Nothing exists below a name that does not exist (RFC 8020). */
  private missing(name: string): Kept<DnsAnswer> | undefined {
    return [...this.missingNames].find(([missing, kept]) => isWithin(name, missing) && this.fresh(kept))?.[1];
  }

  private fresh<T>(kept: Kept<T> | undefined): Kept<T> | undefined {
    return kept && this.now() < kept.until ? kept : undefined;
  }
}

function key(name: string, type: string): string {
  return `${type} ${name}`;
}

/** In seconds. An answer that says no is kept for the SOA's minimum or its TTL, whichever is less (RFC 2308 5). */
function ttlOf({ answers = [], authorities = [] }: DnsAnswer): number {
  if (answers.length > 0) return Math.min(...answers.map(({ ttl }) => ttl));
  const soa = authorities.find(({ type }) => type === 'SOA');
  return soa?.type === 'SOA' ? Math.min(soa.ttl, soa.data.minimum ?? 0) : 0;
}

/** A remembered record has the rest of its time. */
function withTtl(answer: DnsAnswer, ttl: number): DnsAnswer {
  const aged = (records: RecordAnswer[] = []) => records.map((each) => ({ ...each, ttl }));
  return { ...answer, answers: aged(answer.answers), authorities: aged(answer.authorities) };
}

// An authoritative name server: answers for the zones it holds and refuses all others.
import type { Answer, Question } from 'dns-packet';
import { DnsAnswer, DnsServer, RCODE } from './dns-server';
import { Zone } from './zone';

/** Longer chains of CNAMEs are a loop. */
const MAX_ALIASES = 8;

export class NameServer {
  /** Whether it answers at all; tests take name servers down. */
  reachable = true;
  private readonly zones = new Map<string, Zone>();
  private readonly server = new DnsServer((question) => this.reachable ? this.answer(question) : undefined);

  /**
   * @param name lower case, without trailing dot
   * @param address its public address, one of those reserved for documentation (RFC 5737)
   */
  constructor(readonly name: string, readonly address: string) {}

  /** Returns the loopback port. */
  listen(): Promise<number> {
    return this.server.listen();
  }

  close(): Promise<void> {
    return this.server.close();
  }

  addZone(zone: Zone): void {
    this.zones.set(zone.apex, zone);
  }

  removeZone(apex: string): void {
    this.zones.delete(apex);
  }

  answer(question: Pick<Question, 'name' | 'type'>): DnsAnswer {
    const answers: Answer[] = [];
    let name = question.name.toLowerCase();
    for (let aliases = 0; aliases <= MAX_ALIASES; aliases++) {
      const zone = this.zoneOf(name);
      // A CNAME that leaves our zones is for the resolver to follow.
      if (!zone) return answers.length > 0 ? { rcode: RCODE.noError, authoritative: true, answers } : { rcode: RCODE.refused };
      const finding = zone.find(name, question.type);
      switch (finding.kind) {
        case 'records':
          return { rcode: RCODE.noError, authoritative: true, answers: [...answers, ...finding.records] };
        case 'referral':
          return answers.length > 0 ? { rcode: RCODE.noError, authoritative: true, answers }
            : { rcode: RCODE.noError, authorities: finding.nameServers };
        case 'no-data':
          return { rcode: RCODE.noError, authoritative: true, answers, authorities: zone.startOfAuthority() };
        case 'no-name':
          return { rcode: RCODE.noSuchName, authoritative: true, answers, authorities: zone.startOfAuthority() };
        case 'alias':
          answers.push(finding.record);
          name = finding.target;
      }
    }
    return { rcode: RCODE.serverFailure };
  }

  /** The zone with the longest name, where a server holds both a domain and a subdomain. */
  private zoneOf(name: string): Zone | undefined {
    return [...this.zones.values()].filter((zone) => zone.holds(name)).sort((a, b) => b.apex.length - a.apex.length)[0];
  }
}

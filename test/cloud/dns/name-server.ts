// An authoritative name server: answers for its zones, refers to others for what is delegated, and refuses the rest.
import type { Question } from 'dns-packet';
import { DnsAnswer, DnsServer, RCODE, RecordAnswer } from './dns-server';
import { host, toAnswers } from './record-data';
import { Zone, ZoneRecord } from './zone';

/** How well a name server works. */
export interface NameServerSettings {
  /** `refuses`: a lame server, which was never told of its zones. `silent`: it is down. */
  mode: 'answers' | 'refuses' | 'silent';
  /** How long it takes to answer, in ms of the cloud's clock. Whoever asks through a NAT waits so long. */
  delay: number;
  /** Answers by UDP are cut even when they are short, so that the client has to ask again by TCP. */
  truncatesUdp: boolean;
  /** Whether it can be reached by TCP. */
  tcp: boolean;
}

/** One of the two, or both. */
export interface Addresses {
  readonly ipv4?: string;
  readonly ipv6?: string;
}

/** What a name server knows of the world around it. */
interface Surroundings {
  /** NS records of what parents delegate below a domain, beside what stands in the zones themselves. */
  readonly delegatedBelow: (apex: string) => readonly ZoneRecord[];
  /** The addresses of a name server. */
  readonly addressRecords: (nameServer: string) => readonly ZoneRecord[];
  /** Decides what comes of a message, from what would be answered. Resolvers of the world send none. */
  readonly meet: (
    question: Pick<Question, 'name' | 'type'>, answer: () => DnsAnswer | undefined,
  ) => DnsAnswer | undefined;
}

/** Longer chains of CNAMEs are a loop. */
const MAX_ALIASES = 8;

/** What registries give the addresses of name servers, in seconds. */
const ADDRESS_TTL = 172_800;

export class NameServer {
  readonly settings: NameServerSettings = { mode: 'answers', delay: 0, truncatesUdp: false, tcp: true };
  private readonly zones = new Map<string, Zone>();
  private readonly server = new DnsServer(
    (question) => this.surroundings.meet(question, () => this.answer(question)), this.settings,
  );

  /**
   * @param name lower case, without trailing dot
   * @param addresses its public addresses, of those reserved for documentation (RFC 5737, RFC 3849)
   */
  constructor(readonly name: string, readonly addresses: Addresses, private readonly surroundings: Surroundings) {}

  /** Returns the loopback port. */
  listen(): Promise<number> {
    return this.server.listen();
  }

  close(): Promise<void> {
    return this.server.close();
  }

  /** The same as over a socket. */
  reply(message: Buffer, transport: 'udp' | 'tcp'): Buffer | undefined {
    return this.server.reply(message, transport);
  }

  addZone(zone: Zone): void {
    this.zones.set(zone.apex, zone);
  }

  removeZone(apex: string): void {
    this.zones.delete(apex);
  }

  addressRecords(): ZoneRecord[] {
    const { ipv4, ipv6 } = this.addresses;
    return [
      ...ipv4 ? [{ name: this.name, type: 'A', ttl: ADDRESS_TTL, values: [ipv4] }] : [],
      ...ipv6 ? [{ name: this.name, type: 'AAAA', ttl: ADDRESS_TTL, values: [ipv6] }] : [],
    ];
  }

  /** Undefined when it says nothing. */
  answer(question: Pick<Question, 'name' | 'type'>): DnsAnswer | undefined {
    switch (this.settings.mode) {
      case 'answers': return this.answerFromZones(question);
      case 'refuses': return { rcode: RCODE.refused };
      case 'silent': return undefined;
    }
  }

  /** RFC 1034 4.3.2. */
  private answerFromZones(question: Pick<Question, 'name' | 'type'>): DnsAnswer {
    const answers: RecordAnswer[] = [];
    let name = host(question.name).toLowerCase();
    for (let aliases = 0; aliases <= MAX_ALIASES; aliases++) {
      const zone = this.zoneOf(name);
      // A CNAME that leaves our zones is for the resolver to follow.
      if (!zone) return answers.length > 0 ? authoritative(answers) : { rcode: RCODE.refused };
      const finding = zone.find(name, question.type, this.surroundings.delegatedBelow(zone.apex));
      switch (finding.kind) {
        case 'records': return authoritative([...answers, ...finding.records]);
        case 'referral': return answers.length > 0 ? authoritative(answers) : this.referral(zone, finding.nameServers);
        case 'no-data': return { ...authoritative(answers), authorities: zone.startOfAuthority() };
        case 'no-name':
          return { ...authoritative(answers), rcode: RCODE.noSuchName, authorities: zone.startOfAuthority() };
        case 'alias':
          answers.push(...finding.records);
          name = finding.target;
      }
    }
    return { rcode: RCODE.serverFailure };
  }

  /** A parent knows the addresses of name servers only where they are below itself (RFC 9471). */
  private referral(zone: Zone, { values, name, ttl }: ZoneRecord): DnsAnswer {
    const below = values.map((each) => host(each).toLowerCase()).filter((each) => zone.holds(each));
    return {
      rcode: RCODE.noError,
      authorities: toAnswers({ name, type: 'NS', ttl, values }),
      additionals: below.flatMap((each) => this.surroundings.addressRecords(each)).flatMap((each) => toAnswers(each)),
    };
  }

  /** The zone with the longest name, where a server holds both a domain and a subdomain. */
  private zoneOf(name: string): Zone | undefined {
    const holding = [...this.zones.values()].filter((zone) => zone.holds(name));
    return holding.sort((a, b) => b.apex.length - a.apex.length)[0];
  }
}

function authoritative(answers: RecordAnswer[]): DnsAnswer {
  return { rcode: RCODE.noError, authoritative: true, answers };
}

// A DNS server on loopback, by UDP and TCP on one port: messages in and out, whoever answers them.
import { createSocket, Socket } from 'node:dgram';
import { AddressInfo, createServer, Server, Socket as TcpSocket } from 'node:net';
import {
  Answer, AUTHORITATIVE_ANSWER, decode, DecodedPacket, encode, OptAnswer, Packet, Question, RECURSION_AVAILABLE,
  RECURSION_DESIRED, streamEncode, TRUNCATED_RESPONSE,
} from 'dns-packet';

/** Response codes of RFC 1035. */
export const RCODE = { noError: 0, serverFailure: 2, noSuchName: 3, refused: 5 } as const;

/** A record, as opposed to what EDNS adds to a message. */
export type RecordAnswer = Exclude<Answer, OptAnswer> & { readonly ttl: number };

export interface DnsAnswer {
  readonly rcode: typeof RCODE[keyof typeof RCODE];
  readonly authoritative?: boolean;
  readonly recursionAvailable?: boolean;
  readonly answers?: RecordAnswer[];
  readonly authorities?: RecordAnswer[];
  readonly additionals?: RecordAnswer[];
}

/** Looked at for each message, so that it can be changed while the server runs. */
export interface Transport {
  /** Answers by UDP are cut even when they are short. */
  readonly truncatesUdp: boolean;
  /** Whether it can be reached by TCP. */
  readonly tcp: boolean;
}

/** What UDP carries to a client that does not offer more by EDNS (RFC 1035, RFC 6891). */
const PLAIN_UDP_SIZE = 512;

const EDNS_ANSWER: Answer = {
  type: 'OPT', name: '.', udpPayloadSize: 4096, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [],
};

export class DnsServer {
  private udp?: Socket;
  private tcp?: Server;
  private readonly connections = new Set<TcpSocket>();

  /** @param answer undefined: say nothing, as a server that is down */
  constructor(
    private readonly answer: (question: Question) => DnsAnswer | undefined,
    private readonly transport: Transport = { truncatesUdp: false, tcp: true },
  ) {}

  /** Returns the port. */
  async listen(): Promise<number> {
    for (;;) {
      const tcp = createServer((connection) => this.serveTcp(connection));
      await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
      const { port } = tcp.address() as AddressInfo;
      const udp = createSocket('udp4', (message, client) => {
        const reply = this.reply(message, 'udp');
        if (reply) udp.send(reply, client.port, client.address);
      });
      const bound = await new Promise<boolean>((resolve) => {
        udp.once('error', () => resolve(false));
        udp.bind(port, '127.0.0.1', () => resolve(true));
      });
      if (bound) {
        this.udp = udp;
        this.tcp = tcp;
        return port;
      }
      // The system chose a TCP port whose UDP twin is taken: choose again.
      tcp.close();
      udp.close();
    }
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.destroy();
    await Promise.all([
      new Promise<void>((resolve) => this.udp ? this.udp.close(() => resolve()) : resolve()),
      new Promise<void>((resolve) => this.tcp ? this.tcp.close(() => resolve()) : resolve()),
    ]);
    this.udp = this.tcp = undefined;
  }

  private serveTcp(connection: TcpSocket): void {
    // As good as a closed port: c-ares reports ECONNREFUSED for both.
    if (!this.transport.tcp) return void connection.resetAndDestroy();
    this.connections.add(connection);
    connection.on('close', () => this.connections.delete(connection));
    connection.on('error', () => connection.destroy()); // a client that goes away is no trouble of ours
    let received = Buffer.alloc(0);
    connection.on('data', (chunk) => {
      received = Buffer.concat([received, chunk as Buffer]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        const reply = this.reply(received.subarray(2, end), 'tcp');
        received = received.subarray(end);
        if (reply) connection.write(reply);
      }
    });
  }

  /** What comes back for a message. Undefined: nothing. */
  reply(message: Buffer, transport: 'udp' | 'tcp'): Buffer | undefined {
    const query = decodeQuery(message);
    const answer = query && this.answer(query.questions![0]);
    if (!query || !answer) return undefined;
    const response = toPacket(query, answer);
    if (transport === 'tcp') return streamEncode(response);
    const whole = encode(response);
    if (whole.length <= udpSize(query) && !this.transport.truncatesUdp) return whole;
    const flags = response.flags! + TRUNCATED_RESPONSE;
    return encode({ ...response, flags, answers: [], authorities: [], additionals: edns(query) });
  }
}

/** A message that is no question is dropped, as servers do. */
function decodeQuery(message: Buffer): DecodedPacket | undefined {
  try {
    const packet = decode(message);
    return packet.type === 'query' && packet.questions?.length === 1 ? packet : undefined;
  } catch {
    return undefined;
  }
}

function toPacket(query: DecodedPacket, answer: DnsAnswer): Packet {
  const flags = answer.rcode
    + (query.flag_rd ? RECURSION_DESIRED : 0)
    + (answer.authoritative ? AUTHORITATIVE_ANSWER : 0)
    + (answer.recursionAvailable ? RECURSION_AVAILABLE : 0);
  return {
    id: query.id,
    type: 'response',
    flags,
    questions: query.questions,
    answers: answer.answers ?? [],
    authorities: answer.authorities ?? [],
    additionals: [...answer.additionals ?? [], ...edns(query)],
  };
}

/** Who speaks EDNS is answered with it (RFC 6891 6.1.1). */
function edns(query: Packet): Answer[] {
  return ednsOf(query) ? [EDNS_ANSWER] : [];
}

function ednsOf(query: Packet) {
  return query.additionals?.find((each) => each.type === 'OPT');
}

function udpSize(query: Packet): number {
  return Math.max(PLAIN_UDP_SIZE, ednsOf(query)?.udpPayloadSize ?? 0);
}

// Asks a DNS server with a message of its own making, and gives back the whole answer: what Node's resolver hides.
import { createSocket } from 'node:dgram';
import { decode, DecodedPacket, encode, OptAnswer, Packet, Question, RECURSION_DESIRED } from 'dns-packet';

const EDNS: Omit<OptAnswer, 'udpPayloadSize'> = {
  type: 'OPT', name: '.', extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [],
};

interface QueryOptions {
  /** Offered by EDNS; without it, EDNS is not spoken. */
  readonly udpPayloadSize?: number;
  /** Flags of the message. @default the one that asks for recursion */
  readonly flags?: number;
}

export function query(name: string, type: Question['type'], options: QueryOptions = {}): Packet {
  const { udpPayloadSize, flags = RECURSION_DESIRED } = options;
  return {
    type: 'query',
    id: 4711,
    flags,
    questions: [{ name, type }],
    additionals: udpPayloadSize === undefined ? [] : [{ ...EDNS, udpPayloadSize }],
  };
}

/** @param server `127.0.0.1:PORT` */
export function askUdp(server: string, packet: Packet): Promise<DecodedPacket> {
  const [address, port] = server.split(':');
  return new Promise((resolve) => {
    const socket = createSocket('udp4', (message) => {
      socket.close();
      resolve(decode(message));
    });
    socket.send(encode(packet), Number(port), address);
  });
}

/** Each record of a section as `name TYPE data`. */
export function lines(records: DecodedPacket['answers']): string[] {
  const withData = (records ?? []).filter((each) => each.type !== 'OPT');
  return withData.map((each) => `${each.name} ${each.type} ${String(each.data)}`);
}

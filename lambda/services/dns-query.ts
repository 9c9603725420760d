// Asks one name server one question, as resolvers do: by UDP, and by TCP where the answer is cut short.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { decode, DecodedPacket, encode, OptAnswer, Packet, Question, streamEncode } from 'dns-packet';
import { detailsOf } from '../base/describe-error';

const PORT = 53;

/** Resolvers wait about as long before they ask another name server. */
const PATIENCE_MS = 5_000;
/** A datagram may be lost. */
const ASK_AGAIN_MS = 2_000;

/** The size that every network carries in one piece. A key of 2048 bits does not fit in the 512 bytes without EDNS. */
const EDNS: OptAnswer = {
  type: 'OPT', name: '.', udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [],
};

/** The types of dns-packet leave the response code out. */
export type Reply = DecodedPacket & { readonly rcode: string };

/** There is no answer that can be read. */
export class QueryError extends Error {
  /** @param isCutShort what came by UDP is not the whole answer, and TCP brought none */
  constructor(readonly code: string, readonly isCutShort = false) {
    super(code);
  }
}

/** The name server is not asked to ask others. So none of them remembers a name that does not exist yet. */
export async function query(address: string, question: Question): Promise<Reply> {
  const plain: Packet = { type: 'query', id: randomInt(0x10000), flags: 0, questions: [question] };
  let packet: Packet = { ...plain, additionals: [EDNS] };
  let answer = await askByUdp(address, packet);
  if (answer.rcode === 'FORMERR' || answer.rcode === 'NOTIMP') { // it does not know EDNS
    packet = plain;
    answer = await askByUdp(address, packet);
  }
  if (!answer.flag_tc) return answer;
  return askByTcp(address, packet).catch((error: unknown) => {
    throw new QueryError(codeOf(error), true);
  });
}

interface Exchange {
  /** A message has come. */
  readonly receive: (message: Buffer) => void;
  readonly fail: (error: unknown) => void;
}

function askByUdp(address: string, packet: Packet): Promise<Reply> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  let again: NodeJS.Timeout | undefined;
  return exchange(packet, ({ receive, fail }) => {
    const send = () => socket.send(encode(packet));
    socket.on('error', fail);
    socket.on('message', (message) => receive(isCut(message) ? headOf(message) : message));
    socket.on('connect', () => {
      again = setTimeout(send, ASK_AGAIN_MS);
      send();
    });
    socket.connect(PORT, address); // datagrams from elsewhere do not come in then
  }).finally(() => {
    clearTimeout(again);
    socket.close();
  });
}

/** Whether TCP has to bring the whole: the flag TC is the second bit of the third byte. */
function isCut(message: Buffer): boolean {
  return message[2] % 4 > 1;
}

/** Id and flags, without any record: the last one can be cut in its middle (RFC 2181 section 9). */
function headOf(message: Buffer): Buffer {
  return Buffer.concat([message.subarray(0, 4), Buffer.alloc(8)]);
}

function askByTcp(address: string, packet: Packet): Promise<Reply> {
  const socket = connect(PORT, address);
  let received = Buffer.alloc(0);
  return exchange(packet, ({ receive, fail }) => {
    socket.on('error', fail);
    socket.on('close', () => fail(new QueryError('ECONNRESET')));
    socket.on('connect', () => socket.write(streamEncode(packet)));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length > 2 && received.length >= 2 + received.readUInt16BE()) receive(received.subarray(2));
    });
  }).finally(() => socket.destroy());
}

/** Gives the answer to the packet, or throws QueryError when it does not come in time. */
async function exchange({ id }: Packet, begin: (exchange: Exchange) => void): Promise<Reply> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, fail) => {
      timer = setTimeout(() => fail(new QueryError('ETIMEOUT')), PATIENCE_MS);
      const receive = (message: Buffer) => {
        try {
          const answer = decode(message) as Reply;
          if (answer.id === id) resolve(answer); // another one is forged, or an answer to somebody before us
        } catch {
          fail(new QueryError('EBADRESP'));
        }
      };
      begin({ receive, fail });
    });
  } catch (error) {
    throw new QueryError(codeOf(error));
  } finally {
    clearTimeout(timer);
  }
}

/** Node's, of a connection or a resolver. */
export function codeOf(error: unknown): string {
  const { code, name } = detailsOf(error);
  return code ?? name ?? 'Error';
}

// Tests of DNS messages that functions send themselves: over sockets behind the NAT, and the same in memory.
import dgram from 'node:dgram';
import net from 'node:net';
import { decode, encode, streamDecode, streamEncode } from 'dns-packet';
import { DnsWorld } from './dns';
import { query } from './dns/raw-query';
import { memoryDgram, memoryNet } from './lambda/in-process/memory-sockets';
import { socketsThrough } from './sockets-behind-nat';
import { FunctionTime } from './time/function-time';

const PACKET = query('example.com', 'TXT', { udpPayloadSize: 1232 });
const NAME_SERVER = 'ns1.acme.example';

let world: DnsWorld;
/** What was slept, in ms of the cloud's clock; no real time passes. */
let slept: number[];
/** How many messages were on their way. */
let travelled: number;

beforeEach(async () => {
  world = new DnsWorld();
  slept = [];
  travelled = 0;
  await world.start();
  const provider = world.provider('acme');
  await provider.createZone('example.com');
  provider.set('example.com', 'TXT', ['hello']);
});
afterEach(() => world.stop());

interface Sockets {
  readonly createSocket: (type: 'udp4' | 'udp6') => dgram.Socket;
  readonly connect: (port: number, address: string) => net.Socket;
}

/** What came back: the text, `cut` for a part of it, or the error. Undefined when nothing has come for long. */
async function outcome(begin: (done: (result: string) => void) => { close(): void }): Promise<string | undefined> {
  let socket: { close(): void } | undefined;
  const answer = new Promise<string>((resolve) => {
    socket = begin(resolve);
  });
  const nothing = (async () => {
    for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate);
    return undefined;
  })();
  return Promise.race([answer, nothing]).finally(() => socket!.close());
}

function textOf(message: ReturnType<typeof decode>): string {
  const [answer] = message.answers ?? [];
  return message.flag_tc ? 'cut' : answer?.type === 'TXT' ? String(answer.data) : 'none';
}

function byUdp({ createSocket }: Sockets, address: string): Promise<string | undefined> {
  return outcome((done) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.on('error', ({ code }: NodeJS.ErrnoException) => done(code!));
    socket.on('message', (message) => done(textOf(decode(message))));
    socket.on('connect', () => socket.send(encode(PACKET)));
    socket.connect(53, address);
    return socket;
  });
}

function byTcp({ connect }: Sockets, address: string): Promise<string | undefined> {
  return outcome((done) => {
    const socket = connect(53, address);
    socket.on('error', ({ code }: NodeJS.ErrnoException) => done(code!));
    socket.on('data', (message: Buffer) => done(textOf(streamDecode(message) as ReturnType<typeof decode>)));
    socket.on('connect', () => socket.write(streamEncode(PACKET)));
    return { close: () => void socket.destroy() };
  });
}

/** Each way of running a function: its sockets, and how they are taken away again. */
const WAYS: Record<string, () => { sockets: Sockets; leave: () => void }> = {
  'in a process': () => {
    const leave = socketsThrough(() => world.natOfFunctions(), {
      delayCall: async () => {
        travelled++;
      },
      sleep: async (ms) => slept.push(ms),
    });
    return { sockets: { createSocket: dgram.createSocket, connect: net.connect }, leave };
  },
  'in memory': () => {
    const time = new FunctionTime(0, () => 0, { least: 0, most: 0 });
    jest.spyOn(time, 'delayCall').mockImplementation(async () => void travelled++);
    jest.spyOn(time, 'sleep').mockImplementation(async (ms) => void slept.push(ms));
    return {
      sockets: { ...memoryDgram(world, time), ...memoryNet(world, time) } as unknown as Sockets, leave: () => undefined,
    };
  },
};

describe.each(Object.entries(WAYS))('a function %s', (_, way) => {
  let sockets: Sockets;
  let leave: () => void;
  let address: string;

  beforeEach(async () => {
    [address] = await world.client().resolve4(NAME_SERVER);
    ({ sockets, leave } = way());
  });
  afterEach(() => leave());

  test('asks a name server at its public address, and each message takes its time', async () => {
    expect(await byUdp(sockets, address)).toBe('hello');
    expect(await byTcp(sockets, address)).toBe('hello');
    expect(travelled).toBe(2);
    expect(slept).toEqual([]);
  });

  test('gets an answer that is cut by UDP as a whole by TCP', async () => {
    world.changeNameServer(NAME_SERVER, { truncatesUdp: true });
    expect(await byUdp(sockets, address)).toBe('cut');
    expect(await byTcp(sockets, address)).toBe('hello');
  });

  test('gets no connection where there is none by TCP', async () => {
    world.changeNameServer(NAME_SERVER, { tcp: false });
    expect(await byUdp(sockets, address)).toBe('hello');
    expect(await byTcp(sockets, address)).toMatch(/^(ECONNRESET|EPIPE)$/);
  });

  test('waits as long as a slow name server takes', async () => {
    world.changeNameServer(NAME_SERVER, { delay: 4_000 });
    expect(await byUdp(sockets, address)).toBe('hello');
    expect(await byTcp(sockets, address)).toBe('hello');
    expect(slept).toEqual([4_000, 4_000]);
  });

  test.each<[string, () => void]>([
    ['is silent', () => world.setReachable(NAME_SERVER, false)],
    ['is behind a closed port', () => {
      world.settings.functionNetwork.port53 = false;
    }],
  ])('hears nothing of a name server that %s', async (__, change) => {
    change();
    expect(await byUdp(sockets, address)).toBeUndefined();
    expect(await byTcp(sockets, address)).toBeUndefined();
  });

  test('reaches IPv6 only where its network has it, and no address that nobody has', async () => {
    const six = world.provider('six', 'ipv6');
    await six.createZone('example.com');
    six.set('example.com', 'TXT', ['six']);
    const [address6] = await world.client().resolve6('ns1.six.example');
    expect(await byUdp(sockets, address6)).toBe('ENETUNREACH');
    expect(await byTcp(sockets, address6)).toBe('ENETUNREACH');
    expect(await byUdp(sockets, '192.0.2.253')).toBe('ECONNREFUSED');
    expect(await byTcp(sockets, '192.0.2.253')).toBe('ECONNREFUSED');
    world.settings.functionNetwork.ipv6 = true;
    expect(await byUdp(sockets, address6)).toBe('six');
    expect(await byTcp(sockets, address6)).toBe('six');
  });
});

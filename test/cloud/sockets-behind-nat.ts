// Sends the DNS messages of this process to the local cloud: UDP and TCP to port 53, of which the handler sends both.
import dgram from 'node:dgram';
import net from 'node:net';
import { Nat, unreachable } from './dns/nat';

const DNS_PORT = 53;

/** The time that a message takes. For a function, it is that of the cloud. */
interface Time {
  /** Waits for as long as a message takes before it is sent. */
  delayCall(): Promise<void>;
  sleep(ms: number): Promise<unknown>;
}

/** Returns a function that ends this. */
export function socketsThrough(nat: () => Nat, time: Time): () => void {
  const { createSocket } = dgram;
  const { connect } = net;
  Object.assign(dgram, {
    // The local cloud listens on IPv4 only, whatever address a name server has.
    createSocket: (_type: dgram.SocketType, ...rest: [((...message: [Buffer, dgram.RemoteInfo]) => void)?]) =>
      behindNat(createSocket('udp4', ...rest), nat, time),
  });
  Object.assign(net, {
    connect: (...args: unknown[]) => args[0] === DNS_PORT
      ? tcpBehindNat(String(args[1]), nat, time) : Reflect.apply(connect, net, args),
  });
  return () => {
    Object.assign(dgram, { createSocket });
    Object.assign(net, { connect });
  };
}

/**
 * Only a socket that connects to port 53 is changed. Node must not count it as work while it only waits: the answer may
 * never come, and what ends the waiting is a timer of the cloud.
 */
function behindNat(socket: dgram.Socket, nat: () => Nat, time: Time): dgram.Socket {
  const connect = socket.connect.bind(socket) as (port: number, address: string) => void;
  const send = socket.send.bind(socket) as (message: Uint8Array) => void;
  let isClosed = false;
  socket.once('close', () => {
    isClosed = true;
  });
  const connectTo = (port: number, address: string) => {
    if (port !== DNS_PORT) return connect(port, address);
    const entry = nat()[address];
    socket.unref();
    socket.on('message', () => socket.unref());
    socket.send = (message: unknown) => void deliver(message as Uint8Array);
    if (entry && !entry.lost) connect(portOf(entry.at), '127.0.0.1');
    else process.nextTick(() => isClosed || socket.emit('connect'));

    async function deliver(message: Uint8Array): Promise<void> {
      await time.delayCall();
      if (isClosed) return;
      if (!entry) return void socket.emit('error', unreachable(address));
      if (entry.lost) return;
      if (entry.delay) await time.sleep(entry.delay);
      if (isClosed) return;
      socket.ref();
      send(message);
    }
  };
  socket.connect = connectTo as dgram.Socket['connect'];
  return socket;
}

function tcpBehindNat(address: string, nat: () => Nat, time: Time): net.Socket {
  const socket = new net.Socket();
  const open = async () => {
    await time.delayCall();
    const entry = nat()[address];
    if (!entry) return void socket.destroy(unreachable(address));
    if (entry.lost) return;
    if (entry.delay) await time.sleep(entry.delay);
    if (!socket.destroyed) socket.connect(portOf(entry.at), '127.0.0.1');
  };
  void open();
  return socket;
}

function portOf(at: string): number {
  return Number(at.split(':')[1]);
}

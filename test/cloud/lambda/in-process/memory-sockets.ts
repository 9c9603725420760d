// `node:dgram` and `node:net` without sockets, for DNS messages of functions in the test's own process.
import { EventEmitter } from 'node:events';
import { BlockList } from 'node:net';
import { systemError } from './system-error';
import { DnsWorld } from '../../dns';
import { unreachable } from '../../dns/nat';
import { FunctionTime } from '../../time/function-time';

/** The DNS world, as far as messages of a function go. */
export type MessageDns = Pick<DnsWorld, 'reply' | 'acceptsTcp' | 'natOfFunctions'>;

export function memoryDgram(dns: MessageDns, time: FunctionTime) {
  return { createSocket: () => new MemoryDatagramSocket(dns, time) };
}

export function memoryNet(dns: MessageDns, time: FunctionTime) {
  return { BlockList, connect: (_port: number, address: string) => new MemoryConnection(dns, time, address) };
}

/** Brings a message to a name server, in the time that it takes. Gives nothing where it is lost. */
async function travel<T>(
  dns: MessageDns, time: FunctionTime, address: string, arrive: () => T,
): Promise<T | undefined> {
  await time.delayCall();
  const entry = dns.natOfFunctions()[address];
  if (!entry) throw unreachable(address);
  if (entry.lost) return undefined;
  if (entry.delay) await time.sleep(entry.delay);
  return arrive();
}

class MemoryDatagramSocket extends EventEmitter {
  private isClosed = false;
  private address = '';

  constructor(private readonly dns: MessageDns, private readonly time: FunctionTime) {
    super();
  }

  connect(_port: number, address: string): void {
    this.address = address;
    process.nextTick(() => this.isClosed || this.emit('connect'));
  }

  send(message: Buffer): void {
    const { dns, time, address } = this;
    travel(dns, time, address, () => dns.reply(address, message, 'udp')).then(
      (reply) => reply && !this.isClosed && this.emit('message', reply),
      (error) => this.isClosed || this.emit('error', error),
    );
  }

  close(): void {
    this.isClosed = true;
  }
}

class MemoryConnection extends EventEmitter {
  private isDestroyed = false;

  constructor(
    private readonly dns: MessageDns, private readonly time: FunctionTime, private readonly address: string,
  ) {
    super();
    void this.open();
  }

  write(message: Buffer): void {
    const reply = this.dns.reply(this.address, message.subarray(2), 'tcp');
    if (reply) process.nextTick(() => this.isDestroyed || this.emit('data', reply));
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  private async open(): Promise<void> {
    const { dns, time, address } = this;
    try {
      const isOpen = await travel(dns, time, address, () => dns.acceptsTcp(address));
      if (isOpen === undefined || this.isDestroyed) return;
      if (!isOpen) throw systemError(`connect ECONNRESET ${address}:53`, 'ECONNRESET');
      this.emit('connect');
    } catch (error) {
      if (!this.isDestroyed) this.emit('error', error);
    }
  }
}

// Sends the DNS queries of this process to the local cloud. So the handler can ask name servers at port 53.
import dns, { ResolverOptions } from 'node:dns';
import { setTimeout } from 'node:timers/promises';
import { Nat } from './dns/nat';
import { timesOut } from './dns/time-out';
import { socketsThrough } from './sockets-behind-nat';

/** Nothing listens there. Queries to unknown servers go there, so that none leaves this machine. */
const NOWHERE = '127.0.0.1:9';
/** RFC 5737 and RFC 3849. */
const DOCUMENTATION_ADDRESS = /^(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$|^2001:db8:/i;

/** The time that DNS queries take. For a function, it is that of the cloud. */
interface Time {
  /** Waits for as long as a query takes before it is sent. */
  delayCall(): Promise<void>;
  sleep(ms: number): Promise<unknown>;
}

const REAL_TIME: Time = { delayCall: async () => undefined, sleep: setTimeout };

/**
 * Returns a function that ends this.
 * @param nat is called for each query, as name servers come and go
 */
export function resolveThrough(resolver: string, nat: () => Nat, time: Time = REAL_TIME): () => void {
  const before = {
    servers: dns.getServers(),
    promised: dns.promises.getServers(),
    Resolver: dns.Resolver,
    PromisesResolver: dns.promises.Resolver,
  };
  dns.setServers([resolver]);
  dns.promises.setServers([resolver]);
  dns.Resolver = behindNat(dns.Resolver, resolver, nat);
  dns.promises.Resolver = takingTime(behindNat(dns.promises.Resolver, resolver, nat), nat, time);
  const closeSockets = socketsThrough(nat, time);
  return () => {
    closeSockets();
    dns.setServers(before.servers);
    dns.promises.setServers(before.promised);
    dns.Resolver = before.Resolver;
    dns.promises.Resolver = before.PromisesResolver;
  };
}

interface AnyResolver {
  setServers(servers: readonly string[]): void;
}

function behindNat<T extends AnyResolver, A extends unknown[]>(
  Resolver: new (...args: A) => T, resolver: string, nat: () => Nat,
): new (...args: A) => T {
  return new Proxy(Resolver, {
    construct(target, args, newTarget) {
      const made: T = Reflect.construct(target, args, newTarget);
      const setServers = made.setServers.bind(made);
      made.setServers = (servers) => setServers(servers.map((server) => translated(server, nat())));
      setServers([resolver]);
      return made;
    },
  });
}

/**
 * A query is sent after its delay. An answer that is slow or lost takes the cloud's time, not the machine's.
 * The handler asks only its own resolver in this way, so only the first server counts.
 */
function takingTime(
  Resolver: new (options?: ResolverOptions) => dns.promises.Resolver, nat: () => Nat, time: Time,
): new (options?: ResolverOptions) => dns.promises.Resolver {
  return class extends Resolver {
    private server = '';

    constructor(options?: ResolverOptions) {
      super(options);
      const setServers = this.setServers;
      const made = this as unknown as Record<string, (...question: unknown[]) => Promise<unknown>>;
      this.setServers = (servers) => {
        [this.server] = servers;
        setServers(servers);
      };
      for (const query of queriesOf(Resolver)) {
        const ask = made[query].bind(this);
        made[query] = async (...question) => {
          await time.delayCall();
          const entry = nat()[addressOf(this.server)];
          if (entry && await timesOut(entry, options, (ms) => time.sleep(ms))) throw timeout(String(question[0]));
          return ask(...question);
        };
      }
    }
  };
}

function queriesOf(Resolver: { prototype: dns.promises.Resolver }): string[] {
  return Object.getOwnPropertyNames(Resolver.prototype).filter((each) => each.startsWith('resolve'));
}

/** As c-ares has it. */
function timeout(name: string): Error {
  const error = new Error(`query ${dns.TIMEOUT} ${name}`);
  return Object.assign(error, { code: dns.TIMEOUT, syscall: 'query', hostname: name });
}

function translated(server: string, nat: Nat): string {
  const address = addressOf(server);
  return nat[address]?.at ?? (DOCUMENTATION_ADDRESS.test(address) ? NOWHERE : server);
}

/** From `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1` or `[2001:db8::1]:53`. */
function addressOf(server: string): string {
  return server.replace(/^\[(.*)\](?::53)?$/, '$1').replace(/^([\d.]+):53$/, '$1');
}

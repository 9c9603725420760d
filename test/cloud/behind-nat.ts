// Puts this process into a network with one resolver and a NAT, so that the handler can ask name servers at port 53.
import dns, { ResolverOptions } from 'node:dns';
import { setTimeout } from 'node:timers/promises';
import { Nat } from './dns/nat';
import { waitsInVain } from './dns/patience';

/** Nothing listens there: what the NAT does not know cannot be reached, and nothing leaves this machine. */
const NOWHERE = '127.0.0.1:9';
/** RFC 5737 and RFC 3849. */
const DOCUMENTATION_ADDRESS = /^(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$|^2001:db8:/i;

/** What questions take of time. A function's time is the cloud's. */
interface Time {
  /** The way of one question. */
  travel(): Promise<void>;
  sleep(ms: number): Promise<unknown>;
}

const REAL_TIME: Time = { travel: async () => undefined, sleep: setTimeout };

/**
 * Returns how to get out again.
 * @param nat asked each time, as name servers come and go
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
  return () => {
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
 * Each question is asked after its way. Slow and lost answers of name servers cost the time of the cloud, not the
 * machine's. A name server is asked on its own, so only the first of the servers counts.
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
          await time.travel();
          const entry = nat()[addressOf(this.server)];
          if (entry && await waitsInVain(entry, options, (ms) => time.sleep(ms))) throw timeout(String(question[0]));
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

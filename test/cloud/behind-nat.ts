// Puts this process into a network with one resolver and a NAT, so that the handler can ask name servers at their port 53.
import dns from 'node:dns';

/** Nothing listens there: an address that the DNS world does not know cannot be reached, and nothing leaves this machine. */
const NOWHERE = '127.0.0.1:9';
const DOCUMENTATION_ADDRESS = /^(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$/;

/** From a name server's public address to where it really listens; asked each time, as name servers come and go. */
type Nat = () => Readonly<Record<string, string>>;

/**
 * Returns how to get out again.
 * @param travel the way of one question
 */
export function resolveThrough(resolver: string, nat: Nat, travel: () => Promise<void> = async () => undefined): () => void {
  const before = { servers: dns.getServers(), promised: dns.promises.getServers(), Resolver: dns.Resolver, PromisesResolver: dns.promises.Resolver };
  dns.setServers([resolver]);
  dns.promises.setServers([resolver]);
  dns.Resolver = behindNat(dns.Resolver, resolver, nat);
  dns.promises.Resolver = afterItsWay(behindNat(dns.promises.Resolver, resolver, nat), travel);
  return () => {
    dns.setServers(before.servers);
    dns.promises.setServers(before.promised);
    dns.Resolver = before.Resolver;
    dns.promises.Resolver = before.PromisesResolver;
  };
}

function behindNat<T extends { setServers(servers: readonly string[]): void }, A extends unknown[]>(
  Resolver: new (...args: A) => T, resolver: string, nat: Nat,
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

/** Each question of a resolver is asked after its way. */
function afterItsWay(Resolver: typeof dns.promises.Resolver, travel: () => Promise<void>): typeof dns.promises.Resolver {
  return new Proxy(Resolver, {
    construct(target, args, newTarget) {
      const made: dns.promises.Resolver = Reflect.construct(target, args, newTarget);
      return new Proxy(made, {
        get(resolver, key) {
          const member: unknown = Reflect.get(resolver, key);
          if (typeof member !== 'function') return member;
          const ask = member.bind(resolver);
          return String(key).startsWith('resolve') ? (...question: unknown[]) => travel().then(() => ask(...question)) : ask;
        },
      });
    },
  });
}

function translated(server: string, nat: Readonly<Record<string, string>>): string {
  const address = server.replace(/:53$/, '');
  return nat[address] ?? (DOCUMENTATION_ADDRESS.test(address) ? NOWHERE : server);
}

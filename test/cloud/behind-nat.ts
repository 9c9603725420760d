// Puts this process into a network with one resolver and a NAT, so that the handler can ask name servers at port 53.
import dns from 'node:dns';
import timersPromises from 'node:timers/promises';
import { Nat, NatEntry } from './dns/nat';

/** Nothing listens there: what the NAT does not know cannot be reached, and nothing leaves this machine. */
const NOWHERE = '127.0.0.1:9';
/** RFC 5737 and RFC 3849. */
const DOCUMENTATION_ADDRESS = /^(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$|^2001:db8:/i;

/** What c-ares does unless told otherwise: ms until the first repetition, and how often it asks. */
const DEFAULT_PATIENCE = { timeout: 2_000, tries: 4 };

type Sleep = (ms: number) => Promise<unknown>;

/** Looked up at each call: in a function's process the timer follows the cloud's clock. */
const sleepByTimer: Sleep = (ms) => timersPromises.setTimeout(ms);

/**
 * Returns how to get out again.
 * @param nat asked each time, as name servers come and go
 */
export function resolveThrough(resolver: string, nat: () => Nat, sleep: Sleep = sleepByTimer): () => void {
  const before = {
    servers: dns.getServers(),
    promised: dns.promises.getServers(),
    Resolver: dns.Resolver,
    PromisesResolver: dns.promises.Resolver,
  };
  dns.setServers([resolver]);
  dns.promises.setServers([resolver]);
  dns.Resolver = behindNat(dns.Resolver, resolver, nat);
  dns.promises.Resolver = waitingForAnswers(behindNat(dns.promises.Resolver, resolver, nat), nat, sleep);
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
 * Slow and lost answers cost time of the cloud instead of the machine's. Only promised queries to one name server: that
 * is how name servers are asked.
 */
function waitingForAnswers<A extends [dns.ResolverOptions?]>(
  Resolver: new (...args: A) => dns.promises.Resolver, nat: () => Nat, sleep: Sleep,
): new (...args: A) => dns.promises.Resolver {
  return new Proxy(Resolver, {
    construct(target, args, newTarget) {
      const made = Reflect.construct(target, args, newTarget);
      const setServers = made.setServers.bind(made);
      let server = '';
      made.setServers = (servers: readonly string[]) => {
        [server] = servers;
        setServers(servers);
      };
      for (const query of queriesOf(target)) {
        const ask = made[query].bind(made);
        made[query] = async (name: string, ...more: unknown[]) => {
          await answered(nat()[addressOf(server)], { ...DEFAULT_PATIENCE, ...args[0] }, sleep, name);
          return ask(name, ...more);
        };
      }
      return made;
    },
  });
}

function queriesOf(Resolver: { prototype: dns.promises.Resolver }): string[] {
  return Object.getOwnPropertyNames(Resolver.prototype).filter((each) => /^(?:resolve|reverse)/.test(each));
}

/** Resolves when the answer would be there. Throws what c-ares does when it never is. */
async function answered(
  { delay = 0, lost = false }: Partial<NatEntry> = {}, { timeout, tries }: typeof DEFAULT_PATIENCE, sleep: Sleep, name: string,
): Promise<void> {
  // Each repetition is waited for twice as long as the one before.
  const patience = timeout * (2 ** tries - 1);
  const wait = lost ? patience : Math.min(delay, patience);
  if (wait > 0) await sleep(wait);
  if (wait < patience) return;
  const described = { code: dns.TIMEOUT, syscall: 'query', hostname: name };
  throw Object.assign(new Error(`query ${dns.TIMEOUT} ${name}`), described);
}

function translated(server: string, nat: Nat): string {
  const address = addressOf(server);
  return nat[address]?.at ?? (DOCUMENTATION_ADDRESS.test(address) ? NOWHERE : server);
}

/** From `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1` or `[2001:db8::1]:53`. */
function addressOf(server: string): string {
  return server.replace(/^\[(.*)\](?::53)?$/, '$1').replace(/^([\d.]+):53$/, '$1');
}

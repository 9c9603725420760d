// Looks in public DNS: the name servers that a name is delegated to, and what each of them says.
import { promises as dns } from 'node:dns';
import { detailsOf } from '../base/describe-error';
import { quote } from '../base/dns-text';
import { NameServerAnswer, PublicDns } from '../base/ports';

const OPTIONS = { timeout: 3_000, tries: 2 };

/** More name servers than any provider gives a zone; whoever delegates to more does not get to keep us busy. */
const MAX_NAME_SERVERS = 8;

/** The name servers are asked themselves, as a resolver could still answer from its memory. */
export const publicDns: PublicDns = {
  async ask(name) {
    const resolver = new dns.Resolver(OPTIONS);
    try {
      const nameServers = await delegatedTo(resolver, name);
      const asked = nameServers.slice(0, MAX_NAME_SERVERS);
      return await Promise.all(asked.map((nameServer) => askOne(resolver, nameServer, name)));
    } catch (error) {
      // It may answer when it is asked again.
      return [{ nameServer: 'the resolver, asked for the delegation,', error: codeOf(error) }];
    }
  },
};

/** The closest name above that has NS records: a part of the domain can be delegated on its own. */
async function delegatedTo(resolver: dns.Resolver, name: string): Promise<string[]> {
  for (let zone = name; zone.includes('.'); zone = zone.slice(zone.indexOf('.') + 1)) {
    const found = await orNothing(resolver.resolveNs(zone));
    if (found.length > 0) return found.sort();
  }
  return [];
}

async function askOne(resolver: dns.Resolver, nameServer: string, name: string): Promise<NameServerAnswer> {
  try {
    const [address] = await resolver.resolve4(nameServer);
    const direct = new dns.Resolver(OPTIONS);
    direct.setServers([address]);
    const texts = await orNothing(direct.resolveTxt(name));
    if (texts.length > 0) return { nameServer, values: texts.map((strings) => quote(strings.join(''))) };
    // The selector can be a CNAME to another provider's name, which this server need not know.
    const [target] = await orNothing(direct.resolveCname(name));
    const followed = target ? await orNothing(resolver.resolveTxt(target)) : [];
    return { nameServer, values: followed.map((strings) => quote(strings.join(''))) };
  } catch (error) {
    return { nameServer, error: codeOf(error) };
  }
}

function codeOf(error: unknown): string {
  const { code, name } = detailsOf(error);
  return code ?? name ?? 'Error';
}

/** No such name and no such type are answers; everything else is an error. */
async function orNothing<T>(answer: Promise<T[]>): Promise<T[]> {
  try {
    return await answer;
  } catch (error) {
    if (['ENOTFOUND', 'ENODATA'].includes(codeOf(error))) return [];
    throw error;
  }
}

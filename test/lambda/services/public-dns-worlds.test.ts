// Tests of looking in public DNS in worlds that chance has made: whatever a resolver can be told, we are told too.
import { publicDns } from '../../../lambda/services/public-dns';
import { resolveThrough } from '../../cloud/behind-nat';
import { DnsWorld } from '../../cloud/dns';
import { Zone, ZoneRecord } from '../../cloud/dns/zone';
import { randomInt, seededRandom } from '../../cloud/time/random';

const DOMAIN = 'mail.example.com';
const NAME = `s1._domainkey.${DOMAIN}`;
const ABOVE = ['example.com', DOMAIN, `_domainkey.${DOMAIN}`, NAME];
const SERVERS = [1, 2, 3, 4, 5].map((number) => `ns1.p${number}.example`);
const noTime = { delayCall: async () => undefined, sleep: async () => undefined };

/** Name servers that disagree on who holds what, who is delegated to whom, and what is there. */
function fill(world: DnsWorld, seed: number): void {
  const random = seededRandom(seed, 'world');
  const some = (all: readonly string[]) => {
    const chosen = all.filter(() => random() < 0.5);
    return chosen.length > 0 ? chosen : [all[randomInt(random, all.length)]];
  };
  const record = (name: string, type: string, ...values: string[]): ZoneRecord => ({ name, type, ttl: 300, values });
  const atTheName = (apex: string, server: string): ZoneRecord[] => {
    const text = `"${apex} at ${server}"`;
    return [
      [record(NAME, 'TXT', text)], [record(NAME, 'TXT', text)], [record(`*.${apex}`, 'TXT', text)], [],
      [apex === NAME ? record(NAME, 'TXT', text) : record(NAME, 'CNAME', some(['key.example.org', 'a.example.com'])[0])],
      [apex === 'example.com' ? record(DOMAIN, 'DNAME', 'example.org') : record(NAME, 'TXT', text)],
    ][randomInt(random, 6)];
  };
  for (const apex of ['example.com', 'example.org']) world.delegate(apex, some(SERVERS));
  for (const server of SERVERS) {
    for (const apex of [...ABOVE, 'example.org'].filter((each) => random() < (each.length < 12 ? 0.75 : 0.3))) {
      const below = ABOVE.filter((each) => each !== apex && each.endsWith(`.${apex}`) && random() < 0.2);
      const records = [
        ...[apex, ...below].map((name) => record(name, 'NS', ...some(SERVERS))),
        record(apex, 'SOA', `${server} hostmaster.example 1 7200 900 1209600 300`),
        ...apex === 'example.org'
          ? some(['key', 's1._domainkey']).map((label) => record(`${label}.${apex}`, 'TXT', `"${label} at ${server}"`))
          : atTheName(apex, server),
      ];
      world.addZone(new Zone(apex, () => records), [server]);
    }
  }
}

/** What resolvers in the world are told: they ask any of the name servers. */
async function seenByTheWorld(world: DnsWorld): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let tries = 0; tries < 30; tries++) {
    await world.client().resolveTxt(NAME).then(([strings]) => seen.add(`"${strings.join('')}"`), ({ code }) => {
      if (code !== 'ESERVFAIL') seen.add('none');
    });
  }
  return seen;
}

test('D publish before use: what anybody can be told of the record, is known', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const world = new DnsWorld({ random: seededRandom(seed, 'resolvers') });
    await world.start();
    await world.addNameServers(SERVERS);
    fill(world, seed);
    const leaveNetwork = resolveThrough(world.resolverAddress, () => world.natOfFunctions(), noTime);
    const answers = await publicDns.ask(NAME);
    const known = answers.flatMap(({ values }) => values?.length === 0 ? ['none'] : values ?? []);
    for (const each of await seenByTheWorld(world)) {
      expect({ seed, known: answers.length > 0 ? known : ['none'] })
        .toEqual({ seed, known: expect.arrayContaining([each]) });
    }
    leaveNetwork();
    await world.stop();
  }
});

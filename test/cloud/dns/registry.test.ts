// Tests of what the root, the registries and other parents say: referrals, as who begins at the root sees them.
import { DnsWorld } from './dns-world';
import { askUdp, lines, query } from './raw-query';
import { ROOT_SERVERS } from './registry';
import { Zone, ZoneRecord } from './zone';

/** What the next `random()` gives; 0 picks the first name server that is left, 0.99 the last. */
let chance = 0;
let world: DnsWorld;

beforeEach(async () => {
  chance = 0;
  world = new DnsWorld({ random: () => chance });
  await world.start();
});
afterEach(() => world.stop());

const iterative = { flags: 0 };

/** Asks from the root down and gives the zones that were referred to on the way, and the last answer. */
async function walk(name: string, type: 'TXT' | 'NS') {
  const referrals: string[] = [];
  let server = ROOT_SERVERS[0];
  for (;;) {
    const answer = await askUdp(world.listeningAt(server), query(name, type, iterative));
    const referral = answer.answers?.length ? undefined : answer.authorities?.find((each) => each.type === 'NS');
    if (referral?.type !== 'NS') return { referrals, answer };
    referrals.push(referral.name);
    server = referral.data;
  }
}

describe('a client that starts at the root', () => {
  test('is referred to the registry and on to the domain\'s own name servers', async () => {
    const provider = world.provider('acme');
    await provider.createZone('example.com');
    provider.set('www.example.com', 'TXT', ['hello']);
    const { referrals, answer } = await walk('www.example.com', 'TXT');
    expect(referrals).toEqual(['com', 'example.com']);
    expect(lines(answer.answers)).toEqual(['www.example.com TXT hello']);
    expect(answer.flag_aa).toBe(true);
  });

  test('is referred on by a parent that is no registry', async () => {
    await world.provider('acme').createZone('example.com');
    await world.provider('other').createZone('mail.example.com');
    const { referrals, answer } = await walk('mail.example.com', 'NS');
    expect(referrals).toEqual(['com', 'example.com', 'mail.example.com']);
    expect(lines(answer.answers)).toEqual([
      'mail.example.com NS ns1.other.example', 'mail.example.com NS ns2.other.example',
    ]);
  });

  test('learns from the registry that there is no such domain, and from the root no such top level', async () => {
    await world.provider('acme').createZone('example.com');
    const unregistered = await walk('www.nobody.com', 'TXT');
    expect(unregistered).toMatchObject({ referrals: ['com'], answer: { rcode: 'NXDOMAIN', flag_aa: true } });
    expect(unregistered.answer.authorities).toMatchObject([{ name: 'com', type: 'SOA', ttl: 900 }]);
    const unheardOf = await walk('www.nobody.nowhere', 'TXT');
    expect(unheardOf).toMatchObject({ referrals: [], answer: { rcode: 'NXDOMAIN' } });
    expect(unheardOf.answer.authorities).toMatchObject([{ name: '.', type: 'SOA' }]);
  });
});

describe('the referral of a registry', () => {
  test('has the name servers in the authority section, and is no authoritative answer', async () => {
    await world.provider('acme').createZone('example.com');
    const answer = await askUdp(world.listeningAt('a.gtld-servers.net'), query('example.com', 'NS', iterative));
    expect(answer).toMatchObject({ flag_aa: false, flag_ra: false, rcode: 'NOERROR', answers: [] });
    expect(lines(answer.authorities)).toEqual(['example.com NS ns1.acme.example', 'example.com NS ns2.acme.example']);
    expect(answer.authorities).toMatchObject([{ ttl: 172800 }, { ttl: 172800 }]);
  });

  test('has addresses of name servers below the same top level, and of no others', async () => {
    await world.provider('acme').createZone('example.com');
    await world.provider('acme').createZone('domain.example');
    const askRegistry = (name: string) => askUdp(world.listeningAt('b.gtld-servers.net'), query(name, 'NS', iterative));
    expect(lines((await askRegistry('example.com')).additionals)).toEqual([]);
    const [ns1, ns2] = await Promise.all(['ns1', 'ns2'].map((each) => world.client().resolve4(`${each}.acme.example`)));
    expect(lines((await askRegistry('domain.example')).additionals)).toEqual([
      `ns1.acme.example A ${ns1}`, `ns2.acme.example A ${ns2}`,
    ]);
  });

  test('follows what the registry is told', async () => {
    await world.provider('acme').createZone('example.com');
    const askRegistry = () => askUdp(world.listeningAt('a.gtld-servers.net'), query('example.com', 'NS', iterative));
    world.delegate('example.com', ['ns1.other.example']);
    expect(lines((await askRegistry()).authorities)).toEqual(['example.com NS ns1.other.example']);
    world.undelegate('example.com');
    expect(await askRegistry()).toMatchObject({ rcode: 'NXDOMAIN' });
  });
});

describe('a domain that the registry delegates to two providers', () => {
  beforeEach(async () => {
    const here = world.provider('here');
    const there = world.provider('there');
    const both = [await here.createZone('example.com'), await there.createZone('example.com')];
    world.delegate('example.com', both.flatMap(({ nameServers }) => nameServers));
    here.set('key.example.com', 'TXT', ['new']);
  });

  test('is delegated to the union, while each provider\'s zone names only its own servers', async () => {
    const referral = await askUdp(world.listeningAt('a.gtld-servers.net'), query('example.com', 'NS', iterative));
    expect(lines(referral.authorities)).toHaveLength(4);
    const ask = (server: string) => askUdp(world.listeningAt(server), query('example.com', 'NS', iterative));
    expect(lines((await ask('ns1.here.example')).answers)).toEqual([
      'example.com NS ns1.here.example', 'example.com NS ns2.here.example',
    ]);
    expect(lines((await ask('ns2.there.example')).answers)).toEqual([
      'example.com NS ns1.there.example', 'example.com NS ns2.there.example',
    ]);
  });

  test('is seen by half the world as one provider has it, and by the other half as the other has it', async () => {
    expect(await world.client().resolveTxt('key.example.com')).toEqual([['new']]);
    expect(await world.client().resolveNs('example.com')).toEqual(['ns1.here.example', 'ns2.here.example']);
    chance = 0.99;
    await expect(world.client().resolveTxt('key.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(await world.client().resolveNs('example.com')).toEqual(['ns1.there.example', 'ns2.there.example']);
  });

  test('is seen whole when the servers of one provider are down', async () => {
    for (const server of ['ns1.there.example', 'ns2.there.example']) world.setReachable(server, false);
    chance = 0.99;
    expect(await world.client().resolveTxt('key.example.com')).toEqual([['new']]);
  });
});

test('every name server of a delegation is asked sooner or later', async () => {
  const random = jest.spyOn(Math, 'random');
  const unseeded = new DnsWorld();
  await unseeded.start();
  const names = await unseeded.addNameServers(['a.ns.example', 'b.ns.example', 'c.ns.example']);
  for (const name of names) {
    const own: ZoneRecord = { name: 'example.com', type: 'TXT', ttl: 300, values: [`"${name}"`] };
    unseeded.addZone(new Zone('example.com', () => [own]), [name]);
  }
  unseeded.delegate('example.com', names);
  const heard: string[] = [];
  for (const chosen of [0, 0.4, 0.8]) {
    random.mockReturnValue(chosen);
    heard.push(...(await unseeded.client().resolveTxt('example.com')).flat());
  }
  random.mockRestore();
  await unseeded.stop();
  expect(heard).toEqual(names);
});

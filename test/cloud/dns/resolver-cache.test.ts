// Tests of what the functions' resolver remembers, by the cloud's clock.
import { DnsProvider } from './dns-provider';
import { DnsWorld } from './dns-world';
import { askUdp, lines, query } from './raw-query';
import { Zone, ZoneRecord } from './zone';

const SECOND = 1_000;

let now: number;
let world: DnsWorld;
let provider: DnsProvider;

beforeEach(async () => {
  now = 1_800_000_000_000;
  world = new DnsWorld({ clock: { now: () => now } });
  await world.start();
  provider = world.provider('acme');
  await provider.createZone('example.com');
});
afterEach(() => world.stop());

/** What the functions' resolver says: the texts, or the error. */
async function text(name: string, client = world.cachingClient()): Promise<string> {
  return client.resolveTxt(name).then((records) => records.flat().join(), (error) => error.code);
}

describe('an answer', () => {
  test('is remembered for its TTL, and no longer', async () => {
    provider.set('a.example.com', 'TXT', ['one'], 60);
    expect(await text('a.example.com')).toBe('one');
    provider.set('a.example.com', 'TXT', ['two'], 60);
    now += 60 * SECOND - 1;
    expect(await text('A.Example.COM')).toBe('one');
    now += 1;
    expect(await text('a.example.com')).toBe('two');
  });

  test('is told with the time that it has left', async () => {
    provider.set('a.example.com', 'TXT', ['one'], 60);
    const ask = () => askUdp(world.resolverAddress, query('a.example.com', 'TXT'));
    expect((await ask()).answers).toMatchObject([{ ttl: 60 }]);
    now += 25 * SECOND;
    expect((await ask()).answers).toMatchObject([{ ttl: 35 }]);
  });

  test('with a TTL of 0 is not remembered', async () => {
    provider.set('a.example.com', 'TXT', ['one'], 0);
    expect(await text('a.example.com')).toBe('one');
    provider.set('a.example.com', 'TXT', ['two'], 0);
    expect(await text('a.example.com')).toBe('two');
  });

  test('that leads through a CNAME is remembered in parts, each for its own TTL', async () => {
    provider.set('alias.example.com', 'CNAME', ['a.example.com'], 600);
    provider.set('a.example.com', 'TXT', ['one'], 60);
    expect(await text('alias.example.com')).toBe('one');
    provider.set('alias.example.com', 'CNAME', ['b.example.com'], 600);
    provider.set('a.example.com', 'TXT', ['two'], 60);
    now += 60 * SECOND;
    expect(await text('alias.example.com')).toBe('two');
    now += 540 * SECOND;
    expect(await text('alias.example.com')).toBe('ENOTFOUND');
  });
});

describe('an answer that says no', () => {
  /** A zone whose SOA has that TTL and that minimum. */
  function zoneWithSoa(ttl: number, minimum: number, contents: () => ZoneRecord[]): void {
    const values = [`ns1.acme.example hostmaster.example 1 2 3 4 ${minimum}`];
    const soa: ZoneRecord = { name: 'example.org', type: 'SOA', ttl, values };
    world.addZone(new Zone('example.org', () => [soa, ...contents()]), ['ns1.acme.example']);
    world.delegate('example.org', ['ns1.acme.example']);
  }

  test.each([
    ['the SOA\'s minimum, where that is less than its TTL', 3600, 300],
    ['the SOA\'s TTL, where that is less than its minimum', 300, 86400],
  ])('is remembered for %s', async (_, ttl, minimum) => {
    let records: ZoneRecord[] = [];
    zoneWithSoa(ttl, minimum, () => records);
    expect(await text('new.example.org')).toBe('ENOTFOUND');
    records = [{ name: 'new.example.org', type: 'TXT', ttl: 60, values: ['"here"'] }];
    now += 300 * SECOND - 1;
    expect(await text('new.example.org')).toBe('ENOTFOUND');
    const said = await askUdp(world.resolverAddress, query('new.example.org', 'TXT'));
    expect(said).toMatchObject({ rcode: 'NXDOMAIN', authorities: [{ name: 'example.org', type: 'SOA', ttl: 1 }] });
    now += 1;
    expect(await text('new.example.org')).toBe('here');
  });

  test('about a name is about all its types, and about all names below it', async () => {
    expect(await world.cachingClient().resolveNs('host.example.com').catch(({ code }) => code)).toBe('ENOTFOUND');
    provider.set('host.example.com', 'TXT', ['here']);
    provider.set('sub.host.example.com', 'TXT', ['below']);
    expect(await text('host.example.com')).toBe('ENOTFOUND');
    expect(await text('sub.host.example.com')).toBe('ENOTFOUND');
    provider.set('ghost.example.com', 'TXT', ['only ends alike']);
    expect(await text('ghost.example.com')).toBe('only ends alike');
  });

  test('about a type is about that type only', async () => {
    provider.set('host.example.com', 'A', ['192.0.2.200']);
    expect(await text('host.example.com')).toBe('ENODATA');
    provider.set('host.example.com', 'TXT', ['here']);
    provider.set('host.example.com', 'MX', ['10 mail.example.com']);
    expect(await text('host.example.com')).toBe('ENODATA');
    expect(await world.cachingClient().resolveMx('host.example.com')).toHaveLength(1);
  });

  test('because no name server answers is not remembered', async () => {
    provider.set('a.example.com', 'TXT', ['one']);
    world.setReachable('ns1.acme.example', false);
    world.setReachable('ns2.acme.example', false);
    expect(await text('a.example.com')).toBe('ESERVFAIL');
    world.setReachable('ns1.acme.example', true);
    expect(await text('a.example.com')).toBe('one');
  });
});

describe('a delegation', () => {
  const TWO_DAYS = 172_800 * SECOND;

  test('is remembered: a domain that moves is asked for at its old name servers until the TTL is over', async () => {
    provider.set('a.example.com', 'TXT', ['old'], 60);
    expect(await text('a.example.com')).toBe('old');
    const other = world.provider('other');
    await other.createZone('example.com');
    other.set('a.example.com', 'TXT', ['new'], 60);
    now += TWO_DAYS - 1;
    expect(await text('a.example.com')).toBe('old');
    now += 61 * SECOND;
    expect(await text('a.example.com')).toBe('new');
  });

  test('that is deeper goes before', async () => {
    expect(await text('www.team.example.com')).toBe('ENOTFOUND');
    const team = world.provider('team');
    await team.createZone('team.example.com');
    team.set('www.team.example.com', 'TXT', ['here'], 0);
    team.set('other.team.example.com', 'TXT', ['there'], 0);
    now += 900 * SECOND;
    expect(await text('www.team.example.com')).toBe('here');
    // Both delegations are known now, and only the deeper one's servers have the name.
    expect(await text('other.team.example.com')).toBe('there');
  });
});

describe('who does not remember', () => {
  beforeEach(async () => {
    expect(await text('new.example.com')).toBe('ENOTFOUND');
    provider.set('new.example.com', 'TXT', ['here']);
    expect(await text('new.example.com')).toBe('ENOTFOUND');
  });

  test('a resolver elsewhere in the world, which was never asked', async () => {
    expect(await text('new.example.com', world.client())).toBe('here');
  });

  test('the functions\' resolver, when its memory is switched off', async () => {
    world.settings.caches = false;
    expect(await text('new.example.com')).toBe('here');
  });
});

test('what is in the answer is the same when it is remembered', async () => {
  provider.set('alias.example.com', 'CNAME', ['a.example.com']);
  provider.set('a.example.com', 'TXT', ['one']);
  const ask = () => askUdp(world.resolverAddress, query('alias.example.com', 'TXT'));
  const first = await ask();
  expect(lines(first.answers)).toEqual(['alias.example.com CNAME a.example.com', 'a.example.com TXT one']);
  expect(await ask()).toEqual(first);
});

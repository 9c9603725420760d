// Tests of single name servers: zone cuts, CNAMEs, and servers that are lame, down, or hard to reach.
import { promises as dns } from 'node:dns';
import { DnsProvider } from './dns-provider';
import { DnsWorld } from './dns-world';
import { askUdp, lines, query } from './raw-query';
import { Zone } from './zone';

let world: DnsWorld;
let provider: DnsProvider;

beforeEach(async () => {
  world = new DnsWorld();
  await world.start();
  provider = world.provider('acme');
  await provider.createZone('example.com');
});
afterEach(() => world.stop());

function ask(server: string, name: string, type: 'TXT' | 'NS' | 'A') {
  return askUdp(world.listeningAt(server), query(name, type));
}

/** A client as name servers are asked: one of them, directly. */
function direct(server: string): dns.Resolver {
  const client = new dns.Resolver({ timeout: 50, tries: 1 });
  client.setServers([world.listeningAt(server)]);
  return client;
}

describe('NS records below the apex cut the zone', () => {
  const CUT = ['mail.example.com NS ns1.other.example', 'mail.example.com NS ns2.other.example'];

  beforeEach(async () => {
    const { nameServers } = await world.provider('other').createZone('mail.example.com', { delegate: false });
    provider.set('mail.example.com', 'NS', nameServers, 3600);
    provider.set('mail.example.com', 'TXT', ['at the cut']);
    provider.set('s1._domainkey.mail.example.com', 'TXT', ['below the cut']);
  });

  test.each([
    ['a record below the cut', 's1._domainkey.mail.example.com', 'TXT'],
    ['a record at the cut', 'mail.example.com', 'TXT'],
    ['the NS records themselves', 'mail.example.com', 'NS'],
    ['a name below that nobody has', 'nobody.mail.example.com', 'A'],
  ] as const)('%s: the name server refers to the subdomain\'s', async (_, name, type) => {
    const answer = await ask('ns1.acme.example', name, type);
    expect(answer).toMatchObject({ rcode: 'NOERROR', flag_aa: false, answers: [] });
    expect(lines(answer.authorities)).toEqual(CUT);
  });

  test('a resolver never sees what is below the cut', async () => {
    const below = world.client().resolveTxt('s1._domainkey.mail.example.com');
    await expect(below).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(world.client().resolveTxt('mail.example.com')).rejects.toMatchObject({ code: 'ENODATA' });
  });

  test('a resolver sees what the subdomain\'s own name servers have', async () => {
    world.provider('other').set('s1._domainkey.mail.example.com', 'TXT', ['where it belongs']);
    expect(await world.client().resolveTxt('s1._domainkey.mail.example.com')).toEqual([['where it belongs']]);
    expect(await world.client().resolveNs('mail.example.com')).toEqual(['ns1.other.example', 'ns2.other.example']);
  });

  test('a cut to name servers that do not hold the subdomain hides it altogether', async () => {
    world.provider('other').deleteZone('mail.example.com');
    const below = world.client().resolveTxt('s1._domainkey.mail.example.com');
    await expect(below).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });

  test('the highest of several cuts counts', async () => {
    provider.set('_domainkey.mail.example.com', 'NS', ['ns1.third.example']);
    expect(lines((await ask('ns1.acme.example', 's1._domainkey.mail.example.com', 'TXT')).authorities)).toEqual(CUT);
  });

  test('names beside the cut are as they were', async () => {
    provider.set('s1._domainkey.example.com', 'TXT', ['beside']);
    provider.set('webmail.example.com', 'TXT', ['ends alike']);
    expect(await world.client().resolveTxt('s1._domainkey.example.com')).toEqual([['beside']]);
    expect(await world.client().resolveTxt('webmail.example.com')).toEqual([['ends alike']]);
  });
});

describe('a CNAME', () => {
  beforeEach(async () => {
    provider.set('app.example.com', 'CNAME', ['example.net']);
    await world.provider('host').createZone('example.net');
  });

  test('answers a question for NS: the name itself has none (RFC 1034 3.6.2)', async () => {
    const answer = await ask('ns1.acme.example', 'app.example.com', 'NS');
    expect(answer).toMatchObject({ flag_aa: true, rcode: 'NOERROR' });
    expect(lines(answer.answers)).toEqual(['app.example.com CNAME example.net']);
  });

  test('is followed by a resolver, which then has the NS records of the target', async () => {
    const answer = await askUdp(world.resolverAddress, query('app.example.com', 'NS'));
    expect(lines(answer.answers)).toEqual([
      'app.example.com CNAME example.net', 'example.net NS ns1.host.example', 'example.net NS ns2.host.example',
    ]);
    expect(await world.client().resolveNs('app.example.com')).toEqual(['ns1.host.example', 'ns2.host.example']);
  });

  test('says nothing about names below it: those are in the zone where they stand', async () => {
    provider.set('s1._domainkey.app.example.com', 'TXT', ['here']);
    expect(await world.client().resolveTxt('s1._domainkey.app.example.com')).toEqual([['here']]);
  });

  test('to a name that the server holds itself is believed of nobody but the target\'s own name servers', async () => {
    world.addZone(new Zone('example.net', () => [
      { name: 'example.net', type: 'TXT', ttl: 300, values: ['"a zone that is not delegated to this server"'] },
    ]), ['ns1.acme.example', 'ns2.acme.example']);
    world.provider('host').set('example.net', 'TXT', ['the truth']);
    expect(lines((await ask('ns1.acme.example', 'app.example.com', 'TXT')).answers)).toEqual([
      'app.example.com CNAME example.net', 'example.net TXT a zone that is not delegated to this server',
    ]);
    expect(await world.client().resolveTxt('app.example.com')).toEqual([['the truth']]);
  });
});

describe('a name server', () => {
  beforeEach(() => provider.set('example.com', 'TXT', ['hello']));

  test('that is lame refuses the zones that it should hold, and a resolver asks the next', async () => {
    world.changeNameServer('ns1.acme.example', { mode: 'refuses' });
    expect(await ask('ns1.acme.example', 'example.com', 'TXT')).toMatchObject({ rcode: 'REFUSED', answers: [] });
    expect(await world.client().resolveTxt('example.com')).toEqual([['hello']]);
    world.changeNameServer('ns2.acme.example', { mode: 'refuses' });
    await expect(world.client().resolveTxt('example.com')).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });

  test('that is silent says nothing at all', async () => {
    world.changeNameServer('ns1.acme.example', { mode: 'silent' });
    await expect(direct('ns1.acme.example').resolveTxt('example.com')).rejects.toMatchObject({ code: 'ETIMEOUT' });
  });

  test('that cuts its answers by UDP is asked again by TCP', async () => {
    world.changeNameServer('ns1.acme.example', { truncatesUdp: true });
    expect(await ask('ns1.acme.example', 'example.com', 'TXT')).toMatchObject({ flag_tc: true, answers: [] });
    expect(await direct('ns1.acme.example').resolveTxt('example.com')).toEqual([['hello']]);
  });

  test('that cuts its answers and is closed for TCP cannot be asked', async () => {
    for (const name of ['ns1.acme.example', 'ns2.acme.example']) {
      world.changeNameServer(name, { truncatesUdp: true, tcp: false });
    }
    await expect(direct('ns1.acme.example').resolveTxt('example.com')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(world.client().resolveTxt('example.com')).rejects.toMatchObject({ code: 'ESERVFAIL' });
  });

  test('that is closed for TCP gives short answers by UDP', async () => {
    world.changeNameServer('ns1.acme.example', { tcp: false });
    expect(await direct('ns1.acme.example').resolveTxt('example.com')).toEqual([['hello']]);
  });

  test.each([['answers within the resolver\'s patience', 4_999, true], ['takes longer', 5_000, false]])(
    'that %s', async (_, delay, isHeard) => {
      world.changeNameServer('ns1.acme.example', { delay });
      world.setReachable('ns2.acme.example', false);
      const heard = await world.client().resolveTxt('example.com').then(() => true, () => false);
      expect(heard).toBe(isHeard);
    });

  test('of IPv6 only has no A record, and registries tell its AAAA', async () => {
    const six = world.provider('six', 'ipv6');
    const { nameServers: [name] } = await six.createZone('six.example');
    six.set('six.example', 'TXT', ['from afar']);
    const referral = await ask('a.gtld-servers.net', 'six.example', 'TXT');
    expect(referral.additionals).toMatchObject(['ns1', 'ns2'].map((each) => (
      { name: `${each}.six.example`, type: 'AAAA', data: expect.stringMatching(/^2001:db8::/) }
    )));
    expect(await world.client().resolveTxt('six.example')).toEqual([['from afar']]);
    world.undelegate('six.example');
    expect(await world.client().resolve6(name)).toEqual([expect.stringMatching(/^2001:db8::/)]);
    await expect(world.client().resolve4(name)).rejects.toMatchObject({ code: 'ENODATA' });
  });
});

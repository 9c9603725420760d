// Tests of the local public DNS, asked by Node's own resolver (c-ares) and with raw messages over UDP and TCP.
import { createSocket } from 'node:dgram';
import { promises as dns } from 'node:dns';
import { connect } from 'node:net';
import { encode, streamDecode, streamEncode } from 'dns-packet';
import { DnsWorld } from './dns-world';
import { askUdp, query } from './raw-query';

const world = new DnsWorld();
let resolver: dns.Resolver;

beforeAll(async () => {
  await world.start();
  resolver = world.client();
  const provider = world.provider('acme');
  await provider.createZone('Example.com.');
  await provider.createZone('alias.test');
  provider.set('example.com', 'A', ['203.0.113.200']);
  provider.set('example.com', 'MX', ['10 mail.example.com.']);
  provider.set('example.com', 'CAA', ['0 issue "ca.example"']);
  provider.set('_smtp._tcp.example.com', 'SRV', ['1 2 587 mail.example.com']);
  provider.set('mail.example.com', 'AAAA', ['2001:db8::1']);
  provider.set('s1._domainkey.example.com', 'TXT', ['"v=DKIM1; k=rsa; p=AAA" "BBB"']);
  provider.set('here.alias.test', 'CNAME', ['there.alias.test']);
  provider.set('there.alias.test', 'CNAME', ['S1._domainkey.example.com.']);
  provider.set('lost.alias.test', 'CNAME', ['nobody.registered-this.test']);
  provider.set('empty.alias.test', 'CNAME', ['mail.example.com']);
  provider.set('loop.alias.test', 'CNAME', ['loop2.alias.test']);
  provider.set('loop2.alias.test', 'CNAME', ['loop.alias.test']);
  provider.set('*.wild.example.com', 'TXT', ['wild']);
});

afterAll(() => world.stop());

/** A client that asks the domain's first name server directly, as through the NAT. */
async function direct(domain: string): Promise<dns.Resolver> {
  const [name] = await resolver.resolveNs(domain);
  const client = new dns.Resolver();
  client.setServers([world.listeningAt(name)]);
  return client;
}

/** What listens at `127.0.0.1:PORT`. */
function portOf(address: string): number {
  return Number(address.split(':')[1]);
}

describe('the resolver', () => {
  test('answers every type that a mail domain needs', async () => {
    expect(await resolver.resolveNs('example.com')).toEqual(['ns1.acme.example', 'ns2.acme.example']);
    expect(await resolver.resolve4('example.com')).toEqual(['203.0.113.200']);
    expect(await resolver.resolve6('mail.example.com')).toEqual(['2001:db8::1']);
    expect(await resolver.resolveMx('example.com')).toEqual([{ exchange: 'mail.example.com', priority: 10 }]);
    expect(await resolver.resolveCaa('example.com')).toEqual([{ critical: 0, issue: 'ca.example' }]);
    const service = { name: 'mail.example.com', port: 587, priority: 1, weight: 2 };
    expect(await resolver.resolveSrv('_smtp._tcp.example.com')).toEqual([service]);
    expect(await resolver.resolveSoa('example.com')).toMatchObject({ nsname: 'ns1.acme.example', minttl: 300 });
  });

  test('keeps the strings of a TXT record apart', async () => {
    expect(await resolver.resolveTxt('s1._domainkey.example.com')).toEqual([['v=DKIM1; k=rsa; p=AAA', 'BBB']]);
  });

  test('compares names without regard to case', async () => {
    expect(await resolver.resolveTxt('S1._DomainKey.EXAMPLE.com')).toEqual([['v=DKIM1; k=rsa; p=AAA', 'BBB']]);
  });

  test('follows CNAMEs across zones and gives them back', async () => {
    expect(await resolver.resolveTxt('here.alias.test')).toEqual([['v=DKIM1; k=rsa; p=AAA', 'BBB']]);
    expect(await resolver.resolveCname('here.alias.test')).toEqual(['there.alias.test']);
    const answer = await askUdp(world.resolverAddress, query('here.alias.test', 'TXT'));
    expect(answer.answers?.map((each) => `${each.name} ${each.type}`)).toEqual([
      'here.alias.test CNAME', 'there.alias.test CNAME', 's1._domainkey.example.com TXT',
    ]);
    expect(answer).toMatchObject({ id: 4711, flag_ra: true, flag_rd: true, flag_aa: false });
  });

  test.each([
    ['a name that does not exist', 'missing.example.com', 'ENOTFOUND'],
    ['a type that does not exist', 'mail.example.com', 'ENODATA'],
    ['a name with others below it only', '_domainkey.example.com', 'ENODATA'],
    ['a domain that nobody registered', 'www.unregistered.test', 'ENOTFOUND'],
    ['a CNAME to a domain that nobody registered', 'lost.alias.test', 'ENOTFOUND'],
    ['a CNAME loop', 'loop.alias.test', 'ESERVFAIL'],
  ])('%s is told as such', async (_, name, code) => {
    await expect(resolver.resolveTxt(name)).rejects.toMatchObject({ code });
  });

  test('a CNAME to a name without that type gives the CNAME alone, which Node takes for an empty answer', async () => {
    expect(await resolver.resolveTxt('empty.alias.test')).toEqual([]);
  });

  test('a negative answer carries the SOA of the zone', async () => {
    const answer = await askUdp(world.resolverAddress, query('missing.example.com', 'TXT'));
    expect(answer).toMatchObject({ flag_aa: false, authorities: [{ type: 'SOA', name: 'example.com' }] });
    const unregistered = await askUdp(world.resolverAddress, query('unregistered.test', 'TXT'));
    expect(unregistered.authorities).toMatchObject([{ type: 'SOA', name: 'test' }]);
    const unheardOf = await askUdp(world.resolverAddress, query('example.unheard-of', 'TXT'));
    expect(unheardOf.authorities).toMatchObject([{ type: 'SOA', name: '.' }]);
  });

  test('a wildcard answers for names below it that do not exist', async () => {
    expect(await resolver.resolveTxt('a.b.wild.example.com')).toEqual([['wild']]);
    await expect(resolver.resolveTxt('wild.example.com')).rejects.toMatchObject({ code: 'ENODATA' });
  });

  test('that was never asked before sees a change at once', async () => {
    const provider = world.provider('acme');
    provider.set('new.example.com', 'TXT', ['one']);
    expect(await resolver.resolveTxt('new.example.com')).toEqual([['one']]);
    provider.set('new.example.com', 'TXT', ['two']);
    expect(await resolver.resolveTxt('new.example.com')).toEqual([['two']]);
    provider.remove('new.example.com', 'TXT');
    provider.remove('new.example.com', 'TXT');
    await expect(resolver.resolveTxt('new.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  test('a name server has an address and nothing else', async () => {
    expect(await resolver.resolve4('ns1.acme.example')).toEqual([expect.stringMatching(/^192\.0\.2\.\d+$/)]);
    await expect(resolver.resolve6('ns1.acme.example')).rejects.toMatchObject({ code: 'ENODATA' });
  });
});

describe('delegation', () => {
  test('the deepest delegated domain answers', async () => {
    const sub = world.provider('sub-provider');
    await sub.createZone('mail2.example.com');
    sub.set('www.mail2.example.com', 'TXT', ['from the subdomain']);
    world.provider('acme').set('www.mail2.example.com', 'TXT', ['hidden']);
    expect(await resolver.resolveTxt('www.mail2.example.com')).toEqual([['from the subdomain']]);
    expect(await resolver.resolveNs('mail2.example.com')).toEqual([
      'ns1.sub-provider.example', 'ns2.sub-provider.example',
    ]);
    world.undelegate('mail2.example.com');
    world.provider('acme').remove('www.mail2.example.com', 'TXT');
  });

  test('NS records in the parent zone are followed as a referral', async () => {
    const team = world.provider('team');
    const { nameServers } = await team.createZone('team.example.com', { delegate: false });
    team.set('team.example.com', 'TXT', ['by referral']);
    await expect(resolver.resolveTxt('team.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    world.provider('acme').set('team.example.com', 'NS', nameServers);
    expect(await resolver.resolveTxt('team.example.com')).toEqual([['by referral']]);
    expect(await resolver.resolveNs('team.example.com')).toEqual(nameServers);
    world.provider('acme').set('into-team.example.com', 'CNAME', ['team.example.com']);
    expect(await resolver.resolveTxt('into-team.example.com')).toEqual([['by referral']]);
  });

  test('a delegation to servers that do not hold the domain fails to resolve', async () => {
    world.delegate('lame.test', ['ns1.acme.example', 'ns.unheard-of.example']);
    expect(world.delegation('lame.test')).toEqual(['ns1.acme.example', 'ns.unheard-of.example']);
    await expect(resolver.resolveTxt('lame.test')).rejects.toMatchObject({ code: 'ESERVFAIL' });
    world.undelegate('lame.test');
    await expect(resolver.resolveTxt('lame.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  test('a zone that the provider gave up is refused', async () => {
    const provider = world.provider('acme');
    await provider.createZone('gone.test');
    provider.set('gone.test', 'TXT', ['still here']);
    expect(await resolver.resolveTxt('gone.test')).toEqual([['still here']]);
    provider.deleteZone('gone.test');
    await expect(resolver.resolveTxt('gone.test')).rejects.toMatchObject({ code: 'ESERVFAIL' });
    expect(() => provider.set('gone.test', 'TXT', ['x'])).toThrow("holds no zone for 'gone.test'");
  });

  test('a name server that is down is passed over until all are', async () => {
    world.setReachable('ns1.acme.example', false);
    expect(await resolver.resolve4('example.com')).toEqual(['203.0.113.200']);
    world.setReachable('ns2.acme.example', false);
    await expect(resolver.resolve4('example.com')).rejects.toMatchObject({ code: 'ESERVFAIL' });
    world.setReachable('ns1.acme.example', true);
    world.setReachable('ns2.acme.example', true);
    expect(() => world.setReachable('ns9.acme.example', true)).toThrow("no name server 'ns9.acme.example'");
  });
});

describe('an authoritative server', () => {
  test('answers for its zones through its documentation address', async () => {
    const client = await direct('example.com');
    expect(await client.resolveTxt('s1._domainkey.example.com')).toEqual([['v=DKIM1; k=rsa; p=AAA', 'BBB']]);
    expect(await client.resolveCname('here.alias.test')).toEqual(['there.alias.test']);
    expect(await client.resolveTxt('here.alias.test')).toEqual([['v=DKIM1; k=rsa; p=AAA', 'BBB']]);
    await expect(client.resolveTxt('missing.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  test('refuses zones that it does not hold', async () => {
    const client = await direct('example.com');
    await expect(client.resolveTxt('somebody-else.test')).rejects.toMatchObject({ code: 'EREFUSED' });
  });

  test('says that it is authoritative', async () => {
    const answer = await askUdp(world.listeningAt('ns1.acme.example'), query('example.com', 'SOA'));
    expect(answer).toMatchObject({ flag_aa: true, flag_ra: false, rcode: 'NOERROR' });
  });

  test('does not answer at all while it is down', async () => {
    world.setReachable('ns1.acme.example', false);
    const client = new dns.Resolver({ timeout: 50, tries: 1 });
    client.setServers([world.listeningAt('ns1.acme.example')]);
    await expect(client.resolve4('example.com')).rejects.toMatchObject({ code: 'ETIMEOUT' });
    world.setReachable('ns1.acme.example', true);
  });
});

describe('messages', () => {
  const long = 'x'.repeat(1000);

  beforeAll(() => world.provider('acme').set('long.example.com', 'TXT', [long]));

  test('an answer that is too long for UDP is cut and fetched by TCP', async () => {
    const cut = await askUdp(world.resolverAddress, query('long.example.com', 'TXT'));
    expect(cut.flag_tc).toBe(true);
    expect(cut.answers).toEqual([]);
    expect((await resolver.resolveTxt('long.example.com'))[0].join('')).toBe(long);
  });

  test('a client that offers more by EDNS gets it by UDP', async () => {
    const whole = await askUdp(world.resolverAddress, query('long.example.com', 'TXT', { udpPayloadSize: 4096 }));
    expect(whole.flag_tc).toBe(false);
    expect(whole.answers).toHaveLength(1);
    expect(whole.additionals).toMatchObject([{ type: 'OPT' }]);
    const cut = await askUdp(world.resolverAddress, query('long.example.com', 'TXT', { udpPayloadSize: 600 }));
    expect(cut.flag_tc).toBe(true);
  });

  test('TCP takes queries in pieces and several on one connection', async () => {
    const socket = connect(portOf(world.resolverAddress), '127.0.0.1');
    const message = streamEncode(query('long.example.com', 'TXT'));
    const both = Buffer.concat([message, message]);
    const answers = await new Promise<Buffer>((resolve) => {
      let received = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        const length = received.length >= 2 ? received.readUInt16BE(0) + 2 : Infinity;
        if (received.length >= 2 * length) resolve(received);
      });
      socket.setNoDelay();
      socket.write(both.subarray(0, 5));
      setImmediate(() => socket.write(both.subarray(5)));
    });
    socket.destroy();
    const first = answers.subarray(0, answers.readUInt16BE(0) + 2);
    expect(streamDecode(first).answers).toHaveLength(1);
    expect(answers.length).toBe(2 * first.length);
  });

  test('what is no query is dropped, and the server goes on', async () => {
    const port = portOf(world.resolverAddress);
    const socket = createSocket('udp4');
    for (const message of [Buffer.from('no dns at all'), encode({ type: 'response', id: 1, questions: [] })]) {
      await new Promise((resolve) => socket.send(message, port, '127.0.0.1', resolve));
    }
    socket.close();
    expect(await resolver.resolve4('example.com')).toEqual(['203.0.113.200']);
  });
});

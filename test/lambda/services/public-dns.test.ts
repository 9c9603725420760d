// Tests of looking in public DNS, over real DNS messages to name servers on loopback.
import dgram from 'node:dgram';
import { decode, encode, Packet, streamEncode, TRUNCATED_RESPONSE } from 'dns-packet';
import { quote } from '../../../lambda/base/dns-text';
import { NameServerAnswer } from '../../../lambda/base/ports';
import { publicDns } from '../../../lambda/services/public-dns';
import { resolveThrough } from '../../cloud/behind-nat';
import { DnsProvider, DnsWorld } from '../../cloud/dns';
import { DnsServer, RCODE } from '../../cloud/dns/dns-server';
import { NatEntry } from '../../cloud/dns/nat';
import { Zone, ZoneRecord } from '../../cloud/dns/zone';

const DOMAIN = 'mail.example.com';
const NAME = `sel._domainkey.${DOMAIN}`;
const TEXT = 'v=DKIM1; k=rsa; p=AbCd';

let world: DnsWorld;
let provider: DnsProvider;
/** In place of the real one, for a network that knows other addresses. */
let nat: Record<string, NatEntry> | undefined;
let leaveNetwork: () => void;
/** Nothing is waited for. */
const noTime = { delayCall: async () => undefined, sleep: async () => undefined };

beforeEach(async () => {
  world = new DnsWorld();
  nat = undefined;
  await world.start();
  leaveNetwork = resolveThrough(world.resolverAddress, () => nat ?? world.natOfFunctions(), noTime);
  provider = world.provider('acme');
});
afterEach(async () => {
  jest.restoreAllMocks();
  leaveNetwork();
  await world.stop();
});

/** For name servers that never answer. Time passes when all messages have come in: the servers are in this process. */
async function askInVain(name: string): Promise<NameServerAnswer[]> {
  jest.useFakeTimers({ advanceTimers: false, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  try {
    let isDone = false;
    const answers = publicDns.ask(name).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
      jest.advanceTimersByTime(1_000);
    }
    return await answers;
  } finally {
    jest.useRealTimers();
  }
}

const servers = (name: string) => [`ns1.${name}.example`, `ns2.${name}.example`];
const from = (nameServers: string[], values: string[]) => nameServers.map((nameServer) => ({ nameServer, values }));

/** Name servers of which each has a zone of its own making. */
async function nameServersWith(apex: string, records: Record<string, ZoneRecord[]>): Promise<void> {
  const names = await world.addNameServers(Object.keys(records));
  const apexRecords: ZoneRecord[] = [
    { name: apex, type: 'NS', ttl: 300, values: names },
    { name: apex, type: 'SOA', ttl: 300, values: [`${names[0]} hostmaster.example 1 7200 900 1209600 300`] },
  ];
  for (const [name, own] of Object.entries(records)) {
    world.addZone(new Zone(apex, () => [...apexRecords, ...own]), [name]);
  }
  world.delegate(apex, names);
}

test.each([
  'example.com', DOMAIN, `_domainkey.${DOMAIN}`,
])('the name servers of %s are asked when that is what is delegated', async (zone) => {
  // GIVEN
  await provider.createZone(zone);
  provider.set(NAME, 'TXT', [TEXT]);
  // THEN
  await expect(publicDns.ask(NAME)).resolves.toEqual(from(servers('acme'), [`"${TEXT}"`]));
});

test('the closest delegation counts', async () => {
  // GIVEN
  await provider.createZone('example.com');
  provider.set(NAME, 'TXT', ['from the parent']);
  const other = world.provider('other');
  await other.createZone(DOMAIN);
  provider.set(DOMAIN, 'NS', servers('other'));
  other.set(NAME, 'TXT', [TEXT]);
  // THEN
  await expect(publicDns.ask(NAME)).resolves.toEqual(from(servers('other'), [`"${TEXT}"`]));
});

test('a name without a record has no values', async () => {
  await provider.createZone('example.com');
  await expect(publicDns.ask(NAME)).resolves.toEqual(from(servers('acme'), []));
});

test('a name with a record of another type only has no values', async () => {
  await provider.createZone('example.com');
  provider.set(NAME, 'A', ['192.0.2.200']);
  await expect(publicDns.ask(NAME)).resolves.toEqual(from(servers('acme'), []));
});

test('a domain that is delegated to nobody has no name servers', async () => {
  await world.provider('other').createZone('example2.com'); // whoever does not know .com is no resolver
  await expect(publicDns.ask(NAME)).resolves.toEqual([]);
  // GIVEN
  await provider.createZone('example.com');
  world.undelegate('example.com');
  // THEN
  await expect(publicDns.ask(NAME)).resolves.toEqual([]);
});

test('each value is one text, however it is split, and quotes in it stay part of it', async () => {
  await provider.createZone('example.com');
  provider.set(NAME, 'TXT', ['"v=DKIM1; " "p=Ab" "Cd"', '"\\"quoted\\\\\\""']);
  const [{ values }] = await publicDns.ask(NAME);
  expect([...values!].sort()).toEqual(['"\\"quoted\\\\\\""', '"v=DKIM1; p=AbCd"']);
});

test('a text that is too long for UDP is read over TCP', async () => {
  // GIVEN
  const long = 'x'.repeat(3500);
  await provider.createZone('example.com');
  provider.set(NAME, 'TXT', [long]);
  // THEN
  await expect(publicDns.ask(NAME)).resolves.toEqual(from(servers('acme'), [quote(long)]));
});

test('each name server speaks for itself: one that lags behind is seen', async () => {
  await nameServersWith('example.com', {
    'c.ns.example': [{ name: NAME, type: 'TXT', ttl: 300, values: ['"old"'] }],
    'a.ns.example': [{ name: NAME, type: 'TXT', ttl: 300, values: ['"new"'] }],
    'b.ns.example': [],
  });
  await expect(publicDns.ask(NAME)).resolves.toEqual([
    { nameServer: 'a.ns.example', values: ['"new"'] },
    { nameServer: 'b.ns.example', values: [] },
    { nameServer: 'c.ns.example', values: ['"old"'] },
  ]);
});

test('a name server that cannot be reached is no answer, and the others are heard', async () => {
  // GIVEN
  await provider.createZone('example.com');
  provider.set(NAME, 'TXT', [TEXT]);
  const [address] = await world.client().resolve4('ns1.acme.example');
  nat = { ...world.natOfFunctions() };
  delete nat[address];
  // THEN
  await expect(publicDns.ask(NAME)).resolves.toEqual([
    { nameServer: 'ns1.acme.example', silence: 'unreachable', error: 'ECONNREFUSED' },
    { nameServer: 'ns2.acme.example', values: [`"${TEXT}"`] },
  ]);
});

test('a name server that says nothing is no answer, after a while', async () => {
  await provider.createZone('example.com');
  provider.set(NAME, 'TXT', [TEXT]);
  world.setReachable('ns2.acme.example', false);
  await expect(askInVain(NAME)).resolves.toEqual([
    { nameServer: 'ns1.acme.example', values: [`"${TEXT}"`] },
    { nameServer: 'ns2.acme.example', silence: 'unreachable', error: 'ETIMEOUT' },
  ]);
});

test('a name server without an address, and one that refuses the domain, are no answers', async () => {
  // GIVEN
  await nameServersWith('example.com', {
    'a.ns.example': [{ name: NAME, type: 'TXT', ttl: 300, values: ['"here"'] }], 'lame.ns.example': [],
  });
  world.removeZone('example.com', ['lame.ns.example']);
  world.addZone(new Zone('example.com', () => [
    { name: 'example.com', type: 'NS', ttl: 300, values: ['a.ns.example', 'lame.ns.example', 'nowhere.ns.example'] },
    { name: NAME, type: 'TXT', ttl: 300, values: ['"here"'] },
  ]), ['a.ns.example']);
  // THEN
  await expect(publicDns.ask(NAME)).resolves.toEqual([
    { nameServer: 'a.ns.example', values: ['"here"'] },
    { nameServer: 'lame.ns.example', silence: 'lame', error: 'REFUSED' },
    { nameServer: 'nowhere.ns.example', silence: 'no-address' },
  ]);
});

describe('a selector that is a CNAME', () => {
  const TARGET = 'key.mailer.example.net';
  const fromTarget = (nameServers: string[], values: string[]) =>
    from(nameServers, values).map((answer) => ({ alias: TARGET, ...answer }));

  beforeEach(async () => {
    await provider.createZone('example.com');
    provider.set(NAME, 'CNAME', [TARGET]);
  });

  test('to a name elsewhere is followed to the name servers that the world asks for that', async () => {
    const mailer = world.provider('mailer');
    await mailer.createZone('example.net');
    mailer.set(TARGET, 'TXT', [TEXT]);
    await expect(publicDns.ask(NAME)).resolves.toEqual(fromTarget(servers('mailer'), [`"${TEXT}"`]));
  });

  test('to nothing has no values', async () => {
    await expect(publicDns.ask(NAME)).resolves.toEqual(fromTarget(servers('acme'), []));
  });

  test('to a name on the same servers is followed', async () => {
    await provider.createZone('example.net');
    provider.set(TARGET, 'TXT', [TEXT]);
    await expect(publicDns.ask(NAME)).resolves.toEqual(fromTarget(servers('acme'), [`"${TEXT}"`]));
  });

  test('is not believed about a zone that is delegated to others', async () => {
    // GIVEN a zone of the target at the wrong provider
    await world.provider('mailer').createZone('example.net');
    await provider.createZone('example.net', { delegate: false });
    provider.set(TARGET, 'TXT', [TEXT]);
    // THEN
    await expect(publicDns.ask(NAME)).resolves.toEqual(fromTarget(servers('mailer'), []));
  });

  test('in a circle has no values', async () => {
    await world.provider('mailer').createZone('example.net');
    world.provider('mailer').set(TARGET, 'CNAME', [NAME]);
    const answers = await publicDns.ask(NAME);
    expect(answers.every(({ values }) => values?.length === 0)).toBe(true);
    expect(answers).not.toEqual([]);
  });

  test('by a DNAME above is followed too', async () => {
    provider.remove(NAME, 'CNAME');
    provider.set('mail.example.com', 'DNAME', ['example.org']);
    await provider.createZone('example.org');
    provider.set('sel._domainkey.example.org', 'TXT', [TEXT]);
    const answers = from(servers('acme'), [`"${TEXT}"`]);
    await expect(publicDns.ask(NAME)).resolves
      .toEqual(answers.map((answer) => ({ alias: 'sel._domainkey.example.org', ...answer })));
  });
});

describe('the name servers that the world asks', () => {
  let other: DnsProvider;
  beforeEach(async () => {
    other = world.provider('other');
    await provider.createZone('example.com');
    provider.set(NAME, 'TXT', [TEXT]);
    await other.createZone('example.com', { delegate: false });
  });

  const sorted = (answers: NameServerAnswer[]) => answers.sort((a, b) => a.nameServer < b.nameServer ? -1 : 1);
  const both = sorted([...from(servers('acme'), [`"${TEXT}"`]), ...from(servers('other'), [])]);

  test('are those that the parent names, also when the zone does not', async () => {
    world.delegate('example.com', [...servers('acme'), ...servers('other')]);
    await expect(publicDns.ask(NAME)).resolves.toEqual(both);
  });

  test('are those that the zone names, also when the parent does not', async () => {
    provider.set('example.com', 'NS', [...servers('acme'), ...servers('other')]);
    await expect(publicDns.ask(NAME)).resolves.toEqual(both);
  });

  test('are those of a zone below, which one of two providers delegates and the other one holds', async () => {
    world.delegate('example.com', [...servers('acme'), ...servers('other')]);
    const third = world.provider('third');
    await third.createZone(DOMAIN, { delegate: false });
    other.set(DOMAIN, 'NS', servers('third'));
    await expect(publicDns.ask(NAME)).resolves
      .toEqual(sorted([...from(servers('acme'), [`"${TEXT}"`]), ...from(servers('third'), [])]));
  });

  test('are those of a zone below, which the same servers hold without a referral', async () => {
    await provider.createZone(DOMAIN, { delegate: false });
    provider.set(NAME, 'TXT', [TEXT]);
    provider.set(DOMAIN, 'NS', [...servers('acme'), ...servers('other')]);
    await other.createZone(DOMAIN, { delegate: false });
    await expect(publicDns.ask(NAME)).resolves.toEqual(both);
  });

  test('are all machines that a name server\'s name leads to', async () => {
    const addresses = await Promise.all(['ns1.acme.example', 'ns1.other.example'].map((name) => world.client().resolve4(name)));
    provider.set('example.com', 'NS', ['pool.example.com']);
    provider.set('pool.example.com', 'A', addresses.flat());
    const answers = await publicDns.ask(NAME);
    expect(answers.filter(({ nameServer }) => nameServer === 'pool.example.com').map(({ values }) => values))
      .toEqual(expect.arrayContaining([[`"${TEXT}"`], []]));
  });

  test.each(['10.0.0.2', '127.0.0.1', '169.254.169.253'])('are none in a private network: %s', async (address) => {
    provider.set('example.com', 'NS', ['dc1.example.com']);
    provider.set('dc1.example.com', 'A', [address]);
    await expect(publicDns.ask(NAME)).resolves.toEqual([
      { nameServer: 'dc1.example.com', silence: 'no-address', error: address }, ...from(servers('acme'), [`"${TEXT}"`]),
    ]);
  });

  test.each([
    ['a name above', 'example.com'], ['itself', DOMAIN], ['a zone beside it', 'other.example.com'],
  ])('are not those of a server that refers to %s', async (_, owner) => {
    // GIVEN a name server of the zone below, which holds something else
    provider.set(DOMAIN, 'NS', servers('third'));
    await world.provider('third').createZone('example.com', { delegate: false });
    world.provider('third').set(owner === 'example.com' ? DOMAIN : owner, 'NS', ['ns1.other.example']);
    const answers = await publicDns.ask(NAME);
    expect(answers).toEqual(servers('third').map((nameServer) =>
      owner === 'other.example.com' ? { nameServer, values: [] } : { nameServer, silence: 'lame', error: 'NOTAUTH' }));
  });
});

describe('who cannot be asked', () => {
  beforeEach(async () => {
    await provider.createZone('example.com');
    provider.set(NAME, 'TXT', [TEXT]);
  });

  test('a domain whose name servers all refuse it', async () => {
    provider.deleteZone('example.com');
    await expect(publicDns.ask(NAME)).resolves
      .toEqual(servers('acme').map((nameServer) => ({ nameServer, silence: 'lame', error: 'REFUSED' })));
  });

  test('anybody, where no resolver answers', async () => {
    leaveNetwork();
    leaveNetwork = resolveThrough('127.0.0.1:9', () => world.natOfFunctions(), noTime);
    await expect(publicDns.ask(NAME)).resolves
      .toEqual([{ nameServer: 'the resolver', silence: 'no-resolver', error: 'ECONNREFUSED' }]);
  });

  test('D5 anybody, where the resolver knows the names of its own network alone', async () => {
    const resolver = new DnsServer(() => ({ rcode: RCODE.noSuchName, recursionAvailable: true }));
    const port = await resolver.listen();
    leaveNetwork();
    leaveNetwork = resolveThrough(`127.0.0.1:${port}`, () => world.natOfFunctions(), noTime);
    await expect(publicDns.ask(NAME)).resolves
      .toEqual([{ nameServer: 'the resolver', silence: 'no-resolver', error: 'ENOTFOUND' }]);
    await resolver.close();
  });

  test('a name of another network, to which a CNAME leads', async () => {
    provider.remove(NAME, 'TXT');
    provider.set(NAME, 'CNAME', ['key.corp.internal']);
    await expect(publicDns.ask(NAME)).resolves
      .toEqual(servers('acme').map((nameServer) => ({ nameServer, alias: 'key.corp.internal', values: [] })));
  });

  test('a name that no public DNS has', async () => {
    await expect(publicDns.ask('key.corp.internal')).resolves.toEqual([]);
  });

  test('anybody, where DNS is not let out: the registry\'s own servers are silent', async () => {
    world.settings.functionNetwork.port53 = false;
    const answers = await askInVain(NAME);
    expect(answers.map(({ nameServer }) => nameServer)).toEqual(['a.gtld-servers.net', 'b.gtld-servers.net']);
    expect(answers.every(({ silence }) => silence === 'unreachable')).toBe(true);
  });

  test('anybody, where a firewall refuses in place of the registry\'s servers', async () => {
    for (const name of ['a.gtld-servers.net', 'b.gtld-servers.net']) world.changeNameServer(name, { mode: 'refuses' });
    // The resolver has its answer from before.
    await world.cachingClient().resolveNs('com').catch(() => undefined);
    const answers = await publicDns.ask(NAME);
    expect(answers.map(({ silence }) => silence)).not.toContain('lame');
  });

  test('one of the registry\'s servers: then another one is', async () => {
    world.setReachable('a.gtld-servers.net', false);
    await expect(askInVain(NAME)).resolves.toEqual(from(servers('acme'), [`"${TEXT}"`]));
  });

  test('by UDP alone, one that cuts its answers', async () => {
    world.changeNameServer('ns1.acme.example', { truncatesUdp: true });
    world.changeNameServer('ns2.acme.example', { truncatesUdp: true, tcp: false });
    await expect(publicDns.ask(NAME)).resolves.toEqual([
      ...from(['ns1.acme.example'], [`"${TEXT}"`]),
      { nameServer: 'ns2.acme.example', silence: 'cut-short', error: expect.stringMatching(/^E/) },
    ]);
  });

  test('D by UDP alone, one that cuts its answers in the middle of a record', async () => {
    const text = 'x'.repeat(600);
    provider.set(NAME, 'TXT', [text]);
    const reply = DnsServer.prototype.reply;
    jest.spyOn(DnsServer.prototype, 'reply').mockImplementation(function (this: DnsServer, message, transport) {
      const whole = reply.call(this, message, transport)!;
      if (transport === 'tcp' || whole.length <= 512) return whole;
      whole[2] += TRUNCATED_RESPONSE / 256;
      return whole.subarray(0, 512);
    });
    await expect(publicDns.ask(NAME)).resolves.toEqual(from(servers('acme'), [quote(text)]));
  });

  test.each([['FORMERR', 1], ['NOTIMP', 4]])('D with EDNS, one that answers it with %s: it is asked without', async (_, flags) => {
    const text = 'x'.repeat(600);
    provider.set(NAME, 'TXT', [text]);
    const reply = DnsServer.prototype.reply;
    jest.spyOn(DnsServer.prototype, 'reply').mockImplementation(function (this: DnsServer, message, transport) {
      const query = decode(message);
      if (!query.additionals?.length) return reply.call(this, message, transport);
      const refusal: Packet = { type: 'response', id: query.id, flags, questions: query.questions };
      return transport === 'tcp' ? streamEncode(refusal) : encode(refusal);
    });
    await expect(publicDns.ask(NAME)).resolves.toEqual(from(servers('acme'), [quote(text)]));
  });

  test('by IPv4, name servers with IPv6 alone', async () => {
    const six = world.provider('six', 'ipv6');
    await six.createZone('example.org');
    six.set('s1._domainkey.example.org', 'TXT', [TEXT]);
    await expect(publicDns.ask('s1._domainkey.example.org')).resolves
      .toEqual(servers('six').map((nameServer) => ({ nameServer, silence: 'ipv6-only', error: 'ENETUNREACH' })));
    world.settings.functionNetwork.ipv6 = true;
    await expect(publicDns.ask('s1._domainkey.example.org')).resolves.toEqual(from(servers('six'), [`"${TEXT}"`]));
  });
});

describe('name servers inside the domain, whose addresses the parent and the domain say', () => {
  test('D are asked at both where those differ, as the world does', async () => {
    // GIVEN
    const names = await world.addNameServers(['ns1.example.com', 'moved.example.net']);
    const values = await world.client().resolve4('moved.example.net');
    for (const name of names) {
      world.addZone(new Zone('example.com', () => [
        { name: 'example.com', type: 'NS', ttl: 300, values: ['ns1.example.com'] },
        { name: 'ns1.example.com', type: 'A', ttl: 300, values },
        { name: NAME, type: 'TXT', ttl: 300, values: [`"of ${name}"`] },
      ]), [name]);
    }
    world.delegate('example.com', ['ns1.example.com']);
    // THEN
    const answers = await publicDns.ask(NAME);
    expect(answers.flatMap((answer) => answer.values).sort()).toEqual(['"of moved.example.net"', '"of ns1.example.com"']);
  });
});

describe('name servers whose own domain nobody serves', () => {
  test('D are without an address: the resolver is not to blame', async () => {
    await provider.createZone('example.org');
    provider.deleteZone('example.org');
    world.delegate('example.com', ['ns1.example.org']);
    await expect(publicDns.ask(NAME)).resolves
      .toEqual([{ nameServer: 'ns1.example.org', silence: 'no-address', error: 'ESERVFAIL' }]);
  });

  test('D are in each other\'s domains, without glue', async () => {
    world.delegate('example.com', ['ns1.example.org']);
    world.delegate('example.org', ['ns1.example.com']);
    const answers = await publicDns.ask(NAME);
    expect(answers.map(({ silence }) => silence)).toEqual(['no-address']);
  });
});

test('D a name server of the top-level domain that holds the domain, too, is asked like any other', async () => {
  const both = ['a.gtld-servers.net', 'b.gtld-servers.net'];
  world.addZone(new Zone('example.com', () => [
    { name: 'example.com', type: 'NS', ttl: 300, values: [...both, 'ns1.acme.example'] },
    { name: NAME, type: 'TXT', ttl: 300, values: ['"here"'] },
  ]), both);
  await provider.createZone('example.com', { delegate: false });
  world.delegate('example.com', both);
  await expect(publicDns.ask(NAME)).resolves.toEqual([...from(both, ['"here"']), ...from(servers('acme'), [])]);
});

test('a resolver is asked for no name of the domain, so it cannot remember that one does not exist', async () => {
  // GIVEN
  await provider.createZone('example.com');
  await publicDns.ask(NAME);
  // WHEN
  provider.set(NAME, 'TXT', [TEXT]);
  // THEN
  for (const name of [NAME, `_domainkey.${DOMAIN}`, DOMAIN]) provider.set(name, 'TXT', [TEXT]);
  for (const name of [NAME, `_domainkey.${DOMAIN}`, DOMAIN]) {
    await expect(world.cachingClient().resolveTxt(name)).resolves.toEqual([[TEXT]]);
  }
});

test('a domain with ever so many name servers does not keep the handler busy', async () => {
  await nameServersWith(
    'example.com', Object.fromEntries(Array.from({ length: 70 }, (_, index) => [`ns${index}.many.example`, []])),
  );
  const { length } = await publicDns.ask(NAME);
  expect(length).toBeGreaterThan(13); // what a delegation can have at the most
  expect(length).toBeLessThan(60);
});

test('a name server with ever so many addresses does not have the handler ask at all of them', async () => {
  await provider.createZone('example.com');
  const asked = jest.spyOn(dgram, 'createSocket');
  const reply = DnsServer.prototype.reply;
  jest.spyOn(DnsServer.prototype, 'reply').mockImplementation(function (this: DnsServer, message, transport) {
    const { id, questions } = decode(message);
    if (questions?.[0].name !== NAME) return reply.call(this, message, transport);
    return encode({
      type: 'response',
      id,
      questions,
      authorities: [{ type: 'NS', name: 'example.com', data: 'ns.example.com' }],
      additionals: Array.from({ length: 1_000 }, (_, index) =>
        ({ type: 'A', name: 'ns.example.com', data: `198.51.${index % 5}.${index % 251}` })),
    });
  });
  await publicDns.ask(NAME);
  expect(asked.mock.calls.length).toBeLessThan(70);
});

// Tests of looking in public DNS, over real DNS messages to name servers on loopback.
import { quote } from '../../../lambda/base/dns-text';
import { publicDns } from '../../../lambda/services/public-dns';
import { resolveThrough } from '../../cloud/behind-nat';
import { DnsProvider, DnsWorld } from '../../cloud/dns';
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
  leaveNetwork();
  await world.stop();
});

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
    { nameServer: 'ns1.acme.example', error: expect.stringMatching(/^(ECONNREFUSED|ETIMEOUT)$/) },
    { nameServer: 'ns2.acme.example', values: [`"${TEXT}"`] },
  ]);
});

test('a name server that says nothing is no answer, after a while', async () => {
  await provider.createZone('example.com');
  provider.set(NAME, 'TXT', [TEXT]);
  world.setReachable('ns2.acme.example', false);
  await expect(publicDns.ask(NAME)).resolves.toEqual([
    { nameServer: 'ns1.acme.example', values: [`"${TEXT}"`] },
    { nameServer: 'ns2.acme.example', error: 'ETIMEOUT' },
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
    { nameServer: 'lame.ns.example', error: 'EREFUSED' },
    { nameServer: 'nowhere.ns.example', error: 'ENOTFOUND' },
  ]);
});

describe('a selector that is a CNAME', () => {
  beforeEach(async () => {
    await provider.createZone('example.com');
    provider.set(NAME, 'CNAME', ['key.mailer.example.net']);
  });

  test('to a name elsewhere is followed', async () => {
    const mailer = world.provider('mailer');
    await mailer.createZone('example.net');
    mailer.set('key.mailer.example.net', 'TXT', [TEXT]);
    await expect(publicDns.ask(NAME)).resolves.toEqual(from(servers('acme'), [`"${TEXT}"`]));
  });

  test('to nothing has no values', async () => {
    await expect(publicDns.ask(NAME)).resolves.toEqual(from(servers('acme'), []));
  });

  test('to a name on the same servers is followed', async () => {
    await provider.createZone('example.net');
    provider.set('key.mailer.example.net', 'TXT', [TEXT]);
    await expect(publicDns.ask(NAME)).resolves.toEqual(from(servers('acme'), [`"${TEXT}"`]));
  });
});

test('a resolver that fails is said, so that it can be asked again', async () => {
  // GIVEN a domain whose name servers all refuse it
  await provider.createZone('example.com');
  provider.deleteZone('example.com');
  // THEN
  await expect(publicDns.ask(NAME))
    .resolves.toEqual([{ nameServer: 'the resolver, asked for the delegation,', error: 'ESERVFAIL' }]);
});

test('a domain with ever so many name servers does not keep the handler busy', async () => {
  await nameServersWith(
    'example.com', Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`ns${index}.many.example`, []])),
  );
  await expect(publicDns.ask(NAME)).resolves.toHaveLength(8);
});

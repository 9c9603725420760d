// Tests of the network that functions are in: which name servers they reach, and what waiting costs them.
import { promises as dns, ResolverOptions } from 'node:dns';
import { resolveThrough } from './behind-nat';
import { DnsWorld } from './dns';

let world: DnsWorld;
let leaveNetwork: () => void;
/** What was slept, in ms of the cloud's clock; no real time passes. */
let slept: number[];
/** How many questions were on their way. */
let travelled: number;

beforeEach(async () => {
  world = new DnsWorld();
  slept = [];
  travelled = 0;
  await world.start();
  const provider = world.provider('acme');
  await provider.createZone('example.com');
  provider.set('example.com', 'TXT', ['hello']);
  leaveNetwork = resolveThrough(world.resolverAddress, () => world.natOfFunctions(), {
    delayCall: async () => {
      travelled++;
    },
    sleep: async (ms) => slept.push(ms),
  });
});
afterEach(async () => {
  leaveNetwork();
  await world.stop();
});

/** What the name server says when it is asked directly: the text, or the error. */
async function askDirectly(options: ResolverOptions | undefined, address: string): Promise<string> {
  const direct = new dns.Resolver(options);
  direct.setServers([address]);
  return direct.resolveTxt('example.com').then(([[text]]) => text, (error) => error.code);
}

async function addressOf(nameServer: string): Promise<string> {
  const [address] = await new dns.Resolver().resolve4(nameServer);
  return address;
}

const PATIENCE = { timeout: 3_000, tries: 2 };

test('the resolver is asked by default, and name servers at their public addresses', async () => {
  expect(await new dns.Resolver().resolveTxt('example.com')).toEqual([['hello']]);
  const address = await addressOf('ns1.acme.example');
  expect(address).toMatch(/^192\.0\.2\./);
  for (const form of [address, `${address}:53`]) expect(await askDirectly(PATIENCE, form)).toBe('hello');
  expect(slept).toEqual([]);
});

test('each question takes the time of its way, to the resolver and to a name server', async () => {
  const address = await addressOf('ns1.acme.example');
  expect(travelled).toBe(1);
  await askDirectly(PATIENCE, address);
  expect(travelled).toBe(2);
});

test('a name server that is silent costs as long as Node waits, by the cloud\'s clock', async () => {
  const address = await addressOf('ns1.acme.example');
  world.setReachable('ns1.acme.example', false);
  expect(await askDirectly(PATIENCE, address)).toBe('ETIMEOUT');
  // 3 seconds for the first try, and 6 for the second.
  expect(slept).toEqual([9_000]);
});

test('a time-out says what Node says', async () => {
  const direct = new dns.Resolver(PATIENCE);
  direct.setServers([await addressOf('ns1.acme.example')]);
  world.setReachable('ns1.acme.example', false);
  await expect(direct.resolveTxt('example.com')).rejects.toMatchObject({
    message: 'query ETIMEOUT example.com', code: 'ETIMEOUT', hostname: 'example.com',
  });
});

test('a name server that is slow costs as long as it takes', async () => {
  world.changeNameServer('ns1.acme.example', { delay: 4_000 });
  expect(await askDirectly(PATIENCE, await addressOf('ns1.acme.example'))).toBe('hello');
  expect(slept).toEqual([4_000]);
});

test('a name server that is slower than Node waits is not heard', async () => {
  world.changeNameServer('ns1.acme.example', { delay: 9_000 });
  const address = await addressOf('ns1.acme.example');
  expect(await askDirectly(PATIENCE, address)).toBe('ETIMEOUT');
  expect(await askDirectly(undefined, address)).toBe('hello');
  expect(slept).toEqual([9_000, 9_000]);
});

test('a network that lets no DNS out still has its resolver', async () => {
  world.settings.functionNetwork.port53 = false;
  expect(await new dns.Resolver().resolveTxt('example.com')).toEqual([['hello']]);
  expect(await askDirectly(PATIENCE, await addressOf('ns1.acme.example'))).toBe('ETIMEOUT');
  expect(slept).toEqual([9_000]);
});

test('a name server of IPv6 is reached only from a network that has IPv6', async () => {
  const [name] = await world.addNameServers(['ns6.six.example'], 'ipv6');
  world.changeNameServer(name, { mode: 'refuses' });
  const [address] = await new dns.Resolver().resolve6(name);
  expect(await askDirectly({ timeout: 100, tries: 1 }, address)).toBe('ECONNREFUSED');
  world.settings.functionNetwork.ipv6 = true;
  for (const form of [address, `[${address}]:53`]) expect(await askDirectly(PATIENCE, form)).toBe('EREFUSED');
});

test('an address that nobody has is nowhere, and no packet leaves this machine', async () => {
  for (const address of ['192.0.2.253', '2001:db8::ffff']) {
    expect(await askDirectly({ timeout: 100, tries: 1 }, address)).toBe('ECONNREFUSED');
  }
});

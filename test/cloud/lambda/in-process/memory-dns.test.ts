// Tests of DNS in memory: the same answers and errors as over sockets, and the same time of the cloud.
import { memoryDns } from './memory-dns';
import { DnsWorld } from '../../dns';
import { FunctionTime } from '../../time/function-time';

const PATIENCE = { timeout: 3_000, tries: 2 };

let world: DnsWorld;
/** What was slept, in ms. */
let slept: number[];
let Resolver: ReturnType<typeof memoryDns>['promises']['Resolver'];

beforeEach(async () => {
  world = new DnsWorld();
  slept = [];
  await world.start();
  const provider = world.provider('acme');
  await provider.createZone('example.com');
  provider.set('example.com', 'TXT', ['hello']);
  const time = new FunctionTime(0, () => 0, { least: 0, most: 0 });
  jest.spyOn(time, 'delayCall').mockResolvedValue();
  jest.spyOn(time, 'sleep').mockImplementation(async (ms) => void slept.push(ms));
  ({ promises: { Resolver } } = memoryDns(world, time));
});
afterEach(() => world.stop());

/** What the name server says when it is asked directly: the text, or the error. */
async function askDirectly(address: string): Promise<string> {
  const direct = new Resolver(PATIENCE);
  direct.setServers([address]);
  return direct.resolveTxt('example.com').then(([[text]]) => text, (error) => error.code);
}

async function addressOf(nameServer: string): Promise<string> {
  const [address] = await new Resolver().resolve4(nameServer);
  return address;
}

test('the functions\' resolver is asked by default: it remembers what it has said', async () => {
  await expect(new Resolver().resolveTxt('new.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  world.provider('acme').set('new.example.com', 'TXT', ['here']);
  await expect(new Resolver().resolveTxt('new.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

test('a name server is asked at its public address', async () => {
  const address = await addressOf('ns1.acme.example');
  expect(await askDirectly(address)).toBe('hello');
  expect(await askDirectly(`${address}:53`)).toBe('hello');
  expect(slept).toEqual([]);
});

test('a name server that is slow, silent or behind a closed port costs as long as Node waits', async () => {
  const address = await addressOf('ns1.acme.example');
  world.changeNameServer('ns1.acme.example', { delay: 4_000 });
  expect(await askDirectly(address)).toBe('hello');
  world.setReachable('ns1.acme.example', false);
  expect(await askDirectly(address)).toBe('ETIMEOUT');
  world.setReachable('ns1.acme.example', true);
  world.settings.functionNetwork.port53 = false;
  expect(await askDirectly(address)).toBe('ETIMEOUT');
  expect(await new Resolver().resolveTxt('example.com')).toEqual([['hello']]);
  expect(slept).toEqual([4_000, 9_000, 9_000]);
});

test('an address that cannot be reached refuses the connection', async () => {
  const [name] = await world.addNameServers(['ns6.six.example'], 'ipv6');
  const [ipv6] = await world.client().resolve6(name);
  expect(await askDirectly(ipv6)).toBe('ECONNREFUSED');
  expect(await askDirectly('192.0.2.253')).toBe('ECONNREFUSED');
});

test('a lame name server refuses', async () => {
  world.changeNameServer('ns1.acme.example', { mode: 'refuses' });
  expect(await askDirectly(await addressOf('ns1.acme.example'))).toBe('EREFUSED');
});

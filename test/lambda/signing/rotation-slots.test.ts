// A rotation where the DNS of the domain is elsewhere: SES is told of a key in a slot when resolvers have forgotten
// what the slot had before, however often the step is repeated.
import { ownerOf } from '../../../lambda/base/owner';
import { NameServerAnswer } from '../../../lambda/base/ports';
import { byo, DOMAIN, wanting, ZONE } from '../fixtures/aws-in-memory';
import { CURRENT, HOUR, KeysInMemory, MINUTE, NEXT, PEM } from '../fixtures/keys-in-memory';

const KEYS_ZONE = 'keys.example.net';
const PLACE = `${DOMAIN}.${KEYS_ZONE}`;
const SLOTS = ['dkim-1', 'dkim-2'];

let keys: KeysInMemory;
let began: number;

/** The first slot has the current key, the second one the next, which SES was not told of. */
beforeEach(async () => {
  keys = new KeysInMemory();
  const { aws, tags } = keys;
  aws.zone.name = KEYS_ZONE;
  aws.publicAnswer = answerBySlots;
  tags['cdk-ses-dkim:DelegatedTo'] = KEYS_ZONE;
  const zone = { id: ZONE, ttl: 300, overwrite: false, delegation: { place: PLACE, slots: SLOTS } };
  const wanted = wanting(byo('dkim-1'), { zone });
  await aws.reconcile(wanted, undefined, { owner: ownerOf(tags['cdk-ses-dkim:StackId'], 'Dkim', wanted) });
  aws.set({ status: 'SUCCESS' });
  aws.puts.length = 0;
  keys.add(CURRENT, 'AWSCURRENT', 'dkim-1', PEM.one);
  aws.time += HOUR;
  keys.add(NEXT, 'AWSPENDING', 'dkim-2', PEM.two);
  began = aws.time;
});

/** CNAMEs of the domain lead to the slots. */
function answerBySlots(name: string): NameServerAnswer[] {
  const alias = name.replace(DOMAIN, PLACE);
  const values = keys.aws.zone.records.flatMap((each) => each.name === alias && each.type === 'TXT' ? each.values : []);
  return [{ nameServer: 'ns1', alias, values }];
}

const tag = () => Object.values(keys.aws.identity.tags).join();
const minutes = () => (keys.aws.time - began) / MINUTE;
const notTold = async () => {
  await expect(keys.step('setSecret')).rejects.toThrow('SES was not told of it yet');
  expect(keys.aws.puts).toEqual([]);
};

test('SES is told a quarter of an hour after the key was published, by a repeated step, and not again', async () => {
  await notTold();
  expect(keys.aws.zone.contents.map((line) => line.split('.')[0])).toEqual(['TXT dkim-1', 'TXT dkim-2']);
  expect(minutes()).toBe(9);
  await keys.step('setSecret');
  expect(minutes()).toBe(15);
  expect(keys.aws.puts).toMatchObject([{ selector: 'dkim-2' }]);
  await keys.step('setSecret');
  expect(minutes()).toBe(15);
  expect(keys.aws.puts).toHaveLength(1);
});

test('where the record was erased since, the time begins anew', async () => {
  await notTold();
  keys.aws.zone.records = keys.aws.zone.records.filter(({ name }) => !name.startsWith('dkim-2'));
  await notTold();
  await keys.step('setSecret');
  expect(minutes()).toBe(24);
});

test('a deployment that begins while the key is published finds its own tag', async () => {
  const before = tag();
  keys.aws.onCall = (call) => {
    if (call === 'Changed') keys.aws.set({ origin: 'AWS_SES', tokens: ['t1', 't2', 't3'] });
  };
  await expect(keys.step('setSecret')).rejects.toThrow('SES signs example.com otherwise');
  expect(tag()).toBe(before);
});

test('a key has that time besides the hour of SES before it is taken back', async () => {
  keys.aws.time += HOUR + 15 * MINUTE;
  await notTold();
  expect(keys.idOf('AWSPENDING')).toBe(NEXT);
  await expect(keys.step('setSecret')).rejects.toThrow('The key was not changed: it was left half-way.');
  expect(keys.idOf('AWSPENDING')).toBeUndefined();
});

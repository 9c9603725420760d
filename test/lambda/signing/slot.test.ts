// Which of its two slots a key gets, and when SES may be told of it.
import { ZoneSettings } from '../../../lambda/base/desired-state';
import { ownerOf } from '../../../lambda/base/owner';
import { IdentityState, NameServerAnswer, RecordSet } from '../../../lambda/base/ports';
import { Retry } from '../../../lambda/base/retry';
import { recordName, txtRecord } from '../../../lambda/records/dkim-record';
import { slotRecords } from '../../../lambda/records/slots';
import { planPublication, planRevocation } from '../../../lambda/records/zone-plan';
import { SigningTag, tagOfSlot } from '../../../lambda/signing/signing-tag';
import { awaitForgotten, awaitForgottenHere, firstSlot, leadOf, nextSlot } from '../../../lambda/signing/slot';
import { StoredKey } from '../../../lambda/signing/stored-key';
import { Progress } from '../../../lambda/signing/task';
import { byo, wanting } from '../fixtures/aws-in-memory';
import { JumpingClock, jumpingTime } from '../fixtures/jumping-time';
import { ModelZone } from '../fixtures/model-zone';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const DOMAIN = 'example.com';
const PLACE = 'example.com.keys.example.net';
const ZONE: ZoneSettings = { id: 'Z1', ttl: 300, overwrite: false, delegation: { place: PLACE, slots: ['dkim-a', 'dkim-b'] } };
const { delegation: _, ...PLAIN_ZONE } = ZONE;
const wanted = wanting(byo('unused'), { domain: DOMAIN, zone: ZONE });
const plain = wanting(byo('unused'), { domain: DOMAIN, zone: PLAIN_ZONE });
const owner = ownerOf('stack-a', 'Dkim', wanted);
const another = ownerOf('stack-b', 'Dkim', wanted);

/** A zone of keys, with what owners have published in it. */
class World {
  readonly clock = new JumpingClock();
  readonly zone = new ModelZone('keys.example.net');
  readonly log: string[] = [];
  identity: IdentityState | undefined = {
    status: 'SUCCESS', signingEnabled: true, origin: 'EXTERNAL', tokens: ['dkim-a'], tags: {},
  };
  isLedHere = true;
  negativeTtl = 900;
  /** By the name that the wildcard answers for. */
  readonly wildcards = new Map<string, RecordSet[]>();
  /** When somebody begins to wait. */
  readonly pauses: number[] = [];
  readonly tags: string[] = [];

  get services(): any {
    const log = (decision: string) => void this.log.push(decision);
    const open = {
      describe: async () => ({ name: 'keys.example.net', privateZone: false }),
      wildcardFor: async (name: string) => this.wildcards.get(name) ?? [],
      negativeTtl: async () => this.negativeTtl,
      list: async () => this.zone.list(),
      change: async (changes: Parameters<ModelZone['apply']>[0]) => {
        this.zone.apply(changes);
        return { inSync: async () => undefined };
      },
    };
    const aliases = new Map(slotRecords(DOMAIN, ZONE.delegation!).map(({ name, value }) => [name, value]));
    const ask = async (name: string): Promise<NameServerAnswer[]> =>
      [{ nameServer: 'ns1', values: [], alias: this.isLedHere ? aliases.get(name) : undefined }];
    return {
      log,
      retry: new Retry({
        time: jumpingTime(this.clock, () => this.pauses.push(this.clock.now())), log, end: Infinity, accessGraceMs: 0,
      }),
      hostedZone: () => open,
      dns: { ask },
      ses: { read: async () => this.identity, tag: async (__: string, value: string) => void this.tags.push(value) },
    };
  }

  /** The owner publishes the keys of these slots, and supersedes what else it has; an overlap of 14 days. */
  publish(slots: readonly string[], by = owner): void {
    const at = (ms: number) => new Date(this.clock.now() + ms).toISOString().replace(/\.\d+Z$/, 'Z');
    for (let changes; changes === undefined || changes.length > 0;) {
      changes = planPublication(this.zone.list(), by, {
        wanted: slots.map((slot) => txtRecord(PLACE, slot, `Key${slot}`)), ttl: 300, overwrite: false, now: at(0), supersededUntil: at(14 * DAY),
      });
      this.zone.apply(changes);
    }
  }

  /** The owner publishes an empty key in this slot. */
  revoke(slot: string): void {
    const until = new Date(this.clock.now() + 14 * DAY).toISOString().replace(/\.\d+Z$/, 'Z');
    this.zone.apply(planRevocation(this.zone.list(), owner, { label: slot, until, partners: [] }, Infinity));
  }

  /** Somebody else publishes a key in this slot. */
  publishByHand(slot: string): void {
    const ResourceRecords = [{ Value: '"v=DKIM1; p=AAAA"' }];
    this.zone.set({ Name: `${recordName(slot, PLACE)}.`, Type: 'TXT', TTL: 300, ResourceRecords });
  }

  names(): string[] {
    return this.zone.list().map(({ name }) => name.split('.')[0]).filter((name) => name.startsWith('dkim-'));
  }

  first(for_ = wanted): Promise<string | undefined> {
    return firstSlot(for_, owner, this.services);
  }

  next(current?: string, for_ = wanted): Promise<string | undefined> {
    const { services } = this;
    const key = current === undefined ? undefined : { selector: current } as StoredKey;
    return nextSlot({ wanted: for_, owner, services }, services.hostedZone(), key);
  }
}

let world: World;
beforeEach(() => void (world = new World()));

test('a key whose domain has its DNS in the zone has no slot, and no lead', async () => {
  expect(await world.first(plain)).toBeUndefined();
  expect(await world.first({ ...wanted, zone: undefined })).toBeUndefined();
  expect(await world.next('dkim-a', plain)).toBeUndefined();
  expect(await world.next('dkim-a', { ...wanted, zone: undefined })).toBeUndefined();
  expect([leadOf(plain), leadOf({ zone: undefined }), leadOf(wanted)]).toEqual([0, 0, 16 * MINUTE]);
});

describe('the first key', () => {
  test('gets the first slot of an empty zone, and else the one that is free', async () => {
    expect(await world.first()).toBe('dkim-a');
    world.publish(['dkim-a']);
    expect(await world.first()).toBe('dkim-b');
  });

  test('gets a slot whose key was superseded for long enough, and not one second before', async () => {
    world.publish(['dkim-a', 'dkim-b']);
    world.publish(['dkim-a']);
    const taken = world.first();
    await expect(taken).rejects.toThrow('The slots dkim-a and dkim-b of example.com in the hosted zone Z1 both hold keys that mail may need: for good, '
      + `${new Date(world.clock.now() + 14 * DAY).toISOString().replace('.000', '')}. Deploy again after that, or give the key another selectorPrefix`);
    await world.clock.pass(14 * DAY);
    await expect(world.first()).rejects.toThrow('both hold keys');
    await world.clock.pass(1000);
    expect(await world.first()).toBe('dkim-b');
  });

  test('takes no slot that another owner lists, also where the other slot is free', async () => {
    world.publish(['dkim-b'], another);
    await expect(world.first()).rejects.toThrow('Another stack, or the same domain in another Region, has its keys in the slots dkim-a and dkim-b '
      + 'of example.com in the hosted zone Z1. Give the key another selectorPrefix, and publish the CNAMEs of its slots');
  });

  test('takes no slot in which somebody has published a key by hand', async () => {
    world.publishByHand('dkim-a');
    expect(await world.first()).toBe('dkim-b');
    world.publishByHand('dkim-b');
    await expect(world.first()).rejects.toThrow('both hold keys that mail may need: for good, for good');
  });
});

describe('the next key', () => {
  test('gets the slot that the current one does not have', async () => {
    world.publish(['dkim-a']);
    expect(await world.next('dkim-a')).toBe('dkim-b');
    world.identity = { ...world.identity!, tokens: ['dkim-b'] };
    world.publish([]);
    await world.clock.pass(15 * DAY);
    expect(await world.next('dkim-b')).toBe('dkim-a');
  });

  test('waits for no CNAMEs of others: the world has to be led here', async () => {
    world.isLedHere = false;
    await expect(world.next('dkim-a')).rejects.toThrow('Public DNS does not lead to the keys of example.com yet');
  });

  test.each(['dkim-b', 'DKIM-B'])('never gets the one that SES signs with (%s)', async (token) => {
    world.identity = { ...world.identity!, tokens: [token] };
    await expect(world.next('dkim-a')).rejects.toThrow('SES signs example.com with the selector dkim-b, and the key of this secret has another one. '
      + 'Nothing was changed. Deploy the stack again with a change of the construct, so that it says how the domain is signed');
  });

  test('gets the first slot where there is no current one', async () => {
    world.identity = undefined;
    expect(await world.next()).toBe('dkim-a');
  });

  test('may have it when that only looks like one of Easy DKIM, or there is no identity', async () => {
    world.identity = { ...world.identity!, origin: 'AWS_SES', tokens: ['dkim-b'] };
    expect(await world.next('dkim-a')).toBe('dkim-b');
    world.identity = undefined;
    expect(await world.next('dkim-a')).toBe('dkim-b');
  });

  test('gets it when its record is retired, which happens on the way, and not before', async () => {
    world.publish(['dkim-b']);
    world.publish(['dkim-a']);
    await expect(world.next('dkim-a')).rejects.toThrow(/The slot dkim-b of example\.com holds the key before this one, .*, until 2026-01-19T00:00:00Z\. Rotate again after that/);
    expect(world.names()).toEqual(['dkim-a', 'dkim-b']);
    await world.clock.pass(14 * DAY + 1000);
    expect(await world.next('dkim-a')).toBe('dkim-b');
    expect(world.names()).toEqual(['dkim-a']);
  });

  test('waits for good where the record in it is wanted still', async () => {
    world.publish(['dkim-a', 'dkim-b']);
    await expect(world.next('dkim-a')).rejects.toThrow(/for mail that is still on its way\. Rotate again/);
  });

  test('gets it at once where the key in it is revoked, as the error before says', async () => {
    world.publish(['dkim-b']);
    world.publish(['dkim-a']);
    await expect(world.next('dkim-a')).rejects.toThrow('If the current key has leaked, revoke the one before it now, which makes the mail that '
      + 'was signed with it fail, and rotate again');
    world.revoke('dkim-b');
    expect(await world.next('dkim-a')).toBe('dkim-b');
    expect(world.names()).toEqual(['dkim-a']);
  });

  test.each<[string, string[]]>([
    ['of the current key, where SES does not name it', []], ['that SES signs with', ['dkim-old']],
  ])('does not take the record away %s, also where its time is over', async (__, tokens) => {
    world.publish(['dkim-a', 'dkim-b', 'dkim-old']);
    world.publish([]);
    await world.clock.pass(15 * DAY);
    world.identity = { ...world.identity!, tokens };
    expect(await world.next('dkim-a')).toBe('dkim-b');
    expect(world.names()).toEqual(['dkim-a', ...tokens]);
  });
});

describe('a zone by whose SOA resolvers remember for longer', () => {
  beforeEach(() => void (world.negativeTtl = 86_400));

  test.each([['the first', () => world.first()], ['the next', () => world.next('dkim-a')]])('has no slot for %s key', async (__, slot) => {
    await expect(slot()).rejects.toThrow('By the SOA record or a wildcard of the hosted zone Z1, resolvers may remember for 86400 seconds '
      + 'that a slot had no key, and SES is told of a key in a slot after 900 seconds. Nothing was changed. Give that record a TTL of 900 '
      + 'seconds');
    expect(world.zone.list()).toEqual([]);
  });
});

describe('a wildcard of the zone, from which a slot takes its record while it has none', () => {
  const wildcard = (type: string, ttl?: number): RecordSet => ({ name: `*.${PLACE}`, type, ttl, values: ['whatever'] });
  const answersFor = (slot: string, ...records: RecordSet[]) =>
    void world.wildcards.set(recordName(slot, PLACE), records);

  test.each(['TXT', 'CNAME'])('that resolvers remember for longer: no key has a slot (%s)', async (type) => {
    answersFor('dkim-b', wildcard('MX', 300), wildcard(type, 86_400));
    const message = 'resolvers may remember for 86400 seconds';
    await expect(world.first()).rejects.toThrow(message);
    await expect(world.next('dkim-a')).rejects.toThrow(message);
  });

  test('that resolvers remember no longer, or that answers no question for a key, is in nobody’s way', async () => {
    answersFor('dkim-b', wildcard('TXT', 900), wildcard('CNAME'), wildcard('MX', 86_400));
    expect(await world.first()).toBe('dkim-a');
    expect(await world.next('dkim-a')).toBe('dkim-b');
  });
});

describe('what resolvers remember', () => {
  const key = { selector: 'dkim-b', publicKeySha256: 'a1b2c3d4' } as StoredKey;

  /** How many minutes are waited for a key for which a step so many minutes ago has noted its publication. */
  async function waited({ noted, by = key, isPublished = noted !== undefined, most = 60 }: {
    noted?: number; by?: StoredKey; isPublished?: boolean; most?: number;
  }): Promise<number> {
    const began = world.clock.now();
    const tag: SigningTag = { told: ['EXTERNAL:dkim-a'], leaves: false };
    const signingTag = noted === undefined ? tag : tagOfSlot(tag, by.publicKeySha256, began - noted * MINUTE);
    await awaitForgotten({ owner, signingTag, services: world.services }, key, isPublished, most * MINUTE);
    return (world.clock.now() - began) / MINUTE;
  }

  test('is waited for after the publication, for as long as they may', async () => {
    expect(await waited({ noted: 0 })).toBe(15);
    expect(await waited({ noted: 5 })).toBe(10);
    expect(await waited({ noted: 15 })).toBe(0);
    expect(await waited({ noted: 20 })).toBe(0);
    expect(world.tags).toEqual([]);
  });

  test('is noted for the steps that repeat this one', async () => {
    const began = world.clock.now();
    expect(await waited({})).toBe(15);
    expect(world.tags).toEqual([`told=EXTERNAL:dkim-a slot=a1b2c3:${began / 1000}`]);
  });

  test('without a note, the step that has published the key may have died a moment ago', async () => {
    expect(await waited({ isPublished: true })).toBe(15);
    expect(world.tags).toHaveLength(1);
  });

  test('a note of another key, or of a record that has gone since, says nothing', async () => {
    expect(await waited({ noted: 14, by: { ...key, publicKeySha256: 'ffffffff' } })).toBe(15);
    expect(await waited({ noted: 14, isPublished: false })).toBe(15);
  });

  test('longer than the step has: it waits that long, and says that Secrets Manager tries again', async () => {
    const began = world.clock.now();
    await expect(waited({ most: 4 })).rejects.toThrow('The next key is published in the slot dkim-b, and '
      + 'resolvers may remember for 15 minutes what was there before. SES was not told of it yet');
    expect(world.clock.now() - began).toBe(4 * MINUTE);
  });

  test('exactly as long as the step has is enough', async () => {
    expect(await waited({ most: 15 })).toBe(15);
  });
});

describe('what resolvers remember, in a deployment', () => {
  /** How many minutes are waited for it. */
  async function waited(progress: Progress): Promise<number> {
    const began = world.clock.now();
    await awaitForgottenHere({ progress, services: world.services });
    return (world.clock.now() - began) / MINUTE;
  }

  test('is waited for, a minute at a time, so that a further invocation can go on', async () => {
    const progress: Progress = { signingPut: false };
    const began = world.clock.now();
    expect(await waited(progress)).toBe(15);
    expect(progress.forgottenAt).toBe(began + 15 * MINUTE);
    expect(world.pauses.map((at) => (at - began) / MINUTE)).toEqual([...Array(15).keys()]);
  });

  test('is waited for by a further invocation for what is left of it', async () => {
    const forgottenAt = world.clock.now() + 2.5 * MINUTE;
    const progress: Progress = { signingPut: false, forgottenAt };
    expect(await waited(progress)).toBe(2.5);
    expect(progress.forgottenAt).toBe(forgottenAt);
    expect(await waited(progress)).toBe(0);
    await world.clock.pass(MINUTE);
    expect(await waited(progress)).toBe(0);
  });

  test('is no time of SES, which has its own after it', async () => {
    const progress: Progress = { signingPut: false, waitingSince: world.clock.now() };
    await waited(progress);
    expect(progress.waitingSince).toBeUndefined();
  });
});

// Plans that are more than one batch of Route 53 holds: how many key changes there may be, and what a crash in between
// leaves. The zone in memory refuses what Route 53 refuses: more than 32,000 characters or 1,000 values.
import fc from 'fast-check';
import { Owner, ownerOf } from '../../../lambda/base/owner';
import { Change, RecordSet } from '../../../lambda/base/ports';
import { DkimRecord, txtRecord } from '../../../lambda/records/dkim-record';
import { digestOf, Entry, renderRegistry } from '../../../lambda/records/registry';
import {
  planLeaving, planPublication, planRelease, planRetention, planRetirement,
} from '../../../lambda/records/zone-plan';
import { registryName, ZoneView } from '../../../lambda/records/zone-view';
import { sized } from '../../whole-size';
import { expectNone } from '../fixtures/expect-none';
import { ModelZone } from '../fixtures/model-zone';
import {
  DOMAIN, foreign, LATER, MUCH_LATER, NOW, recordsThatSay, startWith, startWithEmptyZone, zone,
} from '../fixtures/planned-zone';

const OWNERS = ['us-east-1', 'eu-west-1', 'ap-southeast-2'].map((region) =>
  ownerOf('stack', 'Dkim', { region, domain: DOMAIN }));
const [A] = OWNERS;
const YEARS_LATER = '2029-01-01T00:00:00Z';
/** As long as the public key of 2048 bits. */
const KEY = 'k'.repeat(392);
const key = (index: number): DkimRecord => txtRecord(DOMAIN, `s${index}`, KEY);

type Plan = (records: readonly RecordSet[], room?: number) => Change[];

const publication = (owner: Owner, wanted: DkimRecord[], more = {}): Plan => (records, room) =>
  planPublication(records, owner, {
    wanted, ttl: 1800, overwrite: false, now: NOW, supersededUntil: LATER, ...more,
  }, room);
const release = (owner: Owner): Plan => (records, room) => planRelease(records, owner, undefined, room);
const retention = (owner: Owner): Plan => (records, room) => planRetention(records, owner, room);
const retirement = (owner: Owner, now: string, selectorsInUse: string[] = []): Plan => (records, room) =>
  planRetirement(records, owner, { now, supersededUntil: YEARS_LATER, selectorsInUse }, room);

/** Carries a plan out until nothing is left to do, or until the process dies. Gives the number of batches. */
function carryOut(plan: Plan, { room, atMost = 1000 }: { room?: number; atMost?: number } = {}): number {
  for (let batches = 0; ; batches++) {
    const changes = plan(zone.list(), room);
    if (changes.length === 0 || batches === atMost) return batches;
    zone.apply(changes);
  }
}

const names = () => zone.list().map(({ name }) => name).filter((name) => !name.startsWith('cdk-ses-dkim-'));

/** What was in zones before a registry had pages: one record that lists everything. */
function hasLongRegistry(owner: Owner, count: number): void {
  const entries = Array.from({ length: count }, (_, index): Entry => ({
    label: `s${index}`,
    type: 'TXT',
    origin: 'ours',
    digest: digestOf('TXT', [key(index).data]),
    ...(index < count - 1 ? { until: LATER } : {}),
  }));
  zone.set(foreign(registryName(owner), 'TXT', ...renderRegistry({ entries })));
}

function hasKeys(count: number): void {
  for (let index = 0; index < count; index++) {
    zone.set({ ...foreign(key(index).name, 'TXT', key(index).data), TTL: 1800 });
  }
}

const CHANGES = sized(100, 1000);

describe(`${CHANGES} key changes within two weeks`, () => {
  describe.each([1, 3])('in %d Regions', (regions) => {
    const owners = OWNERS.slice(0, regions);

    let changed: ModelZone;
    beforeAll(() => {
      startWithEmptyZone();
      for (let index = 0; index <= CHANGES; index++) {
        for (const owner of owners) zone.apply(publication(owner, [key(index)])(zone.list()));
      }
      changed = zone;
    });
    beforeEach(() => startWith(changed));

    test('leave all records, listed in registry records that are short', () => {
      expect(names()).toHaveLength(CHANGES + 1);
      for (const owner of owners) expect(new ZoneView(zone.list(), owner).entries).toHaveLength(CHANGES + 1);
      const lengths = zone.list().filter(({ name }) => name.startsWith('cdk-ses-dkim-'))
        .map(({ values }) => values.join('').length);
      expect(Math.max(...lengths)).toBeLessThan(1_000);
    });

    test('go with their owners, in few batches', () => {
      const batches = owners.map((owner) => carryOut(release(owner)));
      expect(zone.content()).toEqual([]);
      expect(Math.max(...batches)).toBeLessThan(40);
    });

    test('are the user’s after RETAIN', () => {
      for (const owner of owners) carryOut(retention(owner));
      expect(names()).toHaveLength(CHANGES + 1);
      expect(zone.list()).toHaveLength(CHANGES + 1);
    });

    test('retire when their time has come, but for what SES signs with and what is wanted', () => {
      for (const owner of owners) carryOut(retirement(owner, MUCH_LATER, ['s7']));
      expect(names().sort()).toEqual([key(CHANGES).name, key(7).name]);
      for (const owner of owners) expect(new ZoneView(zone.list(), owner).entries).toHaveLength(2);
    });

    test('leave an earlier key that can be taken again, and the whole in another zone’s favour', () => {
      for (const owner of owners) expect(carryOut(publication(owner, [key(3)]))).toBe(1);
      for (const owner of owners) {
        const { entries } = new ZoneView(zone.list(), owner).head;
        expect(entries.filter(({ until }) => !until)).toMatchObject([{ label: 's3' }]);
      }
      const settings = { ttl: 1800, overwrite: false, now: NOW, supersededUntil: LATER };
      for (const owner of owners) carryOut((records, room) => planLeaving(records, owner, settings, room));
      expect(names()).toHaveLength(CHANGES + 1);
      for (const owner of owners) {
        expect(new ZoneView(zone.list(), owner).entries.filter(({ until }) => !until)).toEqual([]);
        carryOut(retirement(owner, MUCH_LATER));
      }
      expect(zone.content()).toEqual([]);
    });
  });
});

describe('a registry record of an older version, as long as that could make it', () => {
  describe.each([['one Region', 1, 151], ['three Regions', 3, 50]])('in %s', (_, regions, count) => {
    const owners = OWNERS.slice(0, regions);

    beforeEach(() => {
      hasKeys(count);
      for (const owner of owners) hasLongRegistry(owner, count);
    });

    test('takes the next keys', () => {
      for (let index = count; index < count + 5; index++) {
        for (const owner of owners) expect(carryOut(publication(owner, [key(index)]))).toBeLessThan(4);
      }
      expect(names()).toHaveLength(count + 5);
      for (const owner of owners) expect(new ZoneView(zone.list(), owner).entries).toHaveLength(count + 5);
      for (const owner of owners) carryOut(release(owner));
      expect(zone.content()).toEqual([]);
    });

    test('is released', () => {
      for (const owner of owners) carryOut(release(owner));
      expect(zone.content()).toEqual([]);
    });

    test('is retained', () => {
      for (const owner of owners) carryOut(retention(owner));
      expect(zone.list()).toHaveLength(count);
    });

    test('is retired from', () => {
      for (const owner of owners) carryOut(retirement(owner, MUCH_LATER));
      expect(names()).toEqual([key(count - 1).name]);
    });

    test('is left', () => {
      const settings = { ttl: 1800, overwrite: false, now: NOW, supersededUntil: LATER };
      for (const owner of owners) carryOut((records, room) => planLeaving(records, owner, settings, room));
      for (const owner of owners) carryOut(retirement(owner, MUCH_LATER));
      expect(zone.content()).toEqual([]);
    });
  });

  test('of another owner is no hindrance to who takes one of its keys', () => {
    hasKeys(151);
    hasLongRegistry(OWNERS[1], 151);
    carryOut(publication(A, [key(152)]));
    carryOut(publication(A, [key(3)]));
    expect(new ZoneView(zone.list(), OWNERS[1]).entries).toHaveLength(151);
    carryOut(release(OWNERS[1]));
    expect(names().sort()).toEqual([key(152).name, key(3).name]);
    carryOut(release(A));
    expect(zone.content()).toEqual([]);
  });
});

describe('OVERWRITE of somebody else’s record', () => {
  test('that fills a batch by itself', () => {
    zone.set(foreign(key(1).name, 'TXT', ...Array.from({ length: 125 }, (_, index) =>
      `"${String(index).padEnd(253, 'x')}"`)));
    carryOut(publication(A, [key(1)], { overwrite: true }));
    expect(recordsThatSay(key(1), zone.list())).toHaveLength(1);
    expect(zone.list()).toHaveLength(2);
  });

  test('that is many weighted ones, which fill a batch together', () => {
    const weighted = Array.from({ length: 90 }, (_, index) => ({
      ...foreign(key(1).name, 'TXT', `"${'y'.repeat(250)}" "${'z'.repeat(120)}"`),
      SetIdentifier: String(index),
      Weight: 1,
    }));
    zone.set(...weighted.slice(0, 45));
    startWithAlso(weighted.slice(45));
    carryOut(publication(A, [key(1)], { overwrite: true }));
    expect(recordsThatSay(key(1), zone.list())).toHaveLength(1);
    expect(zone.list()).toHaveLength(2);
  });

  function startWithAlso(sets: ReturnType<typeof foreign>[]): void {
    zone.apply(sets.map((listed) => ({ action: 'CREATE' as const, record: { name: '', type: 'TXT', values: [], listed } })));
  }
});

test('a retired record that somebody changed, or another owner lists, stays; the entry goes', () => {
  const [, B] = OWNERS;
  carryOut(publication(A, [key(1)]));
  carryOut(publication(A, [key(2)]));
  carryOut(publication(B, [key(2)]));
  carryOut(publication(A, [key(3)]));
  zone.set(foreign(key(1).name, 'TXT', '"changed"'));
  carryOut(retirement(A, MUCH_LATER));
  expect(names().sort()).toEqual([key(1), key(2), key(3)].map(({ name }) => name));
  expect(new ZoneView(zone.list(), A).entries).toMatchObject([{ label: 's3' }]);
  carryOut(release(B));
  carryOut(release(A));
  expect(names()).toEqual([key(1).name]);
});

test('what SES signs with stays as long as anything that is superseded now', () => {
  for (const index of [1, 2, 3]) carryOut(publication(A, [key(index)]));
  carryOut(retirement(A, MUCH_LATER, ['s1']));
  expect(names().sort()).toEqual([key(1).name, key(3).name]);
  expect(new ZoneView(zone.list(), A).entries).toMatchObject([{ label: 's1', until: YEARS_LATER }, { label: 's3' }]);
  expect(carryOut(retirement(A, MUCH_LATER))).toBe(0);
});

test('what is not due stays', () => {
  carryOut(publication(A, [key(1)]));
  carryOut(publication(A, [key(2)]));
  expect(carryOut(retirement(A, NOW))).toBe(0);
});

// ---- in any history: owners at work at the same time, small batches, and deaths between any two of them

interface Work {
  readonly kind: 'publish' | 'release' | 'retire' | 'leave';
  readonly selector: number;
  /** After so many batches the process dies. What comes next in the list is then done instead, or the work again. */
  readonly diesAfter: number;
  readonly isRepeated: boolean;
  readonly room: number;
}

const work: fc.Arbitrary<Work> = fc.record({
  kind: fc.constantFrom('publish', 'publish', 'publish', 'release', 'retire', 'leave'),
  selector: fc.nat({ max: 12 }),
  diesAfter: fc.constantFrom(0, 1, 2, 3, 1000),
  isRepeated: fc.boolean(),
  room: fc.constantFrom(700, 1_500, 3_000, 32_000),
});

function planOf(owner: Owner, { kind, selector }: Work): Plan {
  switch (kind) {
    case 'publish': return publication(owner, [key(selector)], { now: MUCH_LATER });
    case 'release': return release(owner);
    case 'retire': return retirement(owner, MUCH_LATER);
    case 'leave': return (records, room) =>
      planLeaving(records, owner, { ttl: 1800, overwrite: false, now: NOW, supersededUntil: LATER }, room);
  }
}

/** Each record of ours is listed by somebody, once by each, and each of the registry's pages is some owner's. */
function requireConsistency(): void {
  const records = zone.list();
  const views = OWNERS.map((owner) => new ZoneView(records, owner));
  const ofNobody = records.filter((record) =>
    !record.name.startsWith('cdk-ses-dkim-') && !views.some((view) => view.isOurs(record)));
  const twice = views.flatMap(({ entries }) =>
    entries.map(({ label }) => label).filter((label, at, all) => all.indexOf(label) < at));
  const pages = views.flatMap((view) => [...view.ownRegistryRecords, ...view.ownPages.map(({ record }) => record)]);
  expectNone([...ofNobody, ...twice]);
  expect(pages).toHaveLength(records.length - names().length);
}

test('in any history records and registry are consistent after each batch, and the last owner leaves nothing', () => {
  fc.assert(fc.property(
    fc.tuple(...OWNERS.map(() => fc.array(work, { maxLength: 12 }))), fc.infiniteStream(fc.nat({ max: 2 })),
    (works, turns) => {
      startWithEmptyZone();
      const left = OWNERS.map((owner, index) => ({
        owner,
        works: [...works[index]],
        batches: 0,
        planned: undefined as Change[] | undefined,
        uses: undefined as DkimRecord | undefined,
      }));
      const next = (turn: typeof left[number]) => Object.assign(turn, { batches: 0, planned: undefined });
      while (left.some((each) => each.works.length > 0)) {
        const turn = left[turns.next().value!];
        const [now] = turn.works;
        if (!now) continue;
        turn.uses = undefined;
        if (turn.batches === now.diesAfter) {
          if (now.isRepeated) turn.works[0] = { ...now, diesAfter: 1000 };
          else turn.works.shift();
          next(turn);
        } else if (!turn.planned) {
          turn.planned = planOf(turn.owner, now)(zone.list(), now.room);
        } else {
          const { planned } = turn;
          turn.planned = undefined;
          try {
            zone.apply(planned);
            turn.batches++;
          } catch {
            continue; // somebody was faster: it is planned anew
          }
          requireConsistency();
          if (planOf(turn.owner, now)(zone.list(), now.room).length === 0) {
            if (now.kind === 'publish') turn.uses = key(now.selector);
            turn.works.shift();
            next(turn);
          }
        }
        const inUse = left.flatMap(({ uses }) => uses ?? []);
        expectNone(inUse.filter((uses) => recordsThatSay(uses, zone.list()).length !== 1));
      }
      for (const owner of OWNERS) carryOut(release(owner));
      expect(zone.content()).toEqual([]);
    },
  ), { numRuns: 300 });
});

test('a release that dies between any two batches ends in the same place when it is repeated', () => {
  for (let index = 0; index <= 60; index++) {
    carryOut(publication(A, [key(index)]));
    if (index % 3 === 0) carryOut(publication(OWNERS[1], [key(index)]));
  }
  const start = zone;
  for (const plan of [release(A), retention(A), retirement(A, MUCH_LATER)]) {
    const ends = new Set<string>();
    for (let atMost = 0; atMost < 8; atMost++) {
      startWith(start);
      carryOut(plan, { room: 8_000, atMost });
      carryOut(plan);
      ends.add(names().sort().join());
      expect(new ZoneView(zone.list(), A).entries.length).toBeLessThan(2);
    }
    expect(ends.size).toBe(1);
  }
});

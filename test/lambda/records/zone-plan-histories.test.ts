// Plans in histories of two owners and a stranger, in any order: what always holds.
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import fc from 'fast-check';
import { Owner } from '../../../lambda/base/owner';
import { Change, RecordSet } from '../../../lambda/base/ports';
import { RecordConflictError, SelectorInUseError } from '../../../lambda/records/conflicts';
import { DkimRecord } from '../../../lambda/records/dkim-record';
import { planLeaving, planRelease } from '../../../lambda/records/zone-plan';
import { registryName } from '../../../lambda/records/zone-view';
import { expectNone } from '../fixtures/expect-none';
import {
  A, ALIAS, B, EASY, foreign, LATER, NEW, NOW, OLD, OTHER_KEY, plan, publish, recordsThatSay, release,
  startWithEmptyZone, zone,
} from '../fixtures/planned-zone';

// ---- whatever two owners and a stranger do to the same names

type Step =
  | {
    readonly kind: 'publish';
    readonly owner: Owner;
    readonly wanted: readonly DkimRecord[];
    readonly overwrite: boolean;
    readonly ttl: number;
  }
  | { readonly kind: 'release'; readonly owner: Owner }
  | { readonly kind: 'leave'; readonly owner: Owner }
  | { readonly kind: 'stranger sets'; readonly set: ResourceRecordSet }
  | { readonly kind: 'stranger removes'; readonly name: string };

const WANTED = [OLD, NEW, OTHER_KEY, ...EASY.slice(0, 2)];
const owner = fc.constantFrom(A, B);
const wanted = fc.uniqueArray(fc.constantFrom(...WANTED), { maxLength: 3, selector: ({ name }) => name });
/** None of them has the very text that this library writes: a stranger's copy of that could not be told apart. */
const strangers = fc.constantFrom(
  foreign(OLD.name, 'TXT', '"p=OldKey"'),
  foreign(NEW.name, 'TXT', '"v=DKIM1; p=NewKey; n=mine"'),
  foreign(OLD.name, 'TXT', '"something"'),
  foreign(NEW.name, 'CNAME', 'x.example.net'),
  foreign(EASY[0].name, 'TXT', '"something"'),
  foreign(EASY[1].name, 'CNAME', 'elsewhere.example.net'),
  foreign(NEW.name, 'MX', '10 mx.example.net'), { ...ALIAS, Name: `${EASY[0].name}.` },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const), owner, wanted, overwrite: fc.boolean(), ttl: fc.constantFrom(60, 1800),
    }),
  },
  fc.record({ kind: fc.constant('release' as const), owner }),
  fc.record({ kind: fc.constant('leave' as const), owner }),
  fc.record({ kind: fc.constant('stranger sets' as const), set: strangers }),
  fc.record({
    kind: fc.constant('stranger removes' as const), name: fc.constantFrom(...WANTED).map(({ name }) => name),
  }),
);

test('in any history plans are legal and idempotent, hold what is wanted, and leave foreign records alone', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 14 }), (history) => {
    startWithEmptyZone();
    /** What strangers have in the zone, by the record's key. */
    const theirs = new Map<string, string>();
    const forget = (name: string, keep: (type: string) => boolean = () => false) => {
      for (const key of theirs.keys()) if (key.startsWith(`${name} `) && !keep(key.split(' ')[1])) theirs.delete(key);
    };
    for (const each of history) {
      switch (each.kind) {
        case 'publish': {
          const before = zone.list();
          const refused = publishOrConflict(each);
          if (refused) break;
          expect(plan(each.owner, each.wanted, each)).toEqual([]);
          for (const record of each.wanted) {
            expect(recordsThatSay(record, zone.list())).toHaveLength(1);
            const found = recordsThatSay(record, before).length > 0;
            if (each.overwrite && !found) {
              forget(record.name, (type) => record.type === 'TXT' && type !== 'TXT' && type !== 'CNAME');
            }
          }
          // What is not wanted any more is still there. Another owner's registry record may have got another TTL.
          const changed = [...each.wanted.map((record) => record.name), registryName(each.owner)];
          const kept = before.filter(({ name }) => !changed.includes(name));
          const withoutTtlOfRegistry = ({ name, type, ttl, values }: RecordSet) =>
            `${name} ${type} ${[A, B].map(registryName).includes(name) ? '' : ttl} ${values.join(' | ')}`;
          expect(zone.list().map(withoutTtlOfRegistry)).toEqual(expect.arrayContaining(kept.map(withoutTtlOfRegistry)));
          break;
        }
        case 'release': release(each.owner); break;
        case 'leave': zone.apply(planLeaving(zone.list(), each.owner, {
          ttl: 1800, overwrite: false, now: NOW, supersededUntil: LATER,
        })); break;
        case 'stranger sets': {
          const name = each.set.Name!.slice(0, -1);
          zone.set(each.set);
          forget(name);
          theirs.set(
            `${name} ${each.set.Type}`, zone.content().find((line) => line.startsWith(`${name} ${each.set.Type} `))!,
          );
          break;
        }
        case 'stranger removes':
          zone.remove(each.name);
          forget(each.name);
      }
      expect(zone.content()).toEqual(expect.arrayContaining([...theirs.values()]));
    }
    release(A);
    release(B);
    expect(zone.content().sort()).toEqual([...theirs.values()].sort());
  }), { numRuns: 300 });
});

/** True when the plan was refused: for a record that is not this owner's alone, or of mail on its way. */
function publishOrConflict(
  { owner: by, wanted: records, overwrite, ttl }: Extract<Step, { kind: 'publish' }>,
): boolean {
  const before = zone.content();
  try {
    publish(by, records, { overwrite, ttl });
    return false;
  } catch (error) {
    if (!(error instanceof SelectorInUseError)) {
      expect(error).toBeInstanceOf(RecordConflictError);
      expect(overwrite).toBe(false);
    }
    expect(zone.content()).toEqual(before);
    return true;
  }
}

// ---- two owners at the same time: each carries out an older plan, and plans anew only when the batch is refused

type Work = { readonly kind: 'publish'; readonly wanted: readonly DkimRecord[]; readonly ttl: number } | {
  readonly kind: 'release';
};
const work: fc.Arbitrary<Work> = fc.oneof(
  fc.record({
    kind: fc.constant('publish' as const),
    wanted: fc.uniqueArray(fc.constantFrom(OLD, NEW, ...EASY.slice(0, 2)), { maxLength: 3 }),
    ttl: fc.constantFrom(60, 1800),
  }),
  fc.record({ kind: fc.constant('release' as const) }),
);

test('two owners at work at the same time: whoever is done has its records, and nothing is left behind', () => {
  fc.assert(fc.property(
    fc.array(work, { maxLength: 6 }), fc.array(work, { maxLength: 6 }), fc.infiniteStream(fc.boolean()), fc.boolean(),
    (ofA, ofB, turns, foundBefore) => {
      startWithEmptyZone();
      if (foundBefore) zone.set(foreign(OLD.name, 'TXT', '"p=OldKey"'));
      const left: { readonly owner: Owner; readonly works: Work[]; planned?: Change[] }[] = [
        { owner: A, works: [...ofA] }, { owner: B, works: [...ofB] },
      ];
      const done = new Map<Owner, Work>();
      const planFor = (by: Owner, now: Work) =>
        now.kind === 'release' ? planRelease(zone.list(), by) : plan(by, now.wanted, now);

      while (left.some(({ works }) => works.length > 0)) {
        const turn = left[turns.next().value ? 0 : 1];
        const [now] = turn.works;
        if (!now) continue;
        if (!turn.planned) {
          turn.planned = planFor(turn.owner, now);
          continue;
        }
        try {
          zone.apply(turn.planned);
        } catch {
          zone.apply(planFor(turn.owner, now));
        }
        turn.planned = undefined;
        turn.works.shift();
        done.set(turn.owner, now);
        const inUse = [...done.values()].flatMap((finished) => finished.kind === 'publish' ? finished.wanted : []);
        expectNone(inUse.filter((record) => recordsThatSay(record, zone.list()).length !== 1));
      }
      release(A);
      release(B);
      expect(zone.content()).toEqual(foundBefore ? [`${OLD.name} TXT 300 "p=OldKey"`] : []);
    },
  ), { numRuns: 2000 });
});

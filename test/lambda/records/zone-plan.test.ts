// Tests of the plans for a hosted zone, against a zone in memory that keeps Route 53's rules.
import type { ResourceRecordSet, RRType } from '@aws-sdk/client-route-53';
import fc from 'fast-check';
import { Owner, ownerOf } from '../../../lambda/base/owner';
import { Change, RecordSet } from '../../../lambda/base/record-set';
import { RecordConflictError, SelectorInUseError } from '../../../lambda/records/conflicts';
import { cnameRecords, DkimRecord, saysTheSame, txtRecord } from '../../../lambda/records/dkim-record';
import { Entry, parseRegistry } from '../../../lambda/records/registry';
import {
  planLeaving, planPublication, planRelease, planRetention, planTouch, Publication,
} from '../../../lambda/records/zone-plan';
import { registryName, signsForAnother } from '../../../lambda/records/zone-view';
import { ModelZone } from '../fixtures/model-zone';

const DOMAIN = 'mail.example.com';
const A = ownerOf({ stackId: 'stack-a', logicalId: 'Dkim', region: 'us-east-1', domain: DOMAIN });
const B = ownerOf({ stackId: 'stack-b', logicalId: 'Dkim', region: 'us-east-1', domain: DOMAIN });
const OLD = txtRecord(DOMAIN, 'old', 'OldKey');
const NEW = txtRecord(DOMAIN, 'new', 'NewKey');
const OTHER_KEY = txtRecord(DOMAIN, 'old', 'OtherKey');
const EASY = cnameRecords(DOMAIN, ['t1', 't2', 't3'], 'dkim.amazonses.com');
const NOW = '2026-03-01T00:00:00Z';
const LATER = '2026-03-15T00:00:00Z';
const MUCH_LATER = '2026-06-15T00:00:00Z';

let zone: ModelZone;
beforeEach(() => {
  zone = new ModelZone('example.com');
});

function plan(owner: Owner, wanted: readonly DkimRecord[], options: Partial<Publication> = {}) {
  return planPublication(zone.list(), owner, { wanted, signs: 'us-east-1', ttl: 1800, overwrite: false, now: NOW, supersededUntil: LATER, ...options });
}

function publish(owner: Owner, wanted: readonly DkimRecord[], options: Partial<Publication> = {}): void {
  zone.apply(plan(owner, wanted, options));
}

function release(owner: Owner, retain = false): void {
  zone.apply((retain ? planRetention : planRelease)(zone.list(), owner));
}

function entries(owner: Owner): readonly Entry[] {
  return parseRegistry(zone.list().filter(({ name }) => name === registryName(owner)).flatMap(({ values }) => values)).entries;
}

function foreign(name: string, type: string, ...values: string[]): ResourceRecordSet {
  return { Name: `${name}.`, Type: type as RRType, TTL: 300, ResourceRecords: values.map((Value) => ({ Value })) };
}

/** Names without the registry records. */
function recordNames(): string[] {
  return zone.list().filter(({ name }) => ![A, B].map(registryName).includes(name)).map(({ name }) => name).sort();
}

describe('publishing', () => {
  test('the first time, records and registry record are made in one batch', () => {
    expect(plan(A, [NEW])).toEqual([
      { action: 'CREATE', record: { name: `new._domainkey.${DOMAIN}`, type: 'TXT', ttl: 1800, values: ['"v=DKIM1; k=rsa; p=NewKey"'] } },
      {
        action: 'CREATE',
        record: {
          name: registryName(A),
          type: 'TXT',
          ttl: 1800,
          values: ['"v=cdk-ses-dkim1; signs=us-east-1"', expect.stringMatching(/^"record=new; type=TXT; origin=ours; digest=[0-9a-f]{32}"$/)],
        },
      },
    ]);
  });

  test.each([['a TXT', [NEW]], ['three CNAMEs', EASY], ['nothing but the registry record', []]])('%s a second time changes nothing', (_, wanted) => {
    // GIVEN
    publish(A, wanted);
    // THEN
    expect(plan(A, wanted, { supersededUntil: MUCH_LATER })).toEqual([]);
    expect(recordNames()).toEqual(wanted.map(({ name }) => name));
  });

  test('a registry record is written in one form, however somebody has split it', () => {
    // GIVEN
    publish(A, [NEW]);
    const { values } = zone.list().find(({ name }) => name === registryName(A))!;
    zone.set(foreign(registryName(A), 'TXT', ...values.map((value) => value.replace('; ', '" "; ')).reverse()));
    // THEN
    expect(plan(A, [NEW])).toEqual([]);
  });

  test('a record that was there and says the same is used and noted as found', () => {
    // GIVEN
    zone.set(foreign(NEW.name, 'TXT', '"p=" "NewKey"'));
    // WHEN
    publish(A, [NEW]);
    // THEN
    expect(zone.content()).toContain(`${NEW.name} TXT 300 "p=" "NewKey"`);
    expect(entries(A)).toMatchObject([{ label: 'new', origin: 'found' }]);
    expect(plan(A, [NEW])).toEqual([]);
  });

  test('a registry record that is gone is written again, and takes the records for found', () => {
    // GIVEN
    publish(A, [NEW]);
    zone.remove(registryName(A));
    // WHEN
    publish(A, [NEW]);
    // THEN
    expect(entries(A)).toMatchObject([{ origin: 'found' }]);
  });

  test('a record of ours that somebody deleted is made again', () => {
    // GIVEN
    publish(A, [NEW]);
    zone.remove(NEW.name);
    // WHEN
    publish(A, [NEW]);
    // THEN
    expect(recordNames()).toEqual([NEW.name]);
    expect(entries(A)).toMatchObject([{ origin: 'ours' }]);
  });

  test('another key of ours replaces the old one under the same selector', () => {
    // GIVEN
    publish(A, [OLD]);
    // WHEN
    publish(A, [OTHER_KEY]);
    // THEN
    expect(zone.content()).toContain(`${OLD.name} TXT 1800 ${OTHER_KEY.data}`);
    expect(entries(A)).toHaveLength(1);
  });

  test('another TTL is set on our own record and on no other', () => {
    // GIVEN
    zone.set(foreign(OLD.name, 'TXT', OLD.data));
    publish(A, [OLD, NEW]);
    // WHEN
    publish(A, [OLD, NEW], { ttl: 60 });
    // THEN
    expect(zone.content()).toContain(`${NEW.name} TXT 60 ${NEW.data}`);
    expect(zone.content()).toContain(`${OLD.name} TXT 300 ${OLD.data}`);
    expect(plan(A, [OLD, NEW], { ttl: 60 })).toEqual([]);
  });

  test('the TTL of a record that another owner uses too stays, so that two stacks do not change it in turn', () => {
    publish(A, [NEW]);
    publish(B, [NEW], { ttl: 60 });
    expect(zone.content()).toContain(`${NEW.name} TXT 1800 ${NEW.data}`);
    expect(plan(A, [NEW])).toEqual([]);
  });

  test('a TXT goes beside records of other types, which do not exclude it', () => {
    // GIVEN
    zone.set(foreign(NEW.name, 'MX', '10 mx.example.net'), foreign(NEW.name, 'A', '192.0.2.1'));
    // WHEN
    publish(A, [NEW], { overwrite: true });
    // THEN
    expect(zone.content().filter((each) => each.startsWith(NEW.name))).toHaveLength(3);
    release(A);
    expect(zone.content()).toEqual([`${NEW.name} A 300 192.0.2.1`, `${NEW.name} MX 300 10 mx.example.net`]);
  });
});

const ALIAS: ResourceRecordSet = {
  Name: `${NEW.name}.`, Type: 'TXT', AliasTarget: { HostedZoneId: 'Z1', DNSName: 'x.example.com.', EvaluateTargetHealth: false },
};
const WEIGHTED: ResourceRecordSet[] = ['one', 'two'].map((SetIdentifier) => ({
  ...foreign(NEW.name, 'TXT', `"${SetIdentifier}"`), SetIdentifier, Weight: 1,
}));

describe('a record of the wanted name that says something else', () => {
  test.each<[string, ResourceRecordSet[], DkimRecord, string]>([
    ['a TXT', [foreign(NEW.name, 'TXT', '"v=DKIM1; p=" "Theirs"')], NEW, 'it has TXT v=DKIM1; p=Theirs; needed is TXT v=DKIM1; k=rsa; p=NewKey.'],
    ['a TXT with a second value', [foreign(NEW.name, 'TXT', NEW.data, '"hello"')], NEW, 'it has TXT v=DKIM1; k=rsa; p=NewKey | hello; needed is TXT'],
    ['a CNAME', [foreign(NEW.name, 'CNAME', 'x.example.net')], NEW, 'it has CNAME x.example.net; needed is TXT v=DKIM1; k=rsa; p=NewKey.'],
    ['an alias', [ALIAS], NEW, 'it has TXT (alias); needed is TXT'],
    ['weighted records', WEIGHTED, NEW, 'it has TXT one, TXT two; needed is TXT'],
    ['another target', [foreign(EASY[0].name, 'CNAME', 't1.example.net')], EASY[0], 'it has CNAME t1.example.net; needed is CNAME t1.dkim.amazonses.com.'],
    [
      'records of other types beside a CNAME', [foreign(EASY[0].name, 'A', '192.0.2.1'), foreign(EASY[0].name, 'MX', '10 mx.example.net')], EASY[0],
      'it has A 192.0.2.1, MX 10 mx.example.net; needed is CNAME t1.dkim.amazonses.com.',
    ],
  ])('%s fails the plan, with both values, and is replaced with OVERWRITE', (_, existing, wanted, message) => {
    // GIVEN
    zone.set(...existing);
    // THEN
    expect(() => plan(A, [wanted])).toThrow(RecordConflictError);
    expect(() => plan(A, [wanted])).toThrow(`The record ${wanted.name} exists and was not written by this construct: ${message}`);
    expect(() => plan(A, [wanted])).toThrow('Remove it, choose another selector, or set recordConflict to OVERWRITE.');
    // WHEN
    publish(A, [wanted], { overwrite: true });
    // THEN
    expect(zone.content().filter((each) => each.startsWith(wanted.name))).toEqual([`${wanted.name} ${wanted.type} 1800 ${wanted.data}`]);
    expect(plan(A, [wanted])).toEqual([]);
    release(A);
    expect(zone.content()).toEqual([]);
  });

  test('a long value is cut in the message', () => {
    zone.set(foreign(NEW.name, 'TXT', ...Array.from({ length: 20 }, (_, index) => `"${index}${'x'.repeat(200)}"`)));
    expect(() => plan(A, [NEW])).toThrow(expect.objectContaining({ message: expect.stringMatching(/^.{700,1000}$/) }));
  });

  test('a record of ours that somebody changed is theirs from then on', () => {
    // GIVEN
    publish(A, [NEW]);
    zone.set(foreign(NEW.name, 'TXT', '"changed"'));
    // THEN
    expect(() => plan(A, [NEW])).toThrow(RecordConflictError);
    release(A);
    expect(zone.content()).toEqual([`${NEW.name} TXT 300 "changed"`]);
  });

  test('a record of ours that another owner uses too is not replaced', () => {
    // GIVEN
    publish(A, [OLD]);
    publish(B, [OLD]);
    // THEN
    expect(() => plan(A, [OTHER_KEY])).toThrow(RecordConflictError);
  });

  test('only the records of the own domain count, not those of its parent or children', () => {
    zone.set(foreign('new._domainkey.example.com', 'TXT', '"theirs"'));
    zone.set(foreign(`new._domainkey.sub.${DOMAIN}`, 'TXT', '"theirs"'));
    expect(() => plan(A, [NEW])).not.toThrow();
  });
});

describe('a record that is no longer wanted', () => {
  test('stays, marked with the time until which it must', () => {
    // GIVEN
    publish(A, [OLD]);
    // WHEN
    publish(A, [NEW]);
    // THEN
    expect(recordNames()).toEqual([NEW.name, OLD.name]);
    expect(entries(A)).toMatchObject([{ label: 'new' }, { label: 'old', until: LATER }]);
    expect(entries(A)[0].until).toBeUndefined();
  });

  test('keeps its first time, whatever happens later', () => {
    publish(A, [OLD]);
    publish(A, [NEW]);
    publish(A, EASY, { supersededUntil: MUCH_LATER });
    expect(entries(A).filter(({ until }) => until).map(({ label, until }) => [label, until])).toEqual([['new', MUCH_LATER], ['old', LATER]]);
    expect(plan(A, EASY, { supersededUntil: '2027-01-01T00:00:00Z' })).toEqual([]);
  });

  test('is unmarked when it is wanted again, and still ours', () => {
    publish(A, [OLD]);
    publish(A, [NEW]);
    publish(A, [OLD], { supersededUntil: MUCH_LATER });
    expect(entries(A).map(({ label, origin, until }) => [label, origin, until])).toEqual([['new', 'ours', MUCH_LATER], ['old', 'ours', undefined]]);
  });

  test('is forgotten when it was found, has gone, or was changed', () => {
    // GIVEN
    zone.set(foreign(OLD.name, 'TXT', OLD.data));
    publish(A, [OLD, ...EASY]);
    zone.remove(EASY[0].name);
    zone.set(foreign(EASY[1].name, 'CNAME', 'elsewhere.example.net'));
    // WHEN
    publish(A, [NEW]);
    // THEN
    expect(entries(A).map(({ label }) => label)).toEqual(['new', 't3']);
    expect(zone.content()).toContain(`${OLD.name} TXT 300 ${OLD.data}`);
  });
});

describe('releasing', () => {
  test('everything of ours goes, superseded or not, with the registry record', () => {
    publish(A, [OLD]);
    publish(A, EASY);
    publish(A, [NEW]);
    release(A);
    expect(zone.content()).toEqual([]);
  });

  test('what was found stays as it was', () => {
    zone.set(foreign(NEW.name, 'TXT', NEW.data));
    zone.set(foreign(`other._domainkey.${DOMAIN}`, 'TXT', '"theirs"'));
    const before = zone.content();
    publish(A, [NEW, ...EASY]);
    release(A);
    expect(zone.content()).toEqual(before);
  });

  test.each([['the first', A, B], ['the second', B, A]])('a record of two owners goes with the last of them, when %s goes first', (_, first, last) => {
    // GIVEN
    publish(A, [NEW]);
    publish(B, [NEW]);
    // WHEN
    release(first);
    // THEN
    expect(recordNames()).toEqual([NEW.name]);
    // WHEN
    release(last);
    // THEN
    expect(zone.content()).toEqual([]);
  });

  test('a record that another owner keeps for the mail on its way stays with it', () => {
    publish(A, [OLD]);
    publish(B, [OLD]);
    publish(B, [NEW]);
    release(A);
    expect(recordNames()).toEqual([NEW.name, OLD.name]);
    release(B);
    expect(zone.content()).toEqual([]);
  });

  test('with RETAIN only the registry record goes, and the records are the user\'s', () => {
    // GIVEN
    publish(A, [OLD]);
    publish(A, [NEW]);
    // WHEN
    release(A, true);
    // THEN
    expect(zone.content()).toEqual([`${NEW.name} TXT 1800 ${NEW.data}`, `${OLD.name} TXT 1800 ${OLD.data}`]);
    // WHEN
    publish(B, [NEW]);
    release(B);
    // THEN
    expect(recordNames()).toEqual([NEW.name, OLD.name]);
  });

  test('nothing is there to release twice', () => {
    publish(A, [NEW]);
    release(A);
    expect(planRelease(zone.list(), A)).toEqual([]);
    expect(planRetention(zone.list(), A)).toEqual([]);
  });

  test('a weighted record is deleted exactly as it is listed', () => {
    zone.set(...WEIGHTED);
    const [change] = plan(A, [NEW], { overwrite: true });
    expect(change).toEqual({ action: 'DELETE', record: expect.objectContaining({ listed: expect.objectContaining({ SetIdentifier: 'one', Weight: 1 }) }) });
  });
});

test('a selector whose record still has to stay takes no other key, not even with OVERWRITE; afterwards it does', () => {
  const otherKey = txtRecord(DOMAIN, 'old', 'OtherKey');
  publish(A, [OLD]);
  publish(A, [NEW]);
  for (const overwrite of [false, true]) {
    expect(() => plan(A, [otherKey], { overwrite })).toThrow(`has to stay as it is until ${LATER}. Give the key a new selector, or pin the version`);
  }
  publish(A, [otherKey], { now: '2026-03-16T00:00:00Z' });
  expect(zone.list().find(({ name }) => name === OLD.name)?.values).toEqual([otherKey.data]);
});

test('what one owner retains is the user’s, and another owner does not delete it in the end', () => {
  publish(A, [NEW]);
  publish(B, [NEW, OLD]);
  release(A, true);
  expect(entries(B)).toEqual([
    expect.objectContaining({ label: 'new', origin: 'found' }), expect.objectContaining({ label: 'old', origin: 'ours' }),
  ]);
  release(B);
  expect(recordNames()).toEqual([NEW.name]);
});

test('a reaffirmation changes nothing but the TTL of the own registry record', () => {
  publish(A, [NEW]);
  const before = zone.list();
  zone.apply(planTouch(zone.list(), A));
  expect(zone.list().map(({ name, values }) => ({ name, values }))).toEqual(before.map(({ name, values }) => ({ name, values })));
  expect(plan(A, [NEW])).toEqual([]);
  expect(planTouch(zone.list(), B)).toEqual([]);
});

describe('two owners of one record at the same time', () => {
  test('both let go: the batch that comes second is refused, and planned anew it takes the record away', () => {
    publish(A, [NEW]);
    publish(B, [NEW]);
    const late = planRelease(zone.list(), B);
    release(A);
    expect(() => zone.apply(late)).toThrow(/InvalidChangeBatch|do not match|not found/);
    release(B);
    expect(zone.content()).toEqual([]);
  });

  test('one lets go while the other adopts: whichever comes second is refused, and the record is there in the end', () => {
    publish(A, [NEW]);
    const [leaving, adopting] = [planRelease(zone.list(), A), plan(B, [NEW])];
    // WHEN the adopting one comes first
    zone.apply(adopting);
    expect(() => zone.apply(leaving)).toThrow(/do not match/);
    release(A);
    expect(recordNames()).toEqual([NEW.name]);
    // WHEN the leaving one comes first
    const [leavingB, adoptingA] = [planRelease(zone.list(), B), plan(A, [NEW])];
    zone.apply(leavingB);
    expect(() => zone.apply(adoptingA)).toThrow(/not found/);
    publish(A, [NEW]);
    expect(recordNames()).toEqual([NEW.name]);
    release(A);
    expect(zone.content()).toEqual([]);
  });
});

test('a plan is refused also when another owner has relied on the same record twice since', () => {
  publish(A, [NEW]);
  const late = planRelease(zone.list(), A);
  publish(B, [NEW]);
  publish(B, [OLD]);
  publish(B, [NEW, OLD]);
  expect(() => zone.apply(late)).toThrow(/do not match/);
});

describe('leaving a zone for another', () => {
  const publication = { ttl: 1800, overwrite: false, now: NOW, supersededUntil: LATER };

  test('everything stays, marked, and the zone no longer says that the owner sets how the identity signs', () => {
    publish(A, [OLD]);
    zone.apply(planLeaving(zone.list(), A, publication));
    expect(recordNames()).toEqual([OLD.name]);
    expect(entries(A)).toMatchObject([{ label: 'old', origin: 'ours', until: LATER }]);
    expect(signsForAnother(zone.list(), B, 'us-east-1')).toBe(false);
    expect(planLeaving(zone.list(), A, { ...publication, supersededUntil: MUCH_LATER })).toEqual([]);
  });

  test('where nothing of the owner is, nothing is written', () => {
    zone.set(foreign(OLD.name, 'TXT', OLD.data));
    expect(planLeaving(zone.list(), A, publication)).toEqual([]);
  });
});

test('another owner that signs in the same Region is seen', () => {
  publish(A, [NEW], { signs: 'eu-west-1' });
  expect(signsForAnother(zone.list(), B, 'eu-west-1')).toBe(true);
  expect(signsForAnother(zone.list(), B, 'us-east-1')).toBe(false);
  expect(signsForAnother(zone.list(), A, 'eu-west-1')).toBe(false);
});

test('the registry record of a domain with dots in its labels\' place is not mistaken for a record', () => {
  zone.set(foreign(`a.new._domainkey.${DOMAIN}`, 'TXT', NEW.data));
  publish(A, [NEW]);
  release(A);
  expect(recordNames()).toEqual([`a.new._domainkey.${DOMAIN}`]);
});

// ---- whatever two owners and a stranger do to the same names

type Step =
  | { readonly kind: 'publish'; readonly owner: Owner; readonly wanted: readonly DkimRecord[]; readonly overwrite: boolean; readonly ttl: number }
  | { readonly kind: 'release'; readonly owner: Owner }
  | { readonly kind: 'leave'; readonly owner: Owner }
  | { readonly kind: 'stranger sets'; readonly set: ResourceRecordSet }
  | { readonly kind: 'stranger removes'; readonly name: string };

const WANTED = [OLD, NEW, OTHER_KEY, ...EASY.slice(0, 2)];
const owner = fc.constantFrom(A, B);
const wanted = fc.uniqueArray(fc.constantFrom(...WANTED), { maxLength: 3, selector: ({ name }) => name });
/** None of them has the very text that this library writes: a stranger's copy of that could not be told apart. */
const strangers = fc.constantFrom(
  foreign(OLD.name, 'TXT', '"p=OldKey"'), foreign(NEW.name, 'TXT', '"v=DKIM1; p=NewKey; n=mine"'), foreign(OLD.name, 'TXT', '"something"'),
  foreign(NEW.name, 'CNAME', 'x.example.net'), foreign(EASY[0].name, 'TXT', '"something"'), foreign(EASY[1].name, 'CNAME', 'elsewhere.example.net'),
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
  fc.record({ kind: fc.constant('stranger removes' as const), name: fc.constantFrom(...WANTED).map(({ name }) => name) }),
);

test('in any history, plans are legal and idempotent, hold what is wanted, change no foreign record, and leave nothing behind', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 14 }), (history) => {
    zone = new ModelZone('example.com');
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
            expect(zone.list().filter(({ name, type, values }) => name === record.name && saysTheSame(record, type, values))).toHaveLength(1);
            const found = before.some(({ name, type, values }) => name === record.name && saysTheSame(record, type, values));
            if (each.overwrite && !found) forget(record.name, (type) => record.type === 'TXT' && type !== 'TXT' && type !== 'CNAME');
          }
          // What is not wanted any more is still there. Another owner's registry record may have got another TTL.
          const kept = before.filter(({ name }) => ![...each.wanted.map((record) => record.name), registryName(each.owner)].includes(name));
          const withoutTtlOfRegistry = ({ name, type, ttl, values }: RecordSet) =>
            `${name} ${type} ${[A, B].map(registryName).includes(name) ? '' : ttl} ${values.join(' | ')}`;
          expect(zone.list().map(withoutTtlOfRegistry)).toEqual(expect.arrayContaining(kept.map(withoutTtlOfRegistry)));
          break;
        }
        case 'release': release(each.owner); break;
        case 'leave': zone.apply(planLeaving(zone.list(), each.owner, { ttl: 1800, overwrite: false, now: NOW, supersededUntil: LATER })); break;
        case 'stranger sets': {
          const name = each.set.Name!.slice(0, -1);
          zone.set(each.set);
          forget(name);
          theirs.set(`${name} ${each.set.Type}`, zone.content().find((line) => line.startsWith(`${name} ${each.set.Type} `))!);
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

/** True when the plan was refused, which it only may be for a record that is not this owner's alone, or of mail on its way. */
function publishOrConflict({ owner: by, wanted: records, overwrite, ttl }: Extract<Step, { kind: 'publish' }>): boolean {
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

// ---- two owners at the same time: each carries out a plan that it made some time before, and makes it anew only when the batch is refused

type Work = { readonly kind: 'publish'; readonly wanted: readonly DkimRecord[]; readonly ttl: number } | { readonly kind: 'release' };
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
      zone = new ModelZone('example.com');
      if (foundBefore) zone.set(foreign(OLD.name, 'TXT', '"p=OldKey"'));
      const left: { readonly owner: Owner; readonly works: Work[]; planned?: Change[] }[] = [
        { owner: A, works: [...ofA] }, { owner: B, works: [...ofB] },
      ];
      const done = new Map<Owner, Work>();
      const planFor = (by: Owner, now: Work) => now.kind === 'release' ? planRelease(zone.list(), by) : plan(by, now.wanted, now);

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
        for (const finished of done.values()) {
          for (const record of finished.kind === 'publish' ? finished.wanted : []) {
            expect(zone.list().filter(({ name, type, values }) => name === record.name && saysTheSame(record, type, values))).toHaveLength(1);
          }
        }
      }
      release(A);
      release(B);
      expect(zone.content()).toEqual(foundBefore ? [`${OLD.name} TXT 300 "p=OldKey"`] : []);
    },
  ), { numRuns: 2000 });
});

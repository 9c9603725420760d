// Tests of the plans for records that an owner lets go of, or shares with another owner.
import { RecordSet } from '../../../lambda/base/ports';
import { txtRecord } from '../../../lambda/records/dkim-record';
import { Entry } from '../../../lambda/records/registry';
import { planLeaving, planRelease, planRetention, planTouch, StillUsed } from '../../../lambda/records/zone-plan';
import { ZoneView } from '../../../lambda/records/zone-view';
import {
  A, B, DOMAIN, EASY, entries, foreign, LATER, MUCH_LATER, NEW, NOW, OLD, plan, publish, recordNames, release,
  WEIGHTED, zone,
} from '../fixtures/planned-zone';

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

  test.each([
    ['the first', A, B], ['the second', B, A],
  ])('a record of two owners goes with the last of them, when %s goes first', (_, first, last) => {
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
    expect(change).toEqual({
      action: 'DELETE',
      record: expect.objectContaining({ listed: expect.objectContaining({ SetIdentifier: 'one', Weight: 1 }) }),
    });
  });
});

test('what one owner retains is the user’s, and another owner does not delete it in the end', () => {
  publish(A, [NEW]);
  publish(B, [NEW, OLD]);
  release(A, true);
  expect(entries(B)).toEqual([
    expect.objectContaining({ label: 'new', origin: 'found' }),
    expect.objectContaining({ label: 'old', origin: 'ours' }),
  ]);
  release(B);
  expect(recordNames()).toEqual([NEW.name]);
});

test('of several records that one owner retains, each becomes the user’s with the other', () => {
  publish(A, [NEW, OLD]);
  publish(B, [NEW, OLD, ...EASY]);
  release(A, true);
  expect(entries(B).map(({ label, origin }) => [label, origin]))
    .toEqual([['new', 'found'], ['old', 'found'], ['t1', 'ours'], ['t2', 'ours'], ['t3', 'ours']]);
});

test('a touch changes nothing but the TTL of the own registry record', () => {
  publish(A, [NEW]);
  const before = zone.list();
  zone.apply(planTouch(zone.list(), A));
  const withoutTtl = ({ name, values }: RecordSet) => ({ name, values });
  expect(zone.list().map(withoutTtl)).toEqual(before.map(withoutTtl));
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

  test('one releases while the other adopts: the second one is refused, and the record is there in the end', () => {
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

  test('everything stays, marked', () => {
    publish(A, [OLD]);
    zone.apply(planLeaving(zone.list(), A, publication));
    expect(recordNames()).toEqual([OLD.name]);
    expect(entries(A)).toMatchObject([{ label: 'old', origin: 'ours', until: LATER }]);
    expect(planLeaving(zone.list(), A, { ...publication, supersededUntil: MUCH_LATER })).toEqual([]);
  });

  test('where nothing of the owner is, nothing is written', () => {
    zone.set(foreign(OLD.name, 'TXT', OLD.data));
    expect(planLeaving(zone.list(), A, publication)).toEqual([]);
  });
});

test('the registry record of a domain with dots in its labels\' place is not mistaken for a record', () => {
  zone.set(foreign(`a.new._domainkey.${DOMAIN}`, 'TXT', NEW.data));
  publish(A, [NEW]);
  release(A);
  expect(recordNames()).toEqual([`a.new._domainkey.${DOMAIN}`]);
});

describe('releasing while SES goes on signing', () => {
  const letGo = (stillUsed: StillUsed, owner = A) => zone.apply(planRelease(zone.list(), owner, stillUsed));
  const untold = { now: NOW, supersededUntil: LATER, wasTold: () => false };
  /** So many that its registry has a further page. */
  const hasManyKeys = (owner: typeof A) => {
    for (let number = 0; number < 12; number++) publish(owner, [txtRecord(DOMAIN, `key${number}`, 'Key')]);
  };

  test('what it signs with stays for the owner that comes after, which takes it away in the end', () => {
    publish(A, [NEW, OLD]);
    publish(B, EASY);
    const before = entries(B);
    letGo({ names: [NEW.name], successor: B.label });
    expect(recordNames()).toEqual([NEW, ...EASY].map(({ name }) => name));
    expect(entries(B)).toEqual([expect.objectContaining({ label: 'new', origin: 'ours' }), ...before].sort(byLabel));
    expect(entries(B).filter(({ until }) => until)).toEqual([]);
    release(B);
    expect(zone.content()).toEqual([]);
  });

  test('where no owner comes after, it is the user\'s, and nobody else\'s registry changes', () => {
    publish(A, [NEW, OLD]);
    publish(B, EASY);
    const before = entries(B);
    letGo({ names: [NEW.name] });
    expect(recordNames()).toEqual([NEW, ...EASY].map(({ name }) => name));
    expect(entries(B)).toEqual(before);
    release(B);
    expect(recordNames()).toEqual([NEW.name]);
  });

  test('what the owner that comes after lists already, it lists once', () => {
    publish(A, [NEW]);
    publish(B, [NEW]);
    const before = entries(B);
    letGo({ names: [NEW.name], successor: B.label });
    expect(entries(B)).toEqual(before);
    expect(recordNames()).toEqual([NEW.name]);
  });

  test('nor does it list anew what it has superseded', () => {
    publish(A, [NEW]);
    publish(B, [NEW]);
    hasManyKeys(B);
    const listed = () => new ZoneView(zone.list(), B).entries.map(({ label, until }) => [label, until]).sort();
    const before = listed();
    expect(before).toContainEqual(['new', LATER]);
    letGo({ names: [NEW.name], successor: B.label });
    expect(listed()).toEqual(before);
  });

  test('what both list stays with it, beside what it gets', () => {
    publish(A, [NEW, OLD]);
    publish(B, [OLD]);
    letGo({ names: [NEW.name], successor: B.label });
    expect(entries(B).map(({ label }) => label)).toEqual(['new', 'old']);
  });

  test('where it needs nothing, its registry record stays as it is', () => {
    publish(A, [NEW]);
    publish(B, EASY);
    const registry = () => zone.content().filter((each) => each.startsWith('cdk-ses-dkim-'));
    const before = registry().filter((each) => each.startsWith(B.label));
    letGo({ names: [], successor: B.label });
    expect(registry()).toEqual(before);
  });

  test('the owner that comes after gets it in its registry record, not in a further page', () => {
    hasManyKeys(B);
    const pages = () => new ZoneView(zone.list(), B).ownPages.map(({ record }) => record);
    const before = pages();
    expect(before).not.toEqual([]);
    publish(A, [NEW]);
    letGo({ names: [NEW.name], successor: B.label });
    expect(entries(B).map(({ label }) => label)).toContain('new');
    expect(pages()).toEqual(before);
  });

  test('the owner that comes after keeps for the mail on its way what was told, or is superseded', () => {
    const [told, superseded, due] = ['told', 'superseded', 'due'].map((selector) => txtRecord(DOMAIN, selector, 'Key'));
    publish(A, [due]);
    publish(A, [superseded], { supersededUntil: NOW });
    publish(A, [NEW, told]);
    publish(B, EASY);
    letGo({
      names: [],
      successor: B.label,
      before: { now: NOW, supersededUntil: MUCH_LATER, wasTold: ({ label }) => label === 'told' },
    });
    expect(entries(B).filter(({ until }) => until).map(({ label, until }) => [label, until]))
      .toEqual([['superseded', LATER], ['told', MUCH_LATER]]);
    expect(recordNames()).toEqual([superseded, told, ...EASY].map(({ name }) => name).sort());
  });

  test('where no owner comes after, no mail on its way keeps a record', () => {
    publish(A, [OLD]);
    publish(A, [NEW]);
    publish(B, EASY);
    letGo({ names: [], successor: 'cdk-ses-dkim-of-nobody', before: { ...untold, wasTold: () => true } });
    expect(recordNames()).toEqual(EASY.map(({ name }) => name));
    letGo({ names: [], before: { ...untold, wasTold: () => true } }, B);
    expect(zone.content()).toEqual([]);
  });

  test('an owner that is leaving as well keeps nothing, and comes too late with what it had planned', () => {
    publish(A, [NEW]);
    publish(B, [NEW]);
    const late = plan(B, [NEW, OLD]);
    letGo({ names: [], leaving: [B.label] });
    expect(recordNames()).toEqual([]);
    expect(entries(B)).toMatchObject([{ label: 'new' }]);
    expect(() => zone.apply(late)).toThrow(/not found|do not match/);
  });

  test('an owner that stays keeps what it lists, also where another one is leaving', () => {
    publish(A, [NEW]);
    publish(B, [NEW]);
    letGo({ names: [], leaving: ['cdk-ses-dkim-of-nobody'] });
    expect(recordNames()).toEqual([NEW.name]);
  });
});

const byLabel = (one: Entry, other: Entry) => one.label < other.label ? -1 : 1;

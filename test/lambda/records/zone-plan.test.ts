// Tests of planning a publication, against a zone in memory that keeps Route 53's rules.
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { quote } from '../../../lambda/base/dns-text';
import { RecordConflictError } from '../../../lambda/records/conflicts';
import { DkimRecord, txtRecord } from '../../../lambda/records/dkim-record';
import { planNote, Publication } from '../../../lambda/records/zone-plan';
import { registryName, ZoneView } from '../../../lambda/records/zone-view';
import {
  A, ALIAS, B, DOMAIN, EASY, entries, foreign, LATER, MUCH_LATER, NEW, NOW, OLD, OTHER_KEY, plan, publish, recordNames,
  release, WEIGHTED, zone,
} from '../fixtures/planned-zone';

describe('publishing', () => {
  test('the first time, records and registry record are made in one batch', () => {
    expect(plan(A, [NEW])).toEqual([
      {
        action: 'CREATE',
        record: { name: `new._domainkey.${DOMAIN}`, type: 'TXT', ttl: 1800, values: ['"v=DKIM1; k=rsa; p=NewKey"'] },
      },
      {
        action: 'CREATE',
        record: {
          name: registryName(A),
          type: 'TXT',
          ttl: 1800,
          values: [
            '"v=cdk-ses-dkim1; region=us-east-1"',
            expect.stringMatching(/^"record=new; type=TXT; origin=ours; digest=[0-9a-f]{32}"$/),
          ],
        },
      },
    ]);
  });

  test.each([
    ['a TXT', [NEW]], ['three CNAMEs', EASY], ['nothing but the registry record', []],
  ])('%s a second time changes nothing', (_, wanted) => {
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

  test('another key of ours replaces the old one under the same selector, whoever else has records there', () => {
    // GIVEN
    publish(B, EASY);
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

describe('a record of the wanted name that says something else', () => {
  test.each<[string, ResourceRecordSet[], DkimRecord, string]>([
    [
      'a TXT',
      [foreign(NEW.name, 'TXT', '"v=DKIM1; p=" "Theirs"')],
      NEW,
      'it has TXT v=DKIM1; p=Theirs; needed is TXT v=DKIM1; k=rsa; p=NewKey.',
    ],
    [
      'a TXT with a second value',
      [foreign(NEW.name, 'TXT', NEW.data, '"hello"')],
      NEW,
      'it has TXT v=DKIM1; k=rsa; p=NewKey | hello; needed is TXT',
    ],
    [
      'a CNAME',
      [foreign(NEW.name, 'CNAME', 'x.example.net')],
      NEW,
      'it has CNAME x.example.net; needed is TXT v=DKIM1; k=rsa; p=NewKey.',
    ],
    [
      'a text that a terminal would obey, or read backwards', // I
      [foreign(NEW.name, 'TXT', '"a\\033[2J\\342\\200\\256b \\303\\274"')],
      NEW,
      'it has TXT a [2J b ü; needed is TXT',
    ],
    [
      'a long text whose cut falls into a letter', // C
      [foreign(NEW.name, 'TXT', `${quote('x'.repeat(599)).slice(0, -1)}\\360\\237\\224\\221"`)],
      NEW,
      `it has TXT ${'x'.repeat(599)} ; needed is TXT`,
    ],
    ['an alias', [ALIAS], NEW, 'it has TXT (alias); needed is TXT'],
    ['weighted records', WEIGHTED, NEW, 'it has TXT one, TXT two; needed is TXT'],
    [
      'another target',
      [foreign(EASY[0].name, 'CNAME', 't1.example.net')],
      EASY[0],
      'it has CNAME t1.example.net; needed is CNAME t1.dkim.amazonses.com.',
    ],
    [
      'records of other types beside a CNAME',
      [foreign(EASY[0].name, 'A', '192.0.2.1'), foreign(EASY[0].name, 'MX', '10 mx.example.net')], EASY[0],
      'it has A 192.0.2.1, MX 10 mx.example.net; needed is CNAME t1.dkim.amazonses.com.',
    ],
  ])('%s fails the plan, with both values, and is replaced with OVERWRITE', (_, existing, wanted, message) => {
    // GIVEN
    zone.set(...existing);
    // THEN
    expect(() => plan(A, [wanted])).toThrow(RecordConflictError);
    expect(() => plan(A, [wanted]))
      .toThrow(`The record ${wanted.name} exists and was not written by this construct: ${message}`);
    expect(() => plan(A, [wanted])).toThrow(wanted.type === 'TXT'
      ? 'Remove it, choose another selector, or set recordConflict to OVERWRITE.'
      : 'Remove it, or set recordConflict to OVERWRITE.'); // I: nobody chooses the selectors of Easy DKIM
    // WHEN
    publish(A, [wanted], { overwrite: true });
    // THEN
    expect(zone.content().filter((each) => each.startsWith(wanted.name)))
      .toEqual([`${wanted.name} ${wanted.type} 1800 ${wanted.data}`]);
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
    expect(entries(A).filter(({ until }) => until).map(({ label, until }) => [label, until]))
      .toEqual([['new', MUCH_LATER], ['old', LATER]]);
    expect(plan(A, EASY, { supersededUntil: '2027-01-01T00:00:00Z' })).toEqual([]);
  });

  test('is unmarked when it is wanted again, and still ours', () => {
    publish(A, [OLD]);
    publish(A, [NEW]);
    publish(A, [OLD], { supersededUntil: MUCH_LATER });
    expect(entries(A).map(({ label, origin, until }) => [label, origin, until]))
      .toEqual([['new', 'ours', MUCH_LATER], ['old', 'ours', undefined]]);
  });

  test('is unmarked also where a further page of the registry lists it, beside what stays marked', () => {
    const keys = Array.from({ length: 12 }, (_, number) => txtRecord(DOMAIN, `key${number}`, 'Key'));
    for (const each of keys) publish(A, [each]);
    const listed = () => new ZoneView(zone.list(), A).entries.map(({ label, until }) => [label, until]).sort();
    expect(new ZoneView(zone.list(), A).ownPages).not.toEqual([]);
    publish(A, [keys[1], keys[2]]);
    const isWanted = (number: number) => number === 1 || number === 2;
    expect(listed()).toEqual(keys.map((_, number) => [`key${number}`, isWanted(number) ? undefined : LATER]).sort());
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

describe('a superseded selector takes no other key, not even with OVERWRITE', () => {
  const otherKey = txtRecord(DOMAIN, 'old', 'OtherKey');

  beforeEach(() => {
    publish(A, [OLD]);
    publish(A, [NEW]);
  });

  test.each([
    ['during its overlap', NOW, `has to stay as it is until ${LATER}. Give the key a new selector, or pin the version`],
    ['nor afterwards, while its record is there', MUCH_LATER, 'holds an earlier key, which receivers may remember. Give the key a new selector'],
  ])('%s', (_, now, message) => {
    for (const overwrite of [false, true]) expect(() => plan(A, [otherKey], { now, overwrite })).toThrow(message);
  });

  test('but for a slot: there SES is told when receivers have forgotten the earlier key', () => {
    expect(() => plan(A, [otherKey], { takesTurns: true })).toThrow(`until ${LATER}`);
    publish(A, [otherKey], { takesTurns: true, now: LATER });
    expect(zone.list().find(({ name }) => name === OLD.name)?.values).toEqual([otherKey.data]);
  });
});

describe('noting what somebody else wrote, before it is used', () => {
  const noteOf = (owner: typeof A, wanted: DkimRecord[], options: Partial<Publication> = {}) =>
    planNote(zone.list(), owner, { wanted, ttl: 1800, overwrite: false, now: NOW, supersededUntil: LATER, ...options });

  test.each([
    [false, NEW.data], [true, '"theirs"'],
  ])('with OVERWRITE %s, what was found is noted, and nothing else is changed', (overwrite, data) => {
    publish(A, [OLD]);
    zone.set(foreign(NEW.name, 'TXT', data));
    zone.apply(noteOf(A, [NEW], { overwrite }));
    expect(zone.content()).toContain(`${NEW.name} TXT 300 ${data}`);
    expect(entries(A).map(({ label, origin, until }) => [label, origin, until]))
      .toEqual([['new', 'found', undefined], ['old', 'ours', undefined]]);
    expect(noteOf(A, [NEW], { overwrite })).toEqual([]);
  });

  test('what a wanted CNAME cannot stand beside is noted only where an entry can speak of it', () => {
    zone.set(foreign(EASY[0].name, 'TXT', '"theirs"'));
    zone.apply(noteOf(A, EASY, { overwrite: true }));
    expect(entries(A)).toMatchObject([{ label: 't1', type: 'TXT', origin: 'found' }]);
  });

  test('the registry record has the TTL of the others, where there was none', () => {
    zone.set(foreign(NEW.name, 'TXT', NEW.data));
    zone.apply(noteOf(A, [NEW]));
    expect(zone.list().find(({ name }) => name === registryName(A))?.ttl).toBe(1800);
  });

  test('nothing is noted where nothing is, or where an owner wrote it', () => {
    expect(noteOf(A, [NEW])).toEqual([]);
    publish(B, [NEW]);
    expect(noteOf(A, [NEW])).toEqual([]);
    publish(A, [NEW]);
    expect(noteOf(A, [NEW])).toEqual([]);
  });

  test('another owner that found it too looks again', () => {
    zone.set(foreign(NEW.name, 'TXT', NEW.data));
    publish(B, [NEW]);
    const late = plan(B, [NEW, OLD]);
    zone.apply(noteOf(A, [NEW]));
    expect(() => zone.apply(late)).toThrow(/do not match/);
  });

  test('what cannot be published is not noted', () => {
    zone.set(foreign(NEW.name, 'TXT', '"theirs"'));
    expect(() => noteOf(A, [NEW])).toThrow(RecordConflictError);
  });

  test('an owner that came since then to the same found record looks again, and no other one does', () => {
    const found = [NEW, OLD];
    zone.set(...found.map(({ name, data }) => foreign(name, 'TXT', data)));
    zone.apply(noteOf(A, found));
    const notedAmong = zone.list().map(({ name }) => name);
    publish(B, [EASY[0]]);
    expect(plan(A, found, { notedAmong })).toEqual([]);
    publish(B, [NEW]);
    const late = plan(B, [NEW, ...EASY]);
    publish(A, found, { notedAmong });
    expect(() => zone.apply(late)).toThrow(/do not match/);
    expect(plan(A, found, { notedAmong: zone.list().map(({ name }) => name) })).toEqual([]);
  });
});

describe('a record that is there, and what is wanted', () => {
  const TXT_OF_TOKEN = txtRecord(DOMAIN, 't1', 'Key');

  test('with the key that SES signs with already, it stays, whatever else it says', () => {
    const flawed = '"v=DKIM1; t=y; p=NewKey"';
    zone.set(foreign(NEW.name, 'TXT', flawed));
    expect(() => plan(A, [NEW])).toThrow(RecordConflictError);
    publish(A, [NEW], { inUse: true });
    expect(zone.content()).toContain(`${NEW.name} TXT 300 ${flawed}`);
    expect(entries(A)).toMatchObject([{ label: 'new', origin: 'found' }]);
    zone.set(foreign(NEW.name, 'TXT', '"v=DKIM1; p=OtherKey"'));
    expect(() => plan(A, [NEW], { inUse: true })).toThrow(RecordConflictError);
  });

  test('a wildcard that answers what is wanted makes a record needless; another one does not', () => {
    const wildcard = NEW.name.replace('new', '*');
    zone.set(foreign(wildcard, 'TXT', '"v=DKIM1; t=y; p=NewKey"'));
    publish(A, [NEW], { inUse: true });
    expect(recordNames()).toEqual([wildcard]);
    expect(entries(A)).toEqual([]);
    publish(A, [NEW]);
    expect(recordNames()).toEqual([wildcard, NEW.name]);
  });

  test('once it was found, and is ours by another owner\'s word, its own TTL stays and it is ours', () => {
    zone.set(foreign(NEW.name, 'TXT', NEW.data));
    publish(A, [NEW]);
    zone.remove(NEW.name);
    publish(B, [NEW]);
    expect(entries(A)).toMatchObject([{ label: 'new', origin: 'ours' }]);
    release(B);
    release(A);
    expect(zone.content()).toEqual([]);
  });

  test('what is made again is ours for the other owner that had found it, and the rest of that registry stays', () => {
    zone.set(foreign(NEW.name, 'TXT', NEW.data), foreign(OLD.name, 'TXT', OLD.data));
    publish(B, [NEW, OLD]);
    zone.remove(NEW.name);
    publish(A, [NEW, OLD, ...EASY]);
    expect(entries(B)).toMatchObject([{ label: 'new', origin: 'ours' }, { label: 'old', origin: 'found' }]);
  });

  test('what another owner wrote may not be replaced, not even with OVERWRITE', () => {
    publish(B, [OLD]);
    expect(() => plan(A, [OTHER_KEY], { overwrite: true }))
      .toThrow('Another stack, or the same domain in another Region, uses the record');
  });

  test('one of several that is right is not enough', () => {
    zone.set(WEIGHTED[0], { ...WEIGHTED[1], ResourceRecords: [{ Value: NEW.data }] });
    expect(() => plan(A, [NEW])).toThrow(RecordConflictError);
  });

  test.each<[string, () => void, boolean, string]>([
    ['somebody else\'s', () => publish(A, [TXT_OF_TOKEN]), false, 'was not written by this construct'],
    ['another owner\'s', () => publish(B, [TXT_OF_TOKEN]), true, 'Another stack, or the same domain in another Region'],
  ])('one of several that is %s is enough for a refusal', (_, prepare, overwrite, message) => {
    prepare();
    zone.apply([{ action: 'CREATE', record: { name: EASY[0].name, type: 'MX', ttl: 60, values: ['10 mx.example.net'] } }]);
    expect(() => plan(A, EASY, { overwrite })).toThrow(message);
  });

  test('where nobody can ask for OVERWRITE, nobody is told to', () => {
    zone.set(foreign(NEW.name, 'TXT', '"theirs"'));
    expect(() => plan(A, [NEW], { overwrite: undefined }))
      .toThrow(/needed is TXT [^.]*\. Remove it, or choose another selector\.$/);
  });
});

describe('the time until which a superseded record stays', () => {
  const later = (hours: number) => `${new Date(Date.parse(LATER) + hours * 3_600_000).toISOString().slice(0, 19)}Z`;
  const until = () => entries(A).find(({ label }) => label === 'old')?.until;

  beforeEach(() => {
    publish(A, [OLD]);
    publish(A, [NEW]);
  });

  test('is put off when SES signs with it again, by more than an hour', () => {
    publish(A, [NEW], { usedUntilNow: ['old'], supersededUntil: later(1) });
    expect(until()).toBe(LATER);
    publish(A, [NEW], { usedUntilNow: ['new'], supersededUntil: MUCH_LATER });
    expect(until()).toBe(LATER);
    publish(A, [NEW], { usedUntilNow: ['old'], supersededUntil: later(2) });
    expect(until()).toBe(later(2));
  });

  test('is not lost where nothing is to be superseded', () => {
    publish(A, [NEW], { usedUntilNow: ['old'], supersededUntil: undefined });
    expect(until()).toBe(LATER);
  });
});

// Tests of planning a publication, against a zone in memory that keeps Route 53's rules.
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { quote } from '../../../lambda/base/dns-text';
import { RecordConflictError } from '../../../lambda/records/conflicts';
import { DkimRecord, txtRecord } from '../../../lambda/records/dkim-record';
import { registryName } from '../../../lambda/records/zone-view';
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
    publish(A, [otherKey], { takesTurns: true, now: MUCH_LATER });
    expect(zone.list().find(({ name }) => name === OLD.name)?.values).toEqual([otherKey.data]);
  });
});

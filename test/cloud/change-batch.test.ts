// Tests of Route 53's rules for change batches, apart from HTTP and time.
import type { Change, ResourceRecordSet, RRType } from '@aws-sdk/client-route-53';
import { applyChangeBatch } from './change-batch';
import { AWS_LIMITS, ChangeBatchLimits } from './change-batch-limits';

const ZONE = 'example.com.';

function set(Type: RRType, Name: string, values: string[], more: Partial<ResourceRecordSet> = {}): ResourceRecordSet {
  return { Name, Type, TTL: 300, ResourceRecords: values.map((Value) => ({ Value })), ...more };
}

function apply(recordSets: ResourceRecordSet[], ...changes: [string, ResourceRecordSet][]): ResourceRecordSet[] {
  return applyChangeBatch(
    ZONE, recordSets, changes.map(([Action, ResourceRecordSet]) => ({ Action, ResourceRecordSet }) as Change),
  );
}

const NAME = 'a.example.com.';
const TXT = set('TXT', NAME, ['"1"', '"2"']);
const A = set('A', NAME, ['192.0.2.99']);
const CNAME = set('CNAME', NAME, ['x.test']);

describe('actions', () => {
  test('UPSERT makes and replaces', () => {
    expect(apply([], ['UPSERT', TXT])).toEqual([TXT]);
    expect(apply([TXT], ['UPSERT', set('TXT', 'A.example.com', ['"3"'])])).toEqual([set('TXT', NAME, ['"3"'])]);
  });

  test('DELETE takes the values in any order and the name in any form', () => {
    expect(apply([TXT], ['DELETE', set('TXT', 'A.Example.com', ['"2"', '"1"'])])).toEqual([]);
  });

  test('a field that is undefined is a field that is not there', () => {
    expect(apply(
      apply([], ['CREATE', { ...TXT, Weight: undefined }]), ['DELETE', { ...TXT, SetIdentifier: undefined }],
    )).toEqual([]);
  });

  test.each([
    ['another value', set('TXT', NAME, ['"1"', '"3"'])],
    ['fewer values', set('TXT', NAME, ['"1"'])],
    ['another TTL', { ...TXT, TTL: 301 }],
    ['another weight', { ...TXT, Weight: 1 }],
  ])('DELETE with %s is refused', (_, wanted) => {
    expect(() => apply([TXT], ['DELETE', wanted])).toThrow(
      "Tried to delete resource record set [name='a.example.com.', type='TXT'] but the values provided do not match "
        + 'the current values');
  });

  test('DELETE of another type or set identifier is not found', () => {
    expect(() => apply([TXT], ['DELETE', A])).toThrow("[name='a.example.com.', type='A'] but it was not found");
    expect(() => apply([TXT], ['DELETE', { ...TXT, SetIdentifier: 'blue' }]))
      .toThrow("set identifier='blue'] but it was not found");
  });

  test('a record set may be deleted and made anew in one batch, and changed in no other way twice', () => {
    expect(apply([TXT], ['DELETE', TXT], ['CREATE', { ...TXT, TTL: 60 }])).toEqual([{ ...TXT, TTL: 60 }]);
    expect(() => apply([], ['UPSERT', TXT], ['UPSERT', TXT])).toThrow(
      "The request contains an invalid set of changes for a resource record set 'TXT a.example.com.'");
  });

  test('the batch itself is not touched, whether it is taken or refused', () => {
    const before = [A];
    apply(before, ['CREATE', TXT]);
    expect(() => apply(before, ['DELETE', A], ['CREATE', A], ['DELETE', TXT])).toThrow('not found');
    expect(before).toEqual([A]);
  });
});

describe('beside a CNAME', () => {
  test('nothing else may be', () => {
    expect(() => apply([TXT], ['CREATE', CNAME])).toThrow(
      'RRSet of type CNAME with DNS name a.example.com. is not permitted as it conflicts with other records with '
        + 'the same DNS name in zone example.com.');
    expect(() => apply([CNAME], ['UPSERT', TXT])).toThrow(
      'RRSet of type TXT with DNS name a.example.com. is not permitted because a conflicting RRSet of type CNAME '
        + 'with the same DNS name already exists');
  });

  test('the one that is replaced must be deleted first', () => {
    expect(apply([A], ['DELETE', A], ['CREATE', CNAME])).toEqual([CNAME]);
    expect(() => apply([A], ['CREATE', CNAME], ['DELETE', A])).toThrow('conflicts with other records');
  });

  test('it may not be at the apex, and has one value', () => {
    expect(() => apply([], ['CREATE', { ...CNAME, Name: 'example.com' }])).toThrow(
      'RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone example.com.');
    expect(() => apply([], ['CREATE', set('CNAME', NAME, ['x.test', 'y.test'])])).toThrow('has more than one value');
  });
});

describe('routing policies', () => {
  const weighted = { ...TXT, SetIdentifier: 'blue', Weight: 1 };

  test('a simple record is neither made beside a weighted one nor in its place', () => {
    expect(() => apply([weighted], ['UPSERT', TXT])).toThrow('another routing policy already exists');
    expect(() => apply([TXT], ['CREATE', weighted])).toThrow('another routing policy already exists');
    expect(apply([weighted], ['CREATE', { ...weighted, SetIdentifier: 'green' }])).toHaveLength(2);
  });
});

describe('names', () => {
  test.each([
    ['another domain', 'a.example.org', 'RRSet with DNS name a.example.org. is not permitted in zone example.com.'],
    [
      'a name that only ends alike',
      'anexample.com',
      'RRSet with DNS name anexample.com. is not permitted in zone example.com.',
    ],
    ['a long label', `${'x'.repeat(64)}.example.com`, 'DomainLabelTooLong'],
    ['a long name', `${'x.'.repeat(130)}example.com`, 'DomainNameTooLong'],
    ['an empty label', 'a..example.com', 'DomainLabelEmpty'],
  ])('%s is refused', (_, name, message) => {
    expect(() => apply([], ['CREATE', { ...TXT, Name: name }])).toThrow(message);
  });

  test('the zone keeps its own SOA and NS', () => {
    const soa = set('SOA', ZONE, ['ns.test. host.test. 1 1 1 1 1']);
    const ns = set('NS', ZONE, ['ns.test.']);
    expect(() => apply([soa, ns], ['DELETE', soa])).toThrow('exactly one SOA');
    expect(() => apply([soa, ns], ['DELETE', ns])).toThrow('at least one NS');
    const subdomain = { ...ns, Name: 'sub.example.com.' };
    expect(apply([subdomain], ['DELETE', subdomain])).toEqual([]);
  });
});

describe('values', () => {
  test.each<[RRType, string, string]>([
    ['TXT', 'plain', "Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in "
      + 'quotation marks) '
      + "encountered with 'plain''"],
    ['TXT', `"${'x'.repeat(256)}"`, 'CharacterStringTooLong (Value is too long)'],
    ['TXT', Array(20).fill(`"${'x'.repeat(200)}"`).join(' '), 'TXTRDATATooLong'],
    ['A', '192.0.2.999', 'ARRDATAIllegalIPv4Address'],
    ['AAAA', '192.0.2.1', 'AAAARRDATAIllegalIPv6Address'],
    ['CNAME', 'x.test y.test', 'RRDATANotSingleField'],
  ])('%s %.20s is refused', (type, value, message) => {
    expect(() => apply([], ['UPSERT', set(type, NAME, [value])])).toThrow(message);
  });

  test('a value of 4000 characters in strings of 255 bytes is taken', () => {
    const value = [...Array(15).fill(`"${'x'.repeat(255)}"`), `"${'x'.repeat(128)}"`].join(' ');
    expect(value.length).toBe(4000);
    expect(apply([], ['CREATE', set('TXT', NAME, [value])])).toHaveLength(1);
  });

  test('a value given twice is refused', () => {
    expect(() => apply([], ['CREATE', set('TXT', NAME, ['"1"', '"1"'])])).toThrow('Duplicate Resource Record: \'"1"\'');
  });
});

describe('names and TTLs at their limits', () => {
  /** A name below example.com with that many characters, in labels of at most 63. */
  const nameOf = (length: number) => `${`${'x'.repeat(63)}.`.repeat(4).slice(0, length - ZONE.length)}.example.com`;

  test('a name of 253 characters is taken, and one of 254 is refused', () => {
    expect(nameOf(253)).toHaveLength(253);
    expect(apply([], ['CREATE', { ...TXT, Name: nameOf(253) }])).toHaveLength(1);
    expect(() => apply([], ['CREATE', { ...TXT, Name: nameOf(254) }])).toThrow('DomainNameTooLong');
  });

  test('an escaped character counts as the one byte that it stands for', () => {
    const name = nameOf(253).replace(/^x/, '\\052');
    expect(apply([], ['CREATE', { ...TXT, Name: name }])).toHaveLength(1);
  });

  test('a label of 63 characters is taken, and one of 64 is refused', () => {
    const labelled = (length: number) => ({ ...TXT, Name: `${'x'.repeat(length)}.example.com` });
    expect(apply([], ['CREATE', labelled(63)])).toHaveLength(1);
    expect(() => apply([], ['CREATE', labelled(64)])).toThrow('DomainLabelTooLong (Domain label is too long)');
  });

  test.each<RRType>(['CNAME', 'NS', 'PTR'])('a %s to a name that is too long is refused', (type) => {
    expect(() => apply([], ['CREATE', set(type, NAME, [nameOf(254)])])).toThrow('DomainNameTooLong');
    expect(apply([], ['CREATE', set(type, NAME, [nameOf(253)])])).toHaveLength(1);
  });

  test.each([0, 2_147_483_647])('a TTL of %s is taken', (TTL) => {
    expect(apply([], ['CREATE', { ...TXT, TTL }])).toHaveLength(1);
  });

  test.each([-1, 2_147_483_648, 0.5, NaN])('a TTL of %s is refused as invalid input', (TTL) => {
    expect(() => apply([], ['CREATE', { ...TXT, TTL }])).toThrow(expect.objectContaining({
      code: 'InvalidInput', message: expect.stringContaining(`the TTL '${TTL}' is not valid`),
    }));
  });
});

describe('the size of a batch', () => {
  const recordSets = (count: number, value = '"1"') =>
    Array.from({ length: count }, (_, index) => set('TXT', `r${index}.example.com.`, [value]));
  const all = (action: string, sets: ResourceRecordSet[]) =>
    sets.map((each): [string, ResourceRecordSet] => [action, each]);
  const refused = (problem: string) => expect.objectContaining({ code: 'InvalidChangeBatch', message: problem });

  const tooMany = refused('[Number of records limit of 1000 exceeded.]');
  const tooLong = refused('[RDATA character limit of 32000 exceeded.]');
  const hundred = `"${'x'.repeat(98)}"`;

  test.each(['CREATE', 'DELETE'])('%s of 1,000 records is taken, and of 1,001 refused', (action) => {
    const there = (count: number) => action === 'DELETE' ? recordSets(count) : [];
    expect(() => apply(there(1000), ...all(action, recordSets(1000)))).not.toThrow();
    expect(() => apply(there(1001), ...all(action, recordSets(1001)))).toThrow(tooMany);
  });

  test.each(['CREATE', 'DELETE'])('%s of values of 32,000 characters is taken, and of one more refused', (action) => {
    const sets = (last: string) => [...recordSets(319, hundred), set('TXT', 'last.example.com.', [last])];
    const there = (last: string) => action === 'DELETE' ? sets(last) : [];
    expect(() => apply(there(hundred), ...all(action, sets(hundred)))).not.toThrow();
    const oneMore = `"${'x'.repeat(99)}"`;
    expect(() => apply(there(oneMore), ...all(action, sets(oneMore)))).toThrow(tooLong);
  });

  test('an UPSERT counts twice', () => {
    expect(() => apply([], ...all('UPSERT', recordSets(500)))).not.toThrow();
    expect(() => apply([], ...all('UPSERT', recordSets(501)))).toThrow(tooMany);
    expect(() => apply([], ...all('UPSERT', recordSets(160, hundred)))).not.toThrow();
    expect(() => apply([], ...all('UPSERT', recordSets(161, hundred)))).toThrow(tooLong);
  });

  test('the values of one record set count one by one', () => {
    const sets = Array.from({ length: 11 }, (_, index) =>
      set('A', `r${index}.example.com.`, Array.from({ length: 91 }, (__, last) => `192.0.2.${last}`)));
    expect(() => apply([], ...all('CREATE', sets))).toThrow(tooMany);
  });

  test('the limits can be set, and switched off', () => {
    const changes = recordSets(1001, hundred).map((each) => ({ Action: 'CREATE', ResourceRecordSet: each }) as Change);
    const noLimits = { resourceRecords: Infinity, valueCharacters: Infinity };
    const applied = (limits: ChangeBatchLimits) => applyChangeBatch(ZONE, [], changes, limits);
    expect(applied(noLimits)).toHaveLength(1001);
    expect(() => applied({ ...AWS_LIMITS, resourceRecords: 7 })).toThrow('limit of 7 exceeded');
    expect(() => applied({ ...noLimits, valueCharacters: 9 })).toThrow('limit of 9 exceeded');
  });
});

describe('a batch that makes no sense', () => {
  test.each<[string, Change[]]>([
    ['has no change', []],
    ['has an unknown action', [{ Action: 'REPLACE' as 'UPSERT', ResourceRecordSet: TXT }]],
    ['has no type', [{ Action: 'CREATE', ResourceRecordSet: { ...TXT, Type: undefined } }]],
    ['has no values', [{ Action: 'DELETE', ResourceRecordSet: { Name: NAME, Type: 'TXT' } }]],
    ['has values and an alias', [{
      Action: 'CREATE',
      ResourceRecordSet: { ...A, AliasTarget: { HostedZoneId: 'Z1', DNSName: 'x.test', EvaluateTargetHealth: false } },
    }]],
  ])('that %s is refused as invalid input', (_, changes) => {
    expect(() => applyChangeBatch(ZONE, [], changes))
      .toThrow(expect.objectContaining({ code: 'InvalidInput', status: 400 }));
  });
});

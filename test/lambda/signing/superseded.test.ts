// What the hourly care retires: the record of a superseded key after its overlap, unless SES signs with it, or it is
// not this construct's alone.
import { ChangeRefusedError } from '../../../lambda/base/errors';
import { RecordSet } from '../../../lambda/base/ports';
import { retireDue, revokeKey, Superseded } from '../../../lambda/signing/superseded';
import { AwsInMemory, byo, DOMAIN, keyLine, keyRecord, owner, record, REGION, wanting } from '../fixtures/aws-in-memory';
import { HOUR, KEYS_ARN, KeysInMemory } from '../fixtures/keys-in-memory';

const DAY = 24 * HOUR;
const NEW = keyLine('n1', 'two');
const OLD = keyLine('s1');

let rotated: Promise<KeysInMemory> | undefined;
let keys: KeysInMemory;

/** `n1` is the current key, and `s1` is superseded. */
async function rotate(): Promise<KeysInMemory> {
  const made = await KeysInMemory.deployed();
  made.sesVerifies();
  made.addNext();
  await made.allSteps();
  return made;
}

beforeEach(async () => void (keys = (await (rotated ??= rotate())).copy()));

const contents = () => keys.aws.zone.contents;
const logged = () => keys.aws.lines.map((line) => JSON.parse(line).decision);
const overlapIsOver = () => void (keys.aws.time += 14 * DAY);

test('the record stays for its overlap, and goes then, with what the registry record says of it', async () => {
  keys.aws.time += 14 * DAY - HOUR;
  await keys.care();
  expect(contents()).toEqual([NEW, OLD]);
  expect(logged()).not.toContain('records-changed');
  keys.aws.time += 2 * HOUR;
  await keys.care();
  expect(contents()).toEqual([NEW]);
  expect(keys.aws.zone.registries.flat().join()).not.toContain('s1');
});

test('an overlap of its own counts from when the record was superseded', async () => {
  keys.tags['cdk-ses-dkim:RecordOverlap'] = '86400';
  keys.aws.time += 13 * DAY;
  await keys.care();
  expect(contents()).toContain(OLD);
});

test.each([['s1'], ['S1']])('what SES signs with stays, for one more overlap: %s', async (selector) => {
  overlapIsOver();
  keys.aws.set({ tokens: [selector] });
  await keys.care();
  expect(contents()).toEqual([NEW, OLD]);
  keys.aws.set({ tokens: ['n1'] });
  keys.aws.time += 13 * DAY;
  await keys.care();
  expect(contents()).toEqual([NEW, OLD]);
  keys.aws.time += DAY;
  await keys.care();
  expect(contents()).toEqual([NEW]);
});

test('what SES was set to by hand stays for an overlap from when it was seen last', async () => {
  keys.aws.time += 10 * DAY;
  keys.aws.set({ tokens: ['s1'] });
  await keys.care();
  keys.aws.set({ tokens: ['n1'] });
  keys.aws.time += 14 * DAY - HOUR;
  await keys.care();
  expect(contents()).toEqual([NEW, OLD]);
  keys.aws.time += HOUR;
  await keys.care();
  expect(contents()).toEqual([NEW]);
});

test('while nothing is superseded, SES is not asked', async () => {
  overlapIsOver();
  await keys.care();
  keys.aws.lines.length = 0;
  keys.aws.identities.clear();
  await keys.care();
  expect(logged()).toContain('nothing-superseded');
});

test('where SES names no selector, nobody knows that it is not this one: it stays', async () => {
  overlapIsOver();
  keys.aws.set({ tokens: [] });
  await keys.care();
  expect(contents()).toEqual([NEW, OLD]);
  expect(logged()).toContain('selector-not-named');
});

test.each<[string, () => void]>([
  ['SES signs with Easy DKIM', () => keys.aws.set({ origin: 'AWS_SES', tokens: ['t1', 't2', 't3'] })],
  ['SES signs with Easy DKIM, and has no tokens yet', () => keys.aws.set({ origin: 'AWS_SES', tokens: [] })],
  ['the identity is gone', () => keys.aws.identities.clear()],
])('it goes where %s', async (_, happens) => {
  overlapIsOver();
  happens();
  await keys.care();
  expect(contents()).toEqual([NEW]);
});

/** The record, or the one that the registry record is, made into others. */
const changed = (start: string, into: (each: RecordSet) => RecordSet[]) =>
  keys.aws.zone.records.flatMap((each) => each.name.startsWith(start) ? into(each) : [each]);

test('what somebody has changed since is theirs', async () => {
  overlapIsOver();
  keys.aws.zone.records = changed('s1.', ({ name }) => [record(name, 'TXT', '"v=DKIM1; p=AAAA"')]);
  await keys.care();
  expect(contents()).toContain('TXT s1._domainkey.example.com "v=DKIM1; p=AAAA"');
  expect(keys.aws.zone.registries.flat().join()).not.toContain('s1');
});

test('what another owner lists stays for that one', async () => {
  overlapIsOver();
  const name = `cdk-ses-dkim-${'0'.repeat(32)}._domainkey.example.com`;
  keys.aws.zone.records = changed('cdk-ses-dkim-', (own) => [
    own, { ...own, name, values: own.values.filter((value) => !value.includes('record=n1;')) },
  ]);
  await keys.care();
  expect(contents()).toEqual([NEW, OLD]);
});

test('what Route 53 refuses to change is no failure, and is tried again an hour later', async () => {
  overlapIsOver();
  keys.aws.zone.meanwhile = () => {
    throw new ChangeRefusedError('The record is managed by a service');
  };
  await keys.care();
  expect(logged()).toContain('records-refused');
  expect(contents()).toEqual([NEW, OLD]);
  keys.aws.zone.meanwhile = undefined;
  await keys.care();
  expect(contents()).toEqual([NEW]);
});

describe('in a stack with a further Region', () => {
  const EUROPE = 'eu-west-1';
  const EMPTY = `TXT ${keyRecord('s1').name} "v=DKIM1; k=rsa; p="`;
  const BEFORE = (region: string) => wanting(byo('s1'), { region });
  const NOW = (region: string) => wanting(byo('n1', 'two'), { region });

  let aws: AwsInMemory;

  /** Both Regions sign with `s1`. */
  beforeEach(async () => {
    aws = new AwsInMemory();
    for (const region of [REGION, EUROPE]) {
      aws.set({}, region);
      await aws.reconcile(BEFORE(region));
      aws.set({ status: 'SUCCESS' }, region);
    }
  });

  async function change(...regions: string[]): Promise<void> {
    for (const region of regions) {
      await aws.reconcile(NOW(region), BEFORE(region));
      aws.set({ status: 'SUCCESS' }, region);
    }
  }

  const of = (region: string): Superseded => {
    const isFurther = region === EUROPE;
    const signing = { method: 'ROTATING_BYODKIM', secretArn: KEYS_ARN, selectorPrefix: 'dkim', keyLength: 2048, isFurther } as const;
    const services = aws.services({ domain: DOMAIN, region });
    return { wanted: { ...NOW(region), signing }, owner: owner('Dkim', region), services };
  };

  describe('a key that has leaked', () => {
    const revoke = (selector = 's1', needed: string[] = []) => revokeKey([of(REGION), of(EUROPE)], selector, needed);

    test('is revoked for both, and its record stays for an overlap from now', async () => {
      await change(REGION, EUROPE);
      aws.time += 13 * DAY;
      await revoke();
      expect(aws.zone.contents).toEqual([NEW, EMPTY].sort());
      expect(aws.zone.registries.flat().filter((line) => line.includes('record=s1;')))
        .toContainEqual(expect.stringMatching(/until=2026-12-20T/));
    });

    test('is not revoked while either of them signs with it, or the stack needs it', async () => {
      const refusal = 'Mail of example.com is signed with the selector s1 now. Change the key first (rotatingByoDkim: aws '
        + 'secretsmanager rotate-secret; followSecret: store another key). Revoke the old selector when the log has key-current for the new one';
      await change(REGION);
      await expect(revoke()).rejects.toThrow(refusal);
      await change(EUROPE);
      await expect(revoke('s1', ['s1'])).rejects.toThrow(refusal);
      expect(aws.zone.contents).toEqual([NEW, OLD]);
    });

    test('is revoked by the further Region where that alone lists it: the first one has missed that key', async () => {
      await aws.reconcile(wanting(byo('s2', 'two'), { region: EUROPE }), BEFORE(EUROPE));
      aws.set({ status: 'SUCCESS' }, EUROPE);
      await aws.reconcile(NOW(EUROPE), wanting(byo('s2', 'two'), { region: EUROPE }));
      await revoke('s2');
      expect(aws.zone.contents).toContain(`TXT ${keyRecord('s2').name} "v=DKIM1; k=rsa; p="`);
    });

    test('is that of both: a list of the further Region that has not been changed yet is no hindrance', async () => {
      await change(REGION);
      aws.set({ tokens: ['n1'] }, EUROPE);
      await expect(revokeKey([of(REGION)], 's1', [])).rejects.toThrow('no superseded record of the selector s1');
      await revoke();
      expect(aws.zone.contents).toContain(EMPTY);
    });

    test('of an identity that is gone is signed with by nobody', async () => {
      await change(REGION);
      aws.identities.delete(EUROPE);
      await revoke();
      expect(aws.zone.contents).toContain(EMPTY);
    });
  });

  describe('the hourly care', () => {
    /** Gives what is asked in the course of it: SES, and what else is needed. */
    async function care(region: string, selectors: string[] = []): Promise<string[]> {
      const asked: string[] = [];
      aws.onCall = (call) => void (call === 'Get' && asked.push('SES'));
      await retireDue(of(region), async () => {
        asked.push('needed');
        return selectors;
      });
      return asked;
    }

    beforeEach(() => change(REGION, EUROPE));

    test('asks in the first Region while anything is superseded, and in the further one when it is due', async () => {
      expect(await care(REGION)).toEqual(['SES', 'needed']);
      expect(await care(EUROPE)).toEqual([]);
      expect(aws.lines.join('')).toContain('nothing-superseded');
      aws.time += 14 * DAY;
      expect(await care(EUROPE)).toEqual(['SES', 'needed']);
      expect(aws.zone.contents).toEqual([NEW, OLD]); // the first one lists it still
      expect(await care(REGION)).toEqual(['SES', 'needed']);
      expect(aws.zone.contents).toEqual([NEW]);
    });

    test('leaves what is needed for another reason than that SES signs with it', async () => {
      aws.time += 14 * DAY;
      for (const region of [EUROPE, REGION]) await care(region, ['s1']);
      expect(aws.zone.contents).toEqual([NEW, OLD]);
    });

    test('without a zone fails, with what to do', async () => {
      const { wanted, ...rest } = of(REGION);
      await expect(retireDue({ ...rest, wanted: { ...wanted, zone: undefined } }, async () => [])).rejects
        .toThrow('There is no hosted zone for example.com. Deploy the stack again with a change of the construct');
    });
  });
});

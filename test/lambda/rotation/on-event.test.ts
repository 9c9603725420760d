// One run of the function: what no longer counts writes nothing, and what was left half-way is brought to its end.
import { RecordSet } from '../../../lambda/base/ports';
import { Step } from '../../../lambda/rotation/event';
import { keyLine, keyRecord, record } from '../fixtures/aws-in-memory';
import { CURRENT, HOUR, KEYS_ARN, KeysInMemory, NEXT } from '../fixtures/keys-in-memory';

const DAY = 24 * HOUR;
/** What the function writes, when it begins to. */
const WRITES = ['Put', 'Tag', 'Untag', 'Change', 'PutSecretValue', 'UpdateSecretVersionStage'];
const EASY = { origin: 'AWS_SES', tokens: ['t1', 't2', 't3'] };

let keys: KeysInMemory;
/** All calls since `watch`. */
let calls: string[];

function watch(): void {
  calls = [];
  keys.aws.onCall = (call) => void calls.push(call);
}

beforeEach(async () => {
  keys = await KeysInMemory.deployed();
  watch();
});

const writes = () => calls.filter((call) => WRITES.includes(call));
const logged = () => keys.aws.lines.map((line) => JSON.parse(line).decision);

describe('the fence', () => {
  type Run = () => Promise<void>;

  /** What is fenced: what was before, and the run. */
  const CREATE: [string, Run, Run] = ['createSecret', async () => keys.begin(), () => keys.step('createSecret')];
  const FINISH: [string, Run, Run] = ['finishSecret', async () => {
    keys.addNext();
    await keys.step('setSecret');
    keys.aws.set({ status: 'SUCCESS' });
  }, () => keys.step('finishSecret')];
  const RUNS: [string, Run, Run][] = [
    ['setSecret', async () => keys.addNext(), () => keys.step('setSecret')],
    ['setSecret, which takes the key back', async () => {
      keys.addNext();
      keys.aws.time += HOUR;
    }, () => keys.step('setSecret')],
    ['testSecret, which takes the key back', async () => {
      keys.addNext();
      await keys.step('setSecret');
      keys.aws.set({ status: 'FAILED' });
    }, () => keys.step('testSecret')],
    ['the care, which takes the key back', async () => {
      keys.addNext();
      await keys.step('setSecret');
      keys.aws.time += HOUR;
    }, () => keys.care()],
  ];

  /**
   * What a run has done before and after something happens: after its first look, and at each of its writes. A look of
   * the fence is too old at each call.
   */
  async function interrupted(prepare: Run, run: Run, happens: () => void) {
    const runs: { before: string[]; written: string[] }[] = [];
    for (let at = 0, isThere = true; isThere; at++) {
      keys = await KeysInMemory.deployed();
      await prepare();
      watch();
      let before: string[] | undefined;
      keys.aws.onCall = (call) => {
        keys.aws.time += 5_000;
        calls.push(call);
        if (before || (at === 0 ? calls.length < 2 : writes().length < at)) return;
        before = [...calls];
        happens();
      };
      await run().catch(() => undefined);
      isThere = before !== undefined;
      if (before) runs.push({ before, written: writes().slice(at) });
    }
    return runs;
  }

  function expectNothingMore(runs: Awaited<ReturnType<typeof interrupted>>): void {
    expect(runs.length).toBeGreaterThan(1);
    for (const { before, written } of runs) expect({ before, written }).toEqual({ before, written: [] });
  }

  test.each([CREATE, ...RUNS, FINISH])('rotation is switched off while %s works: nothing more is written', async (_, prepare, run) => {
    expectNothingMore(await interrupted(prepare, run, () => void (keys.rotates = false)));
  });

  test.each([CREATE, RUNS[0], FINISH])('the secret goes while %s works: nothing more is written', async (_, prepare, run) => {
    expectNothingMore(await interrupted(prepare, run, () => void (keys.isGone = true)));
  });

  test.each(RUNS)('its label is taken while %s works: nothing more is written', async (_, prepare, run) => {
    expectNothingMore(await interrupted(prepare, run, () => keys.versions.takeOff('AWSPENDING')));
  });

  test.each(RUNS)('another run finishes while %s works: nothing more is written', async (_, prepare, run) => {
    expectNothingMore(await interrupted(prepare, run, () => {
      keys.versions.move('AWSCURRENT', CURRENT, NEXT);
      keys.versions.takeOff('AWSPENDING');
    }));
  });

  test('what finishes a rotation may take its time: it is what has moved the label', async () => {
    const [, prepare, run] = FINISH;
    await prepare();
    keys.aws.onCall = () => void (keys.aws.time += 5_000);
    await run();
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
    expect(keys.aws.zone.registries.flat().join()).toContain('until=');
  });

  test('a look counts for five seconds: SES and Secrets Manager are not asked before every call', async () => {
    keys.addNext();
    await keys.step('setSecret');
    expect(calls.filter((call) => call === 'DescribeSecret').length).toBeLessThan(writes().length + 3);
  });
});

test.each<Step>(['createSecret', 'setSecret', 'testSecret', 'finishSecret'])(
  '%s is refused, before it looks at anything else, where rotation is switched off', async (step) => {
    keys.addNext();
    keys.rotates = false;
    await expect(keys.step(step)).rejects.toThrow(/rotation of the secret .* is switched off.* Nothing more was changed/);
    expect(calls).toEqual(['DescribeSecret', ...step === 'testSecret' ? ['GetSecretValue'] : []]);
  });

test.each([
  ['a step', () => keys.step('setSecret')], ['the care', () => keys.care()],
])('where the secret is gone, %s has nothing to do', async (_, run) => {
  keys.isGone = true;
  await run();
  expect(calls).toEqual(['DescribeSecret']);
  expect(logged().at(-1)).toBe('secret-gone');
});

test('where the secret is gone, a revocation does not say that it is done: the key that leaked is in DNS still', async () => {
  keys.isGone = true;
  await expect(keys.revoke('s1')).rejects.toThrow(/is gone, or marked for deletion\. Nothing was revoked\. Restore it/);
  expect(calls).toEqual(['DescribeSecret']);
});

test('Secrets Manager tries a new schedule on a version without a value: there is nothing to test', async () => {
  keys.begin();
  keys.tags['cdk-ses-dkim:Identity'] = 'nothing is believed yet';
  await keys.step('testSecret');
  expect(calls).toEqual(['DescribeSecret', 'GetSecretValue']);
  expect(logged().at(-1)).toBe('schedule-tried');
  await expect(keys.step('setSecret')).rejects.toThrow('Identity');
});

describe('the tags of the secret', () => {
  const STEPS_OF: [string, () => Promise<void>][] = [
    ['createSecret', async () => {
      keys.begin();
      await keys.step('createSecret');
    }],
    ['setSecret', async () => {
      keys.addNext();
      await keys.step('setSecret');
    }],
    ['the end of it', async () => {
      keys.addNext();
      keys.versions.move('AWSCURRENT', CURRENT, NEXT);
      await keys.step('finishSecret');
    }],
  ];
  const TAGS: [string, string | undefined][] = [
    ['Identity', 'example.org'], ['LogicalResourceId', 'Other'], ['Region', 'eu-west-1'], ['HostedZoneId', 'ZONE2'],
    ['HostedZoneId', undefined], ['StackId', 'arn:aws:cloudformation:us-east-1:111111111111:stack/other/guid'],
  ];

  describe.each(TAGS)('%s: %s', (name, value) => {
    test.each(STEPS_OF)('what the registry record does not say is not believed: %s', async (_, run) => {
      keys.aws.addZone('ZONE2');
      keys.aws.identities.set('eu-west-1', { ...keys.aws.identity });
      if (value === undefined) delete keys.tags[`cdk-ses-dkim:${name}`];
      else keys.tags[`cdk-ses-dkim:${name}`] = value;
      const before = structuredClone([...keys.aws.zones.values()].map(({ records }) => records));
      await expect(run()).rejects.toThrow();
      expect(writes()).toEqual([]);
      expect([...keys.aws.zones.values()].map(({ records }) => records)).toEqual(before);
    });
  });
});

describe('the care', () => {
  test('where nothing is due and nothing is left: one look at the secret and one at the zone, and SES is not asked', async () => {
    await keys.care();
    expect(calls).toEqual(['DescribeSecret', 'GetSecretValue', 'GetHostedZone', 'List']);
  });

  test.each<[string, () => void]>([
    ['an empty version', () => keys.begin()],
    ['a version that is no key', () => keys.store(NEXT, 'AWSPENDING', 'by hand')],
    ['a key without a selector', () => keys.store(NEXT, 'AWSPENDING', '{"privateKey":"x"}')],
  ])('%s that is left goes after an hour, not before, whatever the tags say', async (_, leave) => {
    leave();
    delete keys.tags['cdk-ses-dkim:StackId'];
    keys.aws.time += HOUR - 1;
    await expect(keys.care()).rejects.toThrow('The care for 1 of 1 secrets failed');
    expect(keys.idOf('AWSPENDING')).toBe(NEXT);
    keys.aws.time += 1;
    await expect(keys.care()).rejects.toThrow();
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
    expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
    expect(logged()).toContain('empty-version-cleared');
  });

  test('a next key is left to its rotation for an hour', async () => {
    keys.addNext();
    await keys.step('setSecret');
    watch();
    keys.aws.time += HOUR - 1;
    await keys.care();
    expect(writes()).toEqual([]);
  });

  describe('a next key that was left half-way', () => {
    beforeEach(async () => {
      keys.addNext();
      await keys.step('setSecret');
      keys.aws.time += HOUR;
      keys.aws.puts.length = 0;
    });

    test('becomes the current one where SES has verified it', async () => {
      keys.aws.set({ status: 'SUCCESS' });
      await keys.care();
      expect(keys.aws.puts).toEqual([]);
      expect(keys.selectorOf('AWSCURRENT')).toBe('n1');
      expect(keys.idOf('AWSPENDING')).toBeUndefined();
    });

    test('is taken back where SES has not', async () => {
      await keys.care();
      expect(keys.aws.identity.tokens).toEqual(['s1']);
      expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
      expect(keys.idOf('AWSPENDING')).toBeUndefined();
      expect(keys.aws.zone.contents).toEqual([keyLine('n1', 'two'), keyLine('s1')]);
    });

    test('goes where SES signs otherwise: SES is told nothing', async () => {
      keys.aws.set({ ...EASY, status: 'SUCCESS' });
      await keys.care();
      expect(keys.aws.puts).toEqual([]);
      expect(keys.idOf('AWSPENDING')).toBeUndefined();
    });

    test('goes where there is no identity any more', async () => {
      keys.aws.identities.clear();
      await keys.care();
      expect(keys.idOf('AWSPENDING')).toBeUndefined();
    });

    test('does not become the current one where SES names no selector: it may sign with the one before', async () => {
      keys.aws.set({ tokens: [], status: 'SUCCESS' });
      await keys.care();
      expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
      expect(keys.aws.puts).toMatchObject([{ origin: 'EXTERNAL', selector: 's1' }]);
      expect(keys.idOf('AWSPENDING')).toBeUndefined();
    });

    test('goes on with its own rotation, when that wakes up meanwhile: that is no failure', async () => {
      keys.aws.set({ status: 'SUCCESS' });
      keys.endsElsewhereAt('Get');
      await keys.care();
      expect(keys.selectorOf('AWSCURRENT')).toBe('n1');
    });

    test('goes, also when the zone is not there, and the care fails all the same', async () => {
      keys.aws.set({ tokens: ['s1'], status: 'SUCCESS' });
      keys.aws.zone.gone = true;
      await expect(keys.care()).rejects.toThrow('The care for 1 of 1 secrets failed');
      expect(keys.idOf('AWSPENDING')).toBeUndefined();
      expect(logged()).toContain('care-failed');
    });
  });

  test('a rotation that died before its last call is finished: the record before is marked, the label goes', async () => {
    keys.addNext();
    await keys.step('setSecret');
    keys.aws.set({ status: 'SUCCESS' });
    keys.versions.move('AWSCURRENT', CURRENT, NEXT);
    await keys.care();
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
    expect(keys.aws.zone.registries.flat().filter((line) => line.includes('until='))).toEqual([
      expect.stringContaining('record=s1;'),
    ]);
  });

  test('a rotation that begins meanwhile is left alone', async () => {
    keys.begin('f'.repeat(32));
    keys.aws.time += HOUR;
    keys.aws.onCall = (call) => {
      if (call === 'GetSecretValue') keys.versions.begin(NEXT, keys.aws.time);
    };
    await keys.care().catch(() => undefined);
    expect(keys.idOf('AWSPENDING')).toBe(NEXT);
  });

  test('goes on where rotation is switched off: what is due is retired', async () => {
    keys.aws.onPause = () => keys.aws.set({ status: 'SUCCESS' });
    await keys.rotated();
    keys.rotates = false;
    keys.aws.time += 15 * DAY;
    await keys.care();
    expect(keys.aws.zone.contents).not.toContain(keyLine('s1'));
    expect(keys.aws.zone.contents).toHaveLength(1);
  });

  test.each<[string, () => void, () => void]>([
    [
      'AWSCURRENT', () => keys.versions.move('AWSCURRENT', NEXT, CURRENT),
      () => keys.versions.move('AWSCURRENT', CURRENT, NEXT),
    ],
    ['AWSPENDING', () => keys.versions.begin(CURRENT, keys.aws.time), () => keys.versions.takeOff('AWSPENDING')],
  ])('what is due stays while %s names its key, also when SES signs with another', async (_, name, nameNoMore) => {
    keys.aws.onPause = () => keys.aws.set({ status: 'SUCCESS' });
    await keys.rotated();
    keys.aws.time += 15 * DAY;
    name(); // somebody goes back to the key before
    await keys.care();
    expect(keys.aws.zone.contents).toContain(keyLine('s1'));
    nameNoMore();
    keys.aws.time += 15 * DAY; // what was needed has its overlap once more
    await keys.care();
    expect(keys.aws.zone.contents).not.toContain(keyLine('s1'));
  });

  test('of many secrets, one that fails and one that is gone hinder no other', async () => {
    keys.begin();
    keys.aws.time += HOUR;
    const [broken, gone] = ['Broken', 'Gone'].map((name) => KEYS_ARN.replace('Keys', name));
    const run = keys.rotate({ Secrets: [broken, gone, KEYS_ARN] }, (services) => ({
      ...services,
      keyStore: (arn) => arn === broken
        ? { ...services.keyStore(arn), describe: () => Promise.reject(new Error('broken')) } : services.keyStore(arn),
    }));
    await expect(run).rejects.toThrow('The care for 1 of 3 secrets failed');
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
  });
});

describe('a revocation', () => {
  const empty = `TXT ${keyRecord('s1').name} "v=DKIM1; k=rsa; p="`;
  const refused = (selector: string, why: string) => expect(keys.revoke(selector)).rejects.toThrow(why);

  async function rotated(): Promise<void> {
    keys.addNext();
    await keys.step('setSecret');
    keys.aws.set({ status: 'SUCCESS' });
    await keys.step('finishSecret');
    watch();
  }

  test('publishes an empty key for what is superseded; once more, it changes nothing; after an overlap it goes', async () => {
    await rotated();
    keys.aws.time += 13 * DAY;
    await keys.revoke('s1');
    expect(keys.aws.zone.contents).toEqual([keyLine('n1', 'two'), empty].sort());
    const { records } = keys.aws.zone;
    await keys.revoke('s1');
    expect(keys.aws.zone.records).toEqual(records);
    keys.aws.time += 13 * DAY;
    await keys.care();
    expect(keys.aws.zone.contents).toContain(empty);
    keys.aws.time += DAY;
    await keys.care();
    expect(keys.aws.zone.contents).toEqual([keyLine('n1', 'two')]);
  });

  test('is refused for the current key, and for the next one', async () => {
    keys.addNext();
    for (const selector of ['s1', 'n1']) await refused(selector, `is signed with the selector ${selector} now`);
    expect(writes()).toEqual([]);
  });

  test('is refused for the key before, when somebody has made it the current one again', async () => {
    await rotated();
    keys.versions.move('AWSCURRENT', NEXT, CURRENT);
    await refused('s1', 'is signed with the selector s1 now');
    expect(writes()).toEqual([]);
  });

  test('is refused for what SES names, or was told last where it names none', async () => {
    await rotated();
    keys.aws.set({ tokens: ['s1'] });
    await refused('s1', 'is signed with the selector s1 now');
    keys.aws.set({ tokens: ['S1'] });
    await refused('s1', 'is signed with the selector s1 now');
    keys.aws.set({ tokens: [] });
    await refused('s1', 'is signed with the selector s1 now');
    expect(writes()).toEqual([]);
  });

  test.each<[string, string, (records: RecordSet[]) => RecordSet[]]>([
    ['one that nobody has', 'old', (records) => records],
    ['one of somebody else', 'old', (records) => [...records, record('old._domainkey.example.com', 'TXT', '"v=DKIM1; p=AA"')]],
    ['one that somebody has changed', 's1', (records) => records.map((each) =>
      each.name.startsWith('s1.') ? { ...each, values: ['"v=DKIM1; p=AAAA"'] } : each)],
    ['one that is gone', 's1', (records) => records.filter(({ name }) => !name.startsWith('s1.'))],
    ['one that another owner uses', 's1', (records) => records.flatMap((each) => {
      if (!each.name.startsWith('cdk-ses-dkim-')) return each;
      const name = `cdk-ses-dkim-${'0'.repeat(32)}._domainkey.example.com`;
      return [each, { ...each, name, values: each.values.map((value) => value.replace(/; until=[^"]*/, '')) }];
    })],
  ])('is refused for %s', async (_, selector, change) => {
    await rotated();
    const records = keys.aws.zone.records = change(keys.aws.zone.records);
    await refused(selector, `no superseded record of the selector ${selector} that is this construct's alone`);
    expect(keys.aws.zone.records).toEqual(records);
  });

  test('goes ahead where the identity is gone', async () => {
    await rotated();
    keys.aws.identities.clear();
    await keys.revoke('s1');
    expect(keys.aws.zone.contents).toContain(empty);
  });

  test('is told which zone it has none of', async () => {
    await rotated();
    delete keys.tags['cdk-ses-dkim:HostedZoneId'];
    await refused('s1', 'There is no hosted zone for example.com');
  });
});

// Each step of a rotation by what it finds: it does what is missing, and no key is used that cannot be looked up.
import { ownerOf } from '../../../lambda/base/owner';
import { IdentityState, RecordSet, Services, TAKEN_BACK } from '../../../lambda/base/ports';
import { Step, STEPS } from '../../../lambda/rotation/event';
import { leadBack } from '../../../lambda/signing/taking-back';
import { byo, DOMAIN, keyLine, keyRecord, record, REGION, wanting, ZONE } from '../fixtures/aws-in-memory';
import { CURRENT, HOUR, KEYS_ARN, KeysInMemory, MINUTE, NEXT, PEM } from '../fixtures/keys-in-memory';

let keys: KeysInMemory;

beforeEach(async () => {
  keys = await KeysInMemory.deployed();
  keys.sesVerifies();
});

/** What a run can have changed. */
function world() {
  const { aws: { zone: { records }, identity, puts }, versions } = keys;
  return structuredClone({ records, identity, puts: puts.length, versions: versions.digests() });
}

/** SES signs with the current key, its record is there, and no rotation is left half-way. */
function expectSignsWith(selector: string): void {
  expect(keys.aws.identity).toMatchObject({ origin: 'EXTERNAL', tokens: [selector] });
  expect(keys.selectorOf('AWSCURRENT')).toBe(selector);
  expect(keys.idOf('AWSPENDING')).toBeUndefined();
  expect(keys.aws.zone.contents.filter((line) => line.includes(` ${selector}.`))).toHaveLength(1);
}

/** Selectors that the owner's registry record marks as superseded. */
function marked(): string[] {
  const entries = keys.aws.zone.registries.flat();
  return entries.filter((line) => line.includes('until=')).map((line) => /record=([^;]+)/.exec(line)![1]);
}

const stranger = (selector: string, text = 'v=DKIM1; k=rsa; p=AAAA'): RecordSet =>
  record(`${selector}._domainkey.${DOMAIN}`, 'TXT', `"${text}"`);

test('a rotation makes a key, publishes it beside the one before, has SES verify it, and makes it the current one', async () => {
  keys.begin();
  await keys.step('createSecret');
  const next = keys.selectorOf('AWSPENDING')!;
  expect(next).toMatch(/^dkim-20261123-[0-9a-f]{6}$/);
  expect(keys.aws.identity.tokens).toEqual(['s1']);
  await keys.step('setSecret');
  expect(keys.aws.identity).toMatchObject({ tokens: [next], status: 'PENDING' });
  expect(keys.aws.zone.contents).toHaveLength(2);
  expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
  expect(marked()).toEqual([]);
  await keys.step('testSecret');
  expect(keys.aws.identity.status).toBe('SUCCESS');
  await keys.step('finishSecret');
  expectSignsWith(next);
  expect(keys.idOf('AWSPREVIOUS')).toBe(CURRENT);
  expect(keys.aws.zone.contents).toContain(keyLine('s1'));
  expect(marked()).toEqual(['s1']);
});

test('the log says which key was made, told to SES, awaited and made the current one', async () => {
  keys.begin();
  await keys.step('createSecret');
  await keys.allSteps();
  const selector = keys.selectorOf('AWSCURRENT');
  const logged = keys.aws.lines.map((line) => JSON.parse(line));
  expect(logged).toEqual(expect.arrayContaining([
    { decision: 'key-made', selector },
    { decision: 'key-made-before' },
    { decision: 'next-key-used', selector, hostedZoneId: ZONE },
    { decision: 'verification-awaited', status: 'SUCCESS', selector },
    { decision: 'key-current', selector, publicKeySha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ].map((each) => expect.objectContaining(each))));
});

test.each(STEPS)('%s that is repeated at once, and after all steps, changes nothing', async (step) => {
  keys.begin();
  for (const each of STEPS.slice(0, STEPS.indexOf(step) + 1)) await keys.step(each);
  const once = world();
  await keys.step(step);
  expect(world()).toEqual(once);
  await keys.allSteps();
  const done = world();
  const calls: string[] = [];
  keys.aws.onCall = (call) => void calls.push(call);
  await keys.step(step);
  expect(world()).toEqual(done);
  expect(calls).not.toContain('UpdateSecretVersionStage'); // it would be refused, and so be no change
});

describe('createSecret', () => {
  test.each<[string, () => void]>([
    ['somebody has a record of that name', () => {
      // The selector is made of the day and the token.
      keys.aws.zone.records = [...keys.aws.zone.records, stranger('dkim-20261123-dfb417')];
    }],
    ['the registry record is gone', () => {
      keys.aws.zone.records = keys.aws.zone.records.filter(({ name }) => !name.startsWith('cdk-ses-dkim-'));
    }],
    ['the stack signs otherwise now, and has marked the record as superseded', () => {
      keys.aws.set({ origin: 'AWS_SES', tokens: ['t1', 't2', 't3'] });
      keys.aws.zone.records = keys.aws.zone.records.map((each) => ({
        ...each,
        values: each.values.map((value) => value.replace(/record=s1;.*(?=")/, '$&; until=2026-12-07T00:00:00Z')),
      }));
    }],
    ['the published key is another one', () => {
      keys.aws.zone.records = [
        ...keys.aws.zone.records.filter(({ name }) => !name.startsWith('s1.')),
        record(keyRecord('s1').name, 'TXT', keyRecord('s1', 'three').data),
      ];
    }],
  ])('makes no key where %s', async (_, happens) => {
    keys.begin();
    happens();
    const before = world();
    await expect(keys.step('createSecret')).rejects.toThrow(
      /is there already|does not list the key|another key under this selector/);
    expect(world()).toEqual(before);
  });

  test('a tag makes no weaker key than the one before', async () => {
    keys.begin();
    await keys.step('createSecret');
    expect(keys.bitsOf('AWSPENDING')).toBe(1024); // as the current key
    await keys.step('setSecret');
    keys.aws.set({ status: 'SUCCESS' });
    await keys.step('finishSecret');
    keys.tags['cdk-ses-dkim:KeyLength'] = '2048';
    await keys.rotated('f'.repeat(32));
    keys.tags['cdk-ses-dkim:KeyLength'] = '1024';
    keys.begin('1'.repeat(32));
    await keys.step('createSecret', '1'.repeat(32));
    expect(keys.bitsOf('AWSPENDING')).toBe(2048);
  });
});

describe('setSecret', () => {
  beforeEach(() => keys.addNext());

  test('SES is told nothing while public name servers do not answer the record', async () => {
    keys.aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
    await expect(keys.step('setSecret')).rejects.toThrow(
      'example.com signs mail now, and its public name servers do not answer TXT n1._domainkey');
    expect(keys.aws.puts).toEqual([]);
    expect(keys.aws.zone.contents).toEqual([keyLine('n1', 'two'), keyLine('s1')]);
  });

  test.each<[string, Parameters<KeysInMemory['aws']['set']>[0]]>([
    ['Easy DKIM', { origin: 'AWS_SES', tokens: ['t1', 't2', 't3'] }],
    ['a key that somebody else has given it', { tokens: ['mail'] }],
    ['a replica', { origin: 'AWS_SES_EU_WEST_1' }],
  ])('where SES signs with %s, nothing is written', async (_, state) => {
    keys.aws.set({ status: 'SUCCESS', ...state });
    const before = world();
    await expect(keys.step('setSecret')).rejects.toThrow('SES signs example.com otherwise than this secret says');
    expect(world()).toEqual(before);
  });

  test('where there is no identity, nothing is written', async () => {
    keys.aws.identities.clear();
    const { records } = keys.aws.zone;
    await expect(keys.step('setSecret')).rejects.toThrow('SES has no identity example.com in us-east-1');
    expect(keys.aws.zone.records).toEqual(records);
  });

  test('a deployment that comes while the name servers are asked has the last word', async () => {
    keys.aws.publicAnswer = () => {
      keys.aws.set({ origin: 'AWS_SES', tokens: ['t1', 't2', 't3'] });
      return [{ nameServer: 'ns1', values: [keyRecord('n1', 'two').data] }];
    };
    await expect(keys.step('setSecret')).rejects.toThrow('SES signs example.com otherwise');
    expect(keys.aws.puts).toEqual([]);
  });

  test('another run of the step that comes first has told SES: it is not told twice', async () => {
    keys.aws.publicAnswer = () => {
      keys.aws.set({ tokens: ['n1'], status: 'PENDING' });
      return [{ nameServer: 'ns1', values: [keyRecord('n1', 'two').data] }];
    };
    await keys.step('setSecret');
    expect(keys.aws.puts).toEqual([]);
  });

  test('a record of somebody else under the selector stays as it is, and SES is told nothing', async () => {
    keys.aws.zone.records = [...keys.aws.zone.records, stranger('n1', 'hello')];
    await expect(keys.step('setSecret')).rejects.toThrow(/n1\._domainkey/);
    expect(keys.aws.puts).toEqual([]);
    expect(keys.aws.zone.contents).toContain(`TXT n1._domainkey.${DOMAIN} "hello"`);
  });

  test('the same record by somebody else is used, and stays when it is retired', async () => {
    const { name, data } = keyRecord('n1', 'two');
    keys.aws.zone.records = [...keys.aws.zone.records, record(name, 'TXT', data)];
    await keys.allSteps();
    expectSignsWith('n1');
    await keys.rotated('f'.repeat(32));
    keys.aws.time += 15 * 24 * HOUR;
    await keys.care();
    expect(keys.aws.zone.contents).toContain(keyLine('n1', 'two'));
    expect(keys.aws.zone.contents).not.toContain(keyLine('s1'));
  });

  test('a next key that is an hour old, and that SES was never told, is taken back', async () => {
    keys.aws.time += HOUR;
    await expect(keys.step('setSecret')).rejects.toThrow('The key was not changed: it was left half-way.');
    expect(keys.aws.puts).toEqual([]);
    expectSignsWith('s1');
  });

  test('a next key that SES has is not taken back by this step, however old it is', async () => {
    await keys.step('setSecret');
    keys.aws.time += HOUR;
    await keys.step('setSecret');
    expect(keys.idOf('AWSPENDING')).toBe(NEXT);
    expect(keys.aws.lines.join('\n')).toMatch(/"signing-unchanged",.*"selector":"n1"/);
  });

  test.each<Step>(['setSecret', 'testSecret', 'finishSecret'])('%s of a version that is not the next key writes nothing', async (step) => {
    const { identity, ...before } = world();
    await expect(keys.step(step, 'f'.repeat(32))).rejects.toThrow('has no label of a rotation');
    const lastChecked = new Date(keys.aws.time); // SES looks while the step waits for the label
    expect(world()).toEqual({ ...before, identity: { ...identity, lastChecked } });
  });
});

describe('testSecret', () => {
  beforeEach(async () => {
    keys.addNext();
    await keys.step('setSecret');
    keys.aws.onPause = undefined;
  });

  const taken = (why: string) => expect(keys.step('testSecret')).rejects.toThrow(why);

  test('as long as the key is young, a step that runs out of time leaves all as it is', async () => {
    const before = world();
    await taken('SES has not verified the next key yet: SES in us-east-1 has EXTERNAL with the selector n1, status PENDING');
    expect(world()).toEqual(before);
  });

  test('what SES says of the key before does not count for the next one', async () => {
    keys.aws.set({ status: 'SUCCESS', lastChecked: new Date(keys.aws.time - HOUR) });
    const { time } = keys.aws;
    await keys.step('testSecret');
    expect(keys.aws.time - time).toBeGreaterThanOrEqual(MINUTE);
    keys.aws.set({ status: 'FAILED', lastChecked: new Date(keys.aws.time - HOUR) });
    keys.aws.onPause = () => keys.aws.set({ status: 'SUCCESS' });
    await keys.step('testSecret');
  });

  test.each<[string, Partial<IdentityState>]>([
    ['says when it has looked, but names no selector', { tokens: [] }],
    ['does not say when it has looked', { lastChecked: undefined }],
  ])('nor where SES %s', async (_, state) => {
    keys.aws.time += MINUTE;
    keys.aws.set({ status: 'SUCCESS', ...state });
    const { time } = keys.aws;
    await keys.step('testSecret');
    expect(keys.aws.time - time).toBeGreaterThanOrEqual(MINUTE);
  });

  test('SES is asked every 15 to 30 seconds: all rotations share its one call a second', async () => {
    const asked: number[] = [];
    keys.aws.onCall = (call) => {
      if (call === 'Get') asked.push(keys.aws.time);
    };
    await taken('SES has not verified the next key yet');
    const gaps = asked.slice(1).map((time, index) => time - asked[index]);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(15_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000);
    expect(asked.length).toBeGreaterThanOrEqual(18); // in nine minutes
  });

  test('a key that SES gives up is taken back, and its record stays for the mail that was signed with it', async () => {
    keys.aws.set({ status: 'FAILED', errorType: 'TYPE_MISMATCH' });
    await taken('SES gave up verifying the next key: SES in us-east-1 has EXTERNAL with the selector n1, status FAILED');
    expectSignsWith('s1');
    expect(keys.aws.zone.contents).toEqual([keyLine('n1', 'two'), keyLine('s1')]);
    expect(marked()).toEqual(['n1']);
  });

  test('before SES is told the key before again, its record is there, whoever has removed it', async () => {
    keys.aws.set({ status: 'FAILED' });
    keys.aws.zone.records = keys.aws.zone.records.filter(({ name }) => !name.startsWith('s1.'));
    let published: string[] = [];
    keys.aws.onCall = (call) => {
      if (call === 'Put') published = keys.aws.zone.contents;
    };
    await taken('SES gave up verifying the next key');
    expect(published).toEqual([keyLine('n1', 'two'), keyLine('s1')]);
  });

  test.each<[string, () => void]>([
    ['has come to its end', () => undefined],
    ['has come to its end, and a rotation has begun after it', () => keys.add('f'.repeat(32), 'AWSPENDING', 'n2', PEM.one)],
  ])('a run that takes a key back tells SES nothing when another run %s in that second', async (_, happens) => {
    keys.aws.set({ status: 'FAILED' });
    keys.aws.puts.length = 0;
    keys.endsElsewhereAt('Changed', happens);
    await taken('is not the next key');
    expect(keys.aws.puts).toEqual([]);
    expect(keys.aws.identity.tokens).toEqual(['n1']);
  });

  test('its label stops other steps before SES is told the key before, and goes in the end', async () => {
    keys.aws.set({ status: 'FAILED' });
    let label: string | undefined;
    keys.aws.onCall = (call) => {
      if (call === 'Put') label = keys.idOf(TAKEN_BACK);
    };
    await taken('SES gave up verifying the next key');
    expect(label).toBe(NEXT);
    expect(keys.idOf(TAKEN_BACK)).toBeUndefined();
  });

  test.each<[string, () => void]>([
    ['tells SES the next key', () => keys.aws.set({ tokens: ['n1'], status: 'PENDING' })],
    ['makes it the current one', () => keys.versions.move('AWSCURRENT', CURRENT, NEXT)],
  ])('the last call of another step, which had begun before, %s: that is taken back, too', async (_, happens) => {
    keys.aws.set({ status: 'FAILED' });
    keys.aws.onPause = () => {
      if (keys.aws.identity.tokens.join() !== 's1') return;
      keys.aws.onPause = undefined;
      happens(); // while the one that takes it back waits for that call
    };
    await taken('SES gave up verifying the next key');
    expect(keys.aws.onPause).toBeUndefined(); // it has happened
    expectSignsWith('s1');
  });

  test('a key that SES has not verified within an hour is taken back', async () => {
    keys.aws.time += 55 * MINUTE;
    await taken('SES has not verified the next key in time');
    expectSignsWith('s1');
    expect(marked()).toEqual(['n1']);
  });

  test('where SES signs otherwise meanwhile, that stays, and the rotation ends', async () => {
    keys.aws.puts.length = 0;
    keys.aws.set({ origin: 'AWS_SES', tokens: ['t1', 't2', 't3'], status: 'SUCCESS' });
    await taken('SES signs otherwise meanwhile: SES in us-east-1 has AWS_SES, status SUCCESS');
    expect(keys.aws.puts).toEqual([]);
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
  });

  test('where SES signs with Easy DKIM and has no tokens yet, the rotation ends, too', async () => {
    keys.aws.set({ origin: 'AWS_SES', tokens: [], status: 'PENDING' });
    await taken('SES signs otherwise meanwhile');
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
  });

  test('a key that SES cannot look up for an hour is taken back', async () => {
    keys.aws.time += HOUR;
    keys.aws.set({ status: 'TEMPORARY_FAILURE' });
    await taken('SES has not verified the next key in time');
    expectSignsWith('s1');
  });

  test('where the identity is gone, the rotation ends', async () => {
    keys.aws.identities.clear();
    await taken('SES signs otherwise meanwhile: the identity is gone');
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
    expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
  });

  test('where SES names no selector, it has the one that it was told last', async () => {
    keys.aws.onPause = () => keys.aws.set({ tokens: [], status: 'SUCCESS' });
    await keys.step('testSecret');
    await keys.step('finishSecret');
    expect(keys.selectorOf('AWSCURRENT')).toBe('n1');
  });

  test('taken back by a zone that refuses the mark: the label goes all the same', async () => {
    keys.aws.puts.length = 0;
    keys.aws.set({ tokens: ['s1'], status: 'SUCCESS' });
    keys.aws.zone.gone = true;
    await taken('SES signs otherwise meanwhile');
    expect(keys.aws.puts).toEqual([]);
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
    expect(keys.aws.lines.join('\n')).toContain('"records-refused"');
  });
});

describe('finishSecret', () => {
  beforeEach(async () => {
    keys.addNext();
    await keys.step('setSecret');
    await keys.step('testSecret');
  });

  test('a key that SES has stopped to verify does not become the current one', async () => {
    keys.aws.set({ status: 'FAILED' });
    const before = world();
    await expect(keys.step('finishSecret')).rejects.toThrow('The next key was verified, and now is not');
    expect(world()).toEqual(before);
  });

  test('while somebody takes the key back, it does not become the current one', async () => {
    const before = world();
    keys.aws.onCall = (call) => {
      if (call !== 'Get' || keys.versions.holderOf(TAKEN_BACK)) return;
      keys.versions.move(TAKEN_BACK, undefined, NEXT); // after the step has looked at the labels
    };
    await expect(keys.step('finishSecret')).rejects.toThrow('is being taken back');
    await expect(keys.step('finishSecret')).rejects.toThrow('has no label of a rotation, or is being taken back');
    keys.versions.move(TAKEN_BACK, NEXT, undefined);
    expect(world()).toEqual(before);
  });

  test('where another run has moved the label, the marking is finished', async () => {
    keys.versions.move('AWSCURRENT', CURRENT, NEXT);
    await keys.step('finishSecret');
    expectSignsWith('n1');
    expect(marked()).toEqual(['s1']);
  });

  test('also where SES signs with a key of somebody else by then', async () => {
    keys.versions.move('AWSCURRENT', CURRENT, NEXT);
    keys.aws.set({ tokens: ['mail'] });
    await keys.step('finishSecret');
    expect(marked()).toEqual(['s1']);
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
  });

  test('where the identity is gone by then, there is nothing to mark', async () => {
    keys.versions.move('AWSCURRENT', CURRENT, NEXT);
    keys.aws.identities.clear();
    await keys.step('finishSecret');
    expect(marked()).toEqual([]);
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
  });
});

describe('with a further Region', () => {
  const EUROPE = 'eu-west-1';
  const TAG = `cdk-ses-dkim:FurtherRegion:${EUROPE}`;
  const REGIONS = [REGION, EUROPE];
  const there = wanting(byo('s1'), { region: EUROPE });

  beforeEach(async () => {
    const { aws, tags } = keys;
    tags[TAG] = 'Further';
    aws.set({}, EUROPE);
    aws.onPause = undefined;
    await aws.reconcile(there, undefined, { owner: ownerThere() });
    aws.set({ status: 'SUCCESS' }, EUROPE);
    aws.puts.length = 0;
    sesVerifiesAll();
  });

  const ownerThere = () => ownerOf(keys.tags['cdk-ses-dkim:StackId'], 'Further', { region: EUROPE, domain: DOMAIN });
  const stateIn = (region: string) => keys.aws.identities.get(region)!;
  const selectors = () => REGIONS.map((region) => stateIn(region).tokens.join());

  /** While the function waits, SES verifies what is published. In Europe, it may say something else. */
  function sesVerifiesAll(inEurope: Partial<IdentityState> = { status: 'SUCCESS' }): void {
    keys.aws.onPause = () => {
      for (const region of REGIONS) {
        if (stateIn(region).status === 'PENDING') keys.aws.set(region === EUROPE ? inEurope : { status: 'SUCCESS' }, region);
      }
    };
  }

  const unreadableThere = (services: Services, region: string): Services => region !== EUROPE ? services : {
    ...services, ses: { ...services.ses, read: () => Promise.reject(new Error('no answer')) },
  };

  test('SES is told there when it has verified the key in the first one, and the key before stays for both', async () => {
    const seen: string[] = [];
    keys.aws.onCall = (call) => {
      if (call === 'Put') seen.push(`${selectors().join()} ${stateIn(REGION).status}`);
    };
    keys.addNext();
    await keys.allSteps();
    expect(seen).toEqual(['s1,s1 SUCCESS', 'n1,s1 SUCCESS']);
    expect(selectors()).toEqual(['n1', 'n1']);
    expect(keys.selectorOf('AWSCURRENT')).toBe('n1');
    expect(marked()).toEqual(['s1', 's1']);
    expect(keys.aws.zone.contents).toEqual([keyLine('n1', 'two'), keyLine('s1')]);
  });

  test('when SES gives the key up there, both Regions get the key before again', async () => {
    sesVerifiesAll({ status: 'FAILED' });
    keys.addNext();
    await keys.step('setSecret');
    expect(selectors()).toEqual(['n1', 'n1']);
    await expect(keys.step('testSecret')).rejects.toThrow('SES gave up verifying the next key: SES in eu-west-1 has');
    expect(selectors()).toEqual(['s1', 's1']);
    expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
    expect(keys.idOf(TAKEN_BACK)).toBeUndefined();
    expect(marked()).toEqual(['n1', 'n1']);
  });

  test.each<[string, Partial<IdentityState>]>([
    ['with Easy DKIM', { origin: 'AWS_SES', tokens: ['t1', 't2', 't3'] }], ['with a key of somebody else', { tokens: ['mail'] }],
  ])('where SES signs there %s, nothing is written in any Region', async (_, state) => {
    keys.addNext();
    keys.aws.set(state, EUROPE);
    const before = world();
    await expect(keys.step('setSecret')).rejects.toThrow('SES in eu-west-1 has');
    expect(world()).toEqual(before);
    expect(selectors()[0]).toBe('s1');
  });

  test('a key that SES has stopped to verify there becomes the current one in no Region', async () => {
    keys.addNext();
    await keys.step('setSecret');
    await keys.step('testSecret');
    keys.aws.set({ status: 'FAILED' }, EUROPE);
    await expect(keys.step('finishSecret')).rejects.toThrow('The next key was verified, and now is not: SES in eu-west-1');
    expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
  });

  test.each<[string, (value: string) => string[]]>([
    ['', (value) => [value]],
    [', also where its registry record lists no other key', (value) => value.includes('record=s1;') ? [] : [value]],
    [', also where the record of its key is marked as superseded', (value) =>
      [value.includes('record=s0;') ? value.replace(/"$/, '; until=2026-12-07T00:00:00Z"') : value]],
  ])('that has missed a change of the key is led on by the next one, by what the tag of its owner says%s', async (_, listed) => {
    await keys.aws.reconcile(wanting(byo('s0', 'two'), { region: EUROPE }), there, { owner: ownerThere() });
    keys.aws.set({ status: 'SUCCESS' }, EUROPE);
    keys.aws.puts.length = 0;
    keys.aws.zone.records = keys.aws.zone.records.map((each) =>
      each.name.startsWith(ownerThere().label) ? { ...each, values: each.values.flatMap(listed) } : each);
    await keys.rotated();
    const next = keys.selectorOf('AWSCURRENT')!;
    expect(next).not.toBe('s1');
    expect(selectors()).toEqual([next, next]);
    expect(keys.aws.zone.contents).toContain(keyLine('s0', 'two'));
  });

  test('the first Region is not led on so: what its tag says need not be of this secret', async () => {
    keys.aws.set({ tokens: ['s0'], tags: Object.fromEntries(Object.keys(keys.aws.identity.tags).map((label) => [label, 'told=EXTERNAL:s0'])) });
    keys.addNext();
    await expect(keys.step('setSecret')).rejects.toThrow('SES signs example.com otherwise than this secret says');
    expect(keys.aws.puts).toEqual([]);
  });

  describe('when Secrets Manager repeats no step any more, the care', () => {
    beforeEach(async () => {
      keys.addNext();
      keys.aws.time += 30 * MINUTE;
    });

    test('tells SES the next key in one Region after the other, and finishes', async () => {
      await keys.care();
      expect(selectors()).toEqual(['n1', 'n1']);
      expect(keys.selectorOf('AWSCURRENT')).toBe('n1');
      expect(keys.idOf('AWSPENDING')).toBeUndefined();
    });

    test('takes the key back where SES gives it up', async () => {
      sesVerifiesAll({ status: 'FAILED' });
      await expect(keys.care()).rejects.toThrow('failed');
      expect(selectors()).toEqual(['s1', 's1']);
      expect([keys.idOf('AWSPENDING'), keys.idOf(TAKEN_BACK)]).toEqual([undefined, undefined]);
    });

    test('leaves it as it is where SES has not verified it yet', async () => {
      sesVerifiesAll({ status: 'PENDING' });
      await expect(keys.care()).rejects.toThrow('failed');
      expect(selectors()).toEqual(['n1', 'n1']);
      expect(keys.idOf('AWSPENDING')).toBe(NEXT);
    });

    test('takes it back in the end, though SES has verified it in the first Region', async () => {
      sesVerifiesAll({ status: 'PENDING' });
      await keys.step('setSecret');
      keys.aws.time += 2 * HOUR;
      await keys.care();
      expect(selectors()).toEqual(['s1', 's1']);
      expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
      expect(keys.idOf('AWSPENDING')).toBeUndefined();
    });

    test('tells SES nothing where it has the next key there alone, and somebody has revoked the one before', async () => {
      await keys.step('setSecret');
      keys.aws.set({ tokens: ['s1'], status: 'SUCCESS' });
      keys.aws.set({ status: 'PENDING' }, EUROPE);
      keys.aws.onPause = undefined;
      const { name } = keyRecord('s1');
      const revoked = record(name, 'TXT', '"v=DKIM1; k=rsa; p="');
      keys.aws.zone.records = keys.aws.zone.records.map((each) => each.name === name ? revoked : each);
      keys.aws.puts.length = 0;
      keys.aws.time += 2 * HOUR;
      await keys.care();
      expect(keys.aws.puts).toEqual([]);
      expect(keys.aws.zone.contents).toContain(`TXT ${name} ${revoked.values.join()}`);
      expect(keys.aws.lines.join('\n')).toContain('"next-key-kept"');
      expect(keys.idOf('AWSPENDING')).toBeUndefined();
    });
  });

  describe('that cannot be read any more after SES was told', () => {
    const care = () => keys.rotate({ Secrets: [KEYS_ARN] }, unreadableThere);

    beforeEach(async () => {
      keys.addNext();
      await keys.step('setSecret');
      keys.aws.set({ status: 'PENDING' });
      keys.aws.onPause = undefined;
    });

    test('keeps the label for hours, so that it is tried again, and the first Region has the key before', async () => {
      keys.aws.time += 3 * HOUR;
      await expect(care()).rejects.toThrow('failed');
      expect(selectors()).toEqual(['s1', 'n1']);
      expect(keys.idOf('AWSPENDING')).toBe(NEXT);
    });

    test('is left then, with the key that it has and its record, and hinders no further change', async () => {
      keys.aws.time += 4 * HOUR;
      await care();
      expect(selectors()).toEqual(['s1', 'n1']);
      expect(keys.aws.lines.join('\n')).toContain('"region-left"');
      expect(keys.idOf('AWSPENDING')).toBeUndefined();
      expect(keys.aws.zone.contents).toContain(keyLine('n1', 'two'));
    });

    test('when it is the first Region that fails, it is not left', async () => {
      keys.aws.time += 4 * HOUR;
      const firstFails = (services: Services, region: string) =>
        region === REGION ? unreadableThere(services, EUROPE) : services;
      await expect(keys.rotate({ Secrets: [KEYS_ARN] }, firstFails)).rejects.toThrow('failed');
      expect(keys.idOf('AWSPENDING')).toBe(NEXT);
    });
  });

  test.each<[string, () => void, string[]]>([
    ['for both Regions', () => undefined, ['s1', 's1']],
    ['and not for a Region that was away', () => keys.aws.set({ tokens: ['s1'] }, EUROPE), ['s1']],
    ['and not where the identity is gone', () => void keys.aws.identities.delete(EUROPE), ['s1']],
  ])('a step that is repeated after the end marks the record before, %s', async (_, happens, expected) => {
    keys.addNext();
    await keys.step('setSecret');
    await keys.step('testSecret');
    keys.versions.move('AWSCURRENT', CURRENT, NEXT);
    happens();
    await keys.step('finishSecret');
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
    expect(marked()).toEqual(expected);
  });

  test('each Region has an hour, one after the other, before the key is taken back', async () => {
    sesVerifiesAll({ status: 'PENDING' });
    keys.addNext();
    await keys.step('setSecret');
    keys.aws.time += HOUR;
    await expect(keys.step('testSecret')).rejects.toThrow('SES has not verified the next key yet: SES in eu-west-1');
    keys.aws.time += HOUR;
    await expect(keys.step('testSecret')).rejects.toThrow('SES has not verified the next key in time: SES in eu-west-1');
    expect(selectors()).toEqual(['s1', 's1']);
  });

  test('a step that was broken off when the first Region was told goes on there, however old the key is', async () => {
    keys.addNext();
    await keys.step('setSecret');
    await keys.aws.reconcile(there, undefined, { owner: ownerThere() });
    expect(selectors()).toEqual(['n1', 's1']);
    keys.aws.time += 2 * HOUR;
    await keys.step('setSecret');
    expect(selectors()).toEqual(['n1', 'n1']);
  });

  describe('a key before that has leaked', () => {
    const revoked = (selector: string) => keys.aws.zone.contents.filter((line) => line.startsWith(`TXT ${selector}.`) && /p="?$/.test(line));

    beforeEach(async () => {
      keys.addNext();
      await keys.allSteps();
    });

    test('is revoked for both Regions, which list its record', async () => {
      await keys.revoke('s1');
      expect(revoked('s1')).toHaveLength(1);
    });

    test('is not revoked while SES signs with it there', async () => {
      keys.aws.set({ tokens: ['s1'] }, EUROPE);
      await expect(keys.revoke('s1')).rejects.toThrow('Mail of example.com is signed with the selector s1 now. Change the key first');
      expect(revoked('s1')).toEqual([]);
    });

    test('is revoked also where that Region alone lists it', async () => {
      await keys.aws.reconcile(wanting(byo('s0'), { region: EUROPE }), there, { owner: ownerThere() });
      keys.aws.set({ status: 'SUCCESS' }, EUROPE);
      await keys.rotated('f'.repeat(32));
      await keys.revoke('s0');
      expect(revoked('s0')).toHaveLength(1);
    });
  });

  describe('that leaves the stack while the key is changed', () => {
    const lead = () => {
      const signing = { method: 'ROTATING_BYODKIM', secretArn: KEYS_ARN, selectorPrefix: 'dkim', keyLength: 1024, isFurther: true } as const;
      const wanted = { ...there, signing };
      return leadBack({ wanted, owner: ownerThere(), services: keys.among(keys.aws.services(wanted)) });
    };

    test('where SES has not verified the next key, it gets the current one, and the rotation that names it is taken back', async () => {
      sesVerifiesAll({ status: 'PENDING' });
      keys.addNext();
      await keys.step('setSecret');
      keys.aws.puts.length = 0;
      await lead();
      expect(selectors()).toEqual(['n1', 's1']);
      expect(keys.aws.puts).toMatchObject([{ selector: 's1' }]);
      expect(keys.idOf(TAKEN_BACK)).toBe(NEXT);
      expect(keys.aws.zone.contents).toEqual([keyLine('n1', 'two'), keyLine('s1')]);
      expect(marked()).toEqual(['n1']); // there alone
    });

    test('a rotation that does not name it any more goes on without it', async () => {
      keys.addNext();
      await keys.step('setSecret');
      keys.aws.set({ status: 'PENDING' }, EUROPE);
      keys.aws.onPause = undefined;
      delete keys.tags[TAG];
      await lead();
      expect(selectors()).toEqual(['n1', 's1']);
      expect(keys.idOf(TAKEN_BACK)).toBeUndefined();
    });

    test.each<[string, Partial<IdentityState>, string]>([
      ['has verified the next key', { tokens: ['n1'], status: 'SUCCESS' }, 'n1'],
      ['was not told of the next key', { tokens: ['s1'], status: 'PENDING' }, 's1'],
      ['signs with Easy DKIM', { origin: 'AWS_SES', tokens: ['t'], status: 'PENDING' }, 't'],
    ])('where SES %s, that stays', async (_, state, selector) => {
      keys.addNext();
      await keys.step('setSecret');
      keys.aws.set(state, EUROPE);
      keys.aws.onPause = undefined;
      keys.aws.puts.length = 0;
      await lead();
      expect(keys.aws.puts).toEqual([]);
      expect(selectors()[1]).toBe(selector);
    });

    test('where no key is changed, or the identity is gone, there is nothing to do', async () => {
      keys.aws.onPause = undefined;
      await lead();
      keys.addNext();
      keys.aws.identities.delete(EUROPE);
      await lead();
      expect(keys.aws.puts).toEqual([]);
    });
  });
});

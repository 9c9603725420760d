// Each step of a rotation by what it finds: it does what is missing, and no key is used that cannot be looked up.
import { RecordSet, TAKEN_BACK } from '../../../lambda/base/ports';
import { Step, STEPS } from '../../../lambda/rotation/event';
import { DOMAIN, keyLine, keyRecord, record } from '../fixtures/aws-in-memory';
import { CURRENT, HOUR, KeysInMemory, MINUTE, NEXT } from '../fixtures/keys-in-memory';

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
    await expect(keys.step('setSecret')).rejects.toThrow('its public name servers do not answer TXT n1._domainkey');
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

  test.each<Step>(['setSecret', 'testSecret', 'finishSecret'])('%s of a version that is not the next key writes nothing', async (step) => {
    const before = world();
    await expect(keys.step(step, 'f'.repeat(32))).rejects.toThrow('has no label of a rotation');
    expect(world()).toEqual(before);
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

  test('a run that takes a key back tells SES nothing when another run has come to its end in that second', async () => {
    keys.aws.set({ status: 'FAILED' });
    keys.aws.puts.length = 0;
    keys.aws.onCall = (call) => {
      if (call !== 'Changed') return;
      keys.aws.onCall = undefined;
      keys.versions.move('AWSCURRENT', CURRENT, NEXT);
      keys.versions.takeOff('AWSPENDING');
    };
    await taken('is not the next key');
    expect(keys.aws.puts).toEqual([]);
    expect(keys.aws.identity.tokens).toEqual(['n1']);
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
});

// What must hold of reconcile: it ends in the same place from whatever is there, and old mail still verifies.
import { ownerOf } from '../../../lambda/base/owner';
import { IdentityState } from '../../../lambda/base/ports';
import {
  AwsInMemory, byo, DEED, DOMAIN, EASY, keyLine, keyRecord, KEYS, owner, record, verified, wanting, ZONE,
} from '../fixtures/aws-in-memory';

describe('level, not edge', () => {
  test('after FAILED the same signing is armed again, once', async () => {
    for (const desired of [wanting(EASY), wanting(byo('s1')), wanting(DEED)]) {
      const made = await verified(desired);
      made.set({ status: 'FAILED' });
      await made.reconcile(desired, desired);
      expect(made.puts).toHaveLength(1);
    }
    const made = await verified(wanting(EASY));
    made.set({ status: 'FAILED' });
    await expect(made.reconcile(wanting(EASY, { waitSeconds: 60 }), undefined, { progress: { signingPut: true } }))
      .rejects.toThrow(/SES gave up/);
    expect(made.puts).toEqual([]);
  });

  test('SES that does not name the selector has the one that it was told last', async () => {
    const made = await verified(wanting(byo('s1')));
    made.set({ tokens: [] });
    await made.reconcile(wanting(byo('s1')), wanting(byo('s1')));
    expect(made.puts).toEqual([]);
    // The tag says it, whatever the properties say. Without a tag, the previous properties do.
    await made.reconcile(wanting(byo('s1')), wanting(byo('s0')));
    expect(made.puts).toEqual([]);
    made.set({ tags: {} });
    await made.reconcile(wanting(byo('s1')), wanting(byo('s0')));
    made.set({ tags: {} });
    await made.reconcile(wanting(byo('s1')));
    expect(made.puts).toHaveLength(2);
  });
});

describe('old mail still verifies', () => {
  test('a superseded record stays, marked with the time until which it must', async () => {
    const aws = await verified(wanting(byo('s1')));
    await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')));
    expect(aws.zone.contents).toEqual([keyLine('s1'), keyLine('s2', 'two')]);
    expect(aws.zone.registries[0])
      .toContainEqual(expect.stringMatching(/^record=s1; .*; until=2026-12-0[67]T\d\d:\d\d:\d\dZ$/));
  });

  test('its time is not put off by further deployments, and ends when it is wanted again', async () => {
    const aws = await verified(wanting(byo('s1')));
    await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')));
    const marked = aws.zone.registries[0];
    aws.time += 3 * 86_400_000;
    aws.set({ status: 'SUCCESS' });
    await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s2', 'two')));
    expect(aws.zone.registries[0]).toEqual(marked);
    await aws.reconcile(wanting(byo('s1')), wanting(byo('s2', 'two')));
    expect(aws.zone.registries[0].filter((one) => one.includes('until')))
      .toEqual([expect.stringMatching(/^record=s2;/)]);
  });

  describe('once it is due', () => {
    /** The record of s1 is superseded, and its overlap is over. */
    async function due(): Promise<AwsInMemory> {
      const aws = await verified(wanting(byo('s1')));
      await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')));
      aws.time += 15 * 86_400_000;
      aws.set({ status: 'SUCCESS' });
      return aws;
    }

    test('the next deployment retires it', async () => {
      const aws = await due();
      await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s2', 'two')));
      expect(aws.zone.contents).toEqual([keyLine('s2', 'two')]);
    });

    test.each(['s1', 'S1'])('it stays while SES signs with it, whoever told it so (%s)', async (token) => {
      const aws = await due();
      aws.set({ tokens: [token] });
      await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s2', 'two')));
      expect(aws.zone.contents).toContain(keyLine('s1'));
    });

    test('it stays where SES does not name what it signs with, until SES is told another selector', async () => {
      const aws = await due();
      const tags = Object.fromEntries(Object.keys(aws.identity.tags).map((label) => [label, 'told=EXTERNAL:s2']));
      aws.set({ tokens: [], tags });
      await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s2', 'two')));
      expect(aws.puts).toHaveLength(1); // of the change to s2
      expect(aws.zone.contents).toContain(keyLine('s1'));
      await aws.reconcile(wanting(byo('s3')), wanting(byo('s2', 'two')));
      expect(aws.zone.contents).toEqual([keyLine('s2', 'two'), keyLine('s3')]);
    });
  });

  test('deleting the stack retires everything at once', async () => {
    const aws = await verified(wanting(byo('s1')));
    await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')));
    await aws.reconcile(wanting(EASY), wanting(byo('s2', 'two')));
    await aws.release(wanting(EASY));
    expect(aws.zone.records).toEqual([]);
  });

  test('in a zone that is no longer named, records stay and are marked', async () => {
    const aws = await verified(wanting(byo('s1')));
    const other = aws.addZone('ZONE2');
    await aws.reconcile(wanting(byo('s1'), { zone: { id: 'ZONE2', ttl: 1800, overwrite: false } }), wanting(byo('s1')));
    expect(aws.zone.contents).toEqual([keyLine('s1')]);
    expect(aws.zone.registries[0]).toEqual(['v=cdk-ses-dkim1; region=us-east-1', expect.stringMatching(/^record=s1; .*until=/)]);
    expect(other.contents).toEqual([keyLine('s1')]);
  });

  test('a zone that has gone meanwhile is left without ado', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.zone.gone = true;
    aws.addZone('ZONE2');
    await aws.reconcile(wanting(byo('s1'), { zone: { id: 'ZONE2', ttl: 1800, overwrite: false } }), wanting(byo('s1')));
    expect(aws.lines.join('')).toContain('previous-zone-unreachable');
  });
});

describe('a zone that CNAMEs of the domain have led to, when the stack leaves it', () => {
  const place = `${DOMAIN}.keys.${DOMAIN}`;
  const zone = { id: ZONE, ttl: 300, overwrite: false, delegation: { place, slots: ['dkim-a', 'dkim-b'] } };
  const delegated = (selector: string) => wanting(byo(selector), { zone });
  const by = { owner: ownerOf('stack', 'Dkim', delegated('dkim-a')) };
  const slots = (aws: AwsInMemory) => aws.zone.contents.map((line) => line.split(/[ .]/)[1]).filter((name) => name.startsWith('dkim-'));

  /** Mail is signed with the key in the first slot. */
  async function deployed(): Promise<AwsInMemory> {
    const aws = new AwsInMemory();
    aws.publicAnswer = (name) => {
      const alias = name.replace(DOMAIN, place);
      const values = aws.zone.records.filter((one) => one.name === alias).flatMap((one) => one.values);
      return [{ nameServer: 'ns1', values, alias }];
    };
    await aws.reconcile(delegated('dkim-a'), undefined, by);
    return aws;
  }

  /** A deployment has failed before it told SES of the second one. */
  async function failed(): Promise<AwsInMemory> {
    const aws = await deployed();
    aws.putRefused = new Error('SES is down');
    await expect(aws.reconcile(delegated('dkim-b'), delegated('dkim-a'), by)).rejects.toThrow('SES is down');
    aws.putRefused = undefined;
    expect(slots(aws)).toEqual(['dkim-a', 'dkim-b']);
    aws.set({ tags: { [by.owner.label]: 'told=EXTERNAL:dkim-a' } });
    return aws;
  }

  describe.each<[string, Partial<IdentityState>]>([
    ['as SES says, and the tag', {}],
    ['as SES says, in upper case', { tokens: ['DKIM-A'], tags: { [by.owner.label]: '' } }],
    ['as the tag says, where SES names none', { tokens: [] }],
  ])('the slot that SES was told of, %s,', (_, state) => {
    async function leave(aws: AwsInMemory): Promise<void> {
      aws.set(state);
      await aws.reconcile(wanting(byo('s1'), { zone: undefined }), delegated('dkim-b'));
      expect(slots(aws)).toEqual(['dkim-a']);
      expect(aws.zone.registries.flat().join()).toMatch(/record=dkim-a; .*until=/);
    }

    test('keeps its record for the mail on its way', async () => leave(await deployed()));

    test('keeps it, and the one that SES was never told of is free at once', async () => leave(await failed()));
  });

  test('the same where another place in that zone is used from then on', async () => {
    const aws = await failed();
    await aws.reconcile(wanting(byo('s1')), delegated('dkim-a'));
    expect(slots(aws)).toEqual(['dkim-a']);
    expect(aws.zone.contents).toContain(keyLine('s1'));
    expect(aws.zone.registries.flat().join()).toMatch(/record=dkim-a; .*until=/);
  });
});

describe('who has set the signing', () => {
  const [own, second] = [owner(), owner('Second')];
  const tagsOf = (aws: AwsInMemory) => [aws.identity.tags[own.label], aws.identity.tags[second.label]];

  test('without a tag, an update that is refused notes what SES was told before, for the roll-back', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.set({ tags: {} });
    aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
    await expect(aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')))).rejects.toThrow('do not answer');
    expect(tagsOf(aws)).toEqual(['told=EXTERNAL:s1', undefined]);
  });

  test('where there is a tag, that says what SES was told: nothing is noted', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.set({ tags: { [own.label]: 'told=EXTERNAL:s0' } });
    aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
    await expect(aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')))).rejects.toThrow('do not answer');
    expect(tagsOf(aws)).toEqual(['told=EXTERNAL:s0', undefined]);
  });

  test('where the selector stays the same, the tag could not tell one from the other: nothing is noted', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.set({ tags: {} });
    await expect(aws.reconcile(wanting(byo('s1', 'two')), wanting(byo('s1')))).rejects.toThrow('a new selector');
    expect(aws.identity.tags).toEqual({});
  });

  test('where SES does not show the tag of this request yet, that says it all the same: nothing is noted', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.onCall = (call) => {
      if (call !== 'Put') return;
      aws.onCall = undefined;
      aws.set({ tags: {} });
      throw new Error('SES is down');
    };
    await expect(aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')))).rejects.toThrow('SES is down');
    expect(aws.identity.tags).toEqual({});
  });

  test('also where an update fails before it has seen the tag', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.set({ tags: { [own.label]: 'told=EXTERNAL:s0' } });
    aws.zone.gone = true;
    await expect(aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')))).rejects.toThrow('There is no hosted zone');
    expect(tagsOf(aws)[0]).toBe('told=EXTERNAL:s0');
  });

  test('a Create that is refused has told SES nothing before, and a roll-back ends with what there was: nothing is noted', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.set({ tags: {} });
    aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
    await expect(aws.reconcile(wanting(byo('s2', 'two')))).rejects.toThrow('do not answer');
    const rollback = aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')), { isRollback: true });
    await expect(rollback).rejects.toThrow('do not answer');
    expect(aws.identity.tags).toEqual({});
  });

  test('an owner that leaves leads SES back, as it has not seen the new one: SES is told again', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.onPause = () => {
      aws.onPause = undefined;
      aws.set({ origin: 'AWS_SES', tokens: ['a', 'b', 'c'], tags: { [second.label]: aws.identity.tags[second.label] } });
    };
    await aws.reconcile(wanting(byo('s2', 'two')), undefined, { owner: second });
    expect(aws.puts).toHaveLength(2);
    expect(aws.identity).toMatchObject({ origin: 'EXTERNAL', tokens: ['s2'] });
    expect(aws.lines.join('')).toContain('signing-led-back');
  });

  test('it waits for that where another owner is there, and its own tag is new, and not else', async () => {
    const aws = await verified(wanting(byo('s1')));
    const waits = async (desired: ReturnType<typeof wanting>, by = second) => {
      const { time } = aws;
      await aws.reconcile(desired, undefined, { owner: by });
      return aws.time - time;
    };
    expect(await waits(wanting(byo('s1')), own)).toBe(0);
    expect(await waits(wanting(byo('s2', 'two')))).toBe(30_000);
    aws.set({ status: 'SUCCESS' });
    expect(await waits(wanting(byo('s2', 'two')))).toBe(0);
    expect(aws.lines.join('')).not.toContain('signing-led-back');
  });

  test('an identity that goes while others are waited for is not taken for led back', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.onPause = () => aws.identities.clear();
    await aws.reconcile(wanting(byo('s2', 'two')), undefined, { owner: second });
    expect(aws.puts).toHaveLength(1);
    expect(aws.lines.join('')).not.toContain('signing-led-back');
  });

  test('Easy DKIM is not taken for led back', async () => {
    const aws = await verified(wanting(byo('s1')));
    await aws.reconcile(wanting(EASY), undefined, { owner: second });
    expect(aws.puts).toHaveLength(1);
    expect(aws.lines.join('')).not.toContain('signing-led-back');
  });

  test('an owner whose Delete has failed, and that is deployed again, no longer says that it leaves', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.set({ tags: { [own.label]: 'told=EXTERNAL:s1 leaves' } });
    await aws.reconcile(wanting(byo('s1')));
    expect(tagsOf(aws)[0]).toBe('told=EXTERNAL:s1');
    expect(aws.puts).toEqual([]);
  });

  test('the tag of an owner that has left goes when another one has told SES', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.set({ tags: { ...aws.identity.tags, [second.label]: 'told=EXTERNAL:s2 leaves' } });
    await aws.reconcile(wanting(byo('s3')), wanting(byo('s1')));
    expect(tagsOf(aws)).toEqual(['told=EXTERNAL:s3 told=EXTERNAL:s1', undefined]);
  });

  test('also where SES has what this owner has told it before', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.set({ tags: { ...aws.identity.tags, [second.label]: 'told=EXTERNAL:s2 leaves' } });
    await aws.reconcile(wanting(byo('s1')), wanting(byo('s1')));
    expect(tagsOf(aws)).toEqual(['told=EXTERNAL:s1', undefined]);
    expect(aws.puts).toEqual([]);
  });

  test('and stays where the signing is one that nobody of this library has told', async () => {
    const { name, data } = keyRecord('hand');
    const aws = new AwsInMemory([record(name, 'TXT', data)]);
    aws.set({ origin: 'EXTERNAL', tokens: ['hand'], status: 'SUCCESS', tags: { [second.label]: 'told=EXTERNAL:s2 leaves' } });
    await aws.reconcile(wanting(byo('hand')));
    expect(tagsOf(aws)).toEqual([undefined, 'told=EXTERNAL:s2 leaves']);
    expect(aws.puts).toEqual([]);
  });

  test('a tag that says so already is not written again', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.set({ status: 'FAILED' });
    const calls: string[] = [];
    aws.onCall = (call) => void calls.push(call);
    await aws.reconcile(wanting(byo('s1')), wanting(byo('s1')));
    expect(calls).toContain('Put');
    expect(calls).not.toContain('Tag');
  });

  test('that a secret is followed stands beside what SES was told, from the first deployment that says so', async () => {
    const following = wanting({ ...byo('s1'), followedBy: 'secret' });
    const aws = await verified(following);
    expect(tagsOf(aws)[0]).toMatch(/^told=EXTERNAL:s1 follows=[0-9a-f]{6}$/);
    const later = await verified(wanting(byo('s1')));
    await later.reconcile(following, wanting(byo('s1')));
    expect(tagsOf(later)).toEqual(tagsOf(aws));
    expect(later.puts).toEqual([]);
    await later.reconcile(wanting(byo('s1')), following);
    expect(tagsOf(later)[0]).toBe('told=EXTERNAL:s1');
  });

  test('a followed key that is found is followed, and no longer when the stack says so', async () => {
    const { name, data } = keyRecord('hand');
    const aws = new AwsInMemory([record(name, 'TXT', data)]);
    aws.set({ origin: 'EXTERNAL', tokens: ['hand'], status: 'SUCCESS' });
    await aws.reconcile(wanting({ ...byo('hand'), followedBy: 'secret' }));
    expect(tagsOf(aws)[0]).toMatch(/^follows=[0-9a-f]{6}$/);
    await aws.reconcile(wanting(byo('hand')));
    expect(tagsOf(aws)[0]).toBe('');
  });
});

test('the log says how the identity signs before anything is changed, and which key is to come', async () => {
  const aws = new AwsInMemory();
  await aws.reconcile(wanting(byo('s1')));
  const lines = aws.lines.map((line) => JSON.parse(line));
  expect(lines).toContainEqual(expect.objectContaining({ decision: 'identity-read', status: 'PENDING', method: 'AWS_SES' }));
  const { publicKeySha256 } = KEYS.one;
  expect(lines).toContainEqual(expect.objectContaining({ decision: 'key-checked', publicKeySha256 }));
});

describe('what is refused before anything is written', () => {
  test.each([
    ['no identity', (aws: AwsInMemory) => aws.identities.clear(), /SES has no identity example\.com in us-east-1\. Create it there, or set the region where it is/],
    ['a private zone', (aws: AwsInMemory) => void (aws.zone.privateZone = true), /is private/],
    [
      'a zone of another domain',
      (aws: AwsInMemory) => void (aws.zone.name = 'example.org'),
      /is for example\.org, and example\.com is not in it/,
    ],
    ['a zone whose name only ends alike', (aws: AwsInMemory) => void (aws.zone.name = 'ample.com'), /is not in it/],
    ['no such zone', (aws: AwsInMemory) => void (aws.zone.gone = true), /There is no hosted zone\. Use the id/],
  ])('%s', async (_, arrange, message) => {
    const aws = new AwsInMemory();
    arrange(aws);
    await expect(aws.reconcile(wanting(byo('s1')))).rejects.toThrow(message);
    expect(aws.puts).toEqual([]);
    expect(aws.zone.records).toEqual([]);
  });

  test('a role that leads to no zone is named', async () => {
    const aws = new AwsInMemory();
    aws.zone.gone = true;
    const zone = { id: ZONE, ttl: 1800, overwrite: false, roleArn: 'arn:aws:iam::222222222222:role/dns' };
    await expect(aws.reconcile(wanting(byo('s1'), { zone })))
      .rejects.toThrow(/a hosted zone in the account of arn:aws:iam::222222222222:role\/dns/);
  });

  test('the zone of a parent domain is fine', async () => {
    const aws = new AwsInMemory();
    aws.zone.name = 'com';
    await aws.reconcile(wanting(byo('s1')));
    expect(aws.puts).toHaveLength(1);
  });
});

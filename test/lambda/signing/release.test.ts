// What must hold of release: SES forgets a key before its record goes, and what is gone already is fine.
import { registryName } from '../../../lambda/records/zone-view';
import {
  AwsInMemory, byo, DEED, DOMAIN, EASY, keyLine, owner, record, SHORTER, tokenLines, verified, wanting,
} from '../fixtures/aws-in-memory';

/** The handler's calls from now on. */
function callsOf(aws: AwsInMemory): string[] {
  const calls: string[] = [];
  aws.onCall = (call) => void calls.push(call);
  return calls;
}

describe('delete', () => {
  test('a record that one stack retains does not go with the other stack that needs it', async () => {
    const aws = new AwsInMemory();
    aws.set({}, 'eu-central-1');
    const [kept, other] = [wanting(byo('s1'), { retain: true }), wanting(byo('s1'), { region: 'eu-central-1' })];
    await aws.reconcile(kept);
    await aws.reconcile(other);
    await aws.release(kept);
    await aws.release(other);
    expect(aws.zone.records.map(({ name }) => name)).toEqual([`s1._domainkey.${DOMAIN}`]);
    expect(aws.identity.origin).toBe('EXTERNAL');
  });

  test('with RETAIN only the registry record goes', async () => {
    const desired = wanting(byo('s1'), { retain: true });
    const aws = await verified(desired);
    await aws.release(desired);
    expect(aws.puts).toEqual([]);
    expect(aws.zone.records.map(({ name }) => name)).toEqual([`s1._domainkey.${DOMAIN}`]);
  });

  test('identity, zone or record already gone: it succeeds and says what it found', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.identities.clear();
    aws.zone.gone = true;
    await aws.release(wanting(byo('s1')));
    expect(aws.lines.join('')).toMatch(/identity-gone[\s\S]*zone-gone/);
    const emptied = await verified(wanting(byo('s1')));
    emptied.zone.records = [];
    await emptied.release(wanting(byo('s1')));
    expect(emptied.identity.origin).toBe('AWS_SES');
  });

  test('an identity that goes between two calls is gone too', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.putRefused = Object.assign(new Error('gone'), { name: 'NotFoundException' });
    await aws.release(wanting(byo('s1')));
    expect(aws.zone.records).toEqual([]);
    expect(aws.lines.join('')).toContain('identity-gone');
  });

  test('an owner that is alone waits for nobody: it asks SES once, leads it back, and takes off its tag', async () => {
    const aws = await verified(wanting(byo('s1')));
    const { time } = aws;
    const calls = callsOf(aws);
    await aws.release(wanting(byo('s1')));
    expect(calls.filter((call) => ['Get', 'Put', 'Tag', 'Untag', 'Pause'].includes(call))).toEqual(['Get', 'Put', 'Untag']);
    expect(aws.time).toBe(time);
    expect(aws.lines.join('')).toContain('signing-reset');
    expect(aws.lines.join('')).not.toContain('identity-gone');
  });

  test('signing that somebody has changed since is left alone', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.set({ origin: 'EXTERNAL', tokens: ['theirs'] });
    await aws.release(wanting(byo('s1')));
    expect(aws.puts).toEqual([]);
  });

  test('a Create that failed before SES was told anything leaves signing alone', async () => {
    const aws = new AwsInMemory();
    aws.set({ origin: 'EXTERNAL', tokens: ['s1'], status: 'SUCCESS' });
    await aws.release(wanting(byo('s1')), { create: 'untouched' });
    expect(aws.puts).toEqual([]);
  });

  test('a Create that failed before it wrote anything is none of SES’s business, whatever others have in the zone', async () => {
    const aws = await verified(wanting(byo('s2')));
    const before = aws.zone.records;
    const calls = callsOf(aws);
    await aws.release(wanting(byo('s1')), { owner: owner('Failed'), create: 'untouched' });
    expect(calls).not.toContain('Get');
    expect(aws.zone.records).toEqual(before);
  });

  test('a replica that SES will not lead back stays one, and the delete succeeds', async () => {
    const aws = await verified(wanting(DEED));
    aws.putRefused = Object.assign(new Error('not from a replica'), { name: 'BadRequestException' });
    await aws.release(wanting(DEED));
    expect(aws.lines.join('')).toContain('signing-left-alone');
  });

  test('a replica that SES did not lead back for another reason fails the delete, which is tried again', async () => {
    const aws = await verified(wanting(DEED));
    aws.putRefused = Object.assign(new Error('too many'), { name: 'TooManyRequestsException' });
    await expect(aws.release(wanting(DEED))).rejects.toThrow('too many');
  });

  test('a zone that refuses the change for another reason than that it is gone fails the delete', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.onCall = (call) => {
      if (call === 'Change') throw new Error('no answer');
    };
    await expect(aws.release(wanting(byo('s1')))).rejects.toThrow('no answer');
  });

  test('the CNAMEs of Easy DKIM that was there before go, and SES is told nothing', async () => {
    const aws = await verified(wanting(EASY));
    const calls = callsOf(aws);
    await aws.release(wanting(EASY));
    expect(aws.puts).toEqual([]);
    expect(aws.zone.records).toEqual([]);
    expect(calls).not.toContain('Untag'); // it has no tag
  });

  test('a key that SES will not forget keeps its record, and the delete fails', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.putRefused = Object.assign(new Error('no'), { name: 'BadRequestException' });
    await expect(aws.release(wanting(byo('s1')))).rejects.toThrow('no');
    expect(aws.zone.contents).toEqual([keyLine('s1')]);
  });
});

describe('a domain that two owners sign', () => {
  const [first, second] = [owner(), owner('Second')];

  /** The second owner is the last that has told SES. */
  async function shared(other = byo('s2', 'two')): Promise<AwsInMemory> {
    const aws = await verified(wanting(byo('s1')));
    await aws.reconcile(wanting(other), undefined, { owner: second });
    aws.set({ status: 'SUCCESS' });
    aws.puts.length = 0;
    return aws;
  }

  test('the one that goes first leaves the signing to the other, with its tag off, and the last one leads it back', async () => {
    const aws = await shared(byo('s1'));
    await aws.release(wanting(byo('s1')));
    expect(aws.puts).toEqual([]);
    expect(aws.identity.tags).toEqual({ [second.label]: 'told=EXTERNAL:s1' });
    expect(aws.zone.contents).toEqual([keyLine('s1')]);
    await aws.release(wanting(byo('s1')), { owner: second });
    expect(aws.identity.origin).toBe('AWS_SES');
    expect(aws.identity.tags).toEqual({});
    expect(aws.zone.records).toEqual([]);
  });

  test('the tag of one that has gone says who has told SES, until the last one leads it back', async () => {
    const aws = await shared();
    await aws.release(wanting(byo('s2', 'two')), { owner: second });
    expect(aws.puts).toEqual([]);
    expect(aws.identity.tags).toEqual({ [first.label]: 'told=EXTERNAL:s1', [second.label]: 'told=EXTERNAL:s2 leaves' });
    await aws.release(wanting(byo('s1')));
    expect(aws.identity.origin).toBe('AWS_SES');
    expect(aws.identity.tags).toEqual({});
    expect(aws.zone.records).toEqual([]);
  });

  test('the one that SES does not sign for any more takes its own record only', async () => {
    const aws = await shared();
    await aws.release(wanting(byo('s1')));
    expect(aws.puts).toEqual([]);
    expect(aws.identity.tags).toEqual({ [second.label]: 'told=EXTERNAL:s2' });
    expect(aws.zone.contents).toContain(keyLine('s2', 'two'));
  });

  test('each takes off its own tag only', async () => {
    for (const desired of [wanting(byo('s1')), wanting(byo('s1'), { retain: true })]) {
      const aws = await shared();
      const calls = callsOf(aws);
      await aws.release(desired);
      expect(calls.filter((call) => call === 'Untag')).toHaveLength(1);
    }
  });

  test('one that has told SES nothing does not say that it leaves, and waits for nobody', async () => {
    const aws = await verified(wanting(EASY));
    await aws.reconcile(wanting(EASY), undefined, { owner: second });
    aws.set({ tags: { [second.label]: 'told=AWS_SES' } });
    const { time } = aws;
    const calls = callsOf(aws);
    await aws.release(wanting(EASY));
    expect(calls).not.toContain('Tag');
    expect(aws.time).toBe(time);
    expect(aws.zone.contents).toEqual(tokenLines(aws));
  });

  test('the last one, with Easy DKIM, takes off the tag of one that has left, also without a zone', async () => {
    const desired = wanting(EASY, { zone: undefined });
    const aws = await verified(desired);
    aws.set({ tags: { [second.label]: 'told=EXTERNAL:s2 leaves' } });
    await aws.release(desired);
    expect(aws.identity.tags).toEqual({});
    expect(aws.puts).toEqual([]);
  });

  test('both go at once', async () => {
    const aws = await shared();
    await Promise.all([aws.release(wanting(byo('s1'))), aws.release(wanting(byo('s2', 'two')), { owner: second })]);
    expect(aws.identity.origin).toBe('AWS_SES');
    expect(aws.identity.tags).toEqual({});
    expect(aws.zone.records).toEqual([]);
  });

  test.each([['in the other order', true], ['in the same order', false]])(
    'both go at one moment, and each sees that the other leaves: SES is led back (%s)', async (_, isTurned) => {
      const aws = await shared();
      const releases = [
        () => aws.release(wanting(byo('s1'))), () => aws.release(wanting(byo('s2', 'two')), { owner: second }),
      ];
      if (isTurned) releases.reverse();
      aws.onPause = async () => {
        aws.onPause = undefined;
        await releases[1](); // while the other waits to see who leaves
      };
      await releases[0]();
      expect(aws.identity.origin).toBe('AWS_SES');
      expect(aws.identity.tags).toEqual({});
      expect(aws.zone.records).toEqual([]);
    });

  test('the one that was to get the record goes at that moment: SES is looked at again, and nothing is left', async () => {
    const aws = await shared();
    aws.zone.meanwhile = () => {
      aws.zone.meanwhile = undefined;
      const { [first.label]: gone, ...tags } = aws.identity.tags;
      aws.set({ origin: 'AWS_SES', tokens: ['a', 'b', 'c'], tags });
      aws.zone.records = aws.zone.records.filter(({ name }) => name !== registryName(first) && !name.startsWith('s1.'));
    };
    await aws.release(wanting(byo('s2', 'two')), { owner: second });
    expect(aws.zone.records).toEqual([]);
    expect(aws.identity.tags).toEqual({});
  });

  test('the identity goes while one waits to see who leaves', async () => {
    const aws = await shared();
    aws.onPause = () => aws.identities.clear();
    await aws.release(wanting(byo('s2', 'two')), { owner: second });
    expect(aws.zone.contents).toEqual([keyLine('s1')]);
  });

  test('a signing that neither of them has told stays, and the one that goes leaves no tag', async () => {
    const aws = await shared();
    aws.set({ tokens: ['theirs'] });
    await aws.release(wanting(byo('s2', 'two')), { owner: second });
    expect(aws.puts).toEqual([]);
    expect(aws.identity.tags).toEqual({ [first.label]: 'told=EXTERNAL:s1' });
  });

  test('the one that stays gets what mail was signed with before, too, for the mail that is on its way', async () => {
    const aws = await shared();
    await aws.reconcile(wanting(byo('s3')), wanting(byo('s2', 'two')), { owner: second });
    aws.set({ status: 'SUCCESS' });
    await aws.release(wanting(byo('s3')), { owner: second });
    expect(aws.zone.contents).toEqual([keyLine('s1'), keyLine('s2', 'two'), keyLine('s3')]);
    expect(aws.zone.registries).toEqual([expect.arrayContaining([
      expect.stringMatching(/^record=s2; .*until=/), expect.stringMatching(/^record=s3; (?!.*until=)/),
    ])]);
  });

  test('the same with a key that SES was told last, where SES signs with the one before', async () => {
    const aws = await shared();
    await aws.reconcile(wanting(byo('s3')), wanting(byo('s2', 'two')), { owner: second });
    aws.set({ status: 'SUCCESS', tokens: ['s2'] });
    await aws.release(wanting(byo('s3')), { owner: second });
    expect(aws.zone.contents).toEqual([keyLine('s1'), keyLine('s2', 'two'), keyLine('s3')]);
    expect(aws.zone.registries.flat()).toContainEqual(expect.stringMatching(/^record=s3; .*until=/));
  });

  test.each([
    ['succeeded', 'can be on mail that is on its way, so its record stays for the other one', [keyLine('s1'), keyLine('s2', 'two')]],
    ['failed', 'has not come to SES, so its record goes', [keyLine('s1')]],
  ] as const)('a key of a Create that %s, and that SES does not sign with, %s', async (create, _, contents) => {
    const aws = await shared();
    aws.set({ tokens: ['s1'] });
    await aws.release(wanting(byo('s2', 'two')), { owner: second, create });
    expect(aws.zone.contents).toEqual(contents);
  });

  test('where somebody has taken off all tags, the registry record of the other one counts', async () => {
    const aws = await shared(byo('s1'));
    aws.set({ tags: {} });
    await aws.release(wanting(byo('s1')));
    expect(aws.puts).toEqual([]);
    expect(aws.zone.contents).toEqual([keyLine('s1')]);
  });

  test.each<[string, string]>([
    ['only the other one has told', 'told=EXTERNAL:s1'], ['both have told, of which one was rolled back', 'told=EXTERNAL:s2 told=EXTERNAL:s1'],
  ])('RETAIN is not for a signing that %s, so that the other one takes it back', async (_, told) => {
    const aws = await shared();
    aws.set({ tags: { ...aws.identity.tags, [first.label]: told } });
    await aws.release(wanting(byo('s1'), { retain: true }));
    expect(aws.identity.tags).toEqual({ [second.label]: 'told=EXTERNAL:s2' });
    await aws.release(wanting(byo('s2', 'two')), { owner: second });
    expect(aws.identity.origin).toBe('AWS_SES');
  });

  test('the last one, with RETAIN, takes off the tag of one that has left; before, somebody may need it', async () => {
    const aws = await shared();
    const third = { owner: owner('Third') };
    await aws.reconcile(wanting(byo('s3')), undefined, third);
    aws.set({ tokens: ['s2'], status: 'SUCCESS' });
    await aws.release(wanting(byo('s2', 'two')), { owner: second });
    await aws.release(wanting(byo('s1'), { retain: true }));
    expect(aws.identity.tags[second.label]).toBe('told=EXTERNAL:s2 leaves');
    await aws.release(wanting(byo('s3'), { retain: true }), third);
    expect(aws.identity).toMatchObject({ origin: 'EXTERNAL', tokens: ['s2'] });
    expect(aws.identity.tags).toEqual({});
  });

  test('what one of them retains, the other does not take back', async () => {
    const aws = await shared(byo('s1'));
    await aws.release(wanting(byo('s1'), { retain: true }));
    expect(aws.identity.tags).toEqual({ [second.label]: 'told=EXTERNAL:s1 replaced=EXTERNAL:s1' });
    await aws.release(wanting(byo('s1')), { owner: second });
    expect(aws.puts).toEqual([]);
    expect(aws.identity.origin).toBe('EXTERNAL');
    expect(aws.identity.tags).toEqual({});
    expect(aws.zone.records.map(({ name }) => name)).toEqual([`s1._domainkey.${DOMAIN}`]);
  });
});

describe('a signing of somebody else that a Create has replaced', () => {
  async function replaced(): Promise<AwsInMemory> {
    const aws = new AwsInMemory();
    aws.set({ origin: 'EXTERNAL', tokens: ['theirs'], status: 'SUCCESS' });
    return verified(wanting(byo('s1')), aws);
  }

  test.each(['failed', 'succeeded', 'unanswered'] as const)(
    'a roll-back leaves what mail is signed with now, and its record (%s)', async (create) => {
      const aws = await replaced();
      await aws.release(wanting(byo('s1')), { create, isRollback: true });
      expect(aws.puts).toEqual([]);
      expect(aws.identity).toMatchObject({ origin: 'EXTERNAL', tokens: ['s1'] });
      expect(aws.identity.tags).toEqual({});
      expect(aws.zone.records.map(({ name }) => name)).toEqual([`s1._domainkey.${DOMAIN}`]);
    });

  test('keys of Easy DKIM that somebody has published do not come back, so a Delete leaves those of now', async () => {
    const aws = new AwsInMemory();
    aws.zone.records = aws.identity.tokens.map((token) =>
      record(`${token}._domainkey.${DOMAIN}`, 'CNAME', `${token}.dkim.amazonses.com`));
    aws.set({ status: 'SUCCESS' });
    await verified(wanting(SHORTER), aws);
    await aws.release(wanting(SHORTER));
    expect(aws.puts).toEqual([]);
    expect(aws.zone.contents).toEqual(expect.arrayContaining(tokenLines(aws)));
  });

  test('a Delete leads SES back to Easy DKIM', async () => {
    const aws = await replaced();
    await aws.release(wanting(byo('s1')));
    expect(aws.identity.origin).toBe('AWS_SES');
    expect(aws.identity.tags).toEqual({});
    expect(aws.zone.records).toEqual([]);
  });
});

describe('a signing whose tag somebody has taken off', () => {
  const elsewhere = wanting(byo('s1'), { zone: undefined });

  async function untagged(desired = wanting(byo('s1'))): Promise<AwsInMemory> {
    const aws = await verified(desired);
    aws.set({ tags: {} });
    return aws;
  }

  test('without a zone nobody knows who needs it, so a Delete leaves it alone', async () => {
    const aws = await untagged(elsewhere);
    const calls = callsOf(aws);
    await aws.release(elsewhere);
    expect(aws.puts).toEqual([]);
    expect(aws.identity.origin).toBe('EXTERNAL');
    expect(calls).not.toContain('Untag');
  });

  test('nobody knows what a Create without an answer has told SES, so it is left alone', async () => {
    const aws = await untagged(elsewhere);
    await aws.release(elsewhere, { create: 'unanswered' });
    expect(aws.puts).toEqual([]);
    expect(aws.identity.origin).toBe('EXTERNAL');
  });

  test('what a roll-back takes back is needed by nobody: SES is led back', async () => {
    const aws = await untagged(elsewhere);
    await aws.release(elsewhere, { isRollback: true });
    expect(aws.identity.origin).toBe('AWS_SES');
  });

  test('the same of a Create that failed after it had told SES', async () => {
    const aws = await untagged(elsewhere);
    await aws.release(elsewhere, { create: 'failed' });
    expect(aws.identity.origin).toBe('AWS_SES');
  });

  test('a roll-back leaves the signing to another owner, and takes off the tag by which it says so', async () => {
    const aws = await verified(wanting(DEED));
    const second = owner('Second');
    await aws.reconcile(wanting(DEED), undefined, { owner: second });
    aws.set({ tags: { [second.label]: aws.identity.tags[second.label] } });
    await aws.release(wanting(DEED), { isRollback: true });
    expect(aws.puts).toEqual([]);
    expect(aws.identity.tags).toEqual({ [second.label]: 'told=AWS_SES_EU_WEST_1' });
  });

  test.each(['failed', 'unanswered'] as const)(
    'SES may not show the tag of a Create that was a moment ago (%s): it is taken off all the same', async (create) => {
      const aws = await untagged();
      const calls: string[] = [];
      aws.onCall = (call) => void calls.push(call);
      await aws.release(wanting(byo('s1')), { create });
      expect(calls).toContain('Untag');
    });

  test('with a zone, the registry records say that nobody else needs it: SES is led back', async () => {
    const aws = await untagged();
    await aws.release(wanting(byo('s1')));
    expect(aws.identity.origin).toBe('AWS_SES');
    expect(aws.zone.records).toEqual([]);
  });

  test('a Create that wrote records and told SES nothing leaves the record that SES signs with', async () => {
    const aws = await untagged();
    await aws.release(wanting(byo('s1')), { create: 'untouched' });
    expect(aws.puts).toEqual([]);
    expect(aws.zone.records.map(({ name }) => name)).toEqual([`s1._domainkey.${DOMAIN}`]);
  });
});

test('a tag that SES does not let go of says that its owner has left, so nobody leaves the signing to it', async () => {
  const aws = await verified(wanting(byo('s1')));
  aws.onCall = (call) => {
    if (call === 'Untag') throw Object.assign(new Error('tags are forbidden'), { name: 'AccessDeniedException' });
  };
  await aws.release(wanting(byo('s1')));
  expect(aws.identity.origin).toBe('AWS_SES');
  expect(aws.identity.tags).toEqual({ [owner().label]: 'leaves' });
});

describe('a Delete that may not read the identity', () => {
  const closed = async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.onCall = (call) => {
      if (call === 'Get') throw Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' });
    };
    return aws;
  };

  test('succeeds where CloudFormation had no answer to the Create: it may never have had access', async () => {
    const aws = await closed();
    await aws.release(wanting(byo('s1')), { create: 'unanswered' });
    expect(aws.lines.join('')).toContain('identity-gone');
  });

  test.each(['succeeded', 'failed'] as const)('fails after a Create that had access (%s)', async (create) => {
    const aws = await closed();
    await expect(aws.release(wanting(byo('s1')), { create })).rejects.toThrow('not authorized');
    expect(aws.zone.contents).toEqual([keyLine('s1')]);
  });
});

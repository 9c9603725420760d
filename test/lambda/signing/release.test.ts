// What must hold of release: SES forgets a key before its record goes, and what is gone already is fine.
import { registryName } from '../../../lambda/records/zone-view';
import {
  AwsInMemory, byo, DEED, DOMAIN, keyLine, owner, verified, wanting,
} from '../fixtures/aws-in-memory';

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

  test('a replica that SES will not lead back stays one, and the delete succeeds', async () => {
    const aws = await verified(wanting(DEED));
    aws.putRefused = Object.assign(new Error('not from a replica'), { name: 'BadRequestException' });
    await aws.release(wanting(DEED));
    expect(aws.lines.join('')).toContain('signing-left-alone');
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
    expect(aws.identity).toMatchObject({ origin: 'AWS_SES', tags: {} });
    expect(aws.zone.records).toEqual([]);
  });

  test('the tag of one that has gone says who has told SES, until the last one leads it back', async () => {
    const aws = await shared();
    await aws.release(wanting(byo('s2', 'two')), { owner: second });
    expect(aws.puts).toEqual([]);
    expect(aws.identity.tags).toEqual({ [first.label]: 'told=EXTERNAL:s1', [second.label]: 'told=EXTERNAL:s2 leaves' });
    await aws.release(wanting(byo('s1')));
    expect(aws.identity).toMatchObject({ origin: 'AWS_SES', tags: {} });
    expect(aws.zone.records).toEqual([]);
  });

  test('the one that SES does not sign for any more takes its own record only', async () => {
    const aws = await shared();
    await aws.release(wanting(byo('s1')));
    expect(aws.puts).toEqual([]);
    expect(aws.identity.tags).toEqual({ [second.label]: 'told=EXTERNAL:s2' });
    expect(aws.zone.contents).toContain(keyLine('s2', 'two'));
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
      expect(aws.identity).toMatchObject({ origin: 'AWS_SES', tags: {} });
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

  test('what one of them retains, the other does not take back', async () => {
    const aws = await shared(byo('s1'));
    await aws.release(wanting(byo('s1'), { retain: true }));
    expect(aws.identity.tags).toEqual({ [second.label]: 'told=EXTERNAL:s1 replaced=EXTERNAL:s1' });
    await aws.release(wanting(byo('s1')), { owner: second });
    expect(aws.puts).toEqual([]);
    expect(aws.identity).toMatchObject({ origin: 'EXTERNAL', tags: {} });
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
      expect(aws.identity).toMatchObject({ origin: 'EXTERNAL', tokens: ['s1'], tags: {} });
      expect(aws.zone.records.map(({ name }) => name)).toEqual([`s1._domainkey.${DOMAIN}`]);
    });

  test('a Delete leads SES back to Easy DKIM', async () => {
    const aws = await replaced();
    await aws.release(wanting(byo('s1')));
    expect(aws.identity).toMatchObject({ origin: 'AWS_SES', tags: {} });
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
    await aws.release(elsewhere);
    expect(aws.puts).toEqual([]);
    expect(aws.identity.origin).toBe('EXTERNAL');
  });

  test('what a roll-back takes back is needed by nobody: SES is led back', async () => {
    const aws = await untagged(elsewhere);
    await aws.release(elsewhere, { isRollback: true });
    expect(aws.identity.origin).toBe('AWS_SES');
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
  expect(aws.identity).toMatchObject({ origin: 'AWS_SES', tags: { [owner().label]: 'leaves' } });
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

// What must hold: SES is told to sign with a key only after its record can be looked up.
import { DesiredState } from '../../../lambda/base/desired-state';
import {
  AwsInMemory, byo, DEED, EASY, KEYS, keyLine, keyRecord, verified, wanting, ZONE,
} from '../fixtures/aws-in-memory';

describe('publish before use', () => {
  test('a record that a failed run wrote is in sync too before SES is told', async () => {
    const aws = new AwsInMemory();
    // GIVEN a run that ends when Route 53 has taken the change
    const { change } = aws.zone;
    aws.zone.change = async (changes) => {
      await change.call(aws.zone, changes);
      return { inSync: () => Promise.reject(new Error('the connection is cut before it is in sync')) };
    };
    await expect(aws.reconcile(wanting(byo('s1')))).rejects.toThrow('before it is in sync');
    // WHEN the request is repeated
    const order: string[] = [];
    aws.zone.change = async (changes) => {
      await change.call(aws.zone, changes);
      return { inSync: async () => void order.push(`in sync, SES told: ${aws.puts.length}`) };
    };
    await aws.reconcile(wanting(byo('s1')));
    // THEN a further change has come into sync before SES was told
    expect(order).toEqual(['in sync, SES told: 0']);
    expect(aws.puts).toHaveLength(1);
  });

  test('a domain that signs is not switched to a key that its public name servers do not answer', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.publicAnswer = () => [{ nameServer: 'ns1.elsewhere.example', values: [] }];
    await expect(aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1'))))
      .rejects.toThrow(
        /ns1\.elsewhere\.example has none\. Signing was not touched\. Is ZONE1 the zone that the domain is delegated to\?/,
      );
    expect(aws.puts).toEqual([]);
    expect(aws.identity.tokens).toEqual(['s1']);
  });

  test.each([
    [
      'one of them says something else',
      [{ nameServer: 'ns1', values: [keyRecord('s2', 'two').data] }, { nameServer: 'ns2', values: ['"p=other"'] }],
      /ns2 has p=other\./,
    ],
    ['none can be reached', [{ nameServer: 'ns1', error: 'ETIMEOUT' }], /ns1 gave no answer \(ETIMEOUT\)/],
    ['it is delegated to none', [], /it is delegated to none/],
  ])('a domain that signs keeps its key when %s', async (_, answers, message) => {
    const aws = await verified(wanting(byo('s1')));
    aws.publicAnswer = () => answers;
    await expect(aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')))).rejects.toThrow(message);
    expect(aws.puts).toEqual([]);
  });

  test('one name server that cannot be reached does not stop it when the others answer', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.publicAnswer = () =>
      [{ nameServer: 'ns1', error: 'ETIMEOUT' }, { nameServer: 'ns2', values: [keyRecord('s2', 'two').data] }];
    await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')));
    expect(aws.puts).toHaveLength(1);
  });

  test('a name server that answers a moment later is waited for', async () => {
    const aws = await verified(wanting(byo('s1')));
    let pauses = 0;
    aws.onPause = () => void pauses++;
    aws.publicAnswer = () => [{ nameServer: 'ns1', values: pauses < 3 ? [] : [keyRecord('s2', 'two').data] }];
    await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')));
    expect(pauses).toBe(3);
    expect(aws.puts).toHaveLength(1);
  });

  test('a domain that signs goes to Easy DKIM only when its zone can be looked up', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
    await expect(aws.reconcile(wanting(EASY), wanting(byo('s1')))).rejects.toThrow(/Signing was not touched/);
    expect(aws.puts).toEqual([]);
    aws.publicAnswer = undefined;
    await aws.reconcile(wanting(EASY), wanting(byo('s1')));
    expect(aws.puts).toEqual(
      [{ origin: 'AWS_SES', keyLength: undefined }].map(() => ({ origin: 'AWS_SES', keyLength: 'RSA_2048_BIT' })),
    );
  });

  test('a domain that signs nothing yet goes ahead, delegated or not', async () => {
    const aws = new AwsInMemory();
    aws.publicAnswer = () => [];
    await aws.reconcile(wanting(byo('s1')));
    expect(aws.puts).toHaveLength(1);
  });

  test('without a zone, a domain that signs says what to publish, and goes on once it is there', async () => {
    const aws = await verified(wanting(byo('s1')));
    const elsewhere = wanting(byo('s2', 'two'), { zone: undefined });
    aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
    await expect(aws.reconcile(elsewhere))
      .rejects.toThrow(`Publish TXT s2._domainkey.example.com with the value ${keyRecord('s2', 'two').value}`);
    aws.publicAnswer = () => [{ nameServer: 'ns1', values: [keyRecord('s2', 'two').data] }];
    await aws.reconcile(elsewhere);
    expect(aws.identity.tokens).toEqual(['s2']);
  });

  test('the key under a selector that signs is not changed: a new key gets a new selector', async () => {
    const aws = await verified(wanting(byo('s1')));
    for (const overwrite of [false, true]) {
      const desired = wanting(byo('s1', 'two'), { zone: { id: ZONE, ttl: 1800, overwrite } });
      await expect(aws.reconcile(desired, wanting(byo('s1')))).rejects.toThrow('Give the new key a new selector.');
    }
    expect(aws.zone.contents).toEqual([keyLine('s1')]);
    expect(aws.puts).toEqual([]);
  });

  describe('the key that the secret had before', () => {
    const before = async (more: Partial<DesiredState> = {}) => {
      const aws = await verified(wanting(byo('s1'), more));
      aws.previousKey = KEYS.one;
      return aws;
    };

    test('is the one under its selector still, on update', async () => {
      const aws = await before();
      await expect(aws.reconcile(wanting(byo('s1', 'two')), wanting(byo('s1'))))
        .resolves.toMatchObject({ PublicKeySha256: KEYS.one.publicKeySha256 });
      expect(aws.puts).toEqual([]);
      expect(aws.zone.contents).toEqual([keyLine('s1')]);
      expect(aws.lines.join('')).toContain('previous-key-used');
    });

    test('is gone back to, when a change to the new one failed after SES was told', async () => {
      const aws = await before();
      await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')));
      await aws.reconcile(wanting(byo('s1', 'two')), wanting(byo('s2', 'two')), { isRollback: true });
      expect(aws.puts.at(-1)).toEqual({ origin: 'EXTERNAL', selector: 's1', privateKey: KEYS.one.privateKey });
      expect(aws.zone.contents).toEqual([keyLine('s1'), keyLine('s2', 'two')]);
    });

    test('is gone back to without a zone of ours, if it is what public DNS has; else the new one is', async () => {
      for (const [published, used] of [['one', 'one'], ['two', 'two'], ['three', 'two']] as const) {
        const aws = await before({ zone: undefined });
        aws.set({ status: 'PENDING', origin: 'EXTERNAL', tokens: ['s2'] });
        aws.publicAnswer = () => [{ nameServer: 'ns1', values: [keyRecord('s1', published).data] }];
        const elsewhere = { zone: undefined };
        const back = { isRollback: true };
        await aws.reconcile(wanting(byo('s1', 'two'), elsewhere), wanting(byo('s2', 'two'), elsewhere), back);
        expect(aws.puts).toEqual([{ origin: 'EXTERNAL', selector: 's1', privateKey: KEYS[used].privateKey }]);
      }
    });

    test('is not taken again by an update when SES signs otherwise', async () => {
      const aws = await before();
      await aws.reconcile(wanting(byo('s2')), wanting(byo('s1')));
      await expect(aws.reconcile(wanting(byo('s1', 'two')), wanting(byo('s2'))))
        .rejects.toThrow('holds the key of mail that is still on its way');
      expect(aws.puts.at(-1)).toMatchObject({ selector: 's2' });
    });

    test('is not taken on create, nor when it is another one than the record has', async () => {
      const aws = await before();
      await expect(aws.reconcile(wanting(byo('s1', 'two')))).rejects.toThrow('Give the new key a new selector.');
      aws.previousKey = KEYS.three;
      await expect(aws.reconcile(wanting(byo('s1', 'two')), wanting(byo('s1'))))
        .rejects.toThrow('Give the new key a new selector.');
      expect(aws.puts).toEqual([]);
    });

    test('is not read when the current one will do', async () => {
      const aws = await before();
      await aws.reconcile(wanting(byo('s1')), wanting(byo('s1')));
      await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')));
      expect(aws.lines.join('')).not.toContain('previous-key-used');
    });

    test('is gone back to when the new value is no key at all; a new selector is refused then', async () => {
      const aws = await before();
      const noKey = { ...byo('s1'), secret: { arn: 'no such key' } };
      await expect(aws.reconcile(wanting({ ...noKey, selector: 's2' }), wanting(byo('s1'))))
        .rejects.toThrow('no such secret');
      await expect(aws.reconcile(wanting(noKey), wanting(byo('s1'))))
        .resolves.toMatchObject({ PublicKeySha256: KEYS.one.publicKeySha256 });
      expect(aws.puts).toEqual([]);
      expect(aws.zone.contents).toEqual([keyLine('s1')]);
    });
  });

  test('before it signs, the key under a selector may still be changed', async () => {
    const aws = new AwsInMemory();
    await aws.reconcile(wanting(byo('s1')));
    await aws.reconcile(wanting(byo('s1', 'two')), wanting(byo('s1')));
    expect(aws.zone.contents).toEqual([keyLine('s1', 'two')]);
    expect(aws.puts.at(-1)).toMatchObject({ privateKey: KEYS.two.privateKey });
  });

  test.each([
    ['is not there', undefined, /there is no identity example\.com/],
    ['signs with its own key', { origin: 'EXTERNAL' }, /BYODKIM/],
    ['is a replica', { origin: 'AWS_SES_US_WEST_2' }, /replica itself/],
    ['is not verified', { status: 'PENDING' }, /status is PENDING/],
  ])('a domain that signs does not become the replica of a parent that %s', async (_, parent, message) => {
    const aws = await verified(wanting(EASY));
    if (parent) aws.set(parent, 'eu-west-1');
    await expect(aws.reconcile(wanting(DEED), wanting(EASY))).rejects.toThrow(message);
    expect(aws.puts).toEqual([]);
  });
});

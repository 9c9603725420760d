// What must hold of reconcile, with AWS in memory: the invariants of the design, by name.
import { DesiredState } from '../../../lambda/base/desired-state';
import { unquote } from '../../../lambda/base/dns-text';
import { ChangeRefusedError } from '../../../lambda/base/errors';
import { RecordSet } from '../../../lambda/base/record-set';
import { sameKey, txtRecord } from '../../../lambda/records/dkim-record';
import {
  AwsInMemory, byo, Crash, DEED, DOMAIN, EASY, KEYS, owner, record, REGION, SHORTER, wanting, ZONE,
} from '../fixtures/aws-in-memory';

const text = (selector: string, key: keyof typeof KEYS = 'one') => txtRecord(DOMAIN, selector, KEYS[key].publicKey);
const line = (selector: string, key: 'one' | 'two' = 'one') => `TXT ${text(selector, key).name} ${text(selector, key).data}`;
const cnames = (aws: AwsInMemory) => aws.identity.tokens.map((token) => `CNAME ${token}._domainkey.${DOMAIN} ${token}.dkim.amazonses.com`).sort();

/** A signing whose deployment is over and that SES has verified. */
async function signing(desired: DesiredState, aws = new AwsInMemory()): Promise<AwsInMemory> {
  if (desired.signing.method === 'DEED') aws.set({ status: 'SUCCESS' }, 'eu-west-1');
  await aws.reconcile(desired);
  aws.set({ status: 'SUCCESS' });
  aws.puts.length = 0;
  return aws;
}

describe('publish before use', () => {
  test('SES is told of a key only after its record is in the zone', async () => {
    const aws = new AwsInMemory();
    for (const crashAt of Array.from({ length: 30 }, (_, index) => index + 1)) {
      const crashed = new AwsInMemory();
      crashed.crashAt = crashAt;
      await crashed.reconcile(wanting(byo('s1'))).catch(() => undefined);
      if (crashed.puts.length > 0) expect(crashed.zone.contents).toEqual([line('s1')]);
    }
    await aws.reconcile(wanting(byo('s1')));
    expect(aws.puts).toEqual([{ origin: 'EXTERNAL', selector: 's1', privateKey: KEYS.one.privateKey }]);
  });

  test('a record that a crashed run wrote is in sync too before SES is told', async () => {
    const aws = new AwsInMemory();
    // GIVEN a run that ends when Route 53 has taken the change
    const { change } = aws.zone;
    aws.zone.change = async (changes) => {
      await change.call(aws.zone, changes);
      throw new Crash('before it is in sync');
    };
    await expect(aws.reconcile(wanting(byo('s1')))).rejects.toThrow(Crash);
    // WHEN the request is repeated
    const order: string[] = [];
    aws.zone.change = async (changes) => {
      await change.call(aws.zone, changes);
      order.push(`in sync, SES told: ${aws.puts.length}`);
    };
    await aws.reconcile(wanting(byo('s1')));
    // THEN a further change has come into sync before SES was told
    expect(order).toEqual(['in sync, SES told: 0']);
    expect(aws.puts).toHaveLength(1);
  });

  test('a domain that signs is not switched to a key that its public name servers do not answer', async () => {
    const aws = await signing(wanting(byo('s1')));
    aws.publicAnswer = () => [{ nameServer: 'ns1.elsewhere.example', values: [] }];
    await expect(aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1'))))
      .rejects.toThrow(/ns1\.elsewhere\.example has none\. Signing was not touched\. Is ZONE1 the zone that the domain is delegated to\?/);
    expect(aws.puts).toEqual([]);
    expect(aws.identity.tokens).toEqual(['s1']);
  });

  test.each([
    ['one of them says something else', [{ nameServer: 'ns1', values: [text('s2', 'two').data] }, { nameServer: 'ns2', values: ['"p=other"'] }], /ns2 has p=other\./],
    ['none can be reached', [{ nameServer: 'ns1', error: 'ETIMEOUT' }], /ns1 gave no answer \(ETIMEOUT\)/],
    ['it is delegated to none', [], /it is delegated to none/],
  ])('nor when %s', async (_, answers, message) => {
    const aws = await signing(wanting(byo('s1')));
    aws.publicAnswer = () => answers;
    await expect(aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')))).rejects.toThrow(message);
    expect(aws.puts).toEqual([]);
  });

  test('one name server that cannot be reached does not stop it when the others answer', async () => {
    const aws = await signing(wanting(byo('s1')));
    aws.publicAnswer = () => [{ nameServer: 'ns1', error: 'ETIMEOUT' }, { nameServer: 'ns2', values: [text('s2', 'two').data] }];
    await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')));
    expect(aws.puts).toHaveLength(1);
  });

  test('a name server that answers a moment later is waited for', async () => {
    const aws = await signing(wanting(byo('s1')));
    let pauses = 0;
    aws.onPause = () => void pauses++;
    aws.publicAnswer = () => [{ nameServer: 'ns1', values: pauses < 3 ? [] : [text('s2', 'two').data] }];
    await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')));
    expect(pauses).toBe(3);
    expect(aws.puts).toHaveLength(1);
  });

  test('a domain that signs goes to Easy DKIM only when its zone can be looked up', async () => {
    const aws = await signing(wanting(byo('s1')));
    aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
    await expect(aws.reconcile(wanting(EASY), wanting(byo('s1')))).rejects.toThrow(/Signing was not touched/);
    expect(aws.puts).toEqual([]);
    aws.publicAnswer = undefined;
    await aws.reconcile(wanting(EASY), wanting(byo('s1')));
    expect(aws.puts).toEqual([{ origin: 'AWS_SES', keyLength: undefined }].map(() => ({ origin: 'AWS_SES', keyLength: 'RSA_2048_BIT' })));
  });

  test('a domain that signs nothing yet goes ahead, delegated or not', async () => {
    const aws = new AwsInMemory();
    aws.publicAnswer = () => [];
    await aws.reconcile(wanting(byo('s1')));
    expect(aws.puts).toHaveLength(1);
  });

  test('without a zone, a domain that signs says what to publish, and goes on once it is there', async () => {
    const aws = await signing(wanting(byo('s1')));
    const elsewhere = wanting(byo('s2', 'two'), { zone: undefined });
    aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
    await expect(aws.reconcile(elsewhere)).rejects.toThrow(`Publish TXT s2._domainkey.example.com with the value ${text('s2', 'two').value}`);
    aws.publicAnswer = () => [{ nameServer: 'ns1', values: [text('s2', 'two').data] }];
    await aws.reconcile(elsewhere);
    expect(aws.identity.tokens).toEqual(['s2']);
  });

  test('the key under a selector that signs is not changed: a new key gets a new selector', async () => {
    const aws = await signing(wanting(byo('s1')));
    for (const overwrite of [false, true]) {
      const desired = wanting(byo('s1', 'two'), { zone: { id: ZONE, ttl: 1800, overwrite } });
      await expect(aws.reconcile(desired, wanting(byo('s1')))).rejects.toThrow('Give the new key a new selector.');
    }
    expect(aws.zone.contents).toEqual([line('s1')]);
    expect(aws.puts).toEqual([]);
  });

  describe('the key that the secret had before', () => {
    const before = async (more: Partial<DesiredState> = {}) => {
      const aws = await signing(wanting(byo('s1'), more));
      aws.previousKey = KEYS.one;
      return aws;
    };

    test('is the one under its selector still, on update', async () => {
      const aws = await before();
      await expect(aws.reconcile(wanting(byo('s1', 'two')), wanting(byo('s1')))).resolves.toMatchObject({ PublicKeySha256: KEYS.one.publicKeySha256 });
      expect(aws.puts).toEqual([]);
      expect(aws.zone.contents).toEqual([line('s1')]);
    });

    test('is gone back to, when a change to the new one failed after SES was told', async () => {
      const aws = await before();
      await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')));
      await aws.reconcile(wanting(byo('s1', 'two')), wanting(byo('s2', 'two')));
      expect(aws.puts.at(-1)).toEqual({ origin: 'EXTERNAL', selector: 's1', privateKey: KEYS.one.privateKey });
      expect(aws.zone.contents).toEqual([line('s1'), line('s2', 'two')]);
    });

    test('is gone back to without a zone of ours, if it is what public DNS has; else the new one is', async () => {
      for (const [published, used] of [['one', 'one'], ['two', 'two'], ['three', 'two']] as const) {
        const aws = await before({ zone: undefined });
        aws.set({ status: 'PENDING', origin: 'EXTERNAL', tokens: ['s2'] });
        aws.publicAnswer = () => [{ nameServer: 'ns1', values: [text('s1', published).data] }];
        const elsewhere = { zone: undefined };
        await aws.reconcile(wanting(byo('s1', 'two'), elsewhere), wanting(byo('s2', 'two'), elsewhere));
        expect(aws.puts).toEqual([{ origin: 'EXTERNAL', selector: 's1', privateKey: KEYS[used].privateKey }]);
      }
    });

    test('is not taken on create, nor when it is another one than the record has', async () => {
      const aws = await before();
      await expect(aws.reconcile(wanting(byo('s1', 'two')))).rejects.toThrow('Give the new key a new selector.');
      aws.previousKey = KEYS.three;
      await expect(aws.reconcile(wanting(byo('s1', 'two')), wanting(byo('s1')))).rejects.toThrow('Give the new key a new selector.');
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
      await expect(aws.reconcile(wanting({ ...noKey, selector: 's2' }), wanting(byo('s1')))).rejects.toThrow('no such secret');
      await expect(aws.reconcile(wanting(noKey), wanting(byo('s1')))).resolves.toMatchObject({ PublicKeySha256: KEYS.one.publicKeySha256 });
      expect(aws.puts).toEqual([]);
      expect(aws.zone.contents).toEqual([line('s1')]);
    });
  });

  test('before it signs, the key under a selector may still be changed', async () => {
    const aws = new AwsInMemory();
    await aws.reconcile(wanting(byo('s1')));
    await aws.reconcile(wanting(byo('s1', 'two')), wanting(byo('s1')));
    expect(aws.zone.contents).toEqual([line('s1', 'two')]);
    expect(aws.puts.at(-1)).toMatchObject({ privateKey: KEYS.two.privateKey });
  });

  test.each([
    ['is not there', undefined, /there is no identity example\.com/],
    ['signs with its own key', { origin: 'EXTERNAL' }, /BYODKIM/],
    ['is a replica', { origin: 'AWS_SES_US_WEST_2' }, /replica itself/],
    ['is not verified', { status: 'PENDING' }, /status is PENDING/],
  ])('a domain that signs does not become the replica of a parent that %s', async (_, parent, message) => {
    const aws = await signing(wanting(EASY));
    if (parent) aws.set(parent, 'eu-west-1');
    await expect(aws.reconcile(wanting(DEED), wanting(EASY))).rejects.toThrow(message);
    expect(aws.puts).toEqual([]);
  });
});

describe('never someone else’s record', () => {
  const foreign = (selector: string): RecordSet => record(`${selector}._domainkey.${DOMAIN}`, 'TXT', '"v=DKIM1; p=AAAA"');

  test('same name, other value: the deployment fails, names both, and writes nothing', async () => {
    const aws = new AwsInMemory([foreign('s1')]);
    await expect(aws.reconcile(wanting(byo('s1')))).rejects.toThrow(/it has TXT v=DKIM1; p=AAAA; needed is TXT v=DKIM1; k=rsa; p=/);
    expect(aws.zone.records).toEqual([foreign('s1')]);
    expect(aws.puts).toEqual([]);
  });

  test('the same on update, where the old record and signing stay as they are', async () => {
    const aws = await signing(wanting(byo('s1')), new AwsInMemory([foreign('s2')]));
    const before = aws.zone.records;
    await expect(aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')))).rejects.toThrow(/was not written by this construct/);
    expect(aws.zone.records).toEqual(before);
    expect(aws.puts).toEqual([]);
  });

  test('with OVERWRITE it is replaced, and is ours from then on', async () => {
    const aws = new AwsInMemory([foreign('s1')]);
    const desired = wanting(byo('s1'), { zone: { id: ZONE, ttl: 1800, overwrite: true } });
    await aws.reconcile(desired);
    expect(aws.zone.contents).toEqual([line('s1')]);
    await aws.release(desired);
    expect(aws.zone.records).toEqual([]);
  });

  test('same name, same key: used as it is, and left where it is in the end', async () => {
    const found = record(`s1._domainkey.${DOMAIN}`, 'TXT', `"p=${KEYS.one.publicKey.slice(0, 100)}" "${KEYS.one.publicKey.slice(100)}"`);
    const aws = new AwsInMemory([found]);
    await aws.reconcile(wanting(byo('s1')));
    expect(aws.zone.registries[0][1]).toMatch(/^record=s1; type=TXT; origin=found;/);
    await aws.release(wanting(byo('s1')));
    expect(aws.zone.records).toEqual([found]);
  });

  test('the CNAMEs that ses.EmailIdentity made are found, and stay', async () => {
    const aws = new AwsInMemory();
    const native = aws.identity.tokens.map((token) => record(`${token}._domainkey.${DOMAIN}`, 'CNAME', `${token}.dkim.amazonses.com.`));
    aws.zone.records = native;
    await aws.reconcile(wanting(EASY));
    expect(aws.puts).toEqual([]);
    expect(aws.zone.records).toEqual([...native, expect.objectContaining({ type: 'TXT' })]);
    await aws.release(wanting(EASY));
    expect(aws.zone.records).toEqual(native);
  });

  test('a record that was changed after we wrote it is no longer ours', async () => {
    const aws = await signing(wanting(byo('s1')));
    const changed = aws.zone.records.map((one) => one.name.startsWith('s1.') ? foreign('s1') : one);
    aws.zone.records = changed;
    await aws.release(wanting(byo('s1')));
    expect(aws.zone.records).toEqual([foreign('s1')]);
  });

  test.each([['one', 'two'], ['two', 'one']])('a record that two stacks need stays when %s goes first, and goes with %s', async (first, second) => {
    // GIVEN one key in two Regions
    const aws = new AwsInMemory();
    aws.set({}, 'eu-central-1');
    const stacks: Record<string, DesiredState> = { one: wanting(byo('s1')), two: wanting(byo('s1'), { region: 'eu-central-1' }) };
    await aws.reconcile(stacks.one);
    await aws.reconcile(stacks.two);
    // WHEN one goes, THEN the record stays
    await aws.release(stacks[first]);
    expect(aws.zone.contents).toEqual([line('s1')]);
    expect(aws.identities.get(stacks[second].region)!.origin).toBe('EXTERNAL');
    // WHEN the other goes, THEN nothing is left
    await aws.release(stacks[second]);
    expect(aws.zone.records).toEqual([]);
  });

  test('what another construct signs with in the same Region is not set back (a renamed construct)', async () => {
    const aws = await signing(wanting(byo('s1')));
    await aws.reconcile(wanting(byo('s1')), undefined, { owner: owner('Renamed') });
    await aws.release(wanting(byo('s1')));
    expect(aws.puts).toEqual([]);
    expect(aws.zone.contents).toEqual([line('s1')]);
  });

  test('somebody who makes the record between our look and our change is not overwritten', async () => {
    const aws = new AwsInMemory();
    aws.zone.meanwhile = () => {
      aws.zone.meanwhile = undefined;
      aws.zone.records.push(foreign('s1'));
    };
    await expect(aws.reconcile(wanting(byo('s1')))).rejects.toThrow(/was not written by this construct/);
    expect(aws.zone.records).toEqual([foreign('s1')]);
  });

  test('a zone that somebody changes all the time is given up, not fought for', async () => {
    const aws = new AwsInMemory();
    aws.zone.change = async () => {
      throw new ChangeRefusedError('somebody was faster');
    };
    await expect(aws.reconcile(wanting(byo('s1')))).rejects.toThrow('somebody was faster');
    expect(aws.puts).toEqual([]);
  });
});

describe('level, not edge', () => {
  const changes: [string, DesiredState | undefined, DesiredState][] = [
    ['nothing to Easy DKIM', undefined, wanting(EASY)],
    ['nothing to BYODKIM', undefined, wanting(byo('s1'))],
    ['nothing to DEED', undefined, wanting(DEED)],
    ['Easy DKIM to BYODKIM', wanting(EASY), wanting(byo('s1'))],
    ['BYODKIM to Easy DKIM', wanting(byo('s1')), wanting(EASY)],
    ['Easy DKIM to DEED', wanting(EASY), wanting(DEED)],
    ['DEED to Easy DKIM', wanting(DEED), wanting(EASY)],
    ['DEED to BYODKIM', wanting(DEED), wanting(byo('s1'))],
    ['BYODKIM to DEED', wanting(byo('s1')), wanting(DEED)],
    ['one selector to another', wanting(byo('s1')), wanting(byo('s2', 'two'))],
    ['one key length to another', wanting(EASY), wanting(SHORTER)],
  ];
  const aws = async (before: DesiredState | undefined) => {
    const made = before ? await signing(before) : new AwsInMemory();
    made.set({ ...made.identities.get('eu-west-1'), status: 'SUCCESS' }, 'eu-west-1');
    return made;
  };
  const state = ({ zone, identity }: AwsInMemory) => ({
    records: zone.contents.map((one) => one.replace(/[abc]{30}\d\d/g, 'token')),
    registries: zone.registries.map((lines) => lines.map((one) => one.replace(/[abc]{30}\d\d|digest=\w+/g, '')).sort()),
    origin: identity.origin,
    selector: identity.origin === 'EXTERNAL' ? identity.tokens : [],
    keyLength: identity.origin === 'AWS_SES' ? identity.nextKeyLength : undefined,
  });

  test.each(changes)('%s: done twice, the second time writes nothing', async (_, before, after) => {
    const made = await aws(before);
    await made.reconcile(after, before);
    made.set({ status: 'SUCCESS' });
    const { records } = made.zone;
    made.puts.length = 0;
    await made.reconcile(after, before);
    expect(made.puts).toEqual([]);
    expect(made.zone.records).toBe(records);
  });

  test.each(changes)('%s: after a crash at any point, the same event ends in the same place', async (_, before, after) => {
    const straight = await aws(before);
    await straight.reconcile(after, before);
    for (let crashAt = 1; ; crashAt++) {
      const crashing = await aws(before);
      crashing.crashAt = crashing.calls + crashAt;
      const crashed = await crashing.reconcile(after, before).then(() => false, (error) => {
        if (!(error instanceof Crash) && !/crash at/.test(String(error))) throw error;
        return true;
      });
      crashing.crashAt = Infinity;
      await crashing.reconcile(after, before);
      expect({ crashAt, ...state(crashing) }).toEqual({ crashAt, ...state(straight) });
      if (!crashed) return;
    }
  });

  test.each(changes)('%s, then rolled back after a failure at any point: old signing and old records hold', async (_, before, after) => {
    for (let crashAt = 1; ; crashAt++) {
      const made = await aws(before);
      const was = state(made);
      const oldRecords = made.zone.contents;
      made.crashAt = made.calls + crashAt;
      const failed = await made.reconcile(after, before).then(() => false, () => true);
      made.crashAt = Infinity;
      if (!before) {
        await made.release(after, { untouched: made.puts.length === 0 });
        expect({ crashAt, records: made.zone.records }).toEqual({ crashAt, records: [] });
        expect(made.identity.origin === 'EXTERNAL').toBe(false);
      } else {
        await made.reconcile(before, after);
        expect({ crashAt, ...state(made), records: [], registries: [] }).toEqual({ crashAt, ...was, records: [], registries: [] });
        if (before.signing.method === 'BYODKIM') expect(made.zone.contents).toEqual(expect.arrayContaining(oldRecords));
        if (before.signing.method === 'EASY_DKIM') expect(made.zone.contents).toEqual(expect.arrayContaining(cnames(made)));
      }
      if (!failed) return;
    }
  });

  test('after FAILED the same signing is armed again, once', async () => {
    for (const desired of [wanting(EASY), wanting(byo('s1')), wanting(DEED)]) {
      const made = await signing(desired);
      made.set({ status: 'FAILED' });
      await made.reconcile(desired, desired);
      expect(made.puts).toHaveLength(1);
    }
    const made = await signing(wanting(EASY));
    made.set({ status: 'FAILED' });
    await expect(made.reconcile(wanting(EASY, { waitSeconds: 60 }), undefined, { progress: { signingPut: true } })).rejects.toThrow(/SES gave up/);
    expect(made.puts).toEqual([]);
  });

  test('SES that does not name the selector has the one that it was told last', async () => {
    const made = await signing(wanting(byo('s1')));
    made.set({ tokens: [] });
    await made.reconcile(wanting(byo('s1')), wanting(byo('s1')));
    expect(made.puts).toEqual([]);
    // What was told last is known from the previous properties only, and for certain only when they are of the same selector.
    await made.reconcile(wanting(byo('s1')), wanting(byo('s0')));
    await made.reconcile(wanting(byo('s1')));
    expect(made.puts).toHaveLength(2);
  });
});

describe('old mail still verifies', () => {
  test('a superseded record stays, marked with the time until which it must', async () => {
    const aws = await signing(wanting(byo('s1')));
    await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')));
    expect(aws.zone.contents).toEqual([line('s1'), line('s2', 'two')]);
    expect(aws.zone.registries[0]).toContainEqual(expect.stringMatching(/^record=s1; .*; until=2026-12-0[67]T\d\d:\d\d:\d\dZ$/));
  });

  test('its time is not put off by further deployments, and ends when it is wanted again', async () => {
    const aws = await signing(wanting(byo('s1')));
    await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')));
    const marked = aws.zone.registries[0];
    aws.time += 3 * 86_400_000;
    aws.set({ status: 'SUCCESS' });
    await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s2', 'two')));
    expect(aws.zone.registries[0]).toEqual(marked);
    await aws.reconcile(wanting(byo('s1')), wanting(byo('s2', 'two')));
    expect(aws.zone.registries[0].filter((one) => one.includes('until'))).toEqual([expect.stringMatching(/^record=s2;/)]);
  });

  test('deleting the stack retires everything at once', async () => {
    const aws = await signing(wanting(byo('s1')));
    await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')));
    await aws.reconcile(wanting(EASY), wanting(byo('s2', 'two')));
    await aws.release(wanting(EASY));
    expect(aws.zone.records).toEqual([]);
  });

  test('in a zone that is no longer named, records stay and are marked', async () => {
    const aws = await signing(wanting(byo('s1')));
    const other = aws.addZone('ZONE2');
    await aws.reconcile(wanting(byo('s1'), { zone: { id: 'ZONE2', ttl: 1800, overwrite: false } }), wanting(byo('s1')));
    expect(aws.zone.contents).toEqual([line('s1')]);
    expect(aws.zone.registries[0]).toEqual(['v=cdk-ses-dkim1', expect.stringMatching(/^record=s1; .*until=/)]);
    expect(other.contents).toEqual([line('s1')]);
  });

  test('a zone that has gone meanwhile is left without ado', async () => {
    const aws = await signing(wanting(byo('s1')));
    aws.zone.gone = true;
    aws.addZone('ZONE2');
    await aws.reconcile(wanting(byo('s1'), { zone: { id: 'ZONE2', ttl: 1800, overwrite: false } }), wanting(byo('s1')));
    expect(aws.lines.join('')).toContain('previous-zone-unreachable');
  });
});

describe('delete', () => {
  test('the identity goes back to Easy DKIM before the record goes', async () => {
    const aws = await signing(wanting(byo('s1')));
    aws.crashAt = aws.calls + 5;
    await aws.release(wanting(byo('s1'))).catch(() => undefined);
    for (let calls = 1; calls < 10; calls++) {
      const made = await signing(wanting(byo('s1')));
      made.crashAt = made.calls + calls;
      await made.release(wanting(byo('s1'))).catch(() => undefined);
      if (made.zone.contents.length === 0) expect(made.identity.origin).toBe('AWS_SES');
    }
    aws.crashAt = Infinity;
    await aws.release(wanting(byo('s1')));
    expect(aws.identity.origin).toBe('AWS_SES');
    expect(aws.zone.records).toEqual([]);
  });

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
    const aws = await signing(desired);
    await aws.release(desired);
    expect(aws.puts).toEqual([]);
    expect(aws.zone.records.map(({ name }) => name)).toEqual([`s1._domainkey.${DOMAIN}`]);
  });

  test('identity, zone or record already gone: it succeeds and says what it found', async () => {
    const aws = await signing(wanting(byo('s1')));
    aws.identities.clear();
    aws.zone.gone = true;
    await aws.release(wanting(byo('s1')));
    expect(aws.lines.join('')).toMatch(/zone-gone[\s\S]*identity-gone/);
    const emptied = await signing(wanting(byo('s1')));
    emptied.zone.records = [];
    await emptied.release(wanting(byo('s1')));
    expect(emptied.identity.origin).toBe('AWS_SES');
  });

  test('an identity that goes between two calls is gone too', async () => {
    const aws = await signing(wanting(byo('s1')));
    aws.putRefused = Object.assign(new Error('gone'), { name: 'NotFoundException' });
    await aws.release(wanting(byo('s1')));
    expect(aws.zone.records).toEqual([]);
  });

  test('signing that somebody has changed since is left alone', async () => {
    const aws = await signing(wanting(byo('s1')));
    aws.set({ origin: 'EXTERNAL', tokens: ['theirs'] });
    await aws.release(wanting(byo('s1')));
    expect(aws.puts).toEqual([]);
  });

  test('a Create that failed before SES was told anything leaves signing alone', async () => {
    const aws = new AwsInMemory();
    aws.set({ origin: 'EXTERNAL', tokens: ['s1'], status: 'SUCCESS' });
    await aws.release(wanting(byo('s1')), { untouched: true });
    expect(aws.puts).toEqual([]);
  });

  test('a replica that SES will not lead back stays one, and the delete succeeds', async () => {
    const aws = await signing(wanting(DEED));
    aws.putRefused = Object.assign(new Error('not from a replica'), { name: 'BadRequestException' });
    await aws.release(wanting(DEED));
    expect(aws.lines.join('')).toContain('signing-left-alone');
  });

  test('a key that SES will not forget keeps its record, and the delete fails', async () => {
    const aws = await signing(wanting(byo('s1')));
    aws.putRefused = Object.assign(new Error('no'), { name: 'BadRequestException' });
    await expect(aws.release(wanting(byo('s1')))).rejects.toThrow('no');
    expect(aws.zone.contents).toEqual([line('s1')]);
  });
});

describe('what is refused before anything is written', () => {
  test.each([
    ['no identity', (aws: AwsInMemory) => aws.identities.clear(), /SES has no identity example\.com in us-east-1/],
    ['a private zone', (aws: AwsInMemory) => void (aws.zone.privateZone = true), /is private/],
    ['a zone of another domain', (aws: AwsInMemory) => void (aws.zone.name = 'example.org'), /is for example\.org, and example\.com is not in it/],
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
    await expect(aws.reconcile(wanting(byo('s1'), { zone }))).rejects.toThrow(/a hosted zone in the account of arn:aws:iam::222222222222:role\/dns/);
  });

  test('the zone of a parent domain is fine', async () => {
    const aws = new AwsInMemory();
    aws.zone.name = 'com';
    await aws.reconcile(wanting(byo('s1')));
    expect(aws.puts).toHaveLength(1);
  });
});

describe('Easy DKIM', () => {
  test('an identity that is as wanted only gets its records', async () => {
    const aws = new AwsInMemory();
    const attributes = await aws.reconcile(wanting(EASY));
    expect(aws.puts).toEqual([]);
    expect(aws.zone.contents).toEqual(cnames(aws));
    expect(attributes).toMatchObject({
      DkimStatus: 'PENDING',
      SigningHostedZone: 'dkim.amazonses.com',
      RecordName1: `${aws.identity.tokens[0]}._domainkey.example.com`,
      RecordData3: `${aws.identity.tokens[2]}.dkim.amazonses.com`,
    });
  });

  test('without tokens there is nothing to publish, which is said', async () => {
    const aws = new AwsInMemory();
    aws.set({ tokens: [] });
    await expect(aws.reconcile(wanting(EASY))).rejects.toThrow('SES has made no DKIM tokens for example.com yet');
    expect(aws.zone.records).toEqual([]);
  });

  test('the fallback is used where SES does not name the zone of its keys', async () => {
    const aws = new AwsInMemory();
    aws.set({ signingHostedZone: undefined }, 'eu-south-1');
    const attributes = await aws.reconcile(wanting(EASY, { region: 'eu-south-1' }));
    expect(attributes.SigningHostedZone).toBe('dkim.eu-south-1.amazonses.com');
  });

  const refusal = Object.assign(new Error('too often'), { name: 'BadRequestException' });

  test('a key length that SES will not change now is explained', async () => {
    const aws = await signing(wanting(EASY));
    aws.set({ lastKeyGeneration: new Date('2026-11-22T20:00:00Z') });
    aws.putRefused = refusal;
    await expect(aws.reconcile(wanting(SHORTER), wanting(EASY)))
      .rejects.toThrow(/too often\. SES allows that once in 24 hours.*The last key was made at 2026-11-22T20:00:00\.000Z\. Deploy again later/);
  });

  test('after BYODKIM, a length that SES has already is no error', async () => {
    const aws = await signing(wanting(byo('s1')));
    const services = aws.services(wanting(EASY));
    const { putSigning } = services.ses;
    // SES refuses the length it has, and takes the change without it.
    Object.assign(services.ses, {
      putSigning: (attributes: { keyLength?: string }) => attributes.keyLength ? Promise.reject(refusal) : putSigning(attributes as never),
    });
    jest.spyOn(aws, 'services').mockReturnValue(services);
    const attributes = await aws.reconcile(wanting(EASY), wanting(byo('s1')));
    expect(attributes.DkimStatus).toBe('PENDING');
    await expect(aws.reconcile(wanting(SHORTER))).rejects.toThrow(/SES refused to change the key length/);
  });

  test('other refusals are passed on', async () => {
    const aws = await signing(wanting(byo('s1')));
    aws.putRefused = Object.assign(new Error('who are you'), { name: 'AccessDeniedException' });
    await expect(aws.reconcile(wanting(EASY))).rejects.toThrow('who are you');
  });
});

describe('BYODKIM', () => {
  test('the attributes say selector, key and record', async () => {
    const aws = new AwsInMemory();
    const attributes = await aws.reconcile(wanting(byo('s1')));
    expect(attributes).toEqual({
      DkimStatus: 'PENDING',
      Selector: 's1',
      PublicKeySha256: KEYS.one.publicKeySha256,
      RecordName1: 's1._domainkey.example.com',
      RecordValue1: text('s1').value,
      RecordData1: text('s1').data,
    });
    expect(sameKey(unquote(text('s1').data), text('s1').value)).toBe(true);
  });

  test('a signing that is switched off is said, not switched on', async () => {
    const aws = new AwsInMemory();
    aws.set({ signingEnabled: false });
    await aws.reconcile(wanting(byo('s1')));
    expect(aws.lines.join('')).toContain('signing-disabled');
    expect(aws.identity.signingEnabled).toBe(false);
  });
});

describe('waiting for verification', () => {
  test('it ends when SES says SUCCESS', async () => {
    const aws = new AwsInMemory();
    let pauses = 0;
    aws.onPause = () => ++pauses === 4 && aws.set({ status: 'SUCCESS' });
    const attributes = await aws.reconcile(wanting(byo('s1'), { waitSeconds: 600 }));
    expect(attributes.DkimStatus).toBe('SUCCESS');
    expect(pauses).toBe(4);
  });

  test('it fails when SES gives up, with what SES saw and what it should have found', async () => {
    const aws = new AwsInMemory();
    aws.onPause = () => aws.set({ status: 'FAILED', errorType: 'HOST_NOT_FOUND', lastChecked: new Date('2026-11-23T00:01:00Z') });
    await expect(aws.reconcile(wanting(byo('s1'), { waitSeconds: 600 }))).rejects.toThrow(
      'SES gave up verifying DKIM of example.com: status FAILED, last error HOST_NOT_FOUND, last looked 2026-11-23T00:01:00.000Z. '
      + `SES should find in public DNS: TXT s1._domainkey.example.com ${text('s1').value}.`);
  });

  test('it fails when the time is over', async () => {
    const aws = new AwsInMemory();
    const began = aws.time;
    await expect(aws.reconcile(wanting(byo('s1'), { waitSeconds: 600 })))
      .rejects.toThrow(/has not verified DKIM of example\.com within 600 seconds: status PENDING, last error none, last looked never/);
    expect(aws.time - began).toBeLessThan(601_000);
  });

  test('a replica is told where to look', async () => {
    const aws = new AwsInMemory();
    aws.set({ status: 'SUCCESS' }, 'eu-west-1');
    await expect(aws.reconcile(wanting(DEED, { waitSeconds: 60 }))).rejects.toThrow(/look at the identity in the parent Region/);
  });

  test('a further invocation goes on with the time that was left', async () => {
    const aws = new AwsInMemory();
    const progress = { signingPut: false };
    await expect(aws.reconcile(wanting(byo('s1'), { waitSeconds: 1200 }), undefined, { progress, seconds: 800 })).rejects.toThrow(/no time left/);
    expect(progress).toEqual({
      signingPut: true, acceptedKey: `s1 ${KEYS.one.publicKeySha256}`, recordsBegun: true, waitingSince: Date.UTC(2026, 10, 23),
    });
    await expect(aws.reconcile(wanting(byo('s1'), { waitSeconds: 1200 }), undefined, { progress, seconds: 800 })).rejects.toThrow(/within 1200 seconds/);
    expect(aws.time - Date.UTC(2026, 10, 23)).toBeLessThan(1_210_000);
  });

  test('an identity that is deleted meanwhile ends it', async () => {
    const aws = new AwsInMemory();
    aws.onPause = () => aws.identities.delete(REGION);
    await expect(aws.reconcile(wanting(byo('s1'), { waitSeconds: 600 }))).rejects.toThrow(/was deleted while its verification was awaited/);
  });
});

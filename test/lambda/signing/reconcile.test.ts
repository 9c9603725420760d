// What must hold of reconcile: it ends in the same place from whatever is there, and old mail still verifies.
import { DesiredState } from '../../../lambda/base/desired-state';
import {
  AwsInMemory, byo, Crash, DEED, EASY, keyLine, SHORTER, tokenLines, verified, wanting, ZONE,
} from '../fixtures/aws-in-memory';

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
    const made = before ? await verified(before) : new AwsInMemory();
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
        const signingOf = ({ origin, selector, keyLength }: typeof was) => ({ crashAt, origin, selector, keyLength });
        expect(signingOf(state(made))).toEqual(signingOf(was));
        if (before.signing.method === 'BYODKIM') expect(made.zone.contents).toEqual(expect.arrayContaining(oldRecords));
        if (before.signing.method === 'EASY_DKIM') expect(made.zone.contents).toEqual(expect.arrayContaining(tokenLines(made)));
      }
      if (!failed) return;
    }
  });

  test('after FAILED the same signing is armed again, once', async () => {
    for (const desired of [wanting(EASY), wanting(byo('s1')), wanting(DEED)]) {
      const made = await verified(desired);
      made.set({ status: 'FAILED' });
      await made.reconcile(desired, desired);
      expect(made.puts).toHaveLength(1);
    }
    const made = await verified(wanting(EASY));
    made.set({ status: 'FAILED' });
    await expect(made.reconcile(wanting(EASY, { waitSeconds: 60 }), undefined, { progress: { signingPut: true } })).rejects.toThrow(/SES gave up/);
    expect(made.puts).toEqual([]);
  });

  test('SES that does not name the selector has the one that it was told last', async () => {
    const made = await verified(wanting(byo('s1')));
    made.set({ tokens: [] });
    await made.reconcile(wanting(byo('s1')), wanting(byo('s1')));
    expect(made.puts).toEqual([]);
    // What it was told last is known from the previous properties only, if they are of the same selector.
    await made.reconcile(wanting(byo('s1')), wanting(byo('s0')));
    await made.reconcile(wanting(byo('s1')));
    expect(made.puts).toHaveLength(2);
  });
});

describe('old mail still verifies', () => {
  test('a superseded record stays, marked with the time until which it must', async () => {
    const aws = await verified(wanting(byo('s1')));
    await aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')));
    expect(aws.zone.contents).toEqual([keyLine('s1'), keyLine('s2', 'two')]);
    expect(aws.zone.registries[0]).toContainEqual(expect.stringMatching(/^record=s1; .*; until=2026-12-0[67]T\d\d:\d\d:\d\dZ$/));
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
    expect(aws.zone.registries[0].filter((one) => one.includes('until'))).toEqual([expect.stringMatching(/^record=s2;/)]);
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
    expect(aws.zone.registries[0]).toEqual(['v=cdk-ses-dkim1', expect.stringMatching(/^record=s1; .*until=/)]);
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

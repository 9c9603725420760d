// What must hold of BYODKIM beside the invariants: which records may stand under a selector that signs.
import { ownerOf } from '../../../lambda/base/owner';
import { slotRecords } from '../../../lambda/records/slots';
import {
  AwsInMemory, byo, DOMAIN, EASY, keyLine, keyRecord, KEYS, owner, record, verified, wanting, ZONE,
} from '../fixtures/aws-in-memory';

const OVERWRITE = { zone: { id: ZONE, ttl: 1800, overwrite: true } };

test.each([
  ['a CNAME to another provider', 'CNAME', 'keys.example.net'],
  ['a TXT with another key', 'TXT', keyRecord('s1', 'two').data],
])('%s, with which mail is signed now, is not overwritten, not even with OVERWRITE', async (_, type, value) => {
  const aws = new AwsInMemory([record(`s1._domainkey.${DOMAIN}`, type, value)]);
  aws.set({ origin: 'EXTERNAL', tokens: ['s1'], status: 'SUCCESS' });
  aws.publicAnswer = () => [{ nameServer: 'ns1', values: [keyRecord('s1', 'two').data] }];
  await expect(aws.reconcile(wanting(byo('s1'), OVERWRITE))).rejects.toThrow('Give the new key a new selector.');
  expect(aws.zone.records).toHaveLength(1);
  expect(aws.puts).toEqual([]);
});

test('a record of another type under the selector that signs is nobody’s key, and stays', async () => {
  const mx = record(`s1._domainkey.${DOMAIN}`, 'MX', '10 mx.example.net');
  const aws = await verified(wanting(byo('s1')), new AwsInMemory([mx]));
  await aws.reconcile(wanting(byo('s1')), wanting(byo('s1')));
  expect(aws.zone.contents).toEqual([`MX s1._domainkey.${DOMAIN} 10 mx.example.net`, keyLine('s1')]);
  expect(aws.puts).toEqual([]);
  expect(aws.lines.join('')).toContain('signing-unchanged');
});

describe('a key whose record is in a zone that CNAMEs of the domain lead to', () => {
  const delegation = { place: `${DOMAIN}.keys.example.net`, slots: ['dkim-a', 'dkim-b'] as const };
  const desired = wanting(byo('dkim-a'), { zone: { id: ZONE, ttl: 300, overwrite: false, delegation } });
  const placed = `dkim-a._domainkey.${delegation.place}`;
  const aliases = new Map(slotRecords(DOMAIN, delegation).map(({ name, value }) => [name, value]));
  const by = { owner: ownerOf('stack', 'Dkim', desired), seconds: 3600 };

  let aws: AwsInMemory;
  let isLedHere: boolean;
  let toldAfter: number | undefined;

  beforeEach(() => {
    aws = new AwsInMemory();
    aws.zone.name = 'keys.example.net';
    isLedHere = true;
    toldAfter = undefined;
    const began = aws.time;
    aws.publicAnswer = (name) => {
      const alias = isLedHere ? aliases.get(name) : undefined;
      const values = aws.zone.records.filter((one) => one.name === alias && one.type === 'TXT').flatMap((one) => one.values);
      return [{ nameServer: 'ns1', values, alias }];
    };
    aws.onCall = (call) => {
      if (call === 'Put') toldAfter = (aws.time - began) / 60_000;
    };
  });

  test('is published there, and SES is told at once where no mail is signed yet', async () => {
    await aws.reconcile(desired, undefined, by);
    expect(aws.zone.contents).toEqual([`TXT ${placed} ${keyRecord('s1').data}`]);
    expect(toldAfter).toBeLessThan(1);
  });

  test('where mail is signed, SES is told when resolvers have forgotten that the slot had nothing', async () => {
    aws.set({ status: 'SUCCESS' });
    await aws.reconcile(desired, undefined, by);
    expect(toldAfter).toBeGreaterThanOrEqual(15);
    expect(toldAfter).toBeLessThan(16);
  });

  test.each(['PENDING', 'SUCCESS'])('SES is told nothing while the CNAMEs lead elsewhere (%s)', async (status) => {
    isLedHere = false;
    aws.set({ status });
    await expect(aws.reconcile(desired, undefined, by)).rejects.toThrow(`Public DNS does not lead to the keys of ${DOMAIN}`);
    expect(aws.puts).toEqual([]);
  });

  test('a deployment that waits for verification waits for the CNAMEs, too, and then as long for SES', async () => {
    isLedHere = false;
    const { time } = aws;
    aws.onPause = () => {
      isLedHere = aws.time - time > 8 * 60_000;
      if (aws.puts.length > 0) aws.set({ status: 'SUCCESS' });
    };
    const attributes = await aws.reconcile({ ...desired, waitSeconds: 600 }, undefined, by);
    expect(attributes.DkimStatus).toBe('SUCCESS');
    expect(toldAfter).toBeGreaterThanOrEqual(8);
  });
});

test('the time that public DNS takes to answer the record is not taken off the time of SES', async () => {
  const aws = await verified(wanting(byo('s1')));
  const began = aws.time;
  aws.publicAnswer = () => [{ nameServer: 'ns1', values: aws.time - began < 60_000 ? [] : [keyRecord('s2').data] }];
  const { until } = await aws.reconcileOnce(wanting(byo('s2'), { waitSeconds: 600 })).catch((error) => error);
  expect(until - began).toBeGreaterThanOrEqual(660_000);
});

describe('which key SES has under a selector that it signs with', () => {
  test.each(['PENDING', 'TEMPORARY_FAILURE'])('where SES has found another one than its own in DNS, it is told again (%s)', async (status) => {
    const aws = await verified(wanting(byo('s1')));
    aws.set({ status, errorType: 'INVALID_VALUE' });
    await aws.reconcile(wanting(byo('s1')), wanting(byo('s1')));
    expect(aws.puts).toMatchObject([{ selector: 's1' }]);
  });

  test('where SES names no selector, and nobody knows which it was told, another key is refused all the same', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.set({ tokens: [], tags: {} });
    await expect(aws.reconcile(wanting(byo('s1', 'two')))).rejects.toThrow('Mail may be signed with another key under this selector now');
    expect(aws.puts).toEqual([]);
    expect(aws.zone.contents).toEqual([keyLine('s1')]);
  });

  const IS = 'Mail is signed with another key under this selector now, and its record s1._domainkey.example.com has to '
    + 'stay for the mail on its way. Give the new key a new selector';
  const MAY_BE = IS.replace('Mail is signed', 'Mail may be signed');

  test('where it names it, that is said', async () => {
    const aws = await verified(wanting(byo('s1')));
    await expect(aws.reconcile(wanting(byo('s1', 'two')))).rejects.toThrow(IS);
  });

  /** SES names no selector, and the tag says so much of what it was told. */
  async function unnamed(tag: string): Promise<AwsInMemory> {
    const aws = await verified(wanting(byo('s1')));
    aws.set({ tokens: [], tags: { [owner().label]: tag } });
    return aws;
  }

  test.each([
    ['of this selector alone', 'told=EXTERNAL:s1', undefined, IS],
    ['of this selector and another one', 'told=EXTERNAL:s2 told=EXTERNAL:s1', undefined, MAY_BE],
    ['of nothing, and the stack has wanted this selector before', '', byo('s1'), IS],
    ['of nothing, and the stack has wanted Easy DKIM before', '', EASY, MAY_BE],
  ])('where SES names no selector, and was told %s, another key is refused', async (_, tag, before, message) => {
    const aws = await unnamed(tag);
    await expect(aws.reconcile(wanting(byo('s1', 'two')), before && wanting(before))).rejects.toThrow(message);
    expect(aws.puts).toEqual([]);
    expect(aws.zone.contents).toEqual([keyLine('s1')]);
  });

  test.each([
    ['was told of another selector', 'told=EXTERNAL:s2', undefined],
    ['was told of nothing, and the stack has wanted another selector before', '', byo('s2')],
  ])('where SES names no selector, and %s, the record is nobody’s need', async (_, tag, before) => {
    const aws = await unnamed(tag);
    await aws.reconcile(wanting(byo('s1', 'two')), before && wanting(before));
    expect(aws.puts).toMatchObject([{ selector: 's1', privateKey: KEYS.two.privateKey }]);
    expect(aws.zone.contents).toEqual([keyLine('s1', 'two')]);
  });

  test('a record to which the selector that SES signs with leads by a CNAME stays as it is, also with OVERWRITE', async () => {
    const records = [
      record(`s0._domainkey.${DOMAIN}`, 'CNAME', `s1._domainkey.${DOMAIN}`),
      record(`s1._domainkey.${DOMAIN}`, 'TXT', keyRecord('s1').data),
    ];
    const aws = new AwsInMemory(records);
    aws.set({ origin: 'EXTERNAL', tokens: ['s0'], status: 'SUCCESS' });
    await expect(aws.reconcile(wanting(byo('s1', 'two'), OVERWRITE))).rejects.toThrow('Give the new key a new selector');
    expect(aws.zone.records).toEqual(records);
    expect(aws.puts).toEqual([]);
  });

  test('with Easy DKIM it has none: a key that is published under the selector may be another one', async () => {
    const aws = new AwsInMemory([record(`s1._domainkey.${DOMAIN}`, 'TXT', keyRecord('s1', 'two').data)]);
    aws.set({ status: 'SUCCESS' });
    await aws.reconcile(wanting(byo('s1'), OVERWRITE));
    expect(aws.zone.contents).toEqual([keyLine('s1')]);
    expect(aws.puts).toHaveLength(1);
  });

  test('without a zone, what public DNS has is the key that SES has: another one is refused', async () => {
    const aws = new AwsInMemory();
    aws.set({ origin: 'EXTERNAL', tokens: ['s1'], status: 'SUCCESS' });
    aws.publicAnswer = () => [{ nameServer: 'ns1', values: [keyRecord('s1', 'two').data] }];
    await expect(aws.reconcile(wanting(byo('s1'), { zone: undefined }))).rejects.toThrow('Give the new key a new selector.');
    expect(aws.puts).toEqual([]);
  });

  const unseen = () => [{ nameServer: 'ns1', values: [keyRecord('s1').data] }, { nameServer: 'ns2', problem: 'timed out' }];

  test('of two keys that the secret has had, nobody knows which one is published where public DNS does not say it', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.previousKey = KEYS.one;
    aws.publicAnswer = () => unseen().slice(1);
    await expect(aws.reconcile(wanting(byo('s1', 'two')), wanting(byo('s1'))))
      .rejects.toThrow(`Nobody could see what s1._domainkey.${DOMAIN} has in public DNS: ns2`);
    expect(aws.puts).toEqual([]);
  });

  test('of one key, nothing has to be known', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.previousKey = KEYS.one;
    aws.publicAnswer = unseen;
    await aws.reconcile(wanting(byo('s1')), wanting(byo('s1')));
    expect(aws.puts).toEqual([]);
    aws.set({ status: 'PENDING' });
    aws.publicAnswer = () => unseen().slice(1); // no mail is signed, so nobody has to see it
    await aws.reconcile(wanting(byo('s1')), wanting(byo('s1')));
    expect(aws.puts).toMatchObject([{ selector: 's1', privateKey: KEYS.one.privateKey }]);
  });

  test('SES is not told a key whose record verifiers would not take, and the reason says what is wrong with it', async () => {
    const aws = await verified(wanting(byo('s1')));
    const { data } = keyRecord('s2');
    aws.publicAnswer = () => [{ nameServer: 'ns1', values: [data.replace('k=rsa', 'k=rsa; h=sha1')] }];
    await expect(aws.reconcile(wanting(byo('s2'), { zone: undefined }))).rejects.toThrow(
      `Public DNS has this very key under s2._domainkey.${DOMAIN}, but h=sha1 lacks sha256, by which SES signs. Signing was not touched`);
    expect(aws.puts).toEqual([]);
  });

  test('a record that has this very key, and a flaw, is said to be flawed while SES signs with it', async () => {
    const aws = await verified(wanting(byo('s1')));
    await aws.reconcile(wanting(byo('s1')), wanting(byo('s1')));
    expect(aws.lines.join('')).not.toContain('key-record-flawed');
    const { data } = keyRecord('s1');
    aws.publicAnswer = () => [{ nameServer: 'ns1', values: [data.replace('v=DKIM1; ', 'v=DKIM1; t=y; ')] }];
    await aws.reconcile(wanting(byo('s1')), wanting(byo('s1')));
    expect(aws.puts).toEqual([]);
    expect(aws.lines.join('')).toMatch(/key-record-flawed.*s1\._domainkey/);
  });

  test('what SES has accepted in this request, it is not told again when the request is repeated', async () => {
    const aws = new AwsInMemory();
    const progress = { signingPut: false };
    for (const _ of ['first', 'again']) await aws.reconcile(wanting(byo('s1')), undefined, { progress });
    expect(aws.puts).toHaveLength(1);
  });
});

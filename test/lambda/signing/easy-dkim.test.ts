// What must hold of Easy DKIM beside the invariants: which length is sent to SES, and what a refused change leaves.
import { DesiredState } from '../../../lambda/base/desired-state';
import {
  AwsInMemory, byo, DOMAIN, EASY, keyRecord, owner, record, SHORTER, tokenLines, verified, wanting,
} from '../fixtures/aws-in-memory';

test('an identity with Easy DKIM whose key length SES does not name is left as it is', async () => {
  const aws = new AwsInMemory();
  aws.set({ status: 'SUCCESS', nextKeyLength: undefined });
  await aws.reconcile(wanting(EASY));
  expect(aws.puts).toEqual([]);
  expect(aws.lines.join('')).toContain('signing-unchanged');
});

test('a signing that is started again after FAILED is told no length: SES refuses the one that it has', async () => {
  const aws = await verified(wanting(EASY));
  aws.set({ status: 'FAILED' });
  await aws.reconcile(wanting(EASY), wanting(EASY));
  expect(aws.puts).toEqual([{ origin: 'AWS_SES' }]);
});

test('a change that fails because the zone cannot be looked up marks nothing as superseded', async () => {
  const aws = await verified(wanting(byo('s1')));
  const { registries } = aws.zone;
  aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
  await expect(aws.reconcile(wanting(EASY), wanting(byo('s1')))).rejects.toThrow(
    /its public name servers do not answer TXT cdk-ses-dkim-[0-9a-f]{32}\._domainkey\.example\.com.*Signing was not touched/);
  expect(aws.zone.registries).toEqual(registries);
});

test.each<[string, Partial<DesiredState>, string]>([
  ['has no zone', { zone: undefined }, 'SUCCESS'], ['signs no mail yet', {}, 'PENDING'],
])('a domain that %s does not need public DNS for a change', async (_, more, status) => {
  const aws = new AwsInMemory();
  aws.set({ status });
  aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
  await aws.reconcile(wanting(SHORTER, more));
  expect(aws.puts).toEqual([{ origin: 'AWS_SES', keyLength: 'RSA_1024_BIT' }]);
});

describe('a new key length takes the place of keys', () => {
  const cnamesOf = ({ identity: { tokens } }: AwsInMemory) => tokens.map((token) =>
    record(`${token}._domainkey.${DOMAIN}`, 'CNAME', `${token}.dkim.amazonses.com`));

  /** The domain signs with Easy DKIM, and so many of the records were published by somebody else. */
  function found(howMany: number): AwsInMemory {
    const aws = new AwsInMemory();
    aws.zone.records = cnamesOf(aws).slice(0, howMany);
    aws.set({ status: 'SUCCESS' });
    return aws;
  }

  const tagOn = ({ identity }: AwsInMemory) => identity.tags[owner().label];

  test.each([['all', 3], ['one', 1]])('of which somebody else has published %s: the tag says so, as no Delete can bring them back', async (_, howMany) => {
    const aws = found(howMany);
    await aws.reconcile(wanting(SHORTER));
    expect(tagOn(aws)).toBe('told=AWS_SES replaced=AWS_SES');
  });

  test('that an earlier deployment has found: they are somebody else’s still', async () => {
    const aws = await verified(wanting(EASY), found(3));
    await aws.reconcile(wanting(SHORTER), wanting(EASY));
    expect(tagOn(aws)).toBe('told=AWS_SES replaced=AWS_SES');
  });

  test('that this construct has published: they were its own, and a Delete leaves nothing', async () => {
    const aws = await verified(wanting(EASY));
    await aws.reconcile(wanting(SHORTER), wanting(EASY));
    expect(tagOn(aws)).toBe('told=AWS_SES');
    await aws.release(wanting(SHORTER));
    expect(aws.zone.records).toEqual([]);
  });

  test('that are not in this zone: the new ones are all there is, and a Delete leaves nothing', async () => {
    const aws = found(0);
    await aws.reconcile(wanting(SHORTER));
    expect(tagOn(aws)).toBe('told=AWS_SES');
    await aws.release(wanting(SHORTER));
    expect(aws.zone.records).toEqual([]);
  });
});

test('a key of somebody else that Easy DKIM takes the place of is no key of Easy DKIM: a Delete leaves that key alone', async () => {
  const { name, data } = keyRecord('theirs');
  const theirs = record(name, 'TXT', data);
  const aws = new AwsInMemory([theirs]);
  aws.set({ status: 'SUCCESS', origin: 'EXTERNAL', tokens: ['theirs'] });
  await aws.reconcile(wanting(EASY));
  expect(aws.identity.tags[owner().label]).toBe('told=AWS_SES replaced=EXTERNAL:theirs');
  await aws.release(wanting(EASY));
  expect(aws.zone.records).toEqual([theirs]);
});

describe('a call with a key length that SES refuses', () => {
  const refusing = (name: string) => Object.assign(new Error('not now'), { name });
  const REFUSED = 'SES refused to change the key length of example.com to RSA_1024_BIT: not now. '
    + 'SES allows that once in 24 hours, the first change to 1024 bits excepted.';

  test('leaves the tokens of now, published, and the error names no time that SES does not name', async () => {
    const aws = await verified(wanting(EASY));
    aws.putRefused = refusing('BadRequestException');
    await expect(aws.reconcile(wanting(SHORTER), wanting(EASY))).rejects.toThrow(`${REFUSED} Deploy again later`);
    expect(aws.zone.contents).toEqual(tokenLines(aws));
  });

  test('fails after BYODKIM where SES has another length, with the records of the tokens that SES has now', async () => {
    const aws = await verified(wanting(byo('s1')));
    aws.onCall = (call) => { // SES refuses the first one, and takes those that follow
      if (call !== 'Put') return;
      aws.onCall = undefined;
      throw refusing('BadRequestException');
    };
    await expect(aws.reconcile(wanting(SHORTER), wanting(byo('s1')))).rejects.toThrow(REFUSED);
    expect(aws.identity).toMatchObject({ origin: 'AWS_SES', nextKeyLength: 'RSA_2048_BIT' });
    expect(aws.zone.contents).toEqual(expect.arrayContaining(tokenLines(aws)));
  });

  test('for another reason is not about the length: that reason is the one to give, and SES is not called again', async () => {
    const aws = await verified(wanting(byo('s1')));
    let calls = 0;
    aws.onCall = (call) => void (calls += Number(call === 'Put'));
    aws.putRefused = refusing('TooManyRequestsException');
    await expect(aws.reconcile(wanting(SHORTER), wanting(byo('s1')))).rejects.toThrow(/^not now$/);
    expect(calls).toBe(1);
  });
});

test('where nobody wants a key length, a refusal is not about the length, and SES is not called again', async () => {
  const aws = await verified(wanting(byo('s1')));
  let calls = 0;
  aws.onCall = (call) => void (calls += Number(call === 'Put'));
  aws.putRefused = Object.assign(new Error('not now'), { name: 'BadRequestException' });
  await expect(aws.reconcile(wanting({ method: 'EASY_DKIM' }), wanting(byo('s1')))).rejects.toThrow(/^not now$/);
  expect(calls).toBe(1);
});

// What a Delete resets, and what a zone means that is closed to it, by how the Create ended.
import {
  AwsInMemory, byo, DEED, DOMAIN, keyLine, keyRecord, owner, record, verified, wanting,
} from '../fixtures/aws-in-memory';

const denied = () => Promise.reject(Object.assign(new Error('not authorized'), { name: 'AccessDenied' }));

describe('a Delete that may not list the zone', () => {
  const closed = () => {
    const aws = new AwsInMemory();
    aws.zone.list = denied;
    return aws;
  };

  test.each(['untouched', 'unanswered'] as const)('succeeds after a Create without access (%s)', async (create) => {
    const aws = closed();
    await aws.release(wanting(byo('s1')), { create });
    expect(aws.lines.join('')).toContain('zone-gone');
  });

  test.each(['succeeded', 'found', 'failed'] as const)('fails after a Create with access (%s)', async (create) => {
    const aws = closed();
    aws.set({ origin: 'EXTERNAL', tokens: ['s1'], status: 'SUCCESS' });
    await expect(aws.release(wanting(byo('s1')), { create })).rejects.toThrow('not authorized');
    expect(aws.puts).toEqual([]);
  });
});

test.each(['PENDING', 'FAILED', 'TEMPORARY_FAILURE', 'SUCCESS'])(
  'a signing of before (%s) is left alone after a Create that wrote nothing to the zone and was never answered',
  async (status) => {
    const { name, data } = keyRecord('s1');
    const aws = new AwsInMemory([record(name, 'TXT', data)]);
    aws.set({ origin: 'EXTERNAL', tokens: ['s1'], status });
    await aws.release(wanting(byo('s1')), { create: 'unanswered' });
    expect(aws.puts).toEqual([]);
    expect(aws.zone.contents).toHaveLength(1);
  });

test.each(['succeeded', 'found'] as const)('with RETAIN what was made is the user’s (%s)', async (create) => {
  const desired = wanting(byo('s1'), { retain: true });
  const aws = await verified(desired);
  await aws.release(desired, { create });
  expect(aws.puts).toEqual([]);
  expect(aws.zone.records.map(({ name }) => name)).toEqual([`s1._domainkey.${DOMAIN}`]);
});

const FAILED = ['untouched', 'failed', 'unanswered'] as const;
test.each(FAILED)('with RETAIN what a Create that failed (%s) has made goes', async (create) => {
  const desired = wanting(byo('s1'), { retain: true });
  const aws = await verified(desired);
  expect(aws.zone.contents).toEqual([keyLine('s1')]);
  await aws.release(desired, { create });
  expect(aws.zone.records).toEqual([]);
});

test.each([['BYODKIM and no zone', wanting(byo('s1'), { zone: undefined })], ['a replica', wanting(DEED)]])(
  'what a Create has told SES before it failed is led back (%s)', async (_, desired) => {
    const aws = await verified(desired);
    await aws.release(desired, { create: 'failed' });
    expect(aws.identity.origin).toBe('AWS_SES');
  });

test('a record that SES signs with for another owner stays, also when SES has the selector in upper case', async () => {
  const aws = await verified(wanting(byo('s1')));
  const second = { owner: owner('Second') };
  await aws.reconcile(wanting(byo('s2', 'two')), undefined, second);
  aws.set({ tokens: ['S2'], status: 'SUCCESS' });
  await aws.release(wanting(byo('s2', 'two')), second);
  expect(aws.zone.contents).toEqual([keyLine('s1'), keyLine('s2', 'two')]);
});

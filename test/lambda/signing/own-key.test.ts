// What must hold of BYODKIM beside the invariants: which records may stand under a selector that signs.
import {
  AwsInMemory, byo, DOMAIN, keyLine, keyRecord, record, verified, wanting, ZONE,
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
});

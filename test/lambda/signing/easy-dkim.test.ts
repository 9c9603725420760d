// What must hold of Easy DKIM beside the invariants: which length is sent to SES, and what a refused change leaves.
import { AwsInMemory, byo, EASY, verified, wanting } from '../fixtures/aws-in-memory';

test('an identity with Easy DKIM whose key length SES does not name is left as it is', async () => {
  const aws = new AwsInMemory();
  aws.set({ status: 'SUCCESS', nextKeyLength: undefined });
  await aws.reconcile(wanting(EASY));
  expect(aws.puts).toEqual([]);
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
  await expect(aws.reconcile(wanting(EASY), wanting(byo('s1')))).rejects.toThrow('Signing was not touched');
  expect(aws.zone.registries).toEqual(registries);
});

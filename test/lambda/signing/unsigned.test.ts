// A domain that signs nothing yet has no mail to lose: it goes ahead where one that signs is stopped.
import { AwsInMemory, byo, DEED, EASY, verified, wanting } from '../fixtures/aws-in-memory';

test('a domain that signs nothing goes to Easy DKIM also where nobody can look its zone up yet', async () => {
  const aws = await verified(wanting(byo('s1')));
  aws.set({ status: 'PENDING' });
  aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
  await aws.reconcile(wanting(EASY), wanting(byo('s1')));
  expect(aws.identity.origin).toBe('AWS_SES');
});

test('a domain that signs nothing becomes the replica of a parent that is not verified yet', async () => {
  const aws = new AwsInMemory();
  aws.set({ status: 'PENDING' }, 'eu-west-1');
  await aws.reconcile(wanting(DEED));
  expect(aws.identity.origin).toBe('AWS_SES_EU_WEST_1');
});

test('a domain that signs nothing takes another key under its selector', async () => {
  const aws = await verified(wanting(byo('s1')));
  aws.set({ status: 'FAILED' });
  await aws.reconcile(wanting(byo('s1', 'two')), wanting(byo('s1')));
  expect(aws.puts).toHaveLength(1);
});

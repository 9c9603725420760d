// Physical ids when a resource is replaced or made again: its Delete takes what is of this resource, and nothing else.
import { ownerOf } from '../../../lambda/base/owner';
import { byo, DEED, DOMAIN } from '../fixtures/aws-in-memory';
import { PHYSICAL_ID, properties, StackInMemory } from '../fixtures/stack-in-memory';

async function created(): Promise<StackInMemory> {
  const stack = new StackInMemory();
  await stack.answered({});
  stack.aws.set({ status: 'SUCCESS' });
  return stack;
}

const records = ({ aws }: StackInMemory) => aws.zone.contents.map((one) => one.split(' ')[1]);

// CloudFormation sends a Delete for an id that it did not know, and that takes the record.
test('an Update to another identity that fails after its record was written has an id of its own', async () => {
  const stack = await created();
  stack.aws.zone.name = 'com';
  stack.aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
  stack.aws.set({ status: 'SUCCESS' }, 'other.com in us-east-1');
  const other = properties(byo('s2', 'two'), { Identity: 'other.com' });
  const failed = await stack.update(properties(), other);
  expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'untouched/us-east-1/other.com' });
  expect(records(stack)).toEqual([`s1._domainkey.${DOMAIN}`, 's2._domainkey.other.com']);
  await stack.remove(other, failed.PhysicalResourceId);
  expect(records(stack)).toEqual([`s1._domainkey.${DOMAIN}`]);
});

// Else another owner that leaves would leave the signing to this one, which is not there, for good.
test('an Update to another identity that fails after its tag was written leaves no tag there once it is rolled back', async () => {
  const stack = await created();
  const { label } = ownerOf('another', 'Dkim', { region: 'us-east-1', domain: 'other.com' });
  const tags = { [label]: 'told=AWS_SES_EU_WEST_1' };
  stack.aws.set({ origin: 'AWS_SES_EU_WEST_1', tokens: [], status: 'PENDING', tags }, 'other.com in us-east-1');
  const { HostedZoneId: _, ...other } = properties(DEED, { Identity: 'other.com', WaitForVerification: '60' });
  const failed = await stack.update(properties(), other);
  expect(failed.Reason).toContain('SES has not verified DKIM of other.com within 60 seconds');
  expect(failed.PhysicalResourceId).toBe(PHYSICAL_ID); // so CloudFormation deletes nothing of it
  stack.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
  await stack.update(other, properties());
  expect(stack.aws.identities.get('other.com in us-east-1')!.tags).toEqual(tags);
});

test('an Update to another identity that fails before anything was written keeps the known id', async () => {
  const stack = await created();
  const failed = await stack.update(properties(), properties(byo('s2', 'two'), { Identity: 'other.com' }));
  expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: PHYSICAL_ID });
  expect(failed.Reason).toContain('other.com is not in it');
});

test.each(['failed', 'untouched'])('a Create (%s) is undone also when another identity has its place', async (mark) => {
  const stack = await created();
  stack.physicalIdNow = 'us-east-1/other.com';
  expect(await stack.remove(properties(), `${mark}/${PHYSICAL_ID}`)).toMatchObject({ Status: 'SUCCESS' });
  expect(stack.aws.zone.records).toEqual([]);
});

test.each([PHYSICAL_ID, `found/${PHYSICAL_ID}`])('what has the place of a failed Create stays (%s)', async (now) => {
  const stack = await created();
  stack.physicalIdNow = now;
  expect(await stack.remove(properties(), `failed/${PHYSICAL_ID}`)).toMatchObject({ Status: 'SUCCESS' });
  expect(records(stack)).toEqual([`s1._domainkey.${DOMAIN}`]);
});

test('a failed roll-back to an identity whose records are there keeps the known id', async () => {
  const stack = await created();
  stack.aws.set({ tokens: ['s2'], status: 'SUCCESS' });
  stack.aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
  const other = properties(byo('s2', 'two'), { Identity: 'other.com' });
  const failed = await stack.update(other, properties(), 'us-east-1/other.com');
  expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'us-east-1/other.com' });
  expect(stack.aws.puts).toHaveLength(1); // the Create's
});

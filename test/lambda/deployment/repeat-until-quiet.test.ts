// A request that follows a cancelled one, which is still at work, has the last word whatever the cancelled one does.
import { HandlerEvent } from '../../../lambda/deployment/event';
import { byo, DEED } from '../fixtures/aws-in-memory';
import { answers, MADE_UP, MINUTE, PHYSICAL_ID, properties, StackInMemory } from '../fixtures/stack-in-memory';

const CANCELLED = properties(byo('s2', 'two'));

async function created(ResourceProperties = properties()): Promise<StackInMemory> {
  const stack = new StackInMemory();
  stack.aws.set({ status: 'SUCCESS' }, 'eu-west-1');
  await stack.answered({ ResourceProperties });
  stack.aws.set({ status: 'SUCCESS' });
  stack.aws.puts.length = 0;
  return stack;
}

/** Back to what was deployed before the update that was cancelled. */
const goesBack = (ResourceProperties = properties()): Partial<HandlerEvent> =>
  ({ RequestType: 'Update', PhysicalResourceId: PHYSICAL_ID, OldResourceProperties: CANCELLED, ResourceProperties });

const pausesOf = ({ aws }: StackInMemory) =>
  aws.lines.filter((line) => line.includes('waiting-for-cancelled-request')).length;

/** Runs once, in the first quiet time, as the cancelled request. */
function meanwhile(stack: StackInMemory, work: () => void): void {
  let isDone = false;
  stack.aws.onPause = () => {
    if (!isDone && pausesOf(stack) > 0) work();
    isDone ||= pausesOf(stack) > 0;
  };
}

test('a roll-back is done again when the cancelled update has changed the zone alone', async () => {
  const stack = await created();
  stack.aws.set({ status: 'PENDING', tokens: ['s0'] });
  const { zone } = stack.aws;
  meanwhile(stack, () => (zone.records = zone.records.filter(({ name }) => !name.startsWith('s1.'))));
  expect(await stack.answered(goesBack())).toMatchObject({ Status: 'SUCCESS' });
  expect(stack.aws.puts).toHaveLength(1);
  expect(stack.aws.zone.contents).toEqual([expect.stringContaining('TXT s1.')]);
  expect(pausesOf(stack)).toBe(2);
});

test('a roll-back is done again when the cancelled update has told SES something else alone', async () => {
  const replica = properties(DEED, { HostedZoneId: undefined });
  const stack = await created(replica);
  meanwhile(stack, () => stack.aws.set({ origin: 'EXTERNAL', tokens: ['s2'] }));
  expect(await stack.answered(goesBack(replica))).toMatchObject({ Status: 'SUCCESS' });
  expect(stack.aws.identity.origin).toBe('AWS_SES_EU_WEST_1');
  expect(pausesOf(stack)).toBe(2);
});

test('a roll-back outwaits an update that waits two minutes for a public answer before it tells SES', async () => {
  const stack = await created();
  const tellsAt = stack.aws.time + 130_000;
  let isTold = false;
  const letTimePass = () => {
    if (isTold || stack.aws.time < tellsAt) return;
    stack.aws.set({ tokens: ['s2'], status: 'PENDING' });
    isTold = true;
  };
  stack.aws.onPause = letTimePass;
  await stack.answered(goesBack());
  stack.aws.time += 5 * MINUTE;
  letTimePass();
  expect(stack.aws.identity.tokens).toEqual(['s1']);
});

test('a roll-back goes on in a further invocation when the cancelled update is still at work', async () => {
  const stack = await created();
  stack.remaining = 4 * MINUTE;
  meanwhile(stack, () => stack.aws.set({ tokens: ['s2'], status: 'PENDING' }));
  const before = answers.length;
  await stack.run(goesBack());
  expect(answers).toHaveLength(before);
  expect(stack.sent).toHaveLength(1);
});

test('a Delete by a made-up id resets what the cancelled Create tells SES after the registry has gone', async () => {
  const stack = await created();
  meanwhile(stack, () => stack.aws.set({ origin: 'EXTERNAL', tokens: ['s1'], status: 'PENDING' }));
  expect(await stack.remove(properties(), MADE_UP)).toMatchObject({ Status: 'SUCCESS' });
  expect(pausesOf(stack)).toBe(2);
  expect(stack.aws.identity.origin).toBe('AWS_SES');
  expect(stack.aws.zone.records).toEqual([]);
});

test('an Update to another identity waits for nobody', async () => {
  const stack = await created();
  stack.aws.zone.name = 'com';
  stack.aws.set({ origin: 'AWS_SES', tokens: ['a', 'b', 'c'], status: 'PENDING' }); // of the other identity
  const other = properties(byo('s1'), { Identity: 'other.com' });
  expect(await stack.update(properties(), other)).toMatchObject({ Status: 'SUCCESS' });
  expect(pausesOf(stack)).toBe(0);
});

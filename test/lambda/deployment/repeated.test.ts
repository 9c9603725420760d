// Lambda repeats an event whose process died, a minute later. Wherever that was, CloudFormation gets the same answer.
import { HandlerEvent } from '../../../lambda/deployment/event';
import { byo, Crash, DEED, EASY, keyRecord } from '../fixtures/aws-in-memory';
import { answers, MADE_UP, MINUTE, PHYSICAL_ID, properties, StackInMemory } from '../fixtures/stack-in-memory';

interface Case {
  /** What was deployed before. */
  readonly before?: Record<string, unknown>;
  readonly event: Partial<HandlerEvent>;
}

type Properties = Record<string, unknown>;
const updateEvent = (OldResourceProperties: Properties, ResourceProperties: Properties): Partial<HandlerEvent> =>
  ({ RequestType: 'Update', PhysicalResourceId: PHYSICAL_ID, OldResourceProperties, ResourceProperties });
const update = (from: Properties, to: Properties): Case => ({ before: from, event: updateEvent(from, to) });
const deletion = (PhysicalResourceId: string): Case =>
  ({ before: S1, event: { RequestType: 'Delete', PhysicalResourceId, ResourceProperties: S1 } });
const S1 = properties();
const S2 = properties(byo('s2', 'two'));
const NO_ZONE = { HostedZoneId: undefined };
const REPLICA = properties(DEED, NO_ZONE);

const CASES: [string, Case][] = [
  ['a Create', { event: { ResourceProperties: S1 } }],
  ['a Create with Easy DKIM', { event: { ResourceProperties: properties(EASY) } }],
  ['an Update to another key', update(S1, S2)],
  ['an Update to a replica', update(S1, REPLICA)],
  ['an Update to another zone', update(S1, properties(byo('s1'), { HostedZoneId: 'ZONE2' }))],
  ['an Update to another Region', update(S1, properties(byo('s1'), { Region: 'eu-west-1' }))],
  ['an Update whose predecessor was cancelled', { before: S1, event: updateEvent(S2, S1) }],
  ['a Delete', deletion(PHYSICAL_ID)],
  ['a Delete of a Create that was never answered', deletion(MADE_UP)],
  ['a Delete of a Create that failed', deletion(`failed/${PHYSICAL_ID}`)],
];

async function stackWith({ before }: Case): Promise<StackInMemory> {
  const stack = new StackInMemory();
  stack.aws.addZone('ZONE2');
  stack.aws.set({ status: 'SUCCESS' }, 'eu-west-1');
  if (before) await stack.answered({ ResourceProperties: before });
  stack.aws.set({ status: 'SUCCESS' });
  return stack;
}

/** What AWS looks like, and what CloudFormation was told last. */
function outcome({ aws }: StackInMemory) {
  const seen = JSON.stringify({
    answer: answers.at(-1)?.body,
    records: [...aws.zones.values()].map(({ contents, registries }) => [contents, registries]),
    signing: [...aws.identities.values()].map(({ origin, tokens }) => ({ origin, tokens })),
  });
  // Tokens of Easy DKIM are made anew with each change, and the times in the registry are those of the run.
  return JSON.parse(seen.replace(/[abc]{30}\d\d/g, 'token').replace(/digest=\w+|until=[^"\\]+/g, ''));
}

async function outcomesOfRepeats(each: Case): Promise<{ expected: unknown; repeated: unknown[] }> {
  const straight = await stackWith(each);
  const { calls } = straight.aws;
  await straight.answered(each.event);
  const expected = outcome(straight);
  const repeated: unknown[] = [];
  for (let call = 1; call <= straight.aws.calls - calls; call++) {
    const stack = await stackWith(each);
    const event = stack.event(each.event);
    stack.aws.crashAt = stack.aws.calls + call;
    await expect(stack.answered(event)).rejects.toThrow(Crash);
    stack.aws.time += MINUTE;
    await stack.answered(event);
    repeated.push(outcome(stack));
  }
  return { expected, repeated };
}

test.each(CASES)('%s that dies at any point is carried out by the repeat, and answered likewise', async (_, each) => {
  const { expected, repeated } = await outcomesOfRepeats(each);
  expect(repeated).toEqual(repeated.map(() => expected));
});

// The repeat finds the replica that the dead run has made. It must not be taken for one that was there before.
test('B6 a Create of a replica that dies at any point is answered likewise by the repeat', async () => {
  const { expected, repeated } = await outcomesOfRepeats({ event: { ResourceProperties: REPLICA } });
  expect(repeated).toEqual(repeated.map(() => expected));
});

/** A Create dies, SES verifies what it has been told by then, and the Create is repeated. Then the stack is deleted. */
async function signsInTheEnd(ResourceProperties: Record<string, unknown>): Promise<(string | undefined)[]> {
  const arranged = async () => {
    const stack = await stackWith({ event: {} });
    const published = ['ns1', 'ns2'].map((nameServer) => ({ nameServer, values: [keyRecord('s1').data] }));
    if (!ResourceProperties.HostedZoneId) stack.aws.publicAnswer = () => published;
    return stack;
  };
  const straight = await arranged();
  const { calls } = straight.aws;
  await straight.answered({ ResourceProperties });
  const origins: (string | undefined)[] = [];
  for (let call = 1; call <= straight.aws.calls - calls; call++) {
    const stack = await arranged();
    const event = stack.event({ ResourceProperties });
    stack.aws.crashAt = stack.aws.calls + call;
    await expect(stack.answered(event)).rejects.toThrow(Crash);
    stack.aws.time += MINUTE;
    stack.aws.set({ status: 'SUCCESS' });
    const { PhysicalResourceId } = await stack.answered(event);
    await stack.answered({ RequestType: 'Delete', PhysicalResourceId, ResourceProperties });
    expect(stack.aws.zone.records).toEqual([]);
    origins.push(stack.aws.identity.origin);
  }
  return origins;
}

test.each([['BYODKIM', S1], ['Easy DKIM', properties(EASY)]])(
  'a Create with %s that dies at any point, and is verified before the repeat, leaves nothing when it is deleted',
  async (_, desired) => {
    expect(new Set(await signsInTheEnd(desired))).toEqual(new Set(['AWS_SES']));
  });

// As above, with no record of ours to say so.
const WITHOUT_RECORDS = [['a replica', REPLICA], ['BYODKIM and no zone', properties(byo('s1'), NO_ZONE)]] as const;
test.each(WITHOUT_RECORDS)(
  'B6 a Create with %s that dies at any point, and is verified before the repeat, is led back when it is deleted',
  async (_, desired) => {
    expect(new Set(await signsInTheEnd(desired))).toEqual(new Set(['AWS_SES']));
  });

// In a clean-up CloudFormation says of the resource that took the place: UPDATE_COMPLETE.
test('a Delete that was long in the queue is carried out also in the clean-up after an update', async () => {
  const stack = await stackWith({ before: S1, event: {} });
  const event = stack.event({ RequestType: 'Delete', PhysicalResourceId: PHYSICAL_ID });
  stack.aws.time += MINUTE;
  stack.resourceStatus = 'UPDATE_COMPLETE';
  stack.physicalIdNow = 'us-east-1/other.com';
  expect(await stack.answered(event)).toMatchObject({ Status: 'SUCCESS' });
  expect(stack.aws.zone.records).toEqual([]);
});

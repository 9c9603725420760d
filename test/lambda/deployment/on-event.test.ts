// What must hold of one request's life: CloudFormation always gets an answer, and the right one.
import { ownerOf } from '../../../lambda/base/owner';
import { byo, DOMAIN, EASY, wanting } from '../fixtures/aws-in-memory';
import { answers, MADE_UP, MINUTE, PHYSICAL_ID, properties, StackInMemory } from '../fixtures/stack-in-memory';

test('a Create is answered with the physical id and the attributes', async () => {
  const stack = new StackInMemory();
  const answer = await stack.run({});
  expect(answer).toMatchObject({
    Status: 'SUCCESS',
    PhysicalResourceId: PHYSICAL_ID,
    RequestId: 'request-1',
    LogicalResourceId: 'Dkim',
    Data: { Selector: 's1', DkimStatus: 'PENDING', RecordName1: `s1._domainkey.${DOMAIN}` },
  });
  expect(answers).toHaveLength(1);
});

test('an Update of the same identity keeps the physical id', async () => {
  const stack = new StackInMemory();
  await stack.run({});
  const answer = await stack.run({
    RequestType: 'Update',
    PhysicalResourceId: PHYSICAL_ID,
    OldResourceProperties: properties(),
    ResourceProperties: properties(EASY),
  });
  expect(answer).toMatchObject({
    Status: 'SUCCESS', PhysicalResourceId: PHYSICAL_ID, Data: { SigningHostedZone: 'dkim.amazonses.com' },
  });
});

test('an Update to another identity has another physical id, and its clean-up releases the old one alone', async () => {
  const stack = new StackInMemory();
  await stack.run({});
  stack.aws.zone.name = 'com';
  const moved = properties(byo('s1'), { Identity: 'other.com' });
  const answer = await stack.run({
    RequestType: 'Update',
    PhysicalResourceId: PHYSICAL_ID,
    OldResourceProperties: properties(),
    ResourceProperties: moved,
  });
  expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'us-east-1/other.com' });
  await stack.run({ RequestType: 'Delete', PhysicalResourceId: PHYSICAL_ID });
  expect(stack.aws.zone.contents).toEqual([expect.stringMatching(/^TXT s1\._domainkey\.other\.com /)]);
});

test('an Update to another Region keeps the record that the new one needs', async () => {
  const stack = new StackInMemory();
  stack.aws.set({}, 'eu-west-1');
  await stack.run({});
  const answer = await stack.run({
    RequestType: 'Update',
    PhysicalResourceId: PHYSICAL_ID,
    OldResourceProperties: properties(),
    ResourceProperties: properties(byo('s1'), { Region: 'eu-west-1' }),
  });
  expect(answer.PhysicalResourceId).toBe(`eu-west-1/${DOMAIN}`);
  const { records } = stack.aws.zone;
  await stack.run({ RequestType: 'Delete', PhysicalResourceId: PHYSICAL_ID });
  expect(stack.aws.zone.contents).toHaveLength(1);
  expect(stack.aws.zone.records).toHaveLength(records.length - 1);
  expect(stack.aws.identities.get('us-east-1')!.origin).toBe('AWS_SES');
  expect(stack.aws.identities.get('eu-west-1')!.origin).toBe('EXTERNAL');
});

test('a Create that fails before it calls SES is marked, and the Delete after it leaves signing alone', async () => {
  const stack = new StackInMemory();
  stack.aws.set({ origin: 'EXTERNAL', tokens: ['s1'], status: 'SUCCESS' });
  stack.aws.zone.privateZone = true;
  const failed = await stack.run({});
  expect(failed).toMatchObject({
    Status: 'FAILED', PhysicalResourceId: `untouched/${PHYSICAL_ID}`, Reason: expect.stringContaining('private'),
  });
  const deleted = await stack.run({ RequestType: 'Delete', PhysicalResourceId: failed.PhysicalResourceId });
  expect(deleted).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: failed.PhysicalResourceId });
  expect(stack.aws.puts).toEqual([]);
});

test('a Create that fails after SES was told something is undone by its Delete', async () => {
  const stack = new StackInMemory();
  stack.servicesFor = (services) => ({
    ...services,
    ses: {
      ...services.ses,
      putSigning: async (attributes) =>
        services.ses.putSigning(attributes).then(() => Promise.reject(new Error('cut'))),
    },
  });
  const failed = await stack.run({});
  expect(failed).toMatchObject({
    Status: 'FAILED', PhysicalResourceId: `failed/${PHYSICAL_ID}`, Reason: expect.stringMatching(/^Error: cut\. /),
  });
  stack.servicesFor = (services) => services;
  await stack.run({ RequestType: 'Delete', PhysicalResourceId: failed.PhysicalResourceId });
  expect(stack.aws.identity.origin).toBe('AWS_SES');
  expect(stack.aws.zone.records).toEqual([]);
});

test.each([
  ['Create', undefined, 'FAILED'],
  ['Update', PHYSICAL_ID, 'FAILED'],
  ['Delete', `untouched/${PHYSICAL_ID}`, 'SUCCESS'],
  ['Delete', PHYSICAL_ID, 'FAILED'],
] as const)('%s with properties of an unknown shape (physical id %s) is answered %s', async (...row) => {
  const [RequestType, PhysicalResourceId, status] = row;
  const answer = await new StackInMemory().run({
    RequestType, PhysicalResourceId, ResourceProperties: { Domains: ['a'] },
  });
  expect(answer.Status).toBe(status);
  expect(answer.PhysicalResourceId).toBe(PhysicalResourceId ?? 'untouched/Dkim');
  if (status === 'FAILED') expect(answer.Reason).toContain('The property Identity is missing');
});

test('old properties of an unknown shape do not stop an Update', async () => {
  const stack = new StackInMemory();
  const answer = await stack.run({
    RequestType: 'Update', PhysicalResourceId: PHYSICAL_ID, OldResourceProperties: { Domains: ['a'] },
  });
  expect(answer.Status).toBe('SUCCESS');
  expect(stack.aws.lines.join('')).toContain('previous-properties-unreadable');
});

test('a service’s error is passed on with its name and without what looks like a key', async () => {
  const stack = new StackInMemory();
  stack.aws.putRefused = Object.assign(new Error(`Value '${'MIIE'.repeat(30)}' failed to satisfy constraint`), {
    name: 'BadRequestException', $metadata: {},
  });
  const answer = await stack.run({});
  expect(answer.Reason)
    .toMatch(/^BadRequestException: Value '\[removed\]' failed to satisfy constraint\. SES does not take this signing/);
});

describe('a request that may have overtaken a cancelled one', () => {
  test('a Delete by a made-up id first lets the last call of the Create come to its end', async () => {
    const stack = new StackInMemory();
    await stack.run({});
    let pauses = 0;
    stack.aws.onPause = async () => {
      if (++pauses === 1) await stack.aws.reconcile(wanting(byo('s1')), undefined, { owner: ownerIn(stack) });
    };
    expect(await stack.run({ RequestType: 'Delete', PhysicalResourceId: MADE_UP }))
      .toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: MADE_UP });
    expect(pauses).toBe(1);
    expect(stack.aws.zone.records).toEqual([]);
    expect(stack.aws.identity.origin).toBe('AWS_SES');
  });

  test('a Delete by a made-up id leaves signing alone when the Create wrote nothing', async () => {
    const stack = new StackInMemory();
    stack.aws.set({ origin: 'EXTERNAL', tokens: ['s1'], status: 'SUCCESS' });
    await stack.run({ RequestType: 'Delete', PhysicalResourceId: MADE_UP });
    expect(stack.aws.puts).toEqual([]);
  });

  test('a roll-back first lets the last call of the update come to its end', async () => {
    const stack = new StackInMemory();
    await stack.run({});
    stack.aws.set({ status: 'SUCCESS' });
    let pauses = 0;
    stack.aws.onPause = async () => {
      if (++pauses === 1) {
        await stack.aws.reconcile(wanting(byo('s2', 'two')), wanting(byo('s1')), { owner: ownerIn(stack) });
      }
      stack.aws.set({ status: 'SUCCESS' });
    };
    stack.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    const cancelled = properties(byo('s2', 'two'));
    const answer = await stack.run({
      RequestType: 'Update', PhysicalResourceId: PHYSICAL_ID, OldResourceProperties: cancelled,
    });
    expect(answer).toMatchObject({ Status: 'SUCCESS', Data: { Selector: 's1' } });
    expect(stack.aws.identity.tokens).toEqual(['s1']);
    expect(pauses).toBe(1);
  });

  function ownerIn(stack: StackInMemory) {
    const { StackId: stackId, LogicalResourceId: logicalId } = stack.event({});
    return ownerOf(stackId, logicalId, { region: 'us-east-1', domain: DOMAIN });
  }
});

describe('when the time runs out', () => {
  const verifying = properties(byo('s1'), { WaitForVerification: '3600' });

  test('a further invocation goes on, and the answer is given only once', async () => {
    const stack = new StackInMemory();
    expect(await stack.run({ ResourceProperties: verifying })).toBeUndefined();
    expect(stack.sent).toHaveLength(1);
    expect(stack.sent[0].Progress).toMatchObject({ signingPut: true, waitingSince: expect.any(Number) });
    stack.aws.set({ status: 'SUCCESS', lastChecked: new Date(stack.aws.time + 1_000) });
    const answer = await stack.run(stack.sent[0]);
    expect(answer).toMatchObject({ Status: 'SUCCESS', Data: { DkimStatus: 'SUCCESS' } });
    expect(stack.aws.puts).toHaveLength(1);
  });

  test('CloudFormation is answered before it gives up, however many invocations that takes', async () => {
    const stack = new StackInMemory();
    const began = stack.aws.time;
    let answer = await stack.run({ ResourceProperties: verifying });
    while (!answer) answer = await stack.run(stack.sent.at(-1)!);
    expect(answer).toMatchObject({ Status: 'FAILED', PhysicalResourceId: `failed/${PHYSICAL_ID}` });
    expect(stack.aws.time - began).toBeLessThan(60 * MINUTE);
    expect(stack.sent.length).toBeLessThan(60 * MINUTE / 20_000); // looks are 20 seconds apart at least
    expect(stack.aws.puts).toHaveLength(1);
  });

  test('a function that may not start itself again says so', async () => {
    const stack = new StackInMemory();
    stack.startFails = Object.assign(new Error('not authorized'), { name: 'ValidationException' });
    const answer = await stack.run({ ResourceProperties: verifying });
    expect(answer.Reason).toMatch(
      /there was no time left for: SES to verify DKIM.* The function could not start itself again: not authorized/,
    );
  });

  test('a call that hangs does not keep CloudFormation waiting', async () => {
    const stack = new StackInMemory();
    stack.hangs = true;
    stack.servicesFor = (services) => ({ ...services, ses: { ...services.ses, read: () => new Promise(() => {}) } });
    const answer = await stack.run({});
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: 'A call hung until the time was over. Deploy again.' });
  });
});

test('neither the ResponseURL nor a property value of the secret gets into the log', async () => {
  const stack = new StackInMemory();
  await stack.run({});
  const log = stack.aws.lines.join('');
  expect(log).not.toContain('SIGNATURE');
  expect(log).not.toContain('secretsmanager');
  expect(stack.aws.lines.map((line) => JSON.parse(line).decision)).toEqual([
    'received', 'key-checked', 'identity-read', 'records-changed', 'signing-tag-written', 'signing-put', 'answered',
  ]);
});


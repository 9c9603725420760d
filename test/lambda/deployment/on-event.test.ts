// What must hold of one request's life: CloudFormation always gets an answer, and the right one.
import { ownerOf } from '../../../lambda/base/owner';
import { answers, MADE_UP, MINUTE, PHYSICAL_ID, properties, Stage } from '../fixtures/stage';
import { byo, DOMAIN, EASY, wanting } from '../fixtures/world';

test('a Create is answered with the physical id and the attributes', async () => {
  const stage = new Stage();
  const answer = await stage.run({});
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
  const stage = new Stage();
  await stage.run({});
  const answer = await stage.run({
    RequestType: 'Update', PhysicalResourceId: PHYSICAL_ID, OldResourceProperties: properties(), ResourceProperties: properties(EASY),
  });
  expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: PHYSICAL_ID, Data: { SigningHostedZone: 'dkim.amazonses.com' } });
});

test('an Update to another identity starts anew under another physical id, and the Delete of the old one lets go of the old alone', async () => {
  const stage = new Stage();
  await stage.run({});
  stage.world.zone.name = 'com';
  const moved = properties(byo('s1'), { Identity: 'other.com' });
  const answer = await stage.run({ RequestType: 'Update', PhysicalResourceId: PHYSICAL_ID, OldResourceProperties: properties(), ResourceProperties: moved });
  expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'us-east-1/other.com' });
  await stage.run({ RequestType: 'Delete', PhysicalResourceId: PHYSICAL_ID });
  expect(stage.world.zone.contents).toEqual([expect.stringMatching(/^TXT s1\._domainkey\.other\.com /)]);
});

test('an Update to another Region keeps the record that the new one needs', async () => {
  const stage = new Stage();
  stage.world.set({}, 'eu-west-1');
  await stage.run({});
  const answer = await stage.run({
    RequestType: 'Update',
    PhysicalResourceId: PHYSICAL_ID,
    OldResourceProperties: properties(),
    ResourceProperties: properties(byo('s1'), { Region: 'eu-west-1' }),
  });
  expect(answer.PhysicalResourceId).toBe(`eu-west-1/${DOMAIN}`);
  const { records } = stage.world.zone;
  await stage.run({ RequestType: 'Delete', PhysicalResourceId: PHYSICAL_ID });
  expect(stage.world.zone.contents).toHaveLength(1);
  expect(stage.world.zone.records).toHaveLength(records.length - 1);
  expect(stage.world.identities.get('us-east-1')!.origin).toBe('AWS_SES');
  expect(stage.world.identities.get('eu-west-1')!.origin).toBe('EXTERNAL');
});

test('a Create that fails before SES is told anything is marked, and the Delete after it leaves signing alone', async () => {
  const stage = new Stage();
  stage.world.set({ origin: 'EXTERNAL', tokens: ['s1'], status: 'SUCCESS' });
  stage.world.zone.privateZone = true;
  const failed = await stage.run({});
  expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: `untouched/${PHYSICAL_ID}`, Reason: expect.stringContaining('private') });
  const deleted = await stage.run({ RequestType: 'Delete', PhysicalResourceId: failed.PhysicalResourceId });
  expect(deleted).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: failed.PhysicalResourceId });
  expect(stage.world.puts).toEqual([]);
});

test('a Create that fails after SES was told something is undone by its Delete', async () => {
  const stage = new Stage();
  stage.worldFor = (_, ports) => ({
    ...ports, ses: { ...ports.ses, putSigning: async (attributes) => ports.ses.putSigning(attributes).then(() => Promise.reject(new Error('cut'))) },
  });
  const failed = await stage.run({});
  expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: `failed/${PHYSICAL_ID}`, Reason: 'cut' });
  stage.worldFor = (_, ports) => ports;
  await stage.run({ RequestType: 'Delete', PhysicalResourceId: failed.PhysicalResourceId });
  expect(stage.world.identity.origin).toBe('AWS_SES');
  expect(stage.world.zone.records).toEqual([]);
});

test.each([
  ['Create', undefined, 'FAILED'],
  ['Update', PHYSICAL_ID, 'FAILED'],
  ['Delete', `untouched/${PHYSICAL_ID}`, 'SUCCESS'],
  ['Delete', PHYSICAL_ID, 'FAILED'],
] as const)('%s with properties of an unknown shape (physical id %s) is answered %s', async (RequestType, PhysicalResourceId, status) => {
  const answer = await new Stage().run({ RequestType, PhysicalResourceId, ResourceProperties: { Domains: ['a'] } });
  expect(answer.Status).toBe(status);
  expect(answer.PhysicalResourceId).toBe(PhysicalResourceId ?? 'untouched/Dkim');
  if (status === 'FAILED') expect(answer.Reason).toContain('The property Identity is missing');
});

test('old properties of an unknown shape do not stop an Update', async () => {
  const stage = new Stage();
  const answer = await stage.run({ RequestType: 'Update', PhysicalResourceId: PHYSICAL_ID, OldResourceProperties: { Domains: ['a'] } });
  expect(answer.Status).toBe('SUCCESS');
  expect(stage.world.lines.join('')).toContain('previous-properties-unreadable');
});

test('a service’s error is passed on with its name and without what looks like a key', async () => {
  const stage = new Stage();
  stage.world.putRefused = Object.assign(new Error(`Value '${'MIIE'.repeat(30)}' failed to satisfy constraint`), { name: 'BadRequestException', $metadata: {} });
  const answer = await stage.run({});
  expect(answer.Reason).toMatch(/^BadRequestException: Value '\[removed\]' failed to satisfy constraint\. SES does not take this signing/);
});

describe('a request that may have overtaken a cancelled one', () => {
  test('a Delete by a made-up id undoes what the Create goes on to do', async () => {
    const stage = new Stage();
    await stage.run({});
    let pauses = 0;
    stage.world.onPause = async () => {
      if (++pauses <= 2) await stage.world.bring(wanting(byo('s1')), undefined, { owner: ownerIn(stage) });
    };
    expect(await stage.run({ RequestType: 'Delete', PhysicalResourceId: MADE_UP })).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: MADE_UP });
    expect(pauses).toBe(3);
    expect(stage.world.zone.records).toEqual([]);
    expect(stage.world.identity.origin).toBe('AWS_SES');
  });

  test('a Delete by a made-up id leaves signing alone when the Create wrote nothing', async () => {
    const stage = new Stage();
    stage.world.set({ origin: 'EXTERNAL', tokens: ['s1'], status: 'SUCCESS' });
    await stage.run({ RequestType: 'Delete', PhysicalResourceId: MADE_UP });
    expect(stage.world.puts).toEqual([]);
  });

  test('an Update is done again when the previous one had not come to its end', async () => {
    const stage = new Stage();
    await stage.run({});
    stage.world.set({ status: 'SUCCESS' });
    let pauses = 0;
    stage.world.onPause = async () => {
      if (++pauses === 1) await stage.world.bring(wanting(byo('s2', 'two')), wanting(byo('s1')), { owner: ownerIn(stage) });
      stage.world.set({ status: 'SUCCESS' });
    };
    const cancelled = properties(byo('s2', 'two'));
    const answer = await stage.run({ RequestType: 'Update', PhysicalResourceId: PHYSICAL_ID, OldResourceProperties: cancelled });
    expect(answer).toMatchObject({ Status: 'SUCCESS', Data: { Selector: 's1' } });
    expect(stage.world.identity.tokens).toEqual(['s1']);
    expect(pauses).toBe(2);
  });

  function ownerIn(stage: Stage) {
    const { StackId: stackId, LogicalResourceId: logicalId } = stage.event({});
    return ownerOf({ stackId, logicalId, region: 'us-east-1', domain: DOMAIN });
  }
});

describe('when the time runs out', () => {
  const verifying = properties(byo('s1'), { WaitForVerification: '3600' });

  test('a further invocation goes on, and the answer is given only once', async () => {
    const stage = new Stage();
    expect(await stage.run({ ResourceProperties: verifying })).toBeUndefined();
    expect(stage.sent).toHaveLength(1);
    expect(stage.sent[0].Progress).toMatchObject({ signingPut: true, waitingSince: expect.any(Number) });
    stage.world.set({ status: 'SUCCESS' });
    const answer = await stage.run(stage.sent[0]);
    expect(answer).toMatchObject({ Status: 'SUCCESS', Data: { DkimStatus: 'SUCCESS' } });
    expect(stage.world.puts).toHaveLength(1);
  });

  test('CloudFormation is answered before it gives up, however many invocations that takes', async () => {
    const stage = new Stage();
    const began = stage.world.time;
    let answer = await stage.run({ ResourceProperties: verifying });
    while (!answer) answer = await stage.run(stage.sent.at(-1)!);
    expect(answer).toMatchObject({ Status: 'FAILED', PhysicalResourceId: `failed/${PHYSICAL_ID}` });
    expect(stage.world.time - began).toBeLessThan(60 * MINUTE);
    expect(stage.sent.length).toBeLessThan(8);
    expect(stage.world.puts.length).toBeLessThan(8);
  });

  test('a function that may not start itself again says so', async () => {
    const stage = new Stage();
    stage.sendOnFails = Object.assign(new Error('not authorized'), { name: 'ValidationException' });
    const answer = await stage.run({ ResourceProperties: verifying });
    expect(answer.Reason).toMatch(/there was no time left for: SES to verify DKIM.* The function could not start itself again: not authorized/);
  });

  test('a call that hangs does not keep CloudFormation waiting', async () => {
    const stage = new Stage();
    stage.hangs = true;
    stage.worldFor = (_, ports) => ({ ...ports, ses: { ...ports.ses, read: () => new Promise(() => {}) } });
    const answer = await stage.run({});
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: 'A call hung until the time was over. Deploy again.' });
  });
});

test('neither the ResponseURL nor a property value of the secret gets into the log', async () => {
  const stage = new Stage();
  await stage.run({});
  const log = stage.world.lines.join('');
  expect(log).not.toContain('SIGNATURE');
  expect(log).not.toContain('secretsmanager');
  expect(stage.world.lines.map((line) => JSON.parse(line).decision)).toEqual([
    'received', 'key-checked', 'identity-read', 'records-changed', 'signing-put', 'answered',
  ]);
});


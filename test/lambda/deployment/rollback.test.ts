// What must hold when a stack goes back, or a resource goes: what was there before still signs, and no stack is stuck.
import { DesiredSigning } from '../../../lambda/base/desired-state';
import { ZoneGoneError } from '../../../lambda/base/errors';
import { byo, DEED, DOMAIN, EASY, keyLine, keyRecord, record, SHORTER } from '../fixtures/aws-in-memory';
import { answers, MADE_UP, MINUTE, PHYSICAL_ID, properties, StackInMemory } from '../fixtures/stack-in-memory';

const WAIT = { WaitForVerification: '300' };
const RETAIN = { RemovalPolicy: 'RETAIN' };
const elsewhere = (signing: DesiredSigning, more = {}) => {
  const { HostedZoneId, ...without } = properties(signing, more);
  return without;
};
const refusedBySes = (message: string) =>
  Object.assign(new Error(message), { name: 'BadRequestException', $metadata: {} });

async function created(signing: DesiredSigning = byo('s1'), more = {}): Promise<StackInMemory> {
  const stack = new StackInMemory();
  await stack.answered({ ResourceProperties: properties(signing, more) });
  stack.aws.set({ status: 'SUCCESS' });
  stack.aws.puts.length = 0;
  return stack;
}

/** A signing that somebody has set up by hand; its record is in the zone and in public DNS. */
function handMade(stack = new StackInMemory()): StackInMemory {
  stack.aws.set({ origin: 'EXTERNAL', tokens: ['s1'], status: 'SUCCESS' });
  stack.aws.zone.records.push(record(keyRecord('s1').name, 'TXT', keyRecord('s1').data));
  return stack;
}

describe('a signing that was there before', () => {
  test('is still there when the stack that found it is rolled back or removed', async () => {
    const stack = handMade();
    const before = [...stack.aws.zone.records];
    const { PhysicalResourceId } = await stack.answered({});
    expect(PhysicalResourceId).toBe(`found/${PHYSICAL_ID}`);
    await stack.remove(properties(), PhysicalResourceId);
    expect(stack.aws.puts).toEqual([]);
    expect(stack.aws.zone.records).toEqual(before);
  });

  test.each([
    ['BYODKIM', byo('s1'), 'EXTERNAL'], ['DEED', DEED, 'AWS_SES_EU_WEST_1'],
  ])('the same without a zone of ours (%s)', async (_, signing, origin) => {
    const stack = handMade();
    stack.aws.set({ origin, status: 'SUCCESS', tokens: ['s1'] });
    const { PhysicalResourceId } = await stack.answered({ ResourceProperties: elsewhere(signing) });
    await stack.remove(elsewhere(signing), PhysicalResourceId);
    expect(stack.aws.puts).toEqual([]);
    expect(stack.aws.identity.origin).toBe(origin);
  });

  test('keeps its id in later updates, and goes once the construct has set one with a record of its own', async () => {
    const stack = handMade();
    const { PhysicalResourceId } = await stack.answered({});
    const answer = await stack.update(properties(), properties(byo('s2', 'two')), PhysicalResourceId);
    expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId });
    await stack.remove(properties(byo('s2', 'two')), PhysicalResourceId);
    expect(stack.aws.identity.origin).toBe('AWS_SES');
    expect(stack.aws.zone.contents).toEqual([keyLine('s1')]);
  });

  test('is left alone by the Delete of a Create that was cancelled after it had found it', async () => {
    const stack = handMade();
    await stack.answered({});
    expect(await stack.remove(properties(), MADE_UP)).toMatchObject({ Status: 'SUCCESS' });
    expect(stack.aws.puts).toEqual([]);
    expect(stack.aws.zone.contents).toEqual([keyLine('s1')]);
  });

  test('also when SES does not verify it any more', async () => {
    const stack = handMade();
    await stack.answered({});
    stack.aws.set({ status: 'PENDING' });
    await stack.remove(properties(), MADE_UP);
    expect(stack.aws.puts).toEqual([]);
  });

  test('but one that a cancelled Create has set is set back, also when SES has verified it', async () => {
    const stack = new StackInMemory();
    await stack.answered({});
    stack.aws.set({ status: 'SUCCESS' });
    await stack.remove(properties(), MADE_UP);
    expect(stack.aws.identity.origin).toBe('AWS_SES');
    expect(stack.aws.identity.tags).toEqual({});
  });

  test.each([['BYODKIM', byo('s1'), 'EXTERNAL'], ['DEED', DEED, 'AWS_SES_EU_WEST_1']])(
    'is left alone by the Delete of a Create that was cancelled before it did anything (%s)',
    async (_, signing, origin) => {
      const stack = handMade();
      stack.aws.set({ origin });
      expect(await stack.remove(elsewhere(signing), MADE_UP)).toMatchObject({ Status: 'SUCCESS' });
      expect(stack.aws.puts).toEqual([]);
    });
});

describe('what SES signs with stays published', () => {
  test('a second owner that is rolled back hands its record to the first, which supersedes it later', async () => {
    const stack = await created();
    const second = { LogicalResourceId: 'New' };
    await stack.answered({ ...second, ResourceProperties: properties(byo('s2', 'two')) });
    stack.aws.set({ status: 'SUCCESS' });
    await stack.answered({
      ...second,
      RequestType: 'Delete',
      PhysicalResourceId: PHYSICAL_ID,
      ResourceProperties: properties(byo('s2', 'two')),
    });
    expect(stack.aws.identity.tokens).toEqual(['s2']);
    expect(stack.aws.zone.contents).toEqual([keyLine('s1'), keyLine('s2', 'two')]);
    expect(stack.aws.zone.registries).toHaveLength(1);

    await stack.update(properties(), properties(byo('s1'), WAIT));
    expect(stack.aws.identity.tokens).toEqual(['s1']);
    expect(stack.aws.zone.registries[0].join()).toMatch(/record=s2; type=TXT; origin=ours; digest=\w+; until=/);
    await stack.remove(properties());
    expect(stack.aws.zone.records).toEqual([]);
  });

  test('the same with Easy DKIM', async () => {
    const stack = await created();
    const second = { LogicalResourceId: 'New', ResourceProperties: properties(EASY) };
    await stack.answered(second);
    await stack.answered({ ...second, RequestType: 'Delete', PhysicalResourceId: PHYSICAL_ID });
    const cnames = stack.aws.identity.tokens.map((token) => expect.stringContaining(`CNAME ${token}.`));
    expect(stack.aws.zone.contents).toEqual([...cnames, keyLine('s1')]);
  });

  test('a Create whose answer was lost, and which fails when it is repeated, is undone as a whole', async () => {
    const stack = await created();
    stack.servicesFor = (services) => ({
      ...services, secrets: { read: () => Promise.reject(new Error('the secret could not be read')) },
    });
    const { PhysicalResourceId } = await stack.answered({});
    expect(PhysicalResourceId).toBe(`untouched/${PHYSICAL_ID}`);
    await stack.remove(properties(), PhysicalResourceId);
    expect(stack.aws.identity.origin).toBe('AWS_SES');
    expect(stack.aws.zone.records).toEqual([]);
  });
});

describe('a roll-back that cannot do all it wants', () => {
  test('does not wait for verification in vain: with the old signing and records in place it is done', async () => {
    const stack = await created();
    const failed = await stack.update(properties(byo('s1'), WAIT), properties(byo('s2', 'two'), WAIT));
    expect(failed).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('within 300 seconds') });
    stack.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    const back = await stack.update(properties(byo('s2', 'two'), WAIT), properties(byo('s1'), WAIT));
    expect(back).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: PHYSICAL_ID,
      Data: {
        Selector: 's1', DkimStatus: 'PENDING', RecordName1: keyRecord('s1').name,
      },
    });
    expect(stack.aws.identity.tokens).toEqual(['s1']);
    expect(stack.aws.zone.contents).toContain(keyLine('s1'));
  });

  test('when public DNS cannot be asked for a moment', async () => {
    const stack = await created();
    stack.aws.publicAnswer = () => [{ nameServer: 'ns1', error: 'ETIMEOUT' }];
    expect(await stack.update(properties(), properties(byo('s1'), RETAIN))).toMatchObject({ Status: 'FAILED' });
    stack.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    expect(await stack.update(properties(byo('s1'), RETAIN), properties())).toMatchObject({ Status: 'SUCCESS' });
    expect(stack.aws.puts).toEqual([]);
  });

  test('when SES does not change the length of the key a second time', async () => {
    const stack = await created(EASY);
    await stack.update(properties(EASY), properties(SHORTER));
    stack.aws.putRefused = refusedBySes('once a day');
    stack.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    const back = await stack.update(properties(SHORTER), properties(EASY));
    expect(back).toMatchObject({ Status: 'SUCCESS', Data: { SigningHostedZone: 'dkim.amazonses.com' } });
  });

  test('a replica is back when it is one', async () => {
    const stack = new StackInMemory();
    stack.aws.set({ status: 'SUCCESS' }, 'eu-west-1');
    await stack.answered({ ResourceProperties: elsewhere(DEED, WAIT) });
    stack.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    expect(await stack.update(elsewhere(EASY, WAIT), elsewhere(DEED, WAIT)))
      .toMatchObject({ Status: 'SUCCESS', Data: { DkimStatus: 'PENDING' } });
  });

  test.each<[string, (stack: StackInMemory) => unknown]>([
    ['the identity signs in another way', (stack) => (stack.aws.putRefused = refusedBySes('no'))],
    ['the record is not there', (stack) => {
      stack.aws.set({ tokens: ['s1'] });
      stack.aws.zone.change = () => Promise.reject(new Error('no change today'));
    }],
    ['it is not a roll-back', (stack) => (stack.stackStatus = 'UPDATE_IN_PROGRESS')],
    ['CloudFormation does not say what it is', (stack) => (stack.stackStatusFails = new Error('not authorized'))],
  ])('fails when %s', async (_, wrong) => {
    const stack = await created();
    stack.aws.set({ origin: 'EXTERNAL', tokens: ['s2'], status: 'PENDING' });
    stack.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    stack.aws.zone.records = [];
    wrong(stack);
    expect(await stack.update(properties(byo('s2', 'two'), WAIT), properties(byo('s1'), WAIT)))
      .toMatchObject({ Status: 'FAILED' });
  });
});

describe('a request that may have overtaken another one comes to its end', () => {
  test('when SES has not verified yet: it is told once, and not each time that is looked again', async () => {
    const stack = await created();
    stack.aws.set({ status: 'PENDING' });
    const back = await stack.update(properties(byo('s2', 'two')), properties());
    expect(back).toMatchObject({ Status: 'SUCCESS' });
    expect(stack.aws.puts).toHaveLength(1);
  });

  test('when signing is switched off: SES has verified this key, and is not told it again', async () => {
    const stack = await created();
    stack.aws.set({ signingEnabled: false });
    expect(await stack.update(properties(byo('s2', 'two')), properties())).toMatchObject({ Status: 'SUCCESS' });
    expect(stack.aws.puts).toEqual([]);
  });

  test('when SES refuses to lead a replica back', async () => {
    const stack = new StackInMemory();
    stack.aws.set({ origin: 'AWS_SES_EU_WEST_1', status: 'PENDING' });
    stack.aws.putRefused = refusedBySes('no');
    expect(await stack.remove(elsewhere(DEED), MADE_UP)).toMatchObject({ Status: 'SUCCESS' });
    expect(stack.aws.identity.origin).toBe('AWS_SES_EU_WEST_1');
  });

  test('when CloudFormation’s time ends before it is quiet', async () => {
    const stack = await created();
    let others = 0;
    stack.aws.onPause = () => stack.aws.set({ tokens: [`other${++others}`] });
    const halfAnHour = properties(byo('s1'), { ServiceTimeout: '1800' });
    expect(await stack.update(properties(byo('s2', 'two')), halfAnHour)).toMatchObject({ Status: 'SUCCESS' });
    expect(stack.sent.length).toBeLessThan(4);
  });
});

describe('a request that is too old', () => {
  test.each([
    [61, undefined], [90, undefined], [31, '1800'], [61, 'no number'], [61, '7200'],
  ])('does nothing, after %d minutes in a queue, with the time-out %p', async (minutes, ServiceTimeout) => {
    const stack = new StackInMemory();
    const { ResponseURL } = stack.event({});
    stack.aws.time += minutes * MINUTE;
    const ResourceProperties = properties(byo('s1'), { ...ServiceTimeout && { ServiceTimeout } });
    expect(await stack.answered({ ResponseURL, ResourceProperties }))
      .toMatchObject({ Status: 'FAILED', Reason: 'The request was too old to be carried out, and nothing was done. Deploy again.' });
    expect(stack.aws.puts).toEqual([]);
    expect(stack.aws.zone.records).toEqual([]);
  });

  test('neither does a Delete', async () => {
    const stack = await created();
    const { ResponseURL } = stack.event({});
    stack.aws.time += 90 * MINUTE;
    const records = [...stack.aws.zone.records];
    await stack.answered({ RequestType: 'Delete', PhysicalResourceId: PHYSICAL_ID, ResponseURL });
    expect(stack.aws.zone.records).toEqual(records);
  });
});

test('a key length that SES refuses after BYODKIM leaves the old record and publishes the new tokens', async () => {
  const stack = await created();
  stack.servicesFor = (services) => ({
    ...services,
    ses: {
      ...services.ses,
      putSigning: async (attributes) => {
        if ('keyLength' in attributes && attributes.keyLength) throw refusedBySes('once a day');
        return services.ses.putSigning(attributes);
      },
    },
  });
  const answer = await stack.update(properties(), properties(SHORTER));
  expect(answer)
    .toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('SES allows that once in 24 hours') });
  const cnames = stack.aws.identity.tokens.map((token) => expect.stringContaining(`CNAME ${token}.`));
  expect(stack.aws.zone.contents).toEqual([...cnames, keyLine('s1')]);
});

test('5 a look whether all is in place, for which SES has no place in this invocation, is made in a further one', async () => {
  const stack = await created(SHORTER);
  stack.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
  let busyUntil = 0;
  stack.servicesFor = (services) => ({
    ...services,
    ses: {
      ...services.ses,
      putSigning: async () => {
        if (busyUntil === 0) {
          stack.aws.time += 13 * MINUTE; // what others had to wait for
          busyUntil = stack.aws.time + 5 * MINUTE;
        }
        throw refusedBySes('once a day');
      },
      read: () => services.retry.call('GetEmailIdentity', async () => {
        if (stack.aws.time < busyUntil) throw Object.assign(new Error('busy'), { name: 'TooManyRequestsException' });
        return services.ses.read();
      }),
    },
  });
  const answer = await stack.update(properties(SHORTER), properties(EASY));
  expect(answer).toMatchObject({ Status: 'SUCCESS' });
  expect(stack.sent).toHaveLength(1);
  expect(stack.aws.lines.join('')).toContain('rollback-in-place');
});

describe('a request that Lambda repeats although it was answered', () => {
  test.each([
    ['Create', 'UPDATE_IN_PROGRESS'],
    ['Create', 'CREATE_COMPLETE'],
    ['Update', 'UPDATE_COMPLETE'],
    ['Create', 'CREATE_FAILED'],
  ] as const)(
    'does nothing (%s, the resource is %s)', async (RequestType, status) => {
      const stack = await created();
      const { ResponseURL } = stack.event({});
      await stack.update(properties(), properties(byo('s2', 'two')));
      stack.aws.set({ status: 'SUCCESS' });
      stack.aws.time += MINUTE;
      stack.resourceStatus = status;
      const before = [answers.length, stack.aws.puts.length, stack.aws.zone.records];
      await stack.run({
        RequestType, PhysicalResourceId: RequestType === 'Create' ? undefined : PHYSICAL_ID, ResponseURL,
      });
      expect([answers.length, stack.aws.puts.length, stack.aws.zone.records]).toEqual(before);
    });

  test.each([['Create', 'CREATE_IN_PROGRESS'], ['Update', 'UPDATE_IN_PROGRESS'], ['Delete', 'DELETE_IN_PROGRESS']] as const)(
    'does nothing when a later request is at work (%s)', async (RequestType, status) => {
      const stack = await created();
      const { ResponseURL } = stack.event({});
      stack.aws.time += MINUTE;
      Object.assign(stack, { resourceStatus: status, resourceSince: stack.aws.time - 1 });
      const before = [answers.length, stack.aws.puts.length, stack.aws.zone.records];
      await stack.run({ RequestType, PhysicalResourceId: PHYSICAL_ID, ResponseURL });
      expect([answers.length, stack.aws.puts.length, stack.aws.zone.records]).toEqual(before);
    });

  test('is carried out while CloudFormation waits for it, whatever it calls a roll-back', async () => {
    for (const status of ['UPDATE_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS']) {
      const stack = await created();
      const { ResponseURL } = stack.event({});
      stack.aws.time += MINUTE;
      stack.resourceStatus = status;
      const answer = await stack.answered({
        RequestType: 'Update', PhysicalResourceId: PHYSICAL_ID, OldResourceProperties: properties(), ResponseURL,
      });
      expect(answer).toMatchObject({ Status: 'SUCCESS' });
    }
  });

  test('does nothing either when it waited for SES meanwhile, and is called again', async () => {
    const stack = new StackInMemory();
    await stack.run({ ResourceProperties: properties(byo('s1'), WAIT) });
    stack.resourceStatus = 'DELETE_IN_PROGRESS';
    stack.aws.time += MINUTE;
    const before = [answers.length, stack.aws.puts.length, stack.aws.zone.records, stack.sent.length];
    await stack.run(stack.sent[0]);
    expect([answers.length, stack.aws.puts.length, stack.aws.zone.records, stack.sent.length]).toEqual(before);
  });

  test('is carried out when it was not answered', async () => {
    const stack = new StackInMemory();
    const { ResponseURL } = stack.event({});
    stack.aws.time += MINUTE;
    expect(await stack.answered({ ResponseURL })).toMatchObject({ Status: 'SUCCESS' });
  });

  test('writes nothing when CloudFormation may not be asked, and the answer says so', async () => {
    const stack = new StackInMemory();
    const { ResponseURL } = stack.event({});
    stack.aws.time += MINUTE;
    stack.stackStatusFails = Object.assign(new Error('not authorized'), { name: 'AccessDenied' });
    expect(await stack.answered({ ResponseURL })).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('not authorized') });
    expect([stack.aws.puts, stack.aws.zone.records]).toEqual([[], []]);
  });

  test('a Delete is carried out also then: a stack must not be stuck', async () => {
    const stack = await created();
    const { ResponseURL } = stack.event({});
    stack.aws.time += MINUTE;
    stack.stackStatusFails = Object.assign(new Error('not authorized'), { name: 'AccessDenied' });
    const event = { RequestType: 'Delete', PhysicalResourceId: PHYSICAL_ID, ResponseURL } as const;
    expect(await stack.answered(event)).toMatchObject({ Status: 'SUCCESS' });
    expect(stack.aws.zone.records).toEqual([]);
  });

  test('does nothing when an earlier run has sent it on, and it has been overtaken since', async () => {
    const stack = new StackInMemory();
    const { ResponseURL } = stack.event({});
    stack.aws.time += MINUTE;
    stack.resourceStatus = 'UPDATE_COMPLETE';
    await stack.run({ ResponseURL, Progress: { signingPut: true } });
    expect([answers, stack.aws.puts, stack.aws.zone.records]).toEqual([[], [], []]);
  });
});

describe('what a Create has made goes', () => {
  test('when it failed, also with RETAIN', async () => {
    const stack = new StackInMemory();
    stack.aws.set({ status: 'SUCCESS' });
    stack.aws.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
    const { PhysicalResourceId } = await stack.answered({ ResourceProperties: properties(byo('s1'), RETAIN) });
    await stack.remove(properties(byo('s1'), RETAIN), PhysicalResourceId);
    expect(stack.aws.zone.records).toEqual([]);
  });

  test('when it failed after SES was told, also with RETAIN', async () => {
    const stack = new StackInMemory();
    const { PhysicalResourceId } = await stack.answered({
      ResourceProperties: properties(byo('s1'), { ...RETAIN, ...WAIT }),
    });
    expect(PhysicalResourceId).toBe(`failed/${PHYSICAL_ID}`);
    await stack.remove(properties(byo('s1'), { ...RETAIN, ...WAIT }), PhysicalResourceId);
    expect(stack.aws.zone.records).toEqual([]);
    expect(stack.aws.identity.origin).toBe('AWS_SES');
  });

  test.each(['failed', 'untouched'])('but not what was made in its place (%s)', async (mark) => {
    const stack = await created();
    const records = [...stack.aws.zone.records];
    stack.physicalIdNow = PHYSICAL_ID;
    expect(await stack.remove(properties(), `${mark}/${PHYSICAL_ID}`)).toMatchObject({ Status: 'SUCCESS' });
    expect(stack.aws.zone.records).toEqual(records);
    expect(stack.aws.puts).toEqual([]);
  });

  test('when CloudFormation does not say what there is now', async () => {
    const stack = await created();
    stack.stackStatusFails = new Error('not authorized');
    await stack.remove(properties(), `failed/${PHYSICAL_ID}`);
    expect(stack.aws.zone.records).toEqual([]);
    expect(stack.aws.lines.join('')).toContain('stack-unknown');
  });

  test('but not by the id of another identity', async () => {
    const stack = await created();
    const records = [...stack.aws.zone.records];
    for (const id of ['us-east-1/other.com', 'untouched/us-east-1/other.com', `failed/eu-west-1/${DOMAIN}`]) {
      expect(await stack.remove(properties(), id)).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id });
    }
    expect(stack.aws.zone.records).toEqual(records);
    expect(stack.aws.puts).toEqual([]);
  });

  test('as far as the role still lets it', async () => {
    const stack = await created();
    stack.aws.zone.change = () => Promise.reject(new ZoneGoneError('The role gives no access any more.'));
    expect(await stack.remove(properties())).toMatchObject({ Status: 'SUCCESS' });
    expect(stack.aws.identity.origin).toBe('AWS_SES');
    expect(stack.aws.lines.join('')).toContain('zone-gone');
  });
});

test('a Delete of what was just made waits for fresh policies, as a Create does', async () => {
  const stack = new StackInMemory();
  const from = stack.aws.time;
  stack.servicesFor = (services) => ({
    ...services,
    ses: {
      ...services.ses,
      read: () => services.retry.call('GetEmailIdentity', async () => {
        if (stack.aws.time - from < 40_000) {
          throw Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' });
        }
        return services.ses.read();
      }),
    },
  });
  expect(await stack.remove(elsewhere(byo('s1')), MADE_UP)).toMatchObject({ Status: 'SUCCESS' });
});

test.each([
  ['the invocation', 15 * MINUTE], ['CloudFormation', 60 * MINUTE],
])('a call that hangs is noticed before the time of %s is over', async (_, remaining) => {
  const stack = new StackInMemory();
  stack.hangs = true;
  stack.remaining = remaining;
  stack.servicesFor = (services) => ({ ...services, ses: { ...services.ses, read: () => new Promise(() => {}) } });
  const began = stack.aws.time;
  const ResourceProperties = properties(byo('s1'), { ServiceTimeout: '1800' });
  expect(await stack.answered({ ResourceProperties }))
    .toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('A call hung') });
  expect(stack.aws.time - began).toBeLessThan(Math.min(remaining, 30 * MINUTE));
  expect(answers).toHaveLength(1);
});

test('a key under a selector that signs is not changed because SES cannot see its record for a moment', async () => {
  const stack = await created();
  stack.aws.set({ status: 'TEMPORARY_FAILURE' });
  expect(await stack.update(properties(), properties(byo('s1', 'two'))))
    .toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('new selector') });
  expect(stack.aws.zone.contents).toEqual([keyLine('s1')]);
});

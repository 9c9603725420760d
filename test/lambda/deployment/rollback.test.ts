// What must hold when a stack goes back, or a resource goes: what was there before signs and is published as before, and no stack is left stuck.
import { ZoneGoneError } from '../../../lambda/base/ports';
import { txtRecord } from '../../../lambda/records/dkim-record';
import { answers, MADE_UP, MINUTE, PHYSICAL_ID, properties, Stage } from '../fixtures/stage';
import { byo, DEED, DOMAIN, EASY, KEYS, record } from '../fixtures/world';

const TEXT = (selector: string, key: 'one' | 'two' = 'one') => txtRecord(DOMAIN, selector, KEYS[key].publicKey);
const LINE = (selector: string, key: 'one' | 'two' = 'one') => `TXT ${TEXT(selector, key).name} ${TEXT(selector, key).data}`;
const WAIT = { WaitForVerification: '300' };
const RETAIN = { RemovalPolicy: 'RETAIN' };
const elsewhere = (signing: unknown, more = {}) => {
  const { HostedZoneId, ...without } = properties(signing, more);
  return without;
};
const refusedBySes = (message: string) => Object.assign(new Error(message), { name: 'BadRequestException', $metadata: {} });

async function created(signing: unknown = byo('s1'), more = {}): Promise<Stage> {
  const stage = new Stage();
  await stage.answered({ ResourceProperties: properties(signing, more) });
  stage.world.set({ status: 'SUCCESS' });
  stage.world.puts.length = 0;
  return stage;
}

/** A signing that somebody has set up by hand; its record is in the zone and in public DNS. */
function handMade(stage = new Stage()): Stage {
  stage.world.set({ origin: 'EXTERNAL', tokens: ['s1'], status: 'SUCCESS' });
  stage.world.zone.records.push(record(TEXT('s1').name, 'TXT', TEXT('s1').data));
  return stage;
}

describe('a signing that was there before', () => {
  test('is still there when the stack that found it is rolled back or removed', async () => {
    const stage = handMade();
    const before = [...stage.world.zone.records];
    const { PhysicalResourceId } = await stage.answered({});
    expect(PhysicalResourceId).toBe(`found/${PHYSICAL_ID}`);
    await stage.remove(properties(), PhysicalResourceId);
    expect(stage.world.puts).toEqual([]);
    expect(stage.world.zone.records).toEqual(before);
  });

  test.each([['BYODKIM', byo('s1'), 'EXTERNAL'], ['DEED', DEED, 'AWS_SES_EU_WEST_1']])('the same without a zone of ours (%s)', async (_, signing, origin) => {
    const stage = handMade();
    stage.world.set({ origin, status: 'SUCCESS', tokens: ['s1'] });
    const { PhysicalResourceId } = await stage.answered({ ResourceProperties: elsewhere(signing) });
    await stage.remove(elsewhere(signing), PhysicalResourceId);
    expect(stage.world.puts).toEqual([]);
    expect(stage.world.identity.origin).toBe(origin);
  });

  test('keeps its id in later updates, and goes once the construct has set another one with a record of its own', async () => {
    const stage = handMade();
    const { PhysicalResourceId } = await stage.answered({});
    const answer = await stage.update(properties(), properties(byo('s2', 'two')), PhysicalResourceId);
    expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId });
    await stage.remove(properties(byo('s2', 'two')), PhysicalResourceId);
    expect(stage.world.identity.origin).toBe('AWS_SES');
    expect(stage.world.zone.contents).toEqual([LINE('s1')]);
  });

  test('is left alone by the Delete of a Create that was cancelled after it had found it', async () => {
    const stage = handMade();
    await stage.answered({});
    expect(await stage.remove(properties(), MADE_UP)).toMatchObject({ Status: 'SUCCESS' });
    expect(stage.world.puts).toEqual([]);
    expect(stage.world.zone.contents).toEqual([LINE('s1')]);
  });

  test('but one that is not verified, and that a cancelled Create can have set, is set back', async () => {
    const stage = handMade();
    await stage.answered({});
    stage.world.set({ status: 'PENDING' });
    await stage.remove(properties(), MADE_UP);
    expect(stage.world.identity.origin).toBe('AWS_SES');
  });

  test.each([['BYODKIM', byo('s1'), 'EXTERNAL'], ['DEED', DEED, 'AWS_SES_EU_WEST_1']])(
    'is left alone by the Delete of a Create that was cancelled before it did anything (%s)', async (_, signing, origin) => {
      const stage = handMade();
      stage.world.set({ origin });
      expect(await stage.remove(elsewhere(signing), MADE_UP)).toMatchObject({ Status: 'SUCCESS' });
      expect(stage.world.puts).toEqual([]);
    });
});

describe('what SES signs with stays published', () => {
  test('a second owner that is rolled back hands its record to the first, whose next deployment supersedes it', async () => {
    const stage = await created();
    const second = { LogicalResourceId: 'New' };
    await stage.answered({ ...second, ResourceProperties: properties(byo('s2', 'two')) });
    stage.world.set({ status: 'SUCCESS' });
    await stage.answered({ ...second, RequestType: 'Delete', PhysicalResourceId: PHYSICAL_ID, ResourceProperties: properties(byo('s2', 'two')) });
    expect(stage.world.identity.tokens).toEqual(['s2']);
    expect(stage.world.zone.contents).toEqual([LINE('s1'), LINE('s2', 'two')]);
    expect(stage.world.zone.registries).toHaveLength(1);

    await stage.update(properties(), properties(byo('s1'), WAIT));
    expect(stage.world.identity.tokens).toEqual(['s1']);
    expect(stage.world.zone.registries[0].join()).toMatch(/record=s2; type=TXT; origin=ours; digest=\w+; until=/);
    await stage.remove(properties());
    expect(stage.world.zone.records).toEqual([]);
  });

  test('the same with Easy DKIM', async () => {
    const stage = await created();
    const second = { LogicalResourceId: 'New', ResourceProperties: properties(EASY) };
    await stage.answered(second);
    await stage.answered({ ...second, RequestType: 'Delete', PhysicalResourceId: PHYSICAL_ID });
    const cnames = stage.world.identity.tokens.map((token) => expect.stringContaining(`CNAME ${token}.`));
    expect(stage.world.zone.contents).toEqual([...cnames, LINE('s1')]);
  });

  test('a Create whose answer was lost, and which fails when it is repeated, is undone as a whole', async () => {
    const stage = await created();
    stage.worldFor = (_, ports) => ({ ...ports, secrets: { read: () => Promise.reject(new Error('the secret could not be read')) } });
    const { PhysicalResourceId } = await stage.answered({});
    expect(PhysicalResourceId).toBe(`untouched/${PHYSICAL_ID}`);
    await stage.remove(properties(), PhysicalResourceId);
    expect(stage.world.identity.origin).toBe('AWS_SES');
    expect(stage.world.zone.records).toEqual([]);
  });
});

describe('a roll-back that cannot do all it wants', () => {
  test('does not wait for verification in vain: with the old signing and records in place it is done', async () => {
    const stage = await created();
    const failed = await stage.update(properties(byo('s1'), WAIT), properties(byo('s2', 'two'), WAIT));
    expect(failed).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('within 300 seconds') });
    stage.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    const back = await stage.update(properties(byo('s2', 'two'), WAIT), properties(byo('s1'), WAIT));
    expect(back).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: PHYSICAL_ID, Data: { Selector: 's1', DkimStatus: 'PENDING', RecordName1: TEXT('s1').name } });
    expect(stage.world.identity.tokens).toEqual(['s1']);
    expect(stage.world.zone.contents).toContain(LINE('s1'));
  });

  test('when public DNS cannot be asked for a moment', async () => {
    const stage = await created();
    stage.world.publicAnswer = () => [{ nameServer: 'ns1', error: 'ETIMEOUT' }];
    expect(await stage.update(properties(), properties(byo('s1'), RETAIN))).toMatchObject({ Status: 'FAILED' });
    stage.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    expect(await stage.update(properties(byo('s1'), RETAIN), properties())).toMatchObject({ Status: 'SUCCESS' });
    expect(stage.world.puts).toEqual([]);
  });

  test('when SES does not change the length of the key a second time', async () => {
    const easy = (KeyLength: string) => ({ Method: 'EASY_DKIM', KeyLength });
    const stage = await created(easy('RSA_2048_BIT'));
    await stage.update(properties(easy('RSA_2048_BIT')), properties(easy('RSA_1024_BIT')));
    stage.world.putRefused = refusedBySes('once a day');
    stage.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    const back = await stage.update(properties(easy('RSA_1024_BIT')), properties(easy('RSA_2048_BIT')));
    expect(back).toMatchObject({ Status: 'SUCCESS', Data: { SigningHostedZone: 'dkim.amazonses.com' } });
  });

  test('a replica is back when it is one', async () => {
    const stage = new Stage();
    stage.world.set({ status: 'SUCCESS' }, 'eu-west-1');
    await stage.answered({ ResourceProperties: elsewhere(DEED, WAIT) });
    stage.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    expect(await stage.update(elsewhere(EASY, WAIT), elsewhere(DEED, WAIT))).toMatchObject({ Status: 'SUCCESS', Data: { DkimStatus: 'PENDING' } });
  });

  test.each<[string, (stage: Stage) => unknown]>([
    ['the identity signs in another way', (stage) => (stage.world.putRefused = refusedBySes('no'))],
    ['the record is not there', (stage) => {
      stage.world.set({ tokens: ['s1'] });
      stage.world.zone.change = () => Promise.reject(new Error('no change today'));
    }],
    ['it is not a roll-back', (stage) => (stage.stackStatus = 'UPDATE_IN_PROGRESS')],
    ['CloudFormation does not say what it is', (stage) => (stage.stackStatusFails = new Error('not authorized'))],
  ])('fails when %s', async (_, wrong) => {
    const stage = await created();
    stage.world.set({ origin: 'EXTERNAL', tokens: ['s2'], status: 'PENDING' });
    stage.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
    stage.world.zone.records = [];
    wrong(stage);
    expect(await stage.update(properties(byo('s2', 'two'), WAIT), properties(byo('s1'), WAIT))).toMatchObject({ Status: 'FAILED' });
  });
});

describe('a request that may have overtaken another one comes to its end', () => {
  test('when SES has not verified yet: it is told once, and not each time that is looked again', async () => {
    const stage = await created();
    stage.world.set({ status: 'PENDING' });
    const back = await stage.update(properties(byo('s2', 'two')), properties());
    expect(back).toMatchObject({ Status: 'SUCCESS' });
    expect(stage.world.puts).toHaveLength(1);
  });

  test('when signing is switched off', async () => {
    const stage = await created();
    stage.world.set({ signingEnabled: false });
    expect(await stage.update(properties(byo('s2', 'two')), properties())).toMatchObject({ Status: 'SUCCESS' });
    expect(stage.world.puts).toHaveLength(1);
  });

  test('when SES refuses to lead a replica back', async () => {
    const stage = new Stage();
    stage.world.set({ origin: 'AWS_SES_EU_WEST_1', status: 'PENDING' });
    stage.world.putRefused = refusedBySes('no');
    expect(await stage.remove(elsewhere(DEED), MADE_UP)).toMatchObject({ Status: 'SUCCESS' });
    expect(stage.world.lines.filter((line) => line.includes('waiting-for-overtaken-request'))).toHaveLength(1);
  });

  test('when CloudFormation’s time ends before it is quiet', async () => {
    const stage = await created();
    let others = 0;
    stage.world.onPause = () => stage.world.set({ tokens: [`other${++others}`] });
    expect(await stage.update(properties(byo('s2', 'two')), properties())).toMatchObject({ Status: 'SUCCESS' });
    expect(stage.sent.length).toBeLessThan(4);
  });
});

describe('a request that is too old', () => {
  test.each([31, 90])('does nothing, after %d minutes in a queue', async (minutes) => {
    const stage = new Stage();
    const { ResponseURL } = stage.event({});
    stage.world.time += minutes * MINUTE;
    expect(await stage.answered({ ResponseURL })).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('too old') });
    expect(stage.world.puts).toEqual([]);
    expect(stage.world.zone.records).toEqual([]);
  });

  test('neither does a Delete', async () => {
    const stage = await created();
    const { ResponseURL } = stage.event({});
    stage.world.time += 90 * MINUTE;
    const records = [...stage.world.zone.records];
    await stage.answered({ RequestType: 'Delete', PhysicalResourceId: PHYSICAL_ID, ResponseURL });
    expect(stage.world.zone.records).toEqual(records);
  });
});

test('a key length that SES refuses on the way from BYODKIM leaves the record of the old key, and publishes the tokens that SES has now', async () => {
  const stage = await created();
  stage.worldFor = (_, ports) => ({
    ...ports,
    ses: {
      ...ports.ses,
      putSigning: async (attributes) => {
        if ('keyLength' in attributes && attributes.keyLength) throw refusedBySes('once a day');
        return ports.ses.putSigning(attributes);
      },
    },
  });
  const answer = await stage.update(properties(), properties({ Method: 'EASY_DKIM', KeyLength: 'RSA_1024_BIT' }));
  expect(answer).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('SES allows that once in 24 hours') });
  const cnames = stage.world.identity.tokens.map((token) => expect.stringContaining(`CNAME ${token}.`));
  expect(stage.world.zone.contents).toEqual([...cnames, LINE('s1')]);
});

describe('a request that Lambda repeats although it was answered', () => {
  test.each([['Create', 'UPDATE_IN_PROGRESS'], ['Create', 'CREATE_COMPLETE'], ['Update', 'UPDATE_COMPLETE'], ['Create', 'CREATE_FAILED']] as const)(
    'does nothing (%s, the resource is %s)', async (RequestType, status) => {
      const stage = await created();
      const { ResponseURL } = stage.event({});
      await stage.update(properties(), properties(byo('s2', 'two')));
      stage.world.set({ status: 'SUCCESS' });
      stage.world.time += MINUTE;
      stage.resourceStatus = status;
      const before = [answers.length, stage.world.puts.length, stage.world.zone.records];
      await stage.run({ RequestType, PhysicalResourceId: RequestType === 'Create' ? undefined : PHYSICAL_ID, ResponseURL });
      expect([answers.length, stage.world.puts.length, stage.world.zone.records]).toEqual(before);
    });

  test('is carried out while CloudFormation waits for it, whatever it calls a roll-back', async () => {
    for (const status of ['UPDATE_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS']) {
      const stage = await created();
      const { ResponseURL } = stage.event({});
      stage.world.time += MINUTE;
      stage.resourceStatus = status;
      const answer = await stage.answered({ RequestType: 'Update', PhysicalResourceId: PHYSICAL_ID, OldResourceProperties: properties(), ResponseURL });
      expect(answer).toMatchObject({ Status: 'SUCCESS' });
    }
  });

  test('is carried out when it was not answered, and when CloudFormation does not say', async () => {
    for (const stackStatusFails of [undefined, new Error('not authorized')]) {
      const stage = new Stage();
      const { ResponseURL } = stage.event({});
      stage.world.time += MINUTE;
      stage.stackStatusFails = stackStatusFails;
      expect(await stage.answered({ ResponseURL })).toMatchObject({ Status: 'SUCCESS' });
    }
  });

  test('is not looked up while it is new, nor when an earlier run has sent it on', async () => {
    const stage = new Stage();
    stage.resourceStatus = 'UPDATE_COMPLETE';
    expect(await stage.answered({})).toMatchObject({ Status: 'SUCCESS' });
    const { ResponseURL } = stage.event({});
    stage.world.time += MINUTE;
    expect(await stage.answered({ ResponseURL, Progress: { signingPut: true } })).toMatchObject({ Status: 'SUCCESS' });
  });
});

describe('what a Create has made goes', () => {
  test('when it failed, also with RETAIN', async () => {
    const stage = new Stage();
    stage.world.set({ status: 'SUCCESS' });
    stage.world.publicAnswer = () => [{ nameServer: 'ns1', values: [] }];
    const { PhysicalResourceId } = await stage.answered({ ResourceProperties: properties(byo('s1'), RETAIN) });
    await stage.remove(properties(byo('s1'), RETAIN), PhysicalResourceId);
    expect(stage.world.zone.records).toEqual([]);
  });

  test('when it failed after SES was told, also with RETAIN', async () => {
    const stage = new Stage();
    const { PhysicalResourceId } = await stage.answered({ ResourceProperties: properties(byo('s1'), { ...RETAIN, ...WAIT }) });
    expect(PhysicalResourceId).toBe(`failed/${PHYSICAL_ID}`);
    await stage.remove(properties(byo('s1'), { ...RETAIN, ...WAIT }), PhysicalResourceId);
    expect(stage.world.zone.records).toEqual([]);
    expect(stage.world.identity.origin).toBe('AWS_SES');
  });

  test.each(['failed', 'untouched'])('but not what was made in its place (%s)', async (course) => {
    const stage = await created();
    const records = [...stage.world.zone.records];
    stage.physicalIdNow = PHYSICAL_ID;
    expect(await stage.remove(properties(), `${course}/${PHYSICAL_ID}`)).toMatchObject({ Status: 'SUCCESS' });
    expect(stage.world.zone.records).toEqual(records);
    expect(stage.world.puts).toEqual([]);
  });

  test('when CloudFormation does not say what there is now', async () => {
    const stage = await created();
    stage.stackStatusFails = new Error('not authorized');
    await stage.remove(properties(), `failed/${PHYSICAL_ID}`);
    expect(stage.world.zone.records).toEqual([]);
    expect(stage.world.lines.join('')).toContain('stack-unknown');
  });

  test('but not by the id of another identity', async () => {
    const stage = await created();
    const records = [...stage.world.zone.records];
    for (const id of ['us-east-1/other.com', 'untouched/us-east-1/other.com', `failed/eu-west-1/${DOMAIN}`]) {
      expect(await stage.remove(properties(), id)).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id });
    }
    expect(stage.world.zone.records).toEqual(records);
    expect(stage.world.puts).toEqual([]);
  });

  test('as far as the role still lets it', async () => {
    const stage = await created();
    stage.world.zone.change = () => Promise.reject(new ZoneGoneError('The role gives no access any more.'));
    expect(await stage.remove(properties())).toMatchObject({ Status: 'SUCCESS' });
    expect(stage.world.identity.origin).toBe('AWS_SES');
    expect(stage.world.lines.join('')).toContain('zone-gone');
  });
});

test('a Delete of what was just made waits for fresh policies, as a Create does', async () => {
  const stage = new Stage();
  const from = stage.world.time;
  stage.worldFor = (_, ports) => ({
    ...ports,
    ses: {
      ...ports.ses,
      read: () => ports.patience.insist('GetEmailIdentity', async () => {
        if (stage.world.time - from < 40_000) throw Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' });
        return ports.ses.read();
      }),
    },
  });
  expect(await stage.remove(elsewhere(byo('s1')), MADE_UP)).toMatchObject({ Status: 'SUCCESS' });
});

test.each([['the invocation', 15 * MINUTE], ['CloudFormation', 60 * MINUTE]])('a call that hangs is noticed before the time of %s is over', async (_, remaining) => {
  const stage = new Stage();
  stage.hangs = true;
  stage.remaining = remaining;
  stage.worldFor = (__, ports) => ({ ...ports, ses: { ...ports.ses, read: () => new Promise(() => {}) } });
  const began = stage.world.time;
  expect(await stage.answered({})).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('A call hung') });
  expect(stage.world.time - began).toBeLessThan(Math.min(remaining, 30 * MINUTE));
  expect(answers).toHaveLength(1);
});

test('a key under a selector that signs is not changed because SES cannot see its record for a moment', async () => {
  const stage = await created();
  stage.world.set({ status: 'TEMPORARY_FAILURE' });
  expect(await stage.update(properties(), properties(byo('s1', 'two')))).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('new selector') });
  expect(stage.world.zone.contents).toEqual([LINE('s1')]);
});

// Deployments of a rotating key: they make the first one, leave a rotation alone that goes on, and end it where its
// last call would come too late.
import { byo, DOMAIN, EASY, keyLine } from '../fixtures/aws-in-memory';
import { CURRENT, KEYS_ARN, KeysInMemory, NEXT, PEM, ROTATING } from '../fixtures/keys-in-memory';
import { answers, MINUTE, PHYSICAL_ID, properties, StackInMemory } from '../fixtures/stack-in-memory';

const rotating = (more: object = {}) => properties(byo('s1'), { Signing: { ...ROTATING, ...more } });
const SCHEDULED = rotating({ Schedule: 'cron(0 3 1 * ? *)' });
const RIGHT_AFTER = 30_000;

let stack: StackInMemory;
let keys: KeysInMemory;

/** Signs with the current key, `s1`, which SES has verified. */
beforeEach(async () => {
  stack = new StackInMemory();
  keys = new KeysInMemory(stack.aws);
  stack.servicesFor = (services) => keys.among(services);
  keys.add(CURRENT, 'AWSCURRENT', 's1', PEM.one);
  await stack.answered({ ResourceProperties: rotating() });
  expect(answers.at(-1)?.body).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: PHYSICAL_ID });
  stack.aws.set({ status: 'SUCCESS' });
  stack.aws.time += MINUTE;
  stack.aws.puts.length = 0;
});

async function nextKeyTold(): Promise<void> {
  keys.addNext();
  await keys.step('setSecret');
  stack.aws.puts.length = 0;
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const began = stack.aws.time;
  await work();
  return stack.aws.time - began;
}

const update = async (to: Record<string, unknown>, from = rotating()) => {
  const { Status, Reason, Data } = await stack.update(from, to);
  expect({ Status, Reason }).toMatchObject({ Status: 'SUCCESS' });
  return Data;
};

test('of an empty secret a Create makes the key, publishes it, and says which it is', async () => {
  stack = new StackInMemory();
  keys = new KeysInMemory(stack.aws);
  stack.servicesFor = (services) => keys.among(services);
  await stack.answered({ ResourceProperties: rotating() });
  const selector = keys.selectorOf('AWSCURRENT')!;
  expect(answers.at(-1)?.body).toMatchObject({ Status: 'SUCCESS', Data: { Selector: selector, DkimStatus: 'PENDING' } });
  expect(stack.aws.identity.tokens).toEqual([selector]);
  expect(stack.aws.zone.contents).toEqual([expect.stringContaining(`TXT ${selector}._domainkey.${DOMAIN} `)]);
});

describe('while a rotation goes on', () => {
  test('an update that changes something else leaves it alone', async () => {
    await nextKeyTold();
    stack.aws.set({ status: 'SUCCESS' });
    expect(await update({ ...rotating(), RecordTtl: '600' })).toMatchObject({ Selector: 'n1' });
    expect(stack.aws.puts).toEqual([]);
    expect(keys.idOf('AWSPENDING')).toBe(NEXT);
    expect(stack.aws.zone.contents).toEqual([keyLine('n1', 'two'), keyLine('s1')]);
  });

  test('as long as SES has not verified the next key, an update tells it no other one', async () => {
    await nextKeyTold();
    expect(await update({ ...rotating(), RecordTtl: '600' })).toMatchObject({ Selector: 'n1' });
    expect(stack.aws.identity.tokens).toEqual(['n1']);
    expect(keys.idOf('AWSPENDING')).toBe(NEXT);
    stack.aws.set({ status: 'SUCCESS' });
    await keys.step('finishSecret');
    expect(keys.selectorOf('AWSCURRENT')).toBe('n1');
  });

  test('a new schedule makes the next key the current one where SES has verified it, and waits for its last call', async () => {
    await nextKeyTold();
    stack.aws.set({ status: 'SUCCESS' });
    expect(await took(() => update(SCHEDULED))).toBeGreaterThanOrEqual(RIGHT_AFTER);
    expect(keys.selectorOf('AWSCURRENT')).toBe('n1');
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
    expect(stack.aws.puts).toEqual([]);
  });

  test('a new schedule takes the next key back where SES has not', async () => {
    await nextKeyTold();
    expect(await took(() => update(SCHEDULED))).toBeGreaterThanOrEqual(RIGHT_AFTER);
    expect(stack.aws.identity.tokens).toEqual(['s1']);
    expect(keys.selectorOf('AWSCURRENT')).toBe('s1');
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
  });

  test('a new schedule clears a version that has no key yet', async () => {
    keys.begin();
    await update(SCHEDULED);
    expect(keys.idOf('AWSPENDING')).toBeUndefined();
  });

  test.each([['a key of the own', properties(byo('s2', 'two'))], ['Easy DKIM', properties(EASY)]])(
    'the way to %s ends it: what comes of it later tells SES nothing', async (_, to) => {
      await nextKeyTold();
      expect(await took(() => update(to))).toBeGreaterThanOrEqual(RIGHT_AFTER);
      expect(keys.idOf('AWSPENDING')).toBeUndefined();
      const { identity } = stack.aws;
      await expect(keys.step('setSecret')).rejects.toThrow('is being changed to sign otherwise');
      expect(stack.aws.identity).toEqual(identity);
    });

  test('a Delete ends it, and leaves nothing', async () => {
    await nextKeyTold();
    expect(await took(() => stack.remove(rotating()))).toBeGreaterThanOrEqual(RIGHT_AFTER);
    expect(stack.aws.zone.records).toEqual([]);
    expect(stack.aws.identity).toMatchObject({ origin: 'AWS_SES', tags: {} });
    await expect(keys.step('setSecret')).rejects.toThrow('has no label of a rotation');
    expect(stack.aws.identity.origin).toBe('AWS_SES');
  });
});

describe('where none goes on', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['a new schedule', () => update(SCHEDULED)],
    ['the way to Easy DKIM', () => update(properties(EASY))],
    ['a Delete', () => stack.remove(rotating())],
  ])('%s does not wait for one', async (_, deploy) => {
    expect(await took(deploy)).toBeLessThan(RIGHT_AFTER);
  });
});

describe('a secret that is gone', () => {
  beforeEach(() => void (keys.isGone = true));

  test('keeps no Delete from its end', async () => {
    await expect(stack.remove(rotating())).resolves.toMatchObject({ Status: 'SUCCESS' });
    expect(stack.aws.zone.records).toEqual([]);
    expect(stack.aws.identity.origin).toBe('AWS_SES');
  });

  test('keeps nobody from another signing; the old record stays for its overlap', async () => {
    await update(properties(byo('s2', 'two')));
    expect(stack.aws.identity.tokens).toEqual(['s2']);
    expect(stack.aws.zone.contents).toEqual([keyLine('s1'), keyLine('s2', 'two')]);
  });

  test('is named where it is needed, and what is there stays', async () => {
    const { Status, Reason } = await stack.update(rotating(), { ...rotating(), RecordTtl: '600' });
    expect(Status).toBe('FAILED');
    expect(Reason).toContain(`The secret ${KEYS_ARN} with the rotating key is gone`);
    expect(stack.aws.puts).toEqual([]);
    expect(stack.aws.zone.contents).toEqual([keyLine('s1')]);
  });
});

test('an update to another identity that never answered is rolled back: nothing is left of the other', async () => {
  const other = 'other.example.com';
  const elsewhere = { ...rotating(), Identity: other };
  await stack.answered({
    RequestType: 'Update', PhysicalResourceId: PHYSICAL_ID, OldResourceProperties: rotating(), ResourceProperties: elsewhere,
  });
  expect(stack.aws.identities.get(`${other} in us-east-1`)).toMatchObject({ origin: 'EXTERNAL' });
  stack.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
  await update(rotating(), elsewhere);
  expect(stack.aws.identities.get(`${other} in us-east-1`)).toMatchObject({ origin: 'AWS_SES' });
  expect(stack.aws.zone.contents).toEqual([keyLine('s1')]);
  expect(stack.aws.identity.tokens).toEqual(['s1']);
});

test('an update that fails after the next key was told is rolled back to what goes on', async () => {
  await nextKeyTold();
  stack.aws.putRefused = new Error('no');
  const { Status } = await stack.update(rotating(), properties(byo('s2', 'two')));
  expect(Status).toBe('FAILED');
  stack.aws.putRefused = undefined;
  stack.stackStatus = 'UPDATE_ROLLBACK_IN_PROGRESS';
  await update(rotating(), properties(byo('s2', 'two')));
  const [selector] = stack.aws.identity.tokens;
  expect(selector).toBe(keys.selectorOf('AWSCURRENT'));
  expect(stack.aws.zone.contents).toContain(keyLine('s1'));
});

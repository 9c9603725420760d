// Level, not edge: whenever the process dies, or a call fails, what comes next ends where it should.
//
// Each loop goes through every call that an undisturbed run makes: before the call, and after its effect. A process
// that dies catches nothing.
import { DesiredState } from '../../../lambda/base/desired-state';
import { Progress } from '../../../lambda/signing/task';
import {
  AwsInMemory, byo, Crash, DEED, EASY, keyLine, SHORTER, tokenLines, verified, wanting,
} from '../fixtures/aws-in-memory';

const ELSEWHERE = { zone: { id: 'ZONE2', ttl: 1800, overwrite: false } };
const CHANGES: [string, DesiredState | undefined, DesiredState][] = [
  ['nothing to Easy DKIM', undefined, wanting(EASY)],
  ['nothing to BYODKIM', undefined, wanting(byo('s1'))],
  ['nothing to DEED', undefined, wanting(DEED)],
  ['Easy DKIM to BYODKIM', wanting(EASY), wanting(byo('s1'))],
  ['BYODKIM to Easy DKIM', wanting(byo('s1')), wanting(EASY)],
  ['Easy DKIM to DEED', wanting(EASY), wanting(DEED)],
  ['DEED to Easy DKIM', wanting(DEED), wanting(EASY)],
  ['DEED to BYODKIM', wanting(DEED), wanting(byo('s1'))],
  ['BYODKIM to DEED', wanting(byo('s1')), wanting(DEED)],
  ['one selector to another', wanting(byo('s1')), wanting(byo('s2', 'two'))],
  ['one key length to another', wanting(EASY), wanting(SHORTER)],
  ['one zone to another', wanting(byo('s1')), wanting(byo('s1'), ELSEWHERE)],
  ['a zone to none', wanting(byo('s1')), wanting(byo('s1'), { zone: undefined })],
];
const METHODS: [string, DesiredState][] = [
  ['Easy DKIM', wanting(EASY)], ['BYODKIM', wanting(byo('s1'))], ['DEED', wanting(DEED)],
];

/** The stack is deployed as it was before, and the parent of a replica is verified. */
async function awsWith(before: DesiredState | undefined): Promise<AwsInMemory> {
  const aws = new AwsInMemory();
  aws.addZone('ZONE2');
  aws.set({ status: 'SUCCESS' }, 'eu-west-1');
  return before ? verified(before, aws) : aws;
}

function state({ zones, identity }: AwsInMemory) {
  return {
    records: [...zones.values()].map(({ contents }) => contents.map((one) => one.replace(/[abc]{30}\d\d/g, 'token'))),
    registries: [...zones.values()].map(({ registries }) =>
      registries.map((lines) => lines.map((one) => one.replace(/[abc]{30}\d\d|digest=\w+/g, '')).sort())),
    origin: identity.origin,
    selector: identity.origin === 'EXTERNAL' ? identity.tokens : [],
    keyLength: identity.origin === 'AWS_SES' ? identity.nextKeyLength : undefined,
  };
}

type Run = (aws: AwsInMemory) => Promise<unknown>;

/** Every call of an undisturbed run, by its number. */
async function callsOf(before: DesiredState | undefined, run: Run): Promise<number[]> {
  const aws = await awsWith(before);
  const { calls } = aws;
  await run(aws);
  return Array.from({ length: aws.calls - calls }, (_, index) => index + 1);
}

async function diedAt(call: number, before: DesiredState | undefined, run: Run): Promise<AwsInMemory> {
  const aws = await awsWith(before);
  aws.crashAt = aws.calls + call;
  await expect(run(aws)).rejects.toThrow(Crash);
  return aws;
}

/** The handler may go on without what failed. */
async function failedAt(call: number, before: DesiredState | undefined, run: Run): Promise<AwsInMemory> {
  const aws = await awsWith(before);
  aws.failAt = aws.calls + call;
  await run(aws).catch(() => undefined);
  expect(aws.calls).toBeGreaterThanOrEqual(aws.failAt);
  return aws;
}

test.each(CHANGES)('%s: after a death at any point, a repeat ends in the same place', async (_, before, after) => {
  const deploy: Run = (aws) => aws.reconcile(after, before);
  const straight = await awsWith(before);
  await deploy(straight);
  for (const call of await callsOf(before, deploy)) {
    const aws = await diedAt(call, before, deploy);
    await deploy(aws);
    expect({ call, ...state(aws) }).toEqual({ call, ...state(straight) });
  }
});

describe.each([['a death', diedAt], ['a failure', failedAt]])('after %s at any point', (_, disturbedAt) => {
  const updates = CHANGES.filter(([, before]) => before);
  test.each(updates)('%s is rolled back: the old signing and the old records hold', async (__, before, after) => {
    const deploy: Run = (aws) => aws.reconcile(after, before);
    for (const call of await callsOf(before, deploy)) {
      const was = await awsWith(before);
      const aws = await disturbedAt(call, before, deploy);
      await aws.reconcile(before!, after);
      const { records, registries, ...signs } = state(was);
      expect({ call, ...state(aws) }).toMatchObject({ call, ...signs });
      const { method } = before!.signing;
      if (method === 'BYODKIM') expect(aws.zone.contents).toEqual(expect.arrayContaining(was.zone.contents));
      if (method === 'EASY_DKIM') expect(aws.zone.contents).toEqual(expect.arrayContaining(tokenLines(aws)));
    }
  });

  test.each(METHODS)('a Create with %s is undone by its Delete: nothing of ours is left', async (__, desired) => {
    for (const call of await callsOf(undefined, (aws) => aws.reconcile(desired))) {
      const progress: Progress = { signingPut: false };
      const aws = await disturbedAt(call, undefined, (made) => made.reconcile(desired, undefined, { progress }));
      // CloudFormation makes the id up where it got no answer.
      const create = disturbedAt === diedAt ? 'unanswered' : progress.signingPut ? 'failed' : 'untouched';
      await aws.release(desired, { create });
      const { zone: { records }, identity: { origin } } = aws;
      expect({ call, records, origin }).toEqual({ call, records: [], origin: 'AWS_SES' });
    }
  });

  test.each(METHODS)('a Delete of %s that is repeated ends: nothing of ours is left', async (__, desired) => {
    const remove: Run = (aws) => aws.release(desired);
    for (const call of await callsOf(desired, remove)) {
      const aws = await disturbedAt(call, desired, remove);
      await remove(aws);
      const { zone: { records }, identity: { origin } } = aws;
      expect({ call, records, origin }).toEqual({ call, records: [], origin: 'AWS_SES' });
    }
  });
});

test('publish before use: whenever a process dies, SES knows no key whose record is not in the zone', async () => {
  const deploy: Run = (aws) => aws.reconcile(wanting(byo('s1')));
  const told: boolean[] = [];
  for (const call of await callsOf(undefined, deploy)) {
    const aws = await diedAt(call, undefined, deploy);
    told.push(aws.puts.length > 0);
    if (told.at(-1)) expect(aws.zone.contents).toEqual([keyLine('s1')]);
  }
  expect(new Set(told)).toEqual(new Set([false, true]));
});

test('what SES signs with stays published: when a Delete dies, SES was led back before the record went', async () => {
  const remove: Run = (aws) => aws.release(wanting(byo('s1')));
  const gone: boolean[] = [];
  for (const call of await callsOf(wanting(byo('s1')), remove)) {
    const aws = await diedAt(call, wanting(byo('s1')), remove);
    gone.push(aws.zone.contents.length === 0);
    if (gone.at(-1)) expect(aws.identity.origin).toBe('AWS_SES');
  }
  expect(new Set(gone)).toEqual(new Set([false, true]));
});

test.each(CHANGES)('%s: done twice, the second time writes nothing', async (_, before, after) => {
  const aws = await awsWith(before);
  await aws.reconcile(after, before);
  aws.set({ status: 'SUCCESS' });
  const zones = [...aws.zones.values()].map((zone) => ({ zone, records: zone.records }));
  aws.puts.length = 0;
  await aws.reconcile(after, before);
  expect(aws.puts).toEqual([]);
  for (const { zone, records } of zones) expect(zone.records).toBe(records); // each batch makes another array
});

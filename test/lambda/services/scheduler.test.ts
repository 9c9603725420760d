// Tests of the call that has the function called again later.
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { Retry } from '../../../lambda/base/retry';
import { schedulerOf } from '../../../lambda/services/scheduler';
import { JumpingClock, jumpingTime } from '../fixtures/jumping-time';

const SCHEDULES = { group: 'Group', roleArn: 'arn:role', functionArn: 'arn:function' };
const EVENT = { RequestType: 'Create', Text: '<aws.scheduler.execution-id>' };

function error(name: string, message = name): Error {
  return Object.assign(new Error(message), { name });
}

/** Wakes in so many milliseconds, when the service first gives these errors. Gives what it was sent last. */
async function wake(inMs: number, ...errors: Error[]): Promise<any> {
  const clock = new JumpingClock();
  const sent: any[] = [];
  const send = async ({ input }: { input: any }) => {
    sent.push(input);
    const next = errors.shift();
    if (next) throw next;
  };
  const time = jumpingTime(clock);
  const retry = new Retry({ time, log: () => undefined, end: clock.now() + 600_000, accessGraceMs: 120_000 });
  await schedulerOf({ send } as unknown as SchedulerClient, SCHEDULES, retry).wake('name', clock.now() + inMs, EVENT);
  return { ...sent.at(-1), calls: sent.length };
}

test('a schedule for one time calls the function with the event, and is deleted then', async () => {
  const { Target: { Input, ...target }, ...schedule } = await wake(60_000);
  expect(schedule).toMatchObject({
    Name: 'name',
    GroupName: 'Group',
    ScheduleExpression: 'at(2026-01-05T00:01:00)',
    ActionAfterCompletion: 'DELETE',
    FlexibleTimeWindow: { Mode: 'OFF' },
  });
  expect(target).toMatchObject({ Arn: 'arn:function', RoleArn: 'arn:role' });
  expect(JSON.parse(Input)).toEqual(EVENT);
});

test('nothing in the event is text that Scheduler replaces', async () => {
  expect((await wake(60_000)).Target.Input).not.toContain('<');
});

test.each<[string, Error]>([
  ['throttles', error('ThrottlingException')],
  ['does not know the new role yet', error('ValidationException', 'The execution role you provide must allow AWS '
    + 'EventBridge Scheduler to assume the role.')],
  ['does not know the new policy yet', error('AccessDeniedException')],
])('a service that %s is asked again', async (_, refusal) => {
  expect(await wake(60_000, refusal, refusal)).toMatchObject({ calls: 3 });
});

test('a time that has come meanwhile is put off, as it would be refused', async () => {
  const { ScheduleExpression } = await wake(2_000, ...Array.from({ length: 4 }, () => error('ThrottlingException')));
  const at = Date.parse(`${ScheduleExpression.slice(3, -1)}Z`);
  expect(at).toBeGreaterThan(Date.UTC(2026, 0, 5) + 2_000);
});

test('a name that is taken means that an earlier try has come through', async () => {
  await expect(wake(60_000, error('ConflictException'))).resolves.toMatchObject({ calls: 1 });
});

test('any other refusal is an error', async () => {
  await expect(wake(60_000, error('ValidationException', 'Invalid Schedule Expression'))).rejects.toThrow('Invalid');
  await expect(wake(60_000, error('ServiceQuotaExceededException', 'too many'))).rejects.toThrow('too many');
});

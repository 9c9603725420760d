// Tests of the call that invokes a function without waiting for its end.
import { LambdaClient } from '@aws-sdk/client-lambda';
import { Retry } from '../../../lambda/base/retry';
import { invokeAsynchronously } from '../../../lambda/services/lambda';

test('the event goes into the queue of the function, also when Lambda is busy at first', async () => {
  const sent: { FunctionName: string; InvocationType: string; event: unknown }[] = [];
  let busy = 2;
  const send = async ({ input: { Payload, ...input } }: { input: any }) => {
    if (busy-- > 0) throw Object.assign(new Error('busy'), { name: 'TooManyRequestsException' });
    sent.push({ ...input, event: JSON.parse(Buffer.from(Payload).toString()) });
  };
  const time = { now: () => 0, sleep: async () => undefined };
  const retry = new Retry({ time, log: () => undefined, end: Infinity, accessGraceMs: 0 });
  await invokeAsynchronously({ send } as unknown as LambdaClient, 'Handler', { RequestType: 'Create' }, retry);
  expect(sent).toEqual([{ FunctionName: 'Handler', InvocationType: 'Event', event: { RequestType: 'Create' } }]);
});

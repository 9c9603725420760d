// Lambda's call that invokes a function, without waiting for its end.
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { Retry } from '../base/retry';

/** Returns when Lambda has put the event into its queue. */
export async function invokeAsynchronously(
  client: LambdaClient, FunctionName: string, event: unknown, retry: Retry,
): Promise<void> {
  const Payload = Buffer.from(JSON.stringify(event));
  const command = new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload });
  await retry.call('Invoke', () => client.send(command));
}

// Lambda's call that starts a function once more, with an event of ours.
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { Patience } from '../base/patience';

/** Returns when Lambda has put the event into its queue. */
export async function invokeAsynchronously(client: LambdaClient, FunctionName: string, event: unknown, patience: Patience): Promise<void> {
  const command = new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: Buffer.from(JSON.stringify(event)) });
  await patience.insist('Invoke', () => client.send(command));
}

// The entry of the function that Secrets Manager calls for each step of a rotation, and a schedule for what is due.
import { onEvent } from './on-event';
import { allServices } from '../services/all-services';
import { surroundings } from '../services/surroundings';

export async function handler(
  event: Readonly<Record<string, unknown>>,
  { getRemainingTimeInMillis, invokedFunctionArn: functionArn }: {
    readonly getRemainingTimeInMillis: () => number;
    readonly invokedFunctionArn: string;
  },
): Promise<void> {
  await onEvent(event, getRemainingTimeInMillis(), { ...surroundings, functionArn, services: allServices });
}

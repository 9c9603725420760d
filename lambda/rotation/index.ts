// The entry of the function that Secrets Manager calls for each step of a rotation, and a schedule for what is due.
import { setTimeout as sleep } from 'node:timers/promises';
import { Environment, onEvent } from './on-event';
import { allServices, REGION } from '../services/all-services';

const ENVIRONMENT: Environment = {
  region: REGION,
  time: { now: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, { signal }) },
  write: (line) => void process.stdout.write(line),
  services: allServices,
};

export async function handler(
  event: Readonly<Record<string, unknown>>, { getRemainingTimeInMillis }: { getRemainingTimeInMillis: () => number },
): Promise<void> {
  await onEvent(event, getRemainingTimeInMillis(), ENVIRONMENT);
}

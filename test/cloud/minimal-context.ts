// The surroundings of one service, for the service's own tests: simulated time and real IAM, but no functions.
import { cloudCore, CloudCore } from './cloud-core';
import { CloudContext } from './http-service';
import { seedOfThisRun } from './time/seed';

export type MinimalContext = CloudContext & CloudCore;

export function minimalContext(): MinimalContext {
  return { ...cloudCore(seedOfThisRun()), abandonConnection: () => undefined, killProcess: () => undefined };
}

/** The error a promise rejects with. */
export async function refusal(promise: Promise<unknown>): Promise<Error & { $metadata?: { httpStatusCode?: number } }> {
  return promise.then(
    (value) => { throw new Error(`was not refused but answered ${JSON.stringify(value)}`); },
    (error: Error) => error,
  );
}

// Just enough cloud around one service for the service's own tests: a clock that stands at the real time, real IAM, no processes to kill.
import { Clock } from './clock';
import { Credentials } from './credentials';
import { Faults } from './faults';
import { CloudContext } from './http-service';
import { Iam } from './iam';

export interface MinimalContext extends CloudContext {
  readonly iam: Iam;
}

export function minimalContext(): MinimalContext {
  const iam = new Iam();
  return {
    iam,
    clock: Clock.running(1),
    faults: new Faults(),
    credentials: new Credentials(),
    calls: [],
    killProcess: () => undefined,
    authorize: (principal, action, resource, context) => iam.authorize(principal, action, resource, context),
  };
}

/** Resolves when it has become true; a test that waits for what never comes ends by jest's time-out. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The error a promise rejects with. */
export async function refusal(promise: Promise<unknown>): Promise<Error & { $metadata?: { httpStatusCode?: number } }> {
  return promise.then(
    (value) => { throw new Error(`was not refused but answered ${JSON.stringify(value)}`); },
    (error: Error) => error,
  );
}

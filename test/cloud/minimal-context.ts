// Just enough cloud around one service for the service's own tests: simulated time, real IAM, no processes to kill.
import { Credentials } from './credentials';
import { Faults } from './faults';
import { CloudContext } from './http-service';
import { Iam } from './iam';
import { Network } from './network';
import { seededRandom } from './time/random';
import { seedOfThisRun } from './time/seed';
import { SimulatedClock } from './time/simulated-clock';

export interface MinimalContext extends CloudContext {
  readonly clock: SimulatedClock;
  readonly iam: Iam;
}

export function minimalContext(): MinimalContext {
  const iam = new Iam();
  const seed = seedOfThisRun();
  return {
    iam,
    clock: new SimulatedClock(seededRandom(seed, 'clock')),
    random: seededRandom(seed, 'cloud'),
    network: new Network(),
    faults: new Faults(),
    credentials: new Credentials(),
    calls: [],
    abandonConnection: () => undefined,
    killProcess: () => undefined,
    authorize: (principal, action, resource, context) => iam.authorize(principal, action, resource, context),
  };
}

/** The error a promise rejects with. */
export async function refusal(promise: Promise<unknown>): Promise<Error & { $metadata?: { httpStatusCode?: number } }> {
  return promise.then(
    (value) => { throw new Error(`was not refused but answered ${JSON.stringify(value)}`); },
    (error: Error) => error,
  );
}

// What every local cloud has, however many services it runs: a clock, IAM, credentials, faults and the log of calls.
import { Credentials } from './credentials';
import { Faults } from './faults';
import { CloudContext } from './http-service';
import { Iam } from './iam';
import { Network } from './network';
import { seededRandom } from './time/random';
import { SimulatedClock } from './time/simulated-clock';

export interface CloudCore extends Omit<CloudContext, 'abandonConnection' | 'killProcess'> {
  readonly clock: SimulatedClock;
  readonly iam: Iam;
}

/** @param seed decides all ids and names, and which of several sleepers is woken first */
export function cloudCore(seed: number): CloudCore {
  const random = seededRandom(seed, 'cloud');
  const iam = new Iam();
  return {
    iam,
    random,
    clock: new SimulatedClock(seededRandom(seed, 'clock')),
    network: new Network(),
    faults: new Faults(),
    credentials: new Credentials(random),
    calls: [],
    authorize: (principal, action, resource, conditions) => iam.authorize(principal, action, resource, conditions),
  };
}

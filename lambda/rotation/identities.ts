// The care for identities that no secret of ours speaks of: retires what is due.
//
// What the event says of an identity is what its custom resource has. Anybody who may call the function can say
// anything there. So it decides nothing: what is due stands in the registry record of the owner, and SES says what is
// in use.
import { IdentitiesEvent, isBeside } from './event';
import { Run } from './run';
import { nameOf, reasonOf } from '../base/describe-error';
import { WantedState } from '../base/desired-state';
import { HandlerError } from '../base/errors';
import { logTo } from '../base/log';
import { Owner, ownerOf } from '../base/owner';
import { LOGICAL_ID, parseProperties } from '../base/properties';
import { Retry } from '../base/retry';
import { retireDue } from '../signing/superseded';

/** SES takes one call a second. */
const PACE_MS = 1_500;
/** New policies are known everywhere after seconds, rarely minutes. */
const ACCESS_GRACE_MS = 60_000;

interface Cared {
  readonly wanted: WantedState;
  readonly owner: Owner;
}

/** Nothing of an identity hinders the others, not even that it has to be waited for. */
export async function careForIdentities(run: Run, event: IdentitiesEvent): Promise<void> {
  const { stackId } = event;
  if (!isBeside(stackId, run.functionArn)) {
    throw new HandlerError("The event's StackId is of another account or Region than this function");
  }
  const failures: string[] = [];
  await Promise.all(event.identities.map(async (each, index) => {
    try {
      const cared = settingsOf(each, stackId, run.region);
      await run.time.sleep(index * PACE_MS);
      await careFor(run, cared, stackId);
    } catch (error) {
      const reason = reasonOf(error);
      run.log('care-failed', { errorName: nameOf(error), message: reason });
      failures.push(reason);
    }
  }));
  if (failures.length > 0) throw new HandlerError(failures.join(' '));
}

/** Nothing is published here, and what is due has its date. So the properties that speak of that count for nothing. */
function settingsOf(
  { LogicalResourceId: logicalId, RecordConflict, RecordOverlap, ...properties }: Readonly<Record<string, unknown>>,
  stackId: string, region: string,
): Cared {
  const wanted = parseProperties(properties, region);
  if (typeof logicalId !== 'string' || !LOGICAL_ID.test(logicalId)) {
    throw new HandlerError("The event's LogicalResourceId is missing, or not of its form");
  }
  if (wanted.signing.method === 'ROTATING_BYODKIM') {
    throw new HandlerError("The event's Identities have a rotating key, whose care goes by its secret");
  }
  return { wanted, owner: ownerOf(stackId, logicalId, wanted) };
}

async function careFor(run: Run, { wanted, owner }: Cared, stackId: string): Promise<void> {
  const { redactor, time, end } = run;
  const log = logTo(run.write, redactor, { requestType: 'care' });
  log('received', { records: [wanted.domain] });
  redactor.show(stackId);
  const retry = new Retry({ time, log, end, accessGraceMs: ACCESS_GRACE_MS });
  await retireDue({ wanted, owner, services: run.services(wanted, { retry, log, redactor }, stackId) }, async () => []);
  log('done');
}

// The care for identities that no secret of ours speaks of: retires what is due, and follows the user's secret.
//
// What the event says of an identity is what its custom resource has. Anybody who may call the function can say
// anything there, so the registry record in the zone has to agree (../signing/following.ts).
import { IdentitiesEvent } from './event';
import { LOOK_COUNTS_MS, Run } from './run';
import { LOGICAL_ID } from './secret-settings';
import { nameOf, reasonOf } from '../base/describe-error';
import { WantedState } from '../base/desired-state';
import { HandlerError } from '../base/errors';
import { logTo } from '../base/log';
import { Owner, ownerOf } from '../base/owner';
import { parseProperties } from '../base/properties';
import { Retry } from '../base/retry';
import { currentKey, Followed } from '../signing/followed-key';
import { follow, requireFollowed } from '../signing/following';
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
  const { stackId, changedSecret } = event;
  const failures: string[] = [];
  await Promise.all(event.identities.map(async (each, index) => {
    try {
      const cared = settingsOf(each, stackId, run.region);
      if (changedSecret !== undefined && !isSecret(changedSecret, secretOf(cared) ?? '')) return;
      await run.time.sleep(index * PACE_MS);
      await careFor(run, cared, event);
    } catch (error) {
      const reason = reasonOf(error);
      run.log('care-failed', { errorName: nameOf(error), message: reason });
      failures.push(reason);
    }
  }));
  if (failures.length > 0) throw new HandlerError(failures.join(' '));
}

/** The one that is followed. */
function secretOf({ wanted: { signing } }: Cared): string | undefined {
  return signing.method === 'FOLLOWED_BYODKIM' ? signing.secret.arn : undefined;
}

/** An ARN in a template can lack the six characters at the end. */
function isSecret(arn: string, named: string): boolean {
  return arn === named || (arn.startsWith(`${named}-`) && arn.length === named.length + '-abcdef'.length);
}

function settingsOf(
  { LogicalResourceId: logicalId, ...properties }: Readonly<Record<string, unknown>>, stackId: string, region: string,
): Cared {
  const wanted = parseProperties(properties, region);
  if (typeof logicalId !== 'string' || !LOGICAL_ID.test(logicalId)) {
    throw new HandlerError("The event's LogicalResourceId is missing, or not of its form");
  }
  return { wanted, owner: ownerOf(stackId, logicalId, wanted) };
}

async function careFor(run: Run, { wanted, owner }: Cared, { changedSecret, stackId }: IdentitiesEvent): Promise<void> {
  const { redactor, time, end } = run;
  const { domain, signing } = wanted;
  const secretArn = secretOf({ wanted, owner });
  const log = logTo(run.write, redactor, { requestType: secretArn ? 'follow' : 'care', secretArn });
  log('received', { records: [domain] });
  redactor.show(stackId, secretArn);
  const servicesWith = (fence?: () => Promise<void>) => {
    const retry = new Retry({ time, log, end, accessGraceMs: ACCESS_GRACE_MS, fence });
    return run.services(wanted, { retry, log, redactor }, stackId);
  };
  const services = servicesWith();
  const jobs = [
    async () => {
      if (changedSecret === undefined) await retireDue({ wanted, owner, services });
    },
    async () => {
      if (signing.method !== 'FOLLOWED_BYODKIM') return;
      const followed: WantedState & Followed = { ...wanted, signing };
      const next = await currentKey(signing, services);
      let looked = -Infinity;
      await follow({
        wanted: followed,
        owner,
        services: servicesWith(async () => {
          if (time.now() - looked < LOOK_COUNTS_MS) return;
          await requireFollowed({ wanted: followed, owner, services }, next);
          looked = time.now();
        }),
      }, next);
    },
  ];
  const failures: unknown[] = [];
  for (const job of jobs) await job().catch((error: unknown) => failures.push(error)); // one is not to hinder the other
  if (failures.length > 0) throw failures[0];
  log('done');
}

// Deterministic Easy DKIM: the identity is a replica of another Region's, with its keys and records.
import { deedOrigin, signsNow } from './ses-rules';
import { needsRestart, putSigning, SigningResult, Task } from './task';
import { Deed } from '../base/desired-state';
import { HandlerError } from '../base/errors';
import { IdentityState } from '../base/ports';

export async function signAsReplica(task: Task, { parentRegion }: Deed): Promise<SigningResult> {
  const { identity, services } = task;
  const origin = deedOrigin(parentRegion);
  if (identity.origin === origin && !needsRestart(task)) {
    services.log('signing-unchanged', { method: origin });
    return { records: [], status: identity.status, attributes: {}, isUnchanged: true };
  }
  await requireParent(task, parentRegion);
  const { status } = await putSigning(task, { origin });
  return { records: [], status, attributes: {} };
}

/**
 * SES would say only later, and less clearly, that the parent cannot be replicated. By then the replica would sign
 * nothing.
 */
async function requireParent({ desired, identity, services }: Task, parentRegion: string): Promise<void> {
  const { domain, region } = desired;
  const parent = await services.ses.readIn(parentRegion);
  const problem = parentRegion === region ? "that is the identity's own Region"
    : parent ? problemOf(parent, signsNow(identity)) : `there is no identity ${domain}`;
  if (problem === undefined) return;
  throw new HandlerError(`${domain} cannot replicate its parent in ${parentRegion}: ${problem}`,
    'The parent has to be an identity of the same domain with Easy DKIM, verified. Signing was not touched');
}

function problemOf({ origin, status }: IdentityState, replicaSigns: boolean): string | undefined {
  if (origin === 'EXTERNAL') return 'it signs with BYODKIM, and only Easy DKIM is replicated';
  if (origin?.startsWith('AWS_SES_')) return 'it is a replica itself';
  if (status !== 'SUCCESS' && replicaSigns) return `its DKIM status is ${status}, and the replica signs mail now`;
  return undefined;
}

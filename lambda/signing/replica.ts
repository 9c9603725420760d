// Deterministic Easy DKIM: the identity is a replica of another Region's, with its keys and records.
import { deedOrigin } from './ses-rules';
import { needsRearming, put, Signing, signsNow, Task } from './task';
import { DeedProperties } from '../../src/private/contract';

export async function signAsReplica(task: Task, signing: DeedProperties): Promise<Signing> {
  const { identity, world } = task;
  const origin = deedOrigin(signing.ParentRegion);
  if (identity.origin === origin && !needsRearming(task)) {
    world.log('signing-held', { method: origin });
    return { records: [], status: identity.status, attributes: {}, held: true };
  }
  await requireParent(task, signing.ParentRegion);
  const { status } = await put(task, { origin });
  return { records: [], status, attributes: {} };
}

/** SES would say only later, and less clearly, that the parent cannot be replicated; by then the replica would sign nothing. */
async function requireParent({ desired, identity, world }: Task, parentRegion: string): Promise<void> {
  const parent = await world.ses.readIn(parentRegion);
  const problem = !parent ? `there is no identity ${desired.identity}`
    : parent.origin === 'EXTERNAL' ? 'it signs with BYODKIM, and only Easy DKIM is replicated'
      : parent.origin?.startsWith('AWS_SES_') ? 'it is a replica itself'
        : parent.status !== 'SUCCESS' && signsNow(identity) ? `its DKIM status is ${parent.status}, and the replica signs mail now`
          : undefined;
  if (problem) {
    throw new Error(`${desired.identity} cannot replicate its parent in ${parentRegion}: ${problem}. `
      + 'The parent has to be an identity of the same domain with Easy DKIM, verified. Signing was not touched.');
  }
}

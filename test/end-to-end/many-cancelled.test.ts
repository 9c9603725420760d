// Identities of which CloudFormation cancels all at some moment. `npx projen cancelled` tries more of both, and
// fence.test.ts has fifty.
import { cancelledStack } from './cancelled-stack';

const CASES = [
  { identities: 1, failsAfterSeconds: 5 }, { identities: 1, failsAfterSeconds: 20 },
  { identities: 10, failsAfterSeconds: 13 }, { identities: 10, failsAfterSeconds: 40 },
];

describe.each(['create', 'update'] as const)('a request that no longer stands writes nothing (%s)', (request) => {
  test.each(CASES)('A1 $identities identities, and one that fails after $failsAfterSeconds seconds', async (each) => {
    const { status, wrong, left } = await cancelledStack({ ...each, request, seed: 1 });
    expect({ status, wrong, left })
      .toEqual({ status: request === 'create' ? 'ROLLBACK_COMPLETE' : 'UPDATE_ROLLBACK_COMPLETE', wrong: [], left: 0 });
  });
});

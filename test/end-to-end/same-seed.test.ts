// One seed, one history: the same calls in the same order, in every run and in both ways of running a function.
import { createHash } from 'node:crypto';
import { WAIT } from './methods';
import { Scene } from './scene';
import { FunctionMode } from '../cloud';

/** Each run listens on ports of its own. The URL for the answer has one, and is in what a schedule is given. */
function digest(body: string): string {
  return createHash('sha256').update(body.replace(/127\.0\.0\.1:\d+/g, '')).digest('hex').slice(0, 8);
}

/** All calls of a stack's life, one of them failing, with what they sent. */
async function calls(seed: number, functions: FunctionMode): Promise<string[]> {
  // SES takes its time, so that the function is called again later more than once.
  const scene = await Scene.withIdentity({ seed, functions, ses: { firstLook: 180_000 } });
  try {
    scene.cloud.faults.add({ service: 'ses', operation: 'PutEmailIdentityDkimSigningAttributes', kind: 'kill-after' });
    await scene.deployed('Mail', scene.byo('s1', scene.secrets.one, WAIT));
    scene.cloud.faults.add({ service: 'route53', operation: 'GetChange', skip: 1, kind: Scene.refusal() });
    await scene.deploy('Mail', scene.byo('s2', scene.secrets.two, WAIT));
    scene.cloud.faults.add({ service: 's3', kind: 'cut-before' });
    await scene.deployed('Mail', scene.easy(WAIT));
    await scene.destroy('Mail');
    return scene.cloud.calls.map(({ at, service, operation, region, status, error = '', body }) =>
      [at, service, operation, region, status, error, digest(body)].join(' '));
  } finally {
    await scene.stop();
  }
}

test('two runs with one seed make the same calls at the same moments, and another seed does not', async () => {
  const first = await calls(1, 'process');
  expect(first.length).toBeGreaterThan(60);
  expect(await calls(1, 'process')).toEqual(first);
  expect(await calls(2, 'process')).not.toEqual(first);
});

test.each([1, 2, 3])('a process of its own and the test\'s own process make the same calls (seed %d)', async (seed) => {
  expect(await calls(seed, 'in-process')).toEqual(await calls(seed, 'process'));
});

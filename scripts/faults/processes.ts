// Runs a cell twice, with the function in the test's process and in one of its own: the same calls, and the same end.
import { runTask, Task } from './task';
import { CellResult } from '../../test/end-to-end/faults/cell';

/** In a process of its own Node's resolver waits in real time for an answer that is lost. So these are left out. */
export function canRunTwice({ point: { service }, kind }: Task): boolean {
  return service !== 'dns' || !['lost', 'slow past the end'].includes(kind);
}

/** Both run to their end, whatever they have come to: a key that a process makes is another one each time. */
export async function runTwice({ undisturbed, ...others }: Task): Promise<CellResult> {
  const task = { ...others, undisturbed: { ...undisturbed, state: 'not known' } };
  const here = await runTask(task);
  const apart = await runTask(task, { functions: 'process' });
  const difference = differenceOf(here, apart);
  if (difference === undefined) return here;
  const broken = [...here.broken, { check: 'both ways are the same', what: difference }];
  return { ...here, outcome: 'broken', broken };
}

/** The first call that differs, or the end. */
function differenceOf(here: CellResult, apart: CellResult): string | undefined {
  const [calls, others] = [here, apart].map(({ calls: all }) =>
    all.map(({ at, service, operation, status, error = '' }) => [at, service, operation, status, error].join(' ')));
  const index = calls.findIndex((call, at) => call !== others[at]);
  if (index >= 0) return `call ${index + 1} is ${calls[index]}, and ${others[index]}`;
  if (others.length > calls.length) return `${others[calls.length]} is a further call`;
  return here.end === apart.end ? undefined : `it ends with\n${here.end}\nand\n${apart.end}`;
}

// Runs cells twice, with the function in the test's process and in one of its own: the same calls, and the same end.
import { runTask, Task } from './task';
import { CellResult, titleOf } from '../../test/end-to-end/faults/cell';

export async function compareProcesses(tasks: readonly Task[]): Promise<void> {
  let different = 0;
  for (const task of tasks) {
    const [here, apart] = [await runTask(task), await runTask(task, { functions: 'process' })];
    const difference = differenceOf(here, apart);
    if (!difference) continue;
    different++;
    console.log(`different: ${titleOf(here)}: ${difference}`);
  }
  console.log(`${tasks.length} cells twice, in both ways of running a function: ${different} different.`);
  if (different > 0) process.exitCode = 1;
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

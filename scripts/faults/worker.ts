// Runs cells of the fault matrix that its parent names, one after the other, and sends what came of each.
import { Task, TaskResult } from './task';
import { runCell } from '../../test/end-to-end/faults/cell';
import { FLOWS } from '../../test/end-to-end/faults/flows';
import { KINDS } from '../../test/end-to-end/faults/fault-kinds';

process.on('message', (tasks: Task[]) => void runAll(tasks));

async function runAll(tasks: readonly Task[]): Promise<void> {
  for (const task of tasks) process.send!(await run(task));
}

async function run({ flow: flowName, kind: kindName, point, undisturbed, seed }: Task): Promise<TaskResult> {
  const flow = FLOWS.find(({ name }) => name === flowName)!;
  const kind = KINDS.find(({ name }) => name === kindName)!;
  const before = process.cpuUsage();
  const cell = await runCell(flow, { point, kind, undisturbed }, { seed }).catch((error: Error) =>
    ({ status: 'none', outcome: 'broken' as const, broken: [{ check: 'the bench works', what: error.stack ?? String(error) }] }));
  const { user, system } = process.cpuUsage(before);
  return { flow: flowName, kind: kindName, point, status: cell.status, outcome: cell.outcome, broken: cell.broken, cpuMs: (user + system) / 1000 };
}

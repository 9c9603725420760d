// Runs cells of the fault matrix that its parent names, one after the other, and sends what came of each.
import { runTwice } from './processes';
import { runTask, Task, TaskResult } from './task';

process.on('message', (tasks: Task[]) => void runAll(tasks));

async function runAll(tasks: readonly Task[]): Promise<void> {
  for (const task of tasks) process.send!(await run(task));
}

async function run(task: Task): Promise<TaskResult> {
  const { flow, kind, point } = task;
  const before = process.cpuUsage();
  const { status, outcome, broken } = await (task.isTwice ? runTwice : runTask)(task).catch(brokenBench);
  const { user, system } = process.cpuUsage(before);
  return { flow, kind, point, status, outcome, broken, cpuMs: (user + system) / 1000 };
}

function brokenBench(error: Error): Pick<TaskResult, 'status' | 'outcome' | 'broken'> {
  const broken = [{ check: 'the cell comes to its end', what: error.stack ?? String(error) }];
  return { status: 'none', outcome: 'broken', broken };
}

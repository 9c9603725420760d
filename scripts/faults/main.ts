// Tries every call of every flow with every kind of fault, and prints the matrix. Run by `npx projen test:faults`.
//
// LOCAL_CLOUD_SEED decides all that is random. `--whole` runs those cells too that another one stands for. `--flow
// TEXT` takes the flows that are named so, `--cells N` just N cells, and `--only "<flow>/<call>/<fault>"` one of them.
// `--processes N` runs N cells twice, the second time with the function in a process of its own, and compares.
import { ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { canRunTwice } from './processes';
import { matrixTable, totals } from './table';
import { Task, TaskResult } from './task';
import { steadySeed } from '../../test/cloud/time/seed';
import { PlannedFault, titleOf } from '../../test/end-to-end/faults/cell';
import { Flow } from '../../test/end-to-end/faults/flows';
import { allCells, find } from '../../test/end-to-end/faults/matrix';
import { sample } from '../../test/end-to-end/faults/sample';

/** A machine of continuous integration has two cores. */
const WORKERS = 2;
/** So many cells a worker gets at once. */
const BATCH = 8;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      whole: { type: 'boolean' },
      flow: { type: 'string' },
      cells: { type: 'string' },
      processes: { type: 'string' },
    },
  });
  const seed = steadySeed();
  console.log(`LOCAL_CLOUD_SEED=${seed}`);
  const all: Task[] = values.only ? [await only(values.only, seed)]
    : (await allCells(seed, values)).map(({ flow, planned }) => taskOf(flow, planned, seed));
  const tasks = values.processes
    ? sample(all.filter(canRunTwice), Number(values.processes), seed).map((task) => ({ ...task, isTwice: true }))
    : sample(all, Number(values.cells ?? all.length), seed);
  const results = await runAll(tasks);
  console.log(matrixTable(results));
  console.log(totals(results));
  if (results.some(({ outcome }) => outcome === 'broken')) process.exitCode = 1;
}

async function only(title: string, seed: number): Promise<Task> {
  const { flow, planned } = await find(title, seed);
  return taskOf(flow, planned, seed);
}

function taskOf({ name: flow }: Flow, { point, kind, undisturbed }: PlannedFault, seed: number): Task {
  const { status, state } = undisturbed;
  return { flow, point, kind: kind.name, undisturbed: { status, state }, seed };
}

async function runAll(tasks: readonly Task[]): Promise<TaskResult[]> {
  const waiting = [...tasks];
  const results: TaskResult[] = [];
  const workers = Array.from({ length: Math.min(WORKERS, tasks.length) }, () => fork(join(__dirname, 'worker.ts')));
  await Promise.all(workers.map((worker) => serve(worker, waiting, (result) => {
    results.push(result);
    if (results.length % 500 === 0) console.log(totals(results));
    for (const { check, what } of result.broken) console.log(`broken: ${titleOf(result)}: ${check}: ${what}`);
  })));
  return results;
}

/** Gives a worker cells as long as there are any. */
function serve(worker: ChildProcess, waiting: Task[], done: (result: TaskResult) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let running = 0;
    const next = () => {
      const batch = waiting.splice(0, BATCH);
      running = batch.length;
      if (running > 0) worker.send(batch);
      else worker.kill();
    };
    worker.on('message', (result: TaskResult) => {
      done(result);
      if (--running === 0) next();
    });
    worker.on('exit', () => running === 0 ? resolve() : reject(new Error('A worker has died')));
    next();
  });
}

void main();

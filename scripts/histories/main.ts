// Runs any histories of up to four owners, and prints the first that breaks an invariant, shrunk, as a test. Run by
// `npx projen test:histories`: `--count` and `--seed` for how many and which, `--real` for so many through the bundle.
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import type { Part, Result } from './part';
import { steadySeed } from '../../test/cloud/time/seed';

const WORKERS = 2;

const { values } = parseArgs({
  options: { count: { type: 'string', default: '10000' }, seed: { type: 'string' }, real: { type: 'string' } },
});

/** A part of the histories in a process of its own. */
function run(part: Part): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = fork(require.resolve('./part'), { execArgv: process.execArgv });
    child.on('message', resolve);
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`a worker ended with ${code}`)));
    child.send(part);
  });
}

async function main(): Promise<void> {
  const seed = values.seed === undefined ? steadySeed() : Number(values.seed);
  const kind = values.real === undefined ? 'quick' : 'real';
  const histories = Number(values.real ?? values.count);
  console.log(`${histories} ${kind} histories, LOCAL_CLOUD_SEED=${seed}`);
  const parts = Array.from({ length: WORKERS }, (_, worker): Part =>
    ({ kind, histories: Math.floor((histories + worker) / WORKERS), seed: seed + worker }));
  const results = await Promise.all(parts.map(run));
  const sums = new Map<string, number>();
  for (const [what, times] of results.flatMap(({ counts }) => counts)) sums.set(what, (sums.get(what) ?? 0) + times);
  const table = new Table({ head: ['operation, or → what a stack ended in', 'times'] });
  table.push(...[...sums].sort());
  console.log(table.toString());
  for (const { found, after } of results) {
    if (!found) continue;
    console.error(`An invariant was broken after ${after} histories.\n${found.error}\n\n${found.asTest}\n`);
    process.exitCode = 1;
  }
}

void main();

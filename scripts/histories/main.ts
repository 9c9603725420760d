// Runs any histories of up to four owners, and of keys that rotate. Prints the first of each kind that breaks an
// invariant, shrunk, as a test. Run by `npx projen test:histories`: `--count`, `--keys` and `--seed` for how many and
// which, `--real` for so many of owners through the bundle, `--workers` for how many processes.
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import type { Part, Result } from './part';
import { steadySeed } from '../../test/cloud/time/seed';

const IN_WORDS: Readonly<Record<Part['kind'], string>> = {
  quick: 'quick histories of owners', real: 'real histories of owners', keys: 'histories of keys that rotate',
};

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    keys: { type: 'string', default: '4000' },
    seed: { type: 'string' },
    real: { type: 'string' },
    workers: { type: 'string', default: '2' },
  },
});

const workers = Number(values.workers);

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

async function runAll(kind: Part['kind'], histories: number, seed: number): Promise<void> {
  if (histories === 0) return;
  const began = Date.now();
  console.log(`${histories} ${IN_WORDS[kind]}, LOCAL_CLOUD_SEED=${seed}`);
  const parts = Array.from({ length: workers }, (_, worker): Part =>
    ({ kind, histories: Math.floor((histories + worker) / workers), seed: seed + worker }));
  const results = await Promise.all(parts.map(run));
  const sums = new Map<string, number>();
  for (const [what, times] of results.flatMap(({ counts }) => counts)) sums.set(what, (sums.get(what) ?? 0) + times);
  const table = new Table({ head: ['operation, or → what came of it', 'times'] });
  table.push(...[...sums].sort());
  console.log(table.toString());
  console.log(`${Math.round((Date.now() - began) / 1000)} s`);
  for (const { found, after } of results) {
    if (!found) continue;
    console.error(`An invariant was broken after ${after} histories.\n${found.error}\n\n${found.asTest}\n`);
    process.exitCode = 1;
  }
}

async function main(): Promise<void> {
  const seed = values.seed === undefined ? steadySeed() : Number(values.seed);
  if (values.real !== undefined) return runAll('real', Number(values.real), seed);
  await runAll('quick', Number(values.count), seed);
  await runAll('keys', Number(values.keys), seed);
}

void main();

// Changes the code in small ways, one at a time, and runs its tests: a mutant that survives was seen by no test.
//
// Run by `npx projen test:mutants lambda/records lambda/signing`, with folders. A mutant meets the quick tests of its
// own folder. If it survives them, it meets all tests that need no local cloud. Each survivor is printed, and a score.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { Mutant, mutantsOf, Report } from './report';

const STRYKER = join(__dirname, '../../node_modules/.bin/stryker');
const CONFIG = join(__dirname, 'stryker.config.mjs');

function main(folders: readonly string[]): void {
  if (folders.length === 0) throw new Error('Name the folders whose code is to be changed, such as lambda/records');
  const table = new Table({ head: ['folder', 'mutants', 'seen by its tests', 'by others', 'by none', 'score'] });
  for (const folder of folders) {
    const all = run([`${folder}/*.ts`], { MUTANTS_TESTS: `test/${folder.replace(/^src\//, '')}` });
    const open = all.filter(({ isSeen }) => !isSeen);
    const places = new Set(open.map(({ place }) => place)); // several mutants can be at one place
    const again = places.size > 0 ? run([...places]) : [];
    const seenByOthers = new Set(again.filter(({ isSeen }) => isSeen).map(({ name }) => name));
    const survivors = open.filter(({ name }) => !seenByOthers.has(name));
    for (const { name } of survivors) console.log(name);
    const score = (100 * (all.length - survivors.length) / all.length).toFixed(1);
    const byOthers = open.length - survivors.length;
    table.push([folder, all.length, all.length - open.length, byOthers, survivors.length, `${score} %`]);
  }
  console.log(table.toString());
}

function run(mutate: readonly string[], environment: Record<string, string> = {}): Mutant[] {
  const report = join(mkdtempSync(join(tmpdir(), 'mutants-')), 'report.json');
  const { status } = spawnSync(STRYKER, ['run', CONFIG], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment, MUTANTS: mutate.join(), MUTANTS_REPORT: report },
  });
  if (status !== 0) throw new Error(`Stryker ended with status ${status}`);
  return mutantsOf(JSON.parse(readFileSync(report, 'utf8')) as Report);
}

main(process.argv.slice(2));

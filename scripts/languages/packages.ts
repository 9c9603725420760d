// The packages of the languages, as a release builds them, in dist/.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { run, timed } from './command';

const TARGETS = ['js', 'python', 'java', 'go'];

export function buildPackages(root: string): void {
  timed('compile', () => ['pre-compile', 'compile'].forEach((task) => run(`npx projen ${task}`, root)));
  for (const target of TARGETS) {
    // jsii-pacmak leaves a package as it is while the API is the same, also if the handler in it is not.
    rmSync(join(root, 'dist', target), { recursive: true, force: true });
    timed(`package:${target}`, () => run(`npx projen package:${target}`, root));
  }
}

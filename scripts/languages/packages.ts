// Builds the packages of all languages in dist/, as a release does.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { run, timed } from './command';

export function buildPackages(root: string): void {
  timed('compile', () => ['pre-compile', 'compile'].forEach((task) => run(`npx projen ${task}`, root)));
  // jsii-pacmak does not build a package again if only the handler in it has changed.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  for (const language of ['js', 'java', 'python', 'dotnet', 'go']) {
    timed(`package:${language}`, () => run(`npx projen package:${language}`, root));
  }
}

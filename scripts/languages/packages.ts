// The packages of the languages, as a release builds them, in dist/.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { run, timed } from './command';

export function buildPackages(root: string): void {
  timed('compile', () => ['pre-compile', 'compile'].forEach((task) => run(`npx projen ${task}`, root)));
  // jsii-pacmak leaves a package as it is while the API is the same, also if the handler in it is not.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  timed('package-all', () => run('npx projen package-all', root));
}

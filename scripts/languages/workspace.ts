// A copy of the example apps to run them in: outside the repository, so that no package is found in its node_modules, and as far from dist/ as inside it.
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** What running an example in its own directory leaves there. */
const LEFT_BEHIND = new Set(['node_modules', 'package-lock.json', '.venv', 'target', 'cdk.out']);

export class Workspace {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'cdk-ses-dkim-examples-')));

  constructor(root: string) {
    cpSync(join(root, 'examples'), join(this.directory, 'examples'), { recursive: true, filter: (path) => !LEFT_BEHIND.has(basename(path)) });
    symlinkSync(join(root, 'dist'), join(this.directory, 'dist'));
  }

  example(name: string): string {
    return join(this.directory, 'examples', name);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

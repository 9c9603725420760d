// Copies the example apps to a directory outside the repository, where they cannot find its node_modules.
// The copy has dist/ at the same distance as the repository.
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** What an example leaves in its directory when it runs there. */
const LEFT_BEHIND = new Set(['node_modules', 'package-lock.json', '.venv', 'target', 'cdk.out']);

export class Workspace {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'cdk-ses-dkim-examples-')));

  constructor(root: string) {
    cpSync(join(root, 'examples'), join(this.directory, 'examples'), {
      recursive: true,
      filter: (path) => !LEFT_BEHIND.has(basename(path)),
    });
    symlinkSync(join(root, 'dist'), join(this.directory, 'dist'));
  }

  example(name: string): string {
    return join(this.directory, 'examples', name);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

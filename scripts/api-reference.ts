// Writes API.md with jsii-docgen, from the packages that users have. Run by `npx projen docgen`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const repository = join(__dirname, '..');
const { peerDependencies } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));

// In the repository, jsii-docgen would take the newest `constructs` below node_modules. That is the one of
// projen, with methods that the lowest supported version does not have. So it runs in a directory with links
// to the right packages.
const directory = mkdtempSync(join(tmpdir(), 'api-reference-'));
try {
  for (const file of ['package.json', '.jsii']) symlinkSync(join(repository, file), join(directory, file));
  for (const name of Object.keys(peerDependencies)) {
    symlinkSync(join(repository, 'node_modules', name), join(directory, name));
  }
  execFileSync(join(repository, 'node_modules', '.bin', 'jsii-docgen'), ['--output', join(repository, 'API.md')], {
    cwd: directory,
    stdio: 'inherit',
  });
} finally {
  rmSync(directory, { recursive: true });
}

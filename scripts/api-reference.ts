// Writes API.md: jsii-docgen, on this library and on the packages that a user's copy of it has. Run by `npx projen docgen`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const repository = join(__dirname, '..');
const { peerDependencies } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));

// In the repository itself jsii-docgen takes the newest constructs of all below node_modules: projen's own, with methods that the floor does not have.
const directory = mkdtempSync(join(tmpdir(), 'api-reference-'));
try {
  for (const file of ['package.json', '.jsii']) symlinkSync(join(repository, file), join(directory, file));
  for (const name of Object.keys(peerDependencies)) symlinkSync(join(repository, 'node_modules', name), join(directory, name));
  execFileSync(join(repository, 'node_modules', '.bin', 'jsii-docgen'), ['--output', join(repository, 'API.md')], { cwd: directory, stdio: 'inherit' });
} finally {
  rmSync(directory, { recursive: true });
}

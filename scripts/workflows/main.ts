// Checks the workflows with actionlint, from Go's module proxy, and with zizmor, from PyPI.
// Run by `npx projen workflows`. What cannot be installed is left out by name; the tests check the pins without it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NoPythonError, pythonEnvironment } from '../python-environment';

const ROOT = join(__dirname, '../..');
const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12';

function main(): void {
  const directory = mkdtempSync(join(tmpdir(), 'cdk-ses-dkim-workflows-'));
  try {
    actionlint(join(directory, 'go'));
    zizmor(join(directory, 'python'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function actionlint(directory: string): void {
  const installed = spawnSync('go', ['install', ACTIONLINT], {
    encoding: 'utf8', env: { ...process.env, GOBIN: directory, GOFLAGS: '' },
  });
  if (installed.status !== 0) return leftOut('actionlint', installed.error?.message ?? installed.stderr);
  // Without shellcheck and pyflakes, which one machine has and another has not.
  verdict('actionlint', join(directory, 'actionlint'), ['-shellcheck=', '-pyflakes=']);
}

function zizmor(directory: string): void {
  try {
    const commands = pythonEnvironment(directory, join(__dirname, 'requirements.txt'));
    verdict('zizmor', join(commands, 'zizmor'), ['--offline', '--quiet', '.github/workflows']);
  } catch (error) {
    if (!(error instanceof NoPythonError)) throw error;
    leftOut('zizmor', error.message);
  }
}

function verdict(name: string, command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  console.log(status === 0 ? `${name}: nothing found` : `${name}: see above`);
  if (status !== 0) process.exitCode = 1;
}

function leftOut(name: string, why: string): void {
  console.log(`${name}: left out, because it cannot be installed here: ${why.trim().split('\n').at(-1)}`);
}

main();

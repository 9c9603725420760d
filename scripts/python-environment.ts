// Makes a Python virtual environment with the packages of a requirements file, in pinned versions with checked hashes.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const PIP = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--retries', '1',
  '--timeout', '15', '--no-deps', '--require-hashes', '--requirement'];

/** The environment cannot be made on this machine. */
export class NoPythonError extends Error {}

/** Returns the folder of its commands. */
export function pythonEnvironment(directory: string, requirements: string): string {
  const commands = join(directory, 'bin');
  run('python3', ['-m', 'venv', directory]);
  run(join(commands, 'python'), [...PIP, requirements]);
  return commands;
}

function run(command: string, args: readonly string[]): void {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  throw new NoPythonError(error?.message ?? stderr.trim().split('\n').at(-1) ?? `${command} failed`);
}

// Runs commands of other tools without output. If one fails, its output is in the error.
import { spawnSync } from 'node:child_process';

const MAX_OUTPUT = 64 * 1024 * 1024;

export function run(command: string, cwd: string, env: Readonly<Record<string, string>> = {}): void {
  const { status, error, stdout, stderr } = spawnSync(command, {
    shell: true, cwd, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: MAX_OUTPUT,
  });
  if (status !== 0) throw new Error(`'${command}' failed${error ? ` (${error.message})` : ''}\n${stdout}${stderr}`);
}

/** Runs an action. Prints its name before it, as it may take minutes, and how long it took. */
export function timed<T>(description: string, action: () => T): T {
  process.stdout.write(`${description} …\n`);
  const start = performance.now();
  const result = action();
  process.stdout.write(`${description}: ${((performance.now() - start) / 1000).toFixed(0)} s\n`);
  return result;
}

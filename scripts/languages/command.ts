// Commands of other tools. They are quiet, unless one fails: then all that it printed is in the error.
import { spawnSync } from 'node:child_process';

const MAX_OUTPUT = 64 * 1024 * 1024;

export function run(command: string, cwd: string, env: Readonly<Record<string, string>> = {}): void {
  const { status, error, stdout, stderr } = spawnSync(command, {
    shell: true, cwd, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: MAX_OUTPUT,
  });
  if (status !== 0) throw new Error(`'${command}' failed${error ? ` (${error.message})` : ''}\n${stdout}${stderr}`);
}

/** Says what is done and how long it took. */
export function timed<T>(description: string, action: () => T): T {
  const start = performance.now();
  const result = action();
  process.stdout.write(`${description}: ${((performance.now() - start) / 1000).toFixed(0)} s\n`);
  return result;
}

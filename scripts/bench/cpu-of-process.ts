// Runs a script in a new process, which says how much processor time it has taken.
import { spawn } from 'node:child_process';

/** What the script has at its end. */
export const SAY_CPU = 'const { user, system } = process.cpuUsage(); process.stdout.write(`<cpu>${(user + system) / 1000}</cpu>`)';

/** In milliseconds. */
export async function cpuOf(
  node: string, script: string, environment: Readonly<Record<string, string>>,
): Promise<number> {
  const child = spawn(node, ['-e', script], {
    env: { PATH: process.env.PATH, ...environment }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk) => void (errors += chunk));
  for await (const chunk of child.stdout) output += chunk;
  const [, said] = /<cpu>([\d.]+)<\/cpu>/.exec(output) ?? [];
  if (said === undefined) throw new Error(`The process did not come to its end: ${output}${errors}`);
  return Number(said);
}

// Runs a command of another project while the local cloud goes on, as the command asks the cloud's DNS.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** The command is not on this machine, or cannot be installed here. */
export class MissingError extends Error {}

export interface Command {
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export async function run({ command, args = [], cwd, env, input }: Command): Promise<Ended> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env } });
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', ({ message }) => reject(new MissingError(message))).once('close', resolve);
  });
  child.stdin.on('error', () => undefined).end(input); // one that ends early does not read all of it
  const [output, errors, ended] = await Promise.all([text(child.stdout), text(child.stderr), code]);
  return { code: ended, output, errors };
}

/** Gives a request to a command as JSON, and returns its answer. */
export async function ask<T>(command: Command, request: unknown): Promise<T> {
  const { code, output, errors } = await run({ ...command, input: JSON.stringify(request) });
  if (code !== 0) throw new Error(`${command.command} ended with ${code}: ${errors.trim()}`);
  return JSON.parse(output);
}

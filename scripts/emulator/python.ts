// A Python virtual environment with MiniStack from PyPI, in the pinned version and with its hashes checked.
import { join } from 'node:path';
import { print } from './checks';
import { Children } from './children';

const REQUIREMENTS = join(__dirname, 'requirements.txt');
const OLDEST = '3.11';

/** There is no emulator to test with, which says nothing about the library. */
export class NoEmulatorError extends Error {}

/** Returns the path of MiniStack's command. */
export async function installMiniStack(children: Children, directory: string): Promise<string> {
  const environment = processEnvironment();
  const isRecent = `import sys; sys.exit(sys.version_info < (${OLDEST.replace('.', ', ')}))`;
  const python = await children.run({ command: 'python3', args: ['-c', isRecent], environment }, 30);
  if (python.code !== 0) throw new NoEmulatorError(`MiniStack needs Python ${OLDEST} or newer, and there is no such python3 here.`);

  print('Installing MiniStack from PyPI');
  const made = await children.run({ command: 'python3', args: ['-m', 'venv', directory], environment }, 120);
  if (made.code !== 0) throw new NoEmulatorError(`Python cannot make a virtual environment here: ${lastLine(made.output)}`);
  const installed = await children.run({
    command: join(directory, 'bin', 'python'),
    args: ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--retries', '1', '--timeout', '15',
      '--require-hashes', '--only-binary', ':all:', '--no-deps', '--requirement', REQUIREMENTS],
    environment,
  }, 300);
  if (installed.code !== 0) throw new NoEmulatorError(`MiniStack cannot be installed from PyPI: ${lastLine(installed.output)}`);
  return join(directory, 'bin', 'ministack');
}

/** pip is to find what the machine is configured with: a mirror of PyPI, a proxy, certificates. */
function processEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function lastLine(output: string): string {
  return output.trim().split('\n').filter((line) => !line.startsWith('WARNING')).at(-1) ?? 'no reason given';
}

// Installs MiniStack from PyPI into a Python virtual environment, in a pinned version with checked hashes.
import { join } from 'node:path';
import { print } from './checks';
import { Children } from './children';

const REQUIREMENTS = join(__dirname, 'requirements.txt');
const OLDEST = '3.11';

/** The emulator cannot be installed or started. That says nothing about the library. */
export class NoEmulatorError extends Error {}

/** Returns the path of the command of MiniStack. */
export async function installMiniStack(children: Children, directory: string): Promise<string> {
  const environment = processEnvironment();
  const isRecent = `import sys; sys.exit(sys.version_info < (${OLDEST.replace('.', ', ')}))`;
  const python = await children.run({ command: 'python3', args: ['-c', isRecent], environment }, 30);
  if (python.code !== 0) {
    throw new NoEmulatorError(`MiniStack needs Python ${OLDEST} or newer, and there is no such python3 here.`);
  }

  print('Installing MiniStack from PyPI');
  const made = await children.run({ command: 'python3', args: ['-m', 'venv', directory], environment }, 120);
  if (made.code !== 0) {
    throw new NoEmulatorError(`Python cannot make a virtual environment here: ${lastLine(made.output)}`);
  }
  const installed = await children.run(
    {
      command: join(directory, 'bin', 'python'),
      args: [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--no-input',
        '--retries',
        '1',
        '--timeout',
        '15',
        '--require-hashes',
        '--only-binary',
        ':all:',
        '--no-deps',
        '--requirement',
        REQUIREMENTS,
      ],
      environment,
    },
    300,
  );
  if (installed.code !== 0) {
    throw new NoEmulatorError(`MiniStack cannot be installed from PyPI: ${lastLine(installed.output)}`);
  }
  return join(directory, 'bin', 'ministack');
}

/** The environment of this process. pip finds its mirror, proxy and certificates in it. */
function processEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function lastLine(output: string): string {
  return output.trim().split('\n').filter((line) => !line.startsWith('WARNING')).at(-1) ?? 'no reason given';
}

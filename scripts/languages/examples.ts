// The example apps, and what each needs before it can run. Its cdk.json has the command that runs it.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './command';
import { Workspace } from './workspace';

export interface Example {
  /** The directory in `examples/`. */
  readonly name: string;
  /** The file that a user would edit. */
  readonly source: string;
  readonly install?: string;
  /**
   * Environment variables that a user would set in the shell. Paths are below the directory of the example.
   */
  readonly environment?: (directory: string) => Record<string, string>;
}

/** The first one is TypeScript. The others are compared with it. */
export const EXAMPLES: readonly Example[] = [
  {
    name: 'typescript',
    source: 'app.ts',
    install: 'npm install --no-audit --no-fund',
  },
  {
    name: 'python',
    source: 'app.py',
    install: 'python3 -m venv .venv && .venv/bin/pip install --quiet --requirement requirements.txt',
    environment: (directory) => ({ PATH: join(directory, '.venv/bin') + delimiter + process.env.PATH }),
  },
  {
    name: 'java',
    source: 'src/main/java/com/example/MailApp.java',
    // The version is always 0.0.0. With the repository of the user, Maven would use an older package with
    // that version.
    environment: (directory) => ({ MAVEN_OPTS: `-Dmaven.repo.local=${join(directory, 'target/repository')}` }),
  },
  {
    name: 'go',
    source: 'app.go',
    // The caches of Go hold gigabytes of the CDK, so they are used even if HOME is changed.
    environment: () => JSON.parse(execFileSync('go', ['env', '-json', 'GOMODCACHE', 'GOCACHE'], { encoding: 'utf8' })),
  },
];

export function install({ name, install: command, environment }: Example, workspace: Workspace): void {
  const directory = workspace.example(name);
  if (command) run(command, directory, environment?.(directory));
}

/** @returns the directory of the cloud assembly */
export function synthesize(example: Example, workspace: Workspace): string {
  const { app } = JSON.parse(readFileSync(join(workspace.example(example.name), 'cdk.json'), 'utf8'));
  return synthesizeWith(app, example, workspace);
}

/** The app of the first guide, in a language that is installed. */
export function synthesizeGuide(example: Example, code: string, workspace: Workspace): string {
  const [file, command] = example.name === 'python' ? ['guide.py', 'python guide.py'] : ['guide.ts', 'npx tsx guide.ts'];
  writeFileSync(join(workspace.example(example.name), file), code);
  return synthesizeWith(command, example, workspace);
}

function synthesizeWith(command: string, { name, environment }: Example, workspace: Workspace): string {
  const directory = workspace.example(name);
  const assembly = join(workspace.directory, 'assemblies', `${name} ${command.split(' ').at(-1)}`);
  run(command, directory, { ...environment?.(directory), CDK_OUTDIR: assembly });
  return assembly;
}

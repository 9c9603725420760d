// The example apps: what each needs before it runs. How it is run stands in its cdk.json.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './command';
import { Workspace } from './workspace';

export interface Example {
  /** In `examples/`. */
  readonly name: string;
  /** The file that a user would edit. */
  readonly source: string;
  readonly install?: string;
  /** What the user's shell would have set, with paths below the example's directory. */
  readonly environment?: (directory: string) => Record<string, string>;
}

/** TypeScript is the first, which the others are compared with. */
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
    // The version is always 0.0.0, and Maven would take an older package from the user's own repository for the same.
    environment: (directory) => ({ MAVEN_OPTS: `-Dmaven.repo.local=${join(directory, 'target/repository')}` }),
  },
  {
    name: 'go',
    source: 'app.go',
    // Wherever HOME is by then: Go's own caches hold gigabytes of the CDK.
    environment: () => JSON.parse(execFileSync('go', ['env', '-json', 'GOMODCACHE', 'GOCACHE'], { encoding: 'utf8' })),
  },
];

export function install({ name, install: command, environment }: Example, workspace: Workspace): void {
  const directory = workspace.example(name);
  if (command) run(command, directory, environment?.(directory));
}

/** @returns the directory of the cloud assembly */
export function synthesize({ name, environment }: Example, workspace: Workspace): string {
  const directory = workspace.example(name);
  const assembly = join(workspace.directory, 'assemblies', name);
  const { app } = JSON.parse(readFileSync(join(directory, 'cdk.json'), 'utf8'));
  run(app, directory, { ...environment?.(directory), CDK_OUTDIR: assembly });
  return assembly;
}

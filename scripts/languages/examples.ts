// The example apps: how each gets its dependencies. How it is run stands in its cdk.json.
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './command';

interface Example {
  readonly directory: string;
  readonly install?: string;
  /** What the user's shell would have set, with paths below the example's directory. */
  readonly environment?: (directory: string) => Record<string, string>;
}

/** TypeScript is the first, which the others are compared with. */
export const EXAMPLES: readonly Example[] = [
  {
    directory: 'typescript',
    install: 'npm install --no-audit --no-fund',
  },
  {
    directory: 'python',
    install: 'python3 -m venv .venv && .venv/bin/pip install --quiet --requirement requirements.txt',
    environment: (directory) => ({ PATH: join(directory, '.venv/bin') + delimiter + process.env.PATH }),
  },
  {
    directory: 'java',
    // The version is always 0.0.0, and Maven would take an older package from the user's own repository for the same.
    environment: (directory) => ({ MAVEN_OPTS: `-Dmaven.repo.local=${join(directory, 'target/repository')}` }),
  },
  {
    directory: 'go',
  },
];

/** @returns the directory of the cloud assembly */
export function synthesize({ directory, install, environment }: Example, workspace: string): string {
  const cwd = join(workspace, 'examples', directory);
  const env = environment?.(cwd);
  if (install) run(install, cwd, env);

  const assembly = join(workspace, 'assemblies', directory);
  const { app } = JSON.parse(readFileSync(join(cwd, 'cdk.json'), 'utf8'));
  run(app, cwd, { ...env, CDK_OUTDIR: assembly });
  return assembly;
}

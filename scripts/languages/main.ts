// The library in every language: its packages are built, the same app is synthesized from each, and the templates are compared.
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { timed } from './command';
import { missingNames } from './dotnet';
import { EXAMPLES, synthesize } from './examples';
import { buildPackages } from './packages';
import { differences, METHODS, readTemplates, signingMethods } from './templates';
import { missingTools } from './tools';

const ROOT = resolve(__dirname, '../..');

/** What running an example in its own directory leaves there. */
const LEFT_BEHIND = new Set(['node_modules', 'package-lock.json', '.venv', 'target', 'cdk.out']);

function languages(): void {
  const missing = missingTools();
  if (missing.length > 0) throw new Error(`not on this machine: ${missing.join(', ')}`);

  buildPackages(ROOT);
  // Outside the repository, so that no package is found in its node_modules, and as far from dist/ as inside it.
  const workspace = mkdtempSync(join(tmpdir(), 'cdk-ses-dkim-languages-'));
  try {
    cpSync(join(ROOT, 'examples'), join(workspace, 'examples'), { recursive: true, filter: (path) => !LEFT_BEHIND.has(basename(path)) });
    symlinkSync(join(ROOT, 'dist'), join(workspace, 'dist'));
    compareExamples(workspace);
    timed('.NET sources', () => failOn(missingNames(ROOT, workspace), '.NET sources lack'));
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

function compareExamples(workspace: string): void {
  const [typescript, ...others] = EXAMPLES.map((example) => {
    const assembly = timed(`synthesize ${example.directory}`, () => synthesize(example, workspace));
    return { language: example.directory, templates: readTemplates(assembly) };
  });

  // Templates that are all empty would be the same, too.
  const found = signingMethods(typescript.templates);
  failOn(METHODS.filter((method) => !found.includes(method)), 'the TypeScript example lacks the methods');
  for (const { language, templates } of others) {
    failOn(differences(typescript.templates, templates), `the ${language} example is not the same as the TypeScript one (expected and found):`);
    process.stdout.write(`${language}: same templates as TypeScript\n`);
  }
}

function failOn(findings: readonly string[], heading: string): void {
  if (findings.length > 0) throw new Error([heading, ...findings].join('\n  '));
}

try {
  languages();
} catch (error) {
  process.stderr.write(`Languages: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

// Builds the package of every language, synthesizes the same app with each, and compares the templates.
import { resolve } from 'node:path';
import { timed } from './command';
import { wrongDocuments } from './documents';
import { missingNames } from './dotnet';
import { EXAMPLES, install, synthesize } from './examples';
import { buildPackages } from './packages';
import { differences, METHODS, readTemplates, signingMethods } from './templates';
import { missingTools } from './tools';
import { Workspace } from './workspace';

const ROOT = resolve(__dirname, '../..');

function languages(): void {
  const missing = missingTools(EXAMPLES.map(({ name }) => name));
  if (missing.length > 0) throw new Error(`not on this machine: ${missing.join(', ')}`);

  buildPackages(ROOT);
  const workspace = new Workspace(ROOT);
  try {
    timed('documents', () => failOn(wrongDocuments(ROOT, workspace.directory), 'not in the language of the package:'));
    compareExamples(workspace);
    timed('.NET sources', () => failOn(missingNames(ROOT, workspace.directory), '.NET sources lack'));
  } finally {
    workspace.remove();
  }
}

function compareExamples(workspace: Workspace): void {
  const [typescript, ...others] = EXAMPLES.map((example) => {
    timed(`install ${example.name}`, () => install(example, workspace));
    const assembly = timed(`synthesize ${example.name}`, () => synthesize(example, workspace));
    return { language: example.name, templates: readTemplates(assembly) };
  });

  // Empty templates would be the same too, so the methods must be in them.
  const found = signingMethods(typescript.templates);
  failOn(METHODS.filter((method) => !found.includes(method)), 'the TypeScript example lacks the methods');
  for (const { language, templates } of others) {
    failOn(
      differences(typescript.templates, templates),
      `the ${language} example is not the same as the TypeScript one (expected and found):`,
    );
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

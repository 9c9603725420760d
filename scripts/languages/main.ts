// Builds the package of every language, synthesizes the same app with each, and compares the templates.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { timed } from './command';
import { wrongDocuments } from './documents';
import { missingNames } from './dotnet';
import { EXAMPLES, install, synthesize, synthesizeGuide } from './examples';
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
    timed('first guide', () => compareGuide(workspace));
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

/** The first guide has its app twice, and a user copies one of them. */
function compareGuide(workspace: Workspace): void {
  const guide = readFileSync(join(ROOT, 'docs/first-domain.md'), 'utf8');
  const [typescript, python] = [/^```ts .*\n([^]*?)^```$/m, /^```python\n([^]*?)^```$/m].map((block) => block.exec(guide)![1]);
  const [expected, found] = [['typescript', typescript], ['python', python]].map(([language, code]) =>
    readTemplates(synthesizeGuide(EXAMPLES.find(({ name }) => name === language)!, code, workspace)));
  failOn(differences(expected, found), 'the first guide has two different apps (TypeScript and Python):');
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

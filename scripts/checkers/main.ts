// Asks checkers of CloudFormation templates about what the library makes. Run by `npx projen checkers`. It fails when a
// finding is not in the guide on company rules, or when the guide has one that is gone.
//
// cfn-lint comes from PyPI. checkov is too large for that: it needs about a hundred packages. It is asked if it is
// there already. A checker that is not there is left out by name.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { differences, explained } from './guide';
import { configuredTemplates, defaultTemplates } from './templates';
import { NoPythonError, pythonEnvironment } from '../python-environment';

interface Checker {
  readonly name: string;
  readonly command: string;
  /** The form of its rules. */
  readonly rules: RegExp;
  readonly args: (folder: string) => string[];
  readonly rulesIn: (output: any) => string[];
}

/** Without the notes (`I`), which it leaves out by itself. */
const cfnLint = (command: string): Checker => ({
  name: 'cfn-lint',
  command,
  rules: /^[EW]\d{4}$/,
  args: (folder) => ['--format', 'json', '--template', join(folder, '*.json')],
  rulesIn: (found: { Rule: { Id: string } }[]) => found.map(({ Rule }) => Rule.Id),
});

const CHECKOV: Checker = {
  name: 'checkov',
  command: 'checkov',
  rules: /^CKV/,
  args: (folder) => [
    '--directory', folder, '--framework', 'cloudformation', '--skip-download', '--quiet', '--compact', '--output', 'json',
  ],
  rulesIn: ({ results }: { results: { failed_checks: { check_id: string }[] } }) =>
    results.failed_checks.map(({ check_id: id }) => id),
};

function main(): void {
  const directory = mkdtempSync(join(tmpdir(), 'cdk-ses-dkim-checkers-'));
  try {
    const byDefault = written(join(directory, 'default'), defaultTemplates());
    const configured = written(join(directory, 'configured'), configuredTemplates());
    for (const checker of checkers(join(directory, 'python'))) {
      const found = { byDefault: findings(checker, byDefault), configured: findings(checker, configured) };
      const wrong = differences(explained(), found, checker.rules);
      console.log(`${checker.name}: ${named(found.byDefault)}; with all that can be set: ${named(found.configured)}`);
      for (const difference of wrong) console.log(`${checker.name}: ${difference}`);
      if (wrong.length > 0) process.exitCode = 1;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function checkers(directory: string): Checker[] {
  const found: Checker[] = [];
  try {
    found.push(cfnLint(join(pythonEnvironment(directory, join(__dirname, 'requirements.txt')), 'cfn-lint')));
  } catch (error) {
    if (!(error instanceof NoPythonError)) throw error;
    console.log(`cfn-lint: left out, because it cannot be installed here: ${error.message}`);
  }
  if (spawnSync('checkov', ['--version']).status === 0) found.push(CHECKOV);
  else console.log('checkov: left out, because it is not on this machine');
  return found;
}

function written(folder: string, templates: readonly object[]): string {
  mkdirSync(folder);
  for (const [index, template] of templates.entries()) {
    writeFileSync(join(folder, `${index + 1}.template.json`), JSON.stringify(template));
  }
  return folder;
}

function named(rules: ReadonlySet<string>): string {
  return [...rules].sort().join(', ') || 'nothing';
}

/** The rules that find something. */
function findings({ name, command, args, rulesIn }: Checker, folder: string): Set<string> {
  // It ends with an error when it finds something. If it does not run, it has no output.
  const { stdout, stderr } = spawnSync(command, args(folder), { encoding: 'utf8', maxBuffer: 100 * 1024 * 1024 });
  if (!stdout) throw new Error(`${name} says nothing: ${stderr}`);
  return new Set(rulesIn(JSON.parse(stdout)));
}

main();

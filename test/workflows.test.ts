// What the workflows must hold, whoever generates them. `npx projen workflows` asks two linters more.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '../.github/workflows');
const workflows = readdirSync(FOLDER).map((name) => ({ name, text: readFileSync(join(FOLDER, name), 'utf8') }));
const release = workflows.find(({ name }) => name === 'release.yml')!.text;

test.each(workflows)('$name uses each action by its commit', ({ text }) => {
  const actions = [...text.matchAll(/^ *(?:- )?uses: *(.+)$/gm)].map(([, action]) => action);
  expect(actions).not.toEqual([]);
  expect(actions.filter((action) => !/^[\w./-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
});

test.each(workflows)('$name leaves no token beside what npm runs', ({ text }) => {
  const checkouts = text.match(/uses: actions\/checkout@/g) ?? [];
  expect(text.match(/persist-credentials: false/g)).toHaveLength(checkouts.length);
});

test.each(workflows)('$name runs nothing in whatever version is the latest', ({ text }) => {
  expect(text).not.toMatch(/@latest\b/);
});

test('one workflow runs on a pull request, and not on a push as well', () => {
  expect(workflows.filter(({ text }) => /^ {2}pull_request:/m.test(text)).map(({ name }) => name)).toEqual(['ci.yml']);
  expect(workflows.filter(({ text }) => /^ {2}push:/m.test(text)).map(({ name }) => name)).toEqual(['release.yml']);
});

test('npm, PyPI and NuGet trust the workflow: it has no token of theirs', () => {
  for (const registry of ['NPM', 'PYPI', 'NUGET']) expect(release).toContain(`${registry}_TRUSTED_PUBLISHER: "true"`);
  expect(release).not.toMatch(/NPM_TOKEN|TWINE_|NUGET_API_KEY/);
});

test('a person approves what is published', () => {
  const jobs = release.split(/^ {2}(?=\w+:$)/m).filter((job) => job.startsWith('release_'));
  expect(jobs.map((job) => /^\w+/.exec(job)![0]).sort()).toEqual(
    ['release_github', 'release_golang', 'release_maven', 'release_npm', 'release_nuget', 'release_pypi'],
  );
  for (const job of jobs) expect(job).toContain('environment: release');
});

// How `npx projen checkers` compares the findings of checkers with the guide on company rules.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { differences, explained } from '../scripts/checkers/guide';

const ROOT = join(__dirname, '..');
const GUIDE = [
  '# Company rules', '| `A1` | before |', '## Other checkers', 'Text with `A2`.', '### What you can set',
  '| rule | finds |', '| --- | --- |', '| `A3`, `B1` | one, or `A4` |', '### What stays', '| `A5` | two |', '## More',
  '| `A6` | after |',
].join('\n');

const found = (byDefault: string[], configured: string[]) => ({
  byDefault: new Set(byDefault), configured: new Set(configured),
});

test('only the first columns of the two tables count', () => {
  expect(explained(GUIDE)).toEqual({ settable: ['A3', 'B1'], staying: ['A5'] });
  expect(explained(GUIDE.replace(/\n## More[^]*/, ''))).toEqual({ settable: ['A3', 'B1'], staying: ['A5'] });
});

test('a guide without the tables is an error', () => {
  expect(() => explained('# Company rules\n')).toThrow('has not the two tables');
});

test.each([
  ['nothing, if each finding is where it belongs', ['A3', 'A5'], ['A5'], []],
  ['a finding that the guide has not', ['A3', 'A5', 'A7'], ['A5'],
    ['A7 is found, and the guide has nothing about it']],
  ['one that is gone', ['A5'], ['A5'], ['A3 is in the guide, and nothing is found any more']],
  ['one that no setting settles', ['A3', 'A5'], ['A3', 'A5'],
    ['A3 stays, whatever a company sets, and the guide says otherwise']],
  ['one that a setting settles', ['A3', 'A5'], [], ['A5 stays in the guide, and a company can settle it']],
])('what differs: %s', (_, byDefault, configured, expected) => {
  expect(differences(explained(GUIDE), found(byDefault, configured), /^A/)).toEqual(expected);
});

test('the guide names the version of cfn-lint that the check installs', () => {
  const requirements = readFileSync(join(ROOT, 'scripts/checkers/requirements.txt'), 'utf8');
  const [, version] = /^cfn-lint==(\S+)/m.exec(requirements)!;
  expect(readFileSync(join(ROOT, 'docs/company-rules.md'), 'utf8')).toContain(`cfn-lint ${version}`);
});

test('the guide has each rule once in a table', () => {
  const { settable, staying } = explained();
  for (const table of [settable, staying]) expect(table).toEqual([...new Set(table)]);
});

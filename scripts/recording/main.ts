// Records a part of the demo as a picture for the README. Run by `npx projen recording`.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { draw } from '../pictures/draw';

const PICTURE = join(__dirname, '..', '..', 'docs', 'pictures', 'demo');
/** What is shown: a change of key that works, and one that does not. */
const [FIRST, AFTER] = ['4', '6'];

const printed = execFileSync(process.execPath, [
  '--import', 'tsx', join(__dirname, '..', '..', 'examples', 'demo', 'main.ts'), '--plain',
], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const from = (heading: string): number => {
  const at = printed.search(new RegExp(`^${heading}\\. `, 'm'));
  if (at < 0) throw new Error(`The demo has no part ${heading} any more`);
  return at;
};
const lines = printed.slice(from(FIRST), from(AFTER)).trimEnd().split('\n');
const text = [
  'picture terminal',
  'title A part of the demo: a change of key, and a deployment that fails',
  'description Lines of npx projen demo. The key of byo.example changes from the selector spring to autumn: the record '
    + 'is published, public name servers answer it, and only then SES is told. Mail of before and after passes. Then a '
    + 'deployment fails, as the record is taken by somebody else. It is rolled back, and mail passes as before.',
  '',
  ...lines.map((line) => `show > ${line}`.trimEnd()),
  '',
].join('\n');
writeFileSync(`${PICTURE}.txt`, text);
writeFileSync(`${PICTURE}.svg`, draw(text));
console.log(`${PICTURE}.svg`);

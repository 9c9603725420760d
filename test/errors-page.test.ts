// docs/errors.md is what the table of bad input gives.
import { readFileSync } from 'fs';
import { join } from 'path';
import { REFUSALS } from './bad-input/refusals';
import { errorsPage } from '../scripts/errors-page/page';

test('the committed page is the one that the table gives', () => {
  const committed = readFileSync(join(__dirname, '..', 'docs', 'errors.md'), 'utf8');
  if (errorsPage(REFUSALS) !== committed) throw new Error('docs/errors.md is out of date. Write it again: npx projen errors');
});

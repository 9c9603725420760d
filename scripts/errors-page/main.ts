// Writes docs/errors.md. Run by `npx projen errors`.
import { writeFileSync } from 'node:fs';
import { errorsPage } from './page';
import { REFUSALS } from '../../test/bad-input/refusals';

writeFileSync('docs/errors.md', errorsPage(REFUSALS));

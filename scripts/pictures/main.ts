// Draws the pictures in the docs from the text beside each. Run by `npx projen pictures`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { draw } from './draw';

const FOLDER = 'docs/pictures';

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))) {
  const picture = join(FOLDER, file.replace(/\.txt$/, '.svg'));
  writeFileSync(picture, draw(readFileSync(join(FOLDER, file), 'utf8')));
  console.log(picture);
}

// The part of docs/rotation.md between its markers, which `npx projen migrations` writes.
import { readFileSync, writeFileSync } from 'node:fs';

const PAGE = 'docs/rotation.md';
const MARKERS = /(<!-- written by `npx projen migrations` -->\n)[^]*(<!-- end of what it writes -->)/;

export function writeTable(text: string): void {
  const page = readFileSync(PAGE, 'utf8');
  if (!MARKERS.test(page)) throw new Error(`${PAGE} has no markers for the table of migrations`);
  writeFileSync(PAGE, page.replace(MARKERS, (_, begin: string, end: string) => `${begin}\n${text.trim()}\n\n${end}`));
}

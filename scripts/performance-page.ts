// docs/performance.md, which two commands write: `bench` all but its last section, and `load` that one.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const PAGE = 'docs/performance.md';
const LAST_SECTION = '## Many identities\n';

/** Leaves the last section as it is. */
export function writePage(text: string): void {
  const [, last] = parts();
  writeFileSync(PAGE, `${text.trimEnd()}\n${last && `\n${last}`}`);
}

/** Leaves all before it as it is. */
export function writeLastSection(text: string): void {
  const [before] = parts();
  writeFileSync(PAGE, `${before.trimEnd()}\n\n${LAST_SECTION}\n${text.trimEnd()}\n`);
}

function parts(): [before: string, last: string] {
  const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
  const at = page.indexOf(LAST_SECTION);
  return at < 0 ? [page, ''] : [page.slice(0, at), page.slice(at)];
}

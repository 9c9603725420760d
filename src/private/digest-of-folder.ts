// A digest of a folder: the build of the handler writes it down, and the construct compares it.
import { createHash } from 'crypto';
import { readdirSync, readFileSync, statSync } from 'fs';
import * as path from 'path';

/**
 * Of the names and contents of all files, but not of those that an operating system leaves there, such as `.DS_Store`.
 * Undefined if it is no folder.
 */
export function digestOf(folder: string): string | undefined {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  const digest = createHash('sha256');
  for (const name of readdirSync(folder).filter(each => !each.startsWith('.')).sort()) {
    const file = path.join(folder, name);
    const content = digestOf(file) ?? createHash('sha256').update(readFileSync(file)).digest('hex');
    digest.update(JSON.stringify([name, content]));
  }
  return digest.digest('hex');
}

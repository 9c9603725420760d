// Which modules a function in the test's own process may require.
//
// The clock does not see work outside of JavaScript, such as reading a file, and time would move on without it. So only
// modules in memory are allowed, those of Node that never wait, and files of the function's own code.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';

const WITHOUT_WAITING = new Set([
  'async_hooks', 'buffer', 'events', 'fs', 'https', 'os', 'path', 'stream', 'url', 'util', 'zlib',
]);

/** Reads at once, without a thread. The SDK looks for configuration files, which do not exist. */
const FILES = {
  readFile: async (...args: Parameters<typeof readFileSync>) => readFileSync(...args),
};

/**
 * `require` for code in that file.
 * @param own modules in memory, by name
 * @param load loads a file of the function's code
 */
export function requireFor(
  file: string, own: Readonly<Record<string, unknown>>, load: (file: string) => unknown,
): (name: string) => unknown {
  const inMemory: Readonly<Record<string, unknown>> = { 'fs/promises': FILES, ...own };
  const requireReal = createRequire(file);
  return (name) => {
    const plain = name.replace(/^node:/, '');
    if (plain in inMemory) return inMemory[plain];
    if (WITHOUT_WAITING.has(plain)) return requireReal(name);
    if (name.startsWith('.')) return load(resolve(dirname(file), name));
    throw new Error(`A function in the test's own process cannot require '${name}': it is not known whether that `
      + 'waits for anything in real time');
  };
}

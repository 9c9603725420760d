// How long Node's resolver waits for a slow name server before it reports a time-out.
import type { ResolverOptions } from 'node:dns';
import { NatEntry } from './nat';

/** The defaults of c-ares, Node's DNS library: ms until it asks again, and how often it asks. */
const DEFAULT_OPTIONS = { timeout: 2_000, tries: 4 };

/** Waits for the answer, or until c-ares gives up. True when it gives up. */
export async function timesOut(
  { delay = 0, lost = false }: NatEntry, options: ResolverOptions | undefined, sleep: (ms: number) => Promise<unknown>,
): Promise<boolean> {
  const { timeout, tries } = { ...DEFAULT_OPTIONS, ...options };
  // c-ares doubles the time with each attempt.
  const longest = timeout * (2 ** tries - 1);
  const wait = lost ? longest : Math.min(delay, longest);
  if (wait > 0) await sleep(wait);
  return wait === longest;
}

// How long Node's resolver waits for a name server, and whether it waits in vain.
import type { ResolverOptions } from 'node:dns';
import { NatEntry } from './nat';

/** What c-ares does unless told otherwise: ms until it asks again, and how often it asks. */
const DEFAULT_OPTIONS = { timeout: 2_000, tries: 4 };

/** Waits until the answer is there, or is waited for no longer. True when it has not come. */
export async function waitsInVain(
  { delay = 0, lost = false }: NatEntry, options: ResolverOptions | undefined, sleep: (ms: number) => Promise<unknown>,
): Promise<boolean> {
  const { timeout, tries } = { ...DEFAULT_OPTIONS, ...options };
  // Each time it asks, it waits twice as long as the time before.
  const patience = timeout * (2 ** tries - 1);
  const wait = lost ? patience : Math.min(delay, patience);
  if (wait > 0) await sleep(wait);
  return wait === patience;
}

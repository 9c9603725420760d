// A part of the histories, in a process of its own: gets what to run as a message, and answers with what it found.
import { Counts } from '../../test/histories/history';
import { Topology } from '../../test/histories/operations';
import { QuickWorld } from '../../test/histories/quick-world';
import { inBothWays } from '../../test/histories/real-world';
import { Found, search } from '../../test/histories/search';

export interface Part {
  readonly kind: 'quick' | 'real';
  readonly histories: number;
  readonly seed: number;
}

export interface Result {
  readonly counts: readonly (readonly [what: string, times: number])[];
  readonly found?: Found;
  readonly after?: number;
}

process.once('message', (part: Part) => {
  const counts: Counts = new Map();
  const quick = async (topology: Topology, seed: number) => new QuickWorld(topology, seed);
  const world = part.kind === 'quick' ? quick : inBothWays;
  search({ ...part, world, counts, isShrunk: part.kind === 'quick' }).then((found) => {
    process.send!({ counts: [...counts], found, after: found?.after } satisfies Result, () => process.exit(0));
  }, (error) => {
    console.error(error);
    process.exit(1);
  });
});

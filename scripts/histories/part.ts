// A part of the histories, in a process of its own: gets what to run as a message, and answers with what it found.
import { Counts, ofOwners } from '../../test/histories/history';
import { Topology } from '../../test/histories/operations';
import { QuickWorld } from '../../test/histories/quick-world';
import { inBothWays } from '../../test/histories/real-world';
import { ofKeys } from '../../test/histories/rotation/history';
import { Found, search } from '../../test/histories/search';

export interface Part {
  /** Of owners, in the quick or the real way, or of keys that rotate. */
  readonly kind: 'quick' | 'real' | 'keys';
  readonly histories: number;
  readonly seed: number;
}

export interface Result {
  readonly counts: readonly (readonly [what: string, times: number])[];
  readonly found?: Found;
  readonly after?: number;
}

function run({ kind, histories, seed }: Part, counts: Counts): Promise<Found | undefined> {
  const quick = async (topology: Topology, own: number) => new QuickWorld(topology, own);
  switch (kind) {
    case 'quick': return search(ofOwners(quick, counts), { histories, seed });
    case 'real': return search(ofOwners(inBothWays, counts), { histories, seed, isShrunk: false });
    case 'keys': return search(ofKeys(counts), { histories, seed });
  }
}

process.once('message', (part: Part) => {
  const counts: Counts = new Map();
  run(part, counts).then((found) => {
    process.send!({ counts: [...counts], found, after: found?.after } satisfies Result, () => process.exit(0));
  }, (error) => {
    console.error(error);
    process.exit(1);
  });
});

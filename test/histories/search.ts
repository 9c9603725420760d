// Searches for a history that breaks an invariant: runs any histories, and shrinks the first that does.
import fc from 'fast-check';
import { anyOperation, topology } from './any-history';
import { Counts, deleteAll, newModel, Step } from './history';
import { Topology } from './operations';
import { World } from './world';

export interface Search {
  readonly histories: number;
  readonly seed: number;
  /** @default true */
  readonly isShrunk?: boolean;
  readonly world: (topology: Topology, seed: number) => Promise<World>;
  readonly counts: Counts;
}

/** Operations of a history. Longer ones find nothing more, and are slow. */
const LONGEST = 12;

export interface Found {
  readonly error: string;
  /** In the form of a named test. */
  readonly asTest: string;
  /** How many histories were run until it was found. */
  readonly after: number;
}

/** Undefined when all histories keep to what must hold. */
export async function search({ histories, seed, world, counts, isShrunk = true }: Search): Promise<Found | undefined> {
  const history = topology.chain((of) => fc.record({
    of: fc.constant(of),
    seed: fc.nat(),
    commands: fc.commands([anyOperation(of).map((operation) => new Step(operation, counts))], {
      maxCommands: LONGEST, size: 'max', disableReplayLog: true,
    }),
  }));
  const property = fc.asyncProperty(history, async ({ of, seed: own, commands }) => {
    const real = await world(of, own);
    const model = newModel(of, real);
    try {
      await fc.asyncModelRun(() => ({ model, real }), commands);
      await deleteAll(model, real, counts);
    } finally {
      await real.stop();
    }
  });
  const details = await fc.check(property, { numRuns: histories, seed, endOnFailure: !isShrunk });
  if (!details.failed) return undefined;
  const [{ of, seed: own, commands }] = details.counterexample!;
  const steps = String(commands).split(/,(?=\{"do")/).join(',\n    ');
  return {
    error: (details.errorInstance as Error | undefined)?.stack ?? 'no error',
    asTest: [
      "test('what must hold', async () => {", `  await runsThrough(${JSON.stringify(of)}, ${own}, [`, `    ${steps},`, '  ]);', '});',
    ].join('\n'),
    after: details.numRuns,
  };
}

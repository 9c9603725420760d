// Searches for a history that breaks an invariant: runs any histories, and shrinks the first that does.
import fc from 'fast-check';

/** A kind of histories: where they can happen, what can happen, and what must hold. */
export interface Kind<Scene, Model extends object, World extends { stop(): Promise<void> }> {
  readonly scenes: fc.Arbitrary<Scene>;
  readonly operations: (scene: Scene) => fc.Arbitrary<fc.AsyncCommand<Model, World>>;
  readonly world: (scene: Scene, seed: number) => Promise<World>;
  readonly model: (scene: Scene, world: World) => Model;
  /** Runs the operations, and what comes before and after them in each history. */
  readonly run: (scene: Scene, model: Model, world: World, operations: () => Promise<void>) => Promise<void>;
}

export interface Search {
  readonly histories: number;
  readonly seed: number;
  /** @default true */
  readonly isShrunk?: boolean;
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
export async function search<Scene, Model extends object, World extends { stop(): Promise<void> }>(
  kind: Kind<Scene, Model, World>, { histories, seed, isShrunk = true }: Search,
): Promise<Found | undefined> {
  const history = kind.scenes.chain((of) => fc.record({
    of: fc.constant(of),
    seed: fc.nat(),
    commands: fc.commands([kind.operations(of)], { maxCommands: LONGEST, size: 'max', disableReplayLog: true }),
  }));
  const property = fc.asyncProperty(history, async ({ of, seed: own, commands }) => {
    const real = await kind.world(of, own);
    const model = kind.model(of, real);
    try {
      await kind.run(of, model, real, () => fc.asyncModelRun(() => ({ model, real }), commands));
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

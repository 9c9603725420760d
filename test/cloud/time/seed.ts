// The seed of this run: the environment variable LOCAL_CLOUD_SEED, or else a random number.
declare global {
  /** Set for each test file by `test/seeded-environment.ts`, which prints it when a test fails. */
  var LOCAL_CLOUD_SEED: number | undefined;
  /** The clouds of that test file. A failed test prints what each of them waits for. */
  var LOCAL_CLOUDS: { describe(): string }[] | undefined;
}

export function seedOfThisRun(): number {
  const { LOCAL_CLOUD_SEED: given } = process.env;
  return given === undefined ? globalThis.LOCAL_CLOUD_SEED ?? anySeed() : Number(given);
}

/**
 * The same seed in every run, unless the environment gives one. For proofs of thousands of cases: so a commit fails for
 * what it changes.
 */
export function steadySeed(): number {
  return Number(process.env.LOCAL_CLOUD_SEED ?? 1);
}

export function anySeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

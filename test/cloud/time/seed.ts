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

export function anySeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

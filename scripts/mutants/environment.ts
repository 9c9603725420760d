// The environment of test files whose code has mutants: it says which of them is alive.
//
// All files share one realm (test/one-realm.cjs). What Stryker keeps there is from the last mutant, so each file sets
// it anew.
import SeededEnvironment from '../../test/seeded-environment';

const ACTIVE = '__STRYKER_ACTIVE_MUTANT__';

declare global {
  var __stryker__: { activeMutant?: string } | undefined;
}

export default class MutatedEnvironment extends SeededEnvironment {
  async setup(): Promise<void> {
    await super.setup();
    if (globalThis.__stryker__) globalThis.__stryker__.activeMutant = process.env[ACTIVE];
  }

  async teardown(): Promise<void> {
    const active = process.env[ACTIVE];
    await super.teardown();
    if (active !== undefined) process.env[ACTIVE] = active;
  }
}

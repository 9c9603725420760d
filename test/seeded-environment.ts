// The environment of each test file: gives its local clouds a seed, and when a test fails says
// which, and who waited for what.
import type { Circus } from '@jest/types';
import { TestEnvironment } from 'jest-environment-node';
import { seedOfThisRun } from './cloud/time/seed';

export default class SeededEnvironment extends TestEnvironment {
  async setup(): Promise<void> {
    await super.setup();
    this.global.LOCAL_CLOUD_SEED = seedOfThisRun();
    this.global.LOCAL_CLOUDS = [];
  }

  async handleTestEvent(event: Circus.Event): Promise<void> {
    if (event.name !== 'test_fn_failure' && event.name !== 'hook_failure') return;
    const clouds = this.global.LOCAL_CLOUDS as { describe(): string }[];
    for (const cloud of clouds) {
      process.stderr.write(`${event.test?.name ?? 'a hook'} has failed. ${cloud.describe()}\n`);
    }
  }
}

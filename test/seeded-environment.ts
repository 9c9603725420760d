// The environment of each test file: gives its local clouds a seed, and when a test fails says
// which, and who waited for what. Temporary files go when the file's tests are done.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Circus } from '@jest/types';
import { TestEnvironment } from 'jest-environment-node';
import { seedOfThisRun } from './cloud/time/seed';

export default class SeededEnvironment extends TestEnvironment {
  private readonly before = { variable: process.env.TMPDIR, directory: tmpdir() };
  private readonly own = mkdtempSync(join(tmpdir(), 'cdk-ses-dkim-test-'));

  async setup(): Promise<void> {
    await super.setup();
    process.env.TMPDIR = this.own;
    this.global.DIRECTORY_OF_KEYS = this.before.directory; // keys are made once on a machine
    this.global.LOCAL_CLOUD_SEED = seedOfThisRun();
    this.global.LOCAL_CLOUDS = [];
  }

  async teardown(): Promise<void> {
    await super.teardown();
    const { variable } = this.before;
    if (variable === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = variable;
    rmSync(this.own, { recursive: true, force: true });
  }

  async handleTestEvent(event: Circus.Event): Promise<void> {
    if (event.name !== 'test_fn_failure' && event.name !== 'hook_failure') return;
    const clouds = this.global.LOCAL_CLOUDS as { describe(): string }[];
    for (const cloud of clouds) {
      process.stderr.write(`${event.test?.name ?? 'a hook'} has failed. ${cloud.describe()}\n`);
    }
  }
}

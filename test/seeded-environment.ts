// The environment of each test file: gives its local clouds a seed, and when a test fails says
// which, and who waited for what. Temporary files go when the file's tests are done.
//
// It is the process itself (one-realm.cjs), so what a file sets is taken back here.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EnvironmentContext, JestEnvironment, JestEnvironmentConfig } from '@jest/environment';
import { ModernFakeTimers } from '@jest/fake-timers';
import type { Circus } from '@jest/types';
import { ModuleMocker } from 'jest-mock';
import { seedOfThisRun } from './cloud/time/seed';

const DIRECTORY = tmpdir();
/** One for all files of a worker: CDK asks for it once. */
const OWN = mkdtempSync(join(DIRECTORY, 'cdk-ses-dkim-test-'));
const VARIABLES = { ...process.env };

export default class SeededEnvironment implements JestEnvironment {
  readonly global = globalThis as unknown as JestEnvironment['global'];
  readonly moduleMocker = new ModuleMocker(globalThis);
  readonly fakeTimers = null;
  readonly fakeTimersModern: ModernFakeTimers;

  constructor({ projectConfig: config }: JestEnvironmentConfig, _: EnvironmentContext) {
    this.fakeTimersModern = new ModernFakeTimers({ config, global: globalThis });
  }

  async setup(): Promise<void> {
    mkdirSync(OWN, { recursive: true });
    process.env.TMPDIR = OWN;
    Error.stackTraceLimit = 10; // as Node has it; Jest has 100. Each `expect` and each request makes an error
    Object.assign(globalThis, {
      DIRECTORY_OF_KEYS: DIRECTORY, // keys are made once on a machine
      LOCAL_CLOUD_SEED: seedOfThisRun(),
      LOCAL_CLOUDS: [],
      __coverage__: undefined, // the counters of the last file
    });
  }

  async teardown(): Promise<void> {
    this.fakeTimersModern.dispose();
    for (const name of Object.keys(process.env)) if (!(name in VARIABLES)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, VARIABLES);
    rmSync(OWN, { recursive: true, force: true });
  }

  async handleTestEvent(event: Circus.Event): Promise<void> {
    if (event.name !== 'test_fn_failure' && event.name !== 'hook_failure') return;
    for (const cloud of globalThis.LOCAL_CLOUDS ?? []) {
      process.stderr.write(`${event.test?.name ?? 'a hook'} has failed. ${cloud.describe()}\n`);
    }
  }

  getVmContext(): null {
    return null;
  }

  exportConditions(): string[] {
    return ['node', 'node-addons'];
  }
}

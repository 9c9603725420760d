// `cdk deploy` with the real CLI on MiniStack, an emulator that nobody here wrote. Run by `npx projen integ:emulator`; see docs/emulator.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checks, print } from './checks';
import { Children } from './children';
import { NoEmulatorError } from './python';
import { runScenario } from './scenario';
import { Scene } from './scene';

const LINES_OF_LOG = 60;

async function main(): Promise<void> {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const directory = mkdtempSync(join(tmpdir(), 'cdk-ses-dkim-emulator-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const children = new Children();
  const checks = new Checks();
  try {
    await run(children, directory, checks);
    print(`${checks.summary()}, in ${Math.round(performance.now() / 1000)} seconds`);
  } catch (error) {
    if (!(error instanceof NoEmulatorError)) throw error;
    print(error.message);
  } finally {
    await children.stopAll();
  }
  process.exitCode = checks.allPassed ? 0 : 1;
}

async function run(children: Children, directory: string, checks: Checks): Promise<void> {
  const scene = await Scene.start(children, directory);
  try {
    await runScenario(scene, checks);
  } catch (error) {
    if (!children.interrupted) checks.fail(`the run broke off: ${(error as Error).stack}`);
  } finally {
    if (!checks.allPassed && !children.interrupted) print(`What MiniStack wrote last:\n${scene.ministack.log.split('\n').slice(-LINES_OF_LOG).join('\n')}`);
    await scene.stop();
  }
}

void main();

// `cdk deploy` with the real CLI on MiniStack, an emulator that nobody here wrote. Run by `npx projen integ:emulator`; see docs/emulator.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checks, print } from './checks';
import { Children } from './children';
import { NoEmulatorError } from './python';
import { runScenario } from './scenario';
import { Scene } from './scene';

async function main(): Promise<void> {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const directory = mkdtempSync(join(tmpdir(), 'cdk-ses-dkim-emulator-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const children = new Children();
  const checks = new Checks();
  let scene: Scene | undefined;
  try {
    scene = await Scene.start(children, directory);
    await runScenario(scene, checks);
  } catch (error) {
    if (error instanceof NoEmulatorError) print(error.message);
    else checks.fail(`the run broke off: ${(error as Error).stack}`);
  } finally {
    if (!checks.allPassed && scene) print(`What MiniStack wrote last:\n${scene.ministack.log.split('\n').slice(-60).join('\n')}`);
    await scene?.stop();
    await children.stopAll();
  }
  print(`${checks.summary()}, in ${Math.round(performance.now() / 1000)} seconds`);
  process.exitCode = checks.allPassed ? 0 : 1;
}

void main();

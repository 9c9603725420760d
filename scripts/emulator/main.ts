// Deploys the demo and the example app in each language with the real CDK CLI on MiniStack, an emulator.
// Run by `npx projen integ:emulator`, or for some apps by `npx projen integ:emulator demo typescript`. `--built` takes
// the packages that are in dist/.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT } from './cdk-cli';
import { Checks, print } from './checks';
import { Children } from './children';
import { runDemo } from './demo-scenario';
import { runExample } from './example-scenario';
import { NoEmulatorError } from './python';
import { Scene } from './scene';
import { bootstrap } from './steps';
import { PARENT_REGION, REGION } from '../../examples/demo/app';
import { timed } from '../languages/command';
import { Example, EXAMPLES, install, synthesize } from '../languages/examples';
import { buildPackages } from '../languages/packages';
import { missingTools } from '../languages/tools';
import { Workspace } from '../languages/workspace';

const LINES_OF_LOG = 60;
const DEMO = 'demo';
const NAMES = [DEMO, ...EXAMPLES.map(({ name }) => name)];

async function main(): Promise<void> {
  const { values: { built }, positionals: asked } = parseArgs({
    options: { built: { type: 'boolean' } }, allowPositionals: true,
  });
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const children = new Children();
  const checks = new Checks();
  const directory = mkdtempSync(join(tmpdir(), 'cdk-ses-dkim-emulator-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  try {
    const names = asked.length > 0 ? asked : NAMES;
    const examples = EXAMPLES.filter(({ name }) => names.includes(name));
    requireRunnable(names);
    const workspace = prepare(examples, built);
    const scene = await Scene.start(children, directory);
    try {
      await bootstrap(scene, checks, [REGION, PARENT_REGION]);
      if (names.includes(DEMO)) await runDemo(scene, checks);
      for (const example of examples) await runExample(scene, checks, example, workspace!);
    } catch (error) {
      if (!children.interrupted) checks.fail(`the run broke off: ${(error as Error).stack}`);
    } finally {
      if (!checks.allPassed && !children.interrupted) {
        print(`What MiniStack wrote last:\n${lastLines(scene.ministack.log)}`);
      }
      await scene.stop();
    }
    print(`${checks.summary()}, in ${Math.round(performance.now() / 1000)} seconds`);
  } catch (error) {
    if (!(error instanceof NoEmulatorError)) throw error;
    print(error.message);
  } finally {
    await children.stopAll();
  }
  process.exitCode = checks.allPassed ? 0 : 1;
}

function requireRunnable(names: readonly string[]): void {
  const unknown = names.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) {
    throw new NoEmulatorError(`There is no app '${unknown.join("', '")}'. There are: ${NAMES.join(', ')}.`);
  }
  const missing = missingTools(names);
  if (missing.length > 0) {
    throw new NoEmulatorError(
      `Not on this machine: ${missing.join(', ')}. \`npx projen integ:emulator ${DEMO}\` needs Python alone.`,
    );
  }
}

/**
 * Installs what the examples need before the emulator starts. The apps that the CLI runs cannot reach the
 * internet.
 */
function prepare(examples: readonly Example[], isBuilt = false): Workspace | undefined {
  if (examples.length === 0) return undefined;
  if (!isBuilt) buildPackages(PROJECT);
  const workspace = new Workspace(PROJECT);
  process.once('exit', () => workspace.remove());
  for (const example of examples) {
    timed(`install ${example.name}`, () => {
      install(example, workspace);
      synthesize(example, workspace);
    });
  }
  return workspace;
}

function lastLines(log: string): string {
  return log.split('\n').slice(-LINES_OF_LOG).join('\n');
}

void main();

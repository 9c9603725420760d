// Runs the CLI with an app, and checks the result.
import { CdkApp, PROJECT } from './cdk-cli';
import { Checks, print } from './checks';
import { Ended } from './children';
import { Scene } from './scene';
import { ACCOUNT } from '../../examples/demo/app';

export const DEPLOY = ['deploy', '--all', '--require-approval', 'never', '--progress', 'events'];
export const DESTROY = ['destroy', '--all', '--force'];

/** An app in one of its versions. */
export interface App extends CdkApp {
  /** Describes this version, for the output. */
  readonly state: string;
}

export async function bootstrap(scene: Scene, checks: Checks, regions: readonly string[]): Promise<void> {
  const environments = regions.map((region) => `aws://${ACCOUNT}/${region}`);
  await succeeds(scene, checks, { state: 'for all', directory: PROJECT, environment: {} }, [
    'bootstrap',
    ...environments,
  ]);
}

/** Returns the output of the CLI. */
export async function succeeds(scene: Scene, checks: Checks, app: App, args: readonly string[]): Promise<string> {
  const { code, output } = await cdk(scene, app, args);
  if (code !== 0) throw new Error(`cdk ${args[0]} failed, and nothing after it could be checked:\n${output}`);
  checks.that(`cdk ${args[0]} succeeds`, true, output);
  return output;
}

/** Checks that a deployment fails. @param says the parts of the handler's message that the CLI must show */
export async function fails(scene: Scene, checks: Checks, app: App, says: readonly RegExp[]): Promise<void> {
  const { code, output } = await cdk(scene, app, DEPLOY);
  checks.that('cdk deploy fails', code !== 0 && code !== undefined, output);
  checks.that("the CLI shows the handler's message", says.every((part) => part.test(output)), output);
}

/** @param status undefined if the stack should be deleted */
export async function expectStatus(
  scene: Scene,
  checks: Checks,
  name: string,
  region: string,
  status: string | undefined,
): Promise<void> {
  const found = await scene.ministack.stackStatus(name, region);
  checks.that(`the stack ${name} is ${status ?? 'gone'}`, found === status, found);
}

/** What has come to its end in a stack: a deployment can take most of a minute. */
function showProgress(line: string): void {
  const [, status, resource] = /\| (\w+_(?:COMPLETE|FAILED)) +\| (.+)$/.exec(line) ?? [];
  if (status) print(`    ${status}  ${resource.slice(0, 90)}`);
}

async function cdk(scene: Scene, app: App, args: readonly string[]): Promise<Ended> {
  print(`\n$ cdk ${args.join(' ')}   (${app.state})`);
  const since = performance.now();
  const ended = await scene.cli.run(app, args, showProgress);
  print(`  exit status ${ended.code} after ${Math.round((performance.now() - since) / 1000)} seconds`);
  return ended;
}

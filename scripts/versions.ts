// Runs tests on the versions that users have and `npm test` does not: the newest aws-cdk-lib, and the handler on Lambda's Node.
// `npx projen versions`, or with pinned versions `npx projen versions --cdk 2.276.0 --node 24`.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** What depends on aws-cdk-lib: the construct, and what is synthesized really deployed. */
const CDK_TESTS = [
  'test/dkim-private-key.test.ts', 'test/dkim-signing.test.ts', 'test/email-identity-dkim.test.ts', 'test/pipeline.test.ts', 'test/private/',
  'test/end-to-end/pipeline.test.ts', 'test/end-to-end/zones.test.ts',
];
/** What depends on the handler's Node: its crypto, its DNS, its timers. */
const NODE_TESTS = ['test/cloud/lambda.test.ts', 'test/end-to-end/key-forms.test.ts', 'test/end-to-end/zones.test.ts', 'test/end-to-end/waiting.test.ts'];

const repository = join(__dirname, '..');

function main(): void {
  const { values: { cdk, node } } = parseArgs({ options: { cdk: { type: 'string' }, node: { type: 'string', default: '24' } } });
  const directory = mkdtempSync(join(tmpdir(), 'cdk-ses-dkim-versions-'));
  // A child that is interrupted throws here, so that the directory is removed.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  try {
    step('the tests of the repository run on the CDK floor', checkFloor);
    step('the newest aws-cdk-lib', () => testNewestCdk(join(directory, 'newest'), cdk ?? output('npm', ['view', 'aws-cdk-lib', 'version'])));
    step(`the handler on Node ${node}`, () => testNode(join(directory, 'node'), node));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** `npm test` shows that the floor works only as long as the floor is what is installed. */
function checkFloor(): void {
  const floor: string = manifestOf(repository).peerDependencies['aws-cdk-lib'];
  const installed = installedCdk(repository);
  if (floor !== `^${installed}`) throw new Error(`aws-cdk-lib ${installed} is installed, but users may have ${floor}. Run \`npm ci\``);
  console.log(`aws-cdk-lib ${installed}`);
}

/** In a copy, so that neither the installed packages nor the lock file change here. */
function testNewestCdk(copy: string, version: string): void {
  const tracked = output('git', ['ls-files', '-z']).split('\0').filter((file) => file && existsSync(join(repository, file)));
  for (const file of tracked) cpSync(join(repository, file), join(copy, file));
  cpSync(join(repository, 'node_modules'), join(copy, 'node_modules'), { recursive: true, verbatimSymlinks: true }); // faster than `npm ci`
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', `aws-cdk-lib@${version}`], copy);
  console.log(`aws-cdk-lib ${installedCdk(copy)}`);
  run('npx', ['tsx', 'scripts/bundle.ts'], copy);
  run('npx', ['tsc', '--noEmit', '--project', 'tsconfig.dev.json'], copy);
  run('npx', ['jest', '--ci', '--coverage=false', ...CDK_TESTS], copy);
}

function testNode(prefix: string, version: string): void {
  run('npm', ['install', '--no-audit', '--no-fund', '--prefix', prefix, `node@${version}`], repository);
  const binary = join(prefix, 'node_modules', 'node', 'bin', 'node');
  console.log(`Node ${output(binary, ['--version'])}`);
  run('npx', ['tsx', 'scripts/bundle.ts'], repository);
  run('npx', ['jest', '--ci', '--coverage=false', ...NODE_TESTS], repository, { LOCAL_CLOUD_NODE: binary });
}

function step(name: string, work: () => void): void {
  console.log(`\n=== ${name}`);
  const startedAt = performance.now();
  work();
  console.log(`=== passed in ${Math.round((performance.now() - startedAt) / 1000)} seconds`);
}

function installedCdk(directory: string): string {
  return manifestOf(join(directory, 'node_modules', 'aws-cdk-lib')).version;
}

function manifestOf(directory: string) {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
}

/** Throws when the command fails. */
function run(command: string, args: string[], cwd: string, environment: Record<string, string> = {}): void {
  execFileSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...environment } });
}

function output(command: string, args: string[]): string {
  return execFileSync(command, args, { cwd: repository, encoding: 'utf8' }).trim();
}

main();

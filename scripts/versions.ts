// Runs tests on versions that `npm test` does not use: the newest aws-cdk-lib, and the Node.js of Lambda.
// Run by `npx projen versions`, or with pinned versions by `npx projen versions --cdk 2.276.0 --node 24`.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** The tests that depend on aws-cdk-lib: all that synthesize, and some that deploy the result. */
const CDK_TESTS = [
  ...['demo', 'dkim-private-key', 'dkim-signing', 'docs', 'examples', 'pipeline'].map((name) => `test/${name}.test.ts`),
  'test/email-identity-dkim/', 'test/private/',
  ...['l1', 'pipeline', 'real-account', 'zones'].map((name) => `test/end-to-end/${name}.test.ts`),
];
/** The tests that run the handler, in their whole size and with a process for each function (`test:whole`). */
const NODE_TESTS = ['test/cloud/lambda/', 'test/end-to-end/', 'test/lambda/records/several-batches.test.ts'];

/** The tests of what the simulated time asks of Node.js: to say when a function is idle. */
const TIME_TESTS = [
  'test/cloud/lambda/', ...['failures', 'same-seed', 'waiting'].map((name) => `test/end-to-end/${name}.test.ts`),
];

/** As in `npm test`. */
const JEST = ['--single-threaded-gc', 'node_modules/jest/bin/jest.js', '--ci', '--coverage=false'];

const repository = join(__dirname, '..');

async function main(): Promise<void> {
  const {
    values: { cdk, node },
  } = parseArgs({ options: { cdk: { type: 'string' }, node: { type: 'string', default: '24' } } });
  const directory = mkdtempSync(join(tmpdir(), 'cdk-ses-dkim-versions-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  // Without a handler, a signal would end the process without 'exit'.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

  await step('the tests of the repository run on the CDK floor', checkFloor);
  await step('the newest aws-cdk-lib', () =>
    testNewestCdk(join(directory, 'newest'), cdk ?? output('npm', ['view', 'aws-cdk-lib', 'version'])),
  );
  await step(`the handler on Node ${node}`, () => testNode(join(directory, 'node'), node, NODE_TESTS));
  await step('simulated time on Node 22', () => testNode(join(directory, 'node-22'), '22', TIME_TESTS));
}

/** `npm test` shows that the lowest supported versions work, but only if these versions are installed. */
function checkFloor(): void {
  for (const [name, range] of Object.entries<string>(manifestOf(repository).peerDependencies)) {
    const installed = installedVersion(repository, name);
    if (range !== `^${installed}`) {
      throw new Error(`${name} ${installed} is installed, but users may have ${range}. Run \`npm ci\``);
    }
    console.log(`${name} ${installed}`);
  }
}

/** Tests in a copy, so that the installed packages and the lock file of the repository do not change. */
async function testNewestCdk(copy: string, version: string): Promise<void> {
  const tracked = output('git', ['ls-files', '-z'])
    .split('\0')
    .filter((file) => file && existsSync(join(repository, file)));
  for (const file of tracked) await cp(join(repository, file), join(copy, file));
  // Copying is faster than `npm ci`.
  await cp(join(repository, 'node_modules'), join(copy, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  await run(
    'npm',
    ['install', '--no-save', '--no-audit', '--no-fund', `aws-cdk-lib@${version}`, 'constructs@10'],
    copy,
  );
  for (const name of ['aws-cdk-lib', 'constructs']) console.log(`${name} ${installedVersion(copy, name)}`);
  await run('npx', ['tsx', 'scripts/bundle.ts'], copy);
  await run('npx', ['projen', 'typecheck'], copy);
  await run('node', [...JEST, ...CDK_TESTS], copy);
}

async function testNode(prefix: string, version: string, tests: readonly string[]): Promise<void> {
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefix', prefix, `node@${version}`], repository);
  const binary = join(prefix, 'node_modules', 'node', 'bin', 'node');
  console.log(`Node ${output(binary, ['--version'])}`);
  await run('npx', ['tsx', 'scripts/bundle.ts'], repository);
  await run('node', [...JEST, ...tests], repository, { LOCAL_CLOUD_NODE: binary, TEST_SIZE: 'whole' });
}

async function step(name: string, work: () => void | Promise<void>): Promise<void> {
  console.log(`\n=== ${name}`);
  const startedAt = performance.now();
  await work();
  console.log(`=== passed in ${Math.round((performance.now() - startedAt) / 1000)} seconds`);
}

function installedVersion(directory: string, name: string): string {
  return manifestOf(join(directory, 'node_modules', name)).version;
}

function manifestOf(directory: string) {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
}

async function run(
  command: string,
  args: string[],
  cwd: string,
  environment: Record<string, string> = {},
): Promise<void> {
  const child = spawn(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...environment } });
  const [code, signal] = await once(child, 'exit');
  if (code !== 0) throw new Error(`\`${[command, ...args].join(' ')}\` ended with ${signal ?? code}`);
}

function output(command: string, args: string[]): string {
  return execFileSync(command, args, { cwd: repository, encoding: 'utf8' }).trim();
}

main().catch((error: Error) => {
  console.error(`\nFAILED: ${error.message}`);
  process.exitCode = 1;
});

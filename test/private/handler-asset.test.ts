// The code of the function is the handler that was built with the library, and never a folder that is at its place.
import { execFileSync } from 'child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { build, BuildOptions } from 'esbuild';
import { digestOf } from '../../src/private/digest-of-folder';
import { handlerAsset } from '../../src/private/handler-asset';
import { HANDLER_DIGEST } from '../../src/private/handler-digest';

const ROOT = join(__dirname, '..', '..');
const BUILT = join(ROOT, 'assets', 'lambda');

let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'bundled-'));
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
});

afterEach(() => rmSync(project, { recursive: true }));

const APP = `
  import { App, Stack } from 'aws-cdk-lib';
  import * as ses from 'aws-cdk-lib/aws-ses';
  import { EmailIdentityDkim } from 'cdk-ses-dkim';

  const stack = new Stack(new App(), 'Mail');
  new EmailIdentityDkim(stack, 'Dkim', { identity: ses.EmailIdentity.fromEmailIdentityName(stack, 'Identity', 'example.com') });
  console.log('synthesized');
`;

/** Bundles the app into one file two levels below the project, runs it, and gives what it writes. */
async function runBundled({ name = 'main.js', ...options }: BuildOptions & { name?: string } = {}): Promise<string> {
  const outfile = join(project, 'dist', 'app', name);
  await build({
    stdin: { contents: APP, resolveDir: ROOT },
    bundle: true,
    platform: 'node',
    alias: { 'cdk-ses-dkim': join(ROOT, 'src', 'index.ts') },
    external: ['aws-cdk-lib', 'constructs'],
    outfile,
    ...options,
  });
  try {
    return execFileSync(process.execPath, [outfile], { cwd: project, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

/** Puts files where the bundled library looks for its handler. */
function place(handler: string): void {
  const folder = join(project, 'assets', 'lambda', 'deployment');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.js'), handler);
}

const ADVICE = /Let the bundler leave it in node_modules: 'cdk-ses-dkim' as an external module/;

test('the folder that was built with the library is used', () => {
  expect(handlerAsset()).toBe(BUILT);
  expect(digestOf(BUILT)).toBe(HANDLER_DIGEST);
});

test('G6 a bundled app is told what to do, not that an asset is missing', async () => {
  const said = await runBundled();

  expect(said).toMatch(/code of the function, '.*assets.lambda', is not there\. Probably a bundler/);
  expect(said).toMatch(ADVICE);
});

test('G6 code of the app does not become our handler', async () => {
  place('exports.handler = async () => undefined;');
  const said = await runBundled();

  expect(said).toMatch(/has other files than those of this version of cdk-ses-dkim/);
  expect(said).toMatch(ADVICE);
});

test('G6 an app that is an ES module, which has no __dirname, is told the same', async () => {
  const js = "import { createRequire } from 'module'; const require = createRequire(import.meta.url);";
  const said = await runBundled({ name: 'main.mjs', format: 'esm', banner: { js } });

  expect(said).toMatch(ADVICE);
});

test('G6 a copy of the handler beside the bundled app is the handler, unless a file was changed or added', async () => {
  cpSync(BUILT, join(project, 'assets', 'lambda'), { recursive: true });
  writeFileSync(join(project, 'assets', 'lambda', '.DS_Store'), '');
  expect(await runBundled()).toContain('synthesized');

  writeFileSync(join(project, 'assets', 'lambda', 'package.json'), '{ "type": "module" }');
  expect(await runBundled()).toMatch(ADVICE);
});

// Checks what users get: the files of the npm package, and the licences of the bundled packages.
import { execFileSync } from 'child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { deflateRawSync } from 'zlib';
import { Metafile } from 'esbuild';

const ROOT = join(__dirname, '..');
const ROOMS = readdirSync(join(ROOT, 'lambda')).filter((room) => existsSync(join(ROOT, 'lambda', room, 'index.ts')));
const ENTRIES = ROOMS.map((room) => `lambda/${room}/index.ts`);
const BUILT = [
  'lib/index.js', '.jsii', '.jsii.tabl.json', 'assets/lambda/handlers.js', ...ROOMS.map((room) => `assets/lambda/${room}/index.js`), 'assets/THIRD-PARTY-LICENSES.txt',
];

let files: string[];

beforeAll(() => {
  const missing = BUILT.filter((file) => !existsSync(join(ROOT, file)));
  if (missing.length > 0) {
    throw new Error(`${missing.join(', ')} not built, so the package cannot be checked. `
      + 'Run: npx projen bundle && npx projen compile && npx projen compiled-examples');
  }
  const listed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  files = (JSON.parse(listed) as { files: { path: string }[] }[])[0].files.map(({ path }) => path);
});

test('the package has the library, its types, its jsii assembly, the examples of each language, the handler, the licences and the docs', () => {
  expect(files).toEqual(expect.arrayContaining([
    ...BUILT, 'lib/index.d.ts', 'lib/email-identity-dkim.js', 'lib/private/contract.js',
    'package.json', 'API.md', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md',
  ]));
});

test('the package has no other files than the expected ones', () => {
  const expected = [
    /^lib\/(private\/)?[a-z0-9-]+(\.d\.ts|\.js)$/,
    /^assets\/lambda\/(\w+\/index|handlers)\.js$/,
    /^assets\/THIRD-PARTY-LICENSES\.txt$/,
    /^(README|API|CONTRIBUTING|CHANGELOG|SECURITY)\.md$/,
    // The examples in all languages: jsii-pacmak makes the other packages from this one.
    /^(LICENSE|package\.json|\.jsii|\.jsii\.tabl\.json)$/,
    // The README names a fixture. Construct Hub renders the docs from the package, and fails without it.
    /^rosetta\/[a-z]+\.ts-fixture$/,
  ];
  expect(files.filter((file) => !expected.some((pattern) => pattern.test(file)))).toEqual([]);
});

test('each module of the library has its types in the package', () => {
  const modules = files.filter((file) => file.startsWith('lib/') && file.endsWith('.js'));
  expect(modules.length).toBeGreaterThan(10);
  expect(modules.filter((file) => !files.includes(file.replace(/\.js$/, '.d.ts')))).toEqual([]);
});

test('the handler is small enough to start fast: 370 kB for all functions, and 112 kB zipped', () => {
  const built = files.filter((file) => file.startsWith('assets/lambda/')).map((file) => readFileSync(join(ROOT, file)));
  const sum = (sizes: number[]) => sizes.reduce((total, size) => total + size, 0);
  expect(sum(built.map(({ length }) => length))).toBeLessThanOrEqual(370_000);
  expect(sum(built.map((file) => deflateRawSync(file, { level: 9 }).length))).toBeLessThanOrEqual(112_000);
});

test('no file in the package holds a private key', () => {
  const suspicious = files.filter((file) =>
    /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*\\?n?[A-Za-z0-9+/]{40}/.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  expect(suspicious).toEqual([]);
});

test('every package in the bundle has its licence, with its text, beside the bundle', () => {
  // The packages are looked up here again, and not by the script that writes the file.
  const folder = mkdtempSync(join(tmpdir(), 'bundled-'));
  try {
    execFileSync(join(ROOT, 'node_modules', '.bin', 'esbuild'), [
      ...ENTRIES, '--bundle', '--platform=node', '--main-fields=module,main', '--log-level=error',
      '--alias:@aws-sdk/credential-provider-node=./lambda/services/environment-credentials.ts',
      `--metafile=${join(folder, 'meta.json')}`, `--outdir=${folder}`,
    ], { cwd: ROOT });
    const { outputs } = JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8')) as Pick<Metafile, 'outputs'>;
    const inside = Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs));
    const packages = new Set(
      inside.filter(([, { bytesInOutput }]) => bytesInOutput > 0).flatMap(([file]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? []),
    );
    const named = [...packages].map((path) => {
      const { name, version, license } = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8'));
      return `${name} ${version} (${license})`;
    });
    expect(named.length).toBeGreaterThan(10);

    const parts = readFileSync(join(ROOT, 'assets', 'THIRD-PARTY-LICENSES.txt'), 'utf8')
      .split(/^={80}$/m)
      .map((part) => {
        const [names, ...text] = part.trim().split('\n\n');
        return { names: names.split('\n'), text: text.join('\n\n') };
      });
    expect(named.filter((name) => !parts.some(({ names }) => names.includes(name)))).toEqual([]);
    expect(parts.filter(({ text }) => text.length < 500)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

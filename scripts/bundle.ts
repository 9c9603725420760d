// Builds the handler, minified and with the SDK inside: a file for each entry, and files with what several entries
// share. Collects the licences, and writes the digest by which the construct knows the files.
// Run by `npx projen bundle`.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, OutputFile, Plugin, transform } from 'esbuild';
import { leftOut } from './left-out';
import { onlyWhatIsUsed } from './only-what-is-used';
import { digestOf } from '../src/private/digest-of-folder';

/**
 * The entries: folders of `lambda/` with an `index.ts`. The handler of a function is `<folder>/index.handler`. All
 * entries are in one asset.
 */
const ENTRIES = ['deployment', 'rotation'];
const ASSET = 'assets/lambda';
const LICENSES = 'assets/THIRD-PARTY-LICENSES.txt';
const DIGEST = 'src/private/handler-digest.ts';

/**
 * Each client of the SDK includes its whole package.json, only to read the version. This keeps only the
 * version.
 */
const onlyVersions: Plugin = {
  name: 'only-versions',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]client-[^\\/]+[\\/]package\.json$/ }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

/**
 * An `import()` would put its module into a file of its own. Those in the SDK are for event streams and for browsers,
 * which no call here needs.
 */
const nothingLater: Plugin = {
  name: 'nothing-later',
  setup({ onResolve }) {
    onResolve({ filter: /./ }, ({ kind, path }) => kind === 'dynamic-import' ? { path, external: true } : undefined);
  },
};

/** Node loads CommonJS faster. esbuild shares code only between ES modules, so what it gives is turned afterwards. */
const OUTPUT = {
  target: 'node24',
  minify: true,
  // `require` is loaded already. `import()` would start Node's second module loader, which takes milliseconds.
  supported: { 'dynamic-import': false },
} as const;

type Built = Pick<OutputFile, 'path' | 'text'>;

async function main(): Promise<void> {
  const { metafile, outputFiles } = await build({
    entryPoints: ENTRIES.map((entry) => `lambda/${entry}/index.ts`),
    outbase: 'lambda',
    outdir: ASSET,
    bundle: true,
    metafile: true,
    platform: 'node',
    format: 'esm',
    splitting: true,
    chunkNames: 'shared/[hash]',
    mainFields: ['module', 'main'], // ES modules first: esbuild can drop unused code only from them
    ...OUTPUT,
    alias: { '@aws-sdk/credential-provider-node': './lambda/services/environment-credentials.ts' },
    plugins: [nothingLater, onlyWhatIsUsed, onlyVersions, leftOut],
    logLevel: 'info',
    write: false,
  });
  writeAsset(await Promise.all(outputFiles.map(asCommonJs)));
  const packages = new Set(
    Object.keys(metafile.inputs).flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []),
  );
  write(LICENSES, renderLicenses([...packages].sort()));
  write(DIGEST, `// Digest of the files in ${ASSET}. Written by \`npx projen bundle\`, and never committed.
export const HANDLER_DIGEST = '${digestOf(ASSET)}';
`);
}

async function asCommonJs({ path, text }: OutputFile): Promise<Built> {
  return { path, text: (await transform(text, { ...OUTPUT, platform: 'node', format: 'cjs' })).code };
}

/** Nothing when it is there already: tests that run at this moment read it. */
function writeAsset(files: readonly Built[]): void {
  const there = existsSync(ASSET) ? readdirSync(ASSET, { recursive: true, withFileTypes: true }) : [];
  const isSame = there.filter((entry) => entry.isFile()).length === files.length
    && files.every(({ path, text }) => existsSync(path) && readFileSync(path, 'utf8') === text);
  if (isSame) return;
  rmSync(ASSET, { recursive: true, force: true }); // what an older layout has left there would ship
  for (const { path, text } of files) write(path, text);
}

function write(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Every licence text once, below the names of the packages that have it. */
function renderLicenses(folders: readonly string[]): string {
  const packagesByText = new Map<string, string[]>();
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file && !license) throw new Error(`${name} is in the bundle and has no licence`);
    const text = file ? readFileSync(join(folder, file), 'utf8').trim() : `(${license})`;
    packagesByText.set(text, [...packagesByText.get(text) ?? [], `${name} ${version} (${license})`]);
  }
  return [...packagesByText].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`).join(`\n${'='.repeat(80)}\n\n`);
}

void main();

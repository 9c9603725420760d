// Builds the handler as one file with the SDK inside, minified twice, and a small file for each entry that leads there.
// Collects the licences, and writes the digest by which the construct knows the files.
// Run by `npx projen bundle`.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, Plugin } from 'esbuild';
import { leftOut } from './left-out';
import { onlyWhatIsUsed } from './only-what-is-used';
import { digestOf } from '../src/private/digest-of-folder';

/**
 * The entries: folders of `lambda/` with an `index.ts`. The handler of a function is `<folder>/index.handler`. All
 * entries are in one asset.
 */
const ENTRIES = ['watch', 'rotation', 'deployment'];
/**
 * They come first, in this order: zip finds what is alike only within 32 kB, and the clients are alike. Without it the
 * zipped bundle has 2 % more. The order was found by trying, and so was that of the entries.
 */
const CLIENTS = ['cloudformation', 'lambda', 'sesv2', 'sts', 'scheduler', 'secrets-manager', 'route-53'];
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

type Built = Readonly<Record<'path' | 'text', string>>;

async function main(): Promise<void> {
  const { metafile, outputFiles } = await build({
    // One file with all of them zips better than a file for each, beside files with what they share.
    stdin: {
      contents: [
        ...CLIENTS.map((client) => `import '@aws-sdk/client-${client}';`),
        ...ENTRIES.map((entry) => `export { handler as ${entry} } from './${entry}';`),
      ].join('\n'),
      resolveDir: 'lambda',
    },
    outfile: `${ASSET}/handlers.js`,
    bundle: true,
    minify: true,
    metafile: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'], // ES modules first: esbuild can drop unused code only from them
    // `require` is loaded already. `import()` would start Node's second module loader, which takes
    // milliseconds.
    supported: { 'dynamic-import': false },
    alias: { '@aws-sdk/credential-provider-node': './lambda/services/environment-credentials.ts' },
    plugins: [onlyWhatIsUsed, onlyVersions, leftOut],
    logLevel: 'info',
    logOverride: { 'ignored-bare-import': 'silent' }, // the clients stand there for their order alone
    write: false,
  });
  // What esbuild drops is seen before, by what it knows of modules. Terser then finds shorter code for what is left.
  // `module` says that it was written as ES modules, which are strict.
  const { minify } = await import('terser'); // an ES module
  const { code = '' } = await minify(outputFiles[0].text, { module: true, ecma: 2020, compress: { ecma: 2020, passes: 3 } });
  writeAsset([
    { path: `${ASSET}/handlers.js`, text: code },
    ...ENTRIES.map((entry) => ({
      path: `${ASSET}/${entry}/index.js`, text: `exports.handler = require('../handlers.js').${entry};\n`,
    })),
  ]);
  const packages = new Set(
    Object.keys(metafile.inputs).flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []),
  );
  write(LICENSES, renderLicenses([...packages].sort()));
  write(DIGEST, `// Digest of the files in ${ASSET}. Written by \`npx projen bundle\`, and never committed.
export const HANDLER_DIGEST = '${digestOf(ASSET)}';
`);
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

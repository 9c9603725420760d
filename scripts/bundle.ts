// Builds the handler: one minified CommonJS file for each entry, with the SDK inside, and the licences of what is in it. Run by `npx projen bundle`.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, Plugin } from 'esbuild';

/** Each is a folder of `lambda/` with an `index.ts`, and a function's handler is `<folder>/index.handler`. All are in one asset. */
const ENTRIES = ['deployment'];
const ASSET = 'assets/lambda';
const LICENSES = 'assets/THIRD-PARTY-LICENSES.txt';

/**
 * The SDK's schemas describe each operation by an object with computed keys (`{ [_h]: … }`, where `_h` is a constant of the same file). esbuild
 * cannot know that such an expression does nothing, so it keeps all operations of a service. With the constant's text as the key it drops
 * those that are not used: a quarter of the bundle.
 */
const plainKeys: Plugin = {
  name: 'plain-keys',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]schemas[\\/]schemas_\d+\.js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const constants = new Map([...source.matchAll(/^const (_\w+) = ("[^"]*");$/gm)].map(([, name, text]) => [name, text]));
      return { contents: source.replace(/\[(_\w+)\]:/g, (key, name) => constants.has(name) ? `${constants.get(name)}:` : key), loader: 'js' };
    });
  },
};

/** Each client brings its whole package.json for the version in it. */
const onlyVersions: Plugin = {
  name: 'only-versions',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]client-[^\\/]+[\\/]package\.json$/ }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

async function main(): Promise<void> {
  rmSync(ASSET, { recursive: true, force: true }); // what an older layout has left there would ship
  const { metafile } = await build({
    entryPoints: ENTRIES.map((entry) => `lambda/${entry}/index.ts`),
    outbase: 'lambda',
    outdir: ASSET,
    bundle: true,
    minify: true,
    metafile: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'], // ES modules first: only they can be shaken
    supported: { 'dynamic-import': false }, // `require` instead, which has begun already: Node's other loader takes milliseconds to
    alias: { '@aws-sdk/credential-provider-node': './lambda/services/environment-credentials.ts' },
    plugins: [plainKeys, onlyVersions],
    logLevel: 'info',
  });
  const packages = new Set(Object.keys(metafile.inputs).flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []));
  mkdirSync(dirname(LICENSES), { recursive: true });
  writeFileSync(LICENSES, renderLicenses([...packages].sort()));
}

/** Each licence text once, below the packages that it is for. */
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

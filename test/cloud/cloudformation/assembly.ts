// Reads a synthesized cloud assembly: a stack's template, its environment, and where the code of its functions is.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CloudAssembly } from 'aws-cdk-lib/cx-api';

interface AssemblyStack {
  readonly templateBody: string;
  readonly assets: Readonly<Record<string, string>>;
  /** Undefined for an environment-agnostic stack. */
  readonly account?: string;
  readonly region?: string;
}

interface AssetManifest {
  readonly files?: Record<string, {
    readonly source: { readonly path?: string; readonly packaging?: string };
    readonly destinations: Record<string, { readonly objectKey: string }>;
  }>;
}

/** @param name the stack's name, or its artifact id when several environments have a stack of that name */
export function readAssembly(source: CloudAssembly | string, name: string): AssemblyStack {
  const assembly = typeof source === 'string' ? new CloudAssembly(source) : source;
  const stacks = assembly.stacksRecursively;
  const found = stacks.find(({ id }) => id === name) ?? stacks.find(({ stackName }) => stackName === name);
  if (!found) {
    const names = stacks.map(({ stackName }) => stackName).join(', ');
    throw new Error(`No stack '${name}' in ${assembly.directory}; there are: ${names}`);
  }
  const { account, region } = found.environment;
  return {
    templateBody: readFileSync(found.templateFullPath, 'utf8'),
    assets: codeDirectories(found.assembly.directory, `${found.id}.assets.json`),
    account: account === 'unknown-account' ? undefined : account,
    region: region === 'unknown-region' ? undefined : region,
  };
}

function codeDirectories(directory: string, manifest: string): Record<string, string> {
  const { files = {} }: AssetManifest = JSON.parse(readFileSync(join(directory, manifest), 'utf8'));
  const zipped = Object.values(files).filter(({ source }) => source.packaging === 'zip' && source.path);
  return Object.fromEntries(zipped.flatMap(({ source, destinations }) =>
    Object.values(destinations).map(({ objectKey }) => [objectKey, resolve(directory, source.path!)])));
}

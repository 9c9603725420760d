// A plugin of esbuild that keeps only those operations of the AWS SDK in the bundle that are used, and no classes of
// errors.
import { readFileSync } from 'node:fs';
import { Plugin } from 'esbuild';

/** The file of a client that describes its operations and errors. */
const SCHEMAS = /[\\/]client-[^\\/]+[\\/].*[\\/]schemas_\d+\.js$/;

/**
 * Lets esbuild drop the operations and the errors that are not used, nearly half of the bundle.
 *
 * The SDK describes each operation by an object with computed keys: `{ [_h]: … }`, where `_h` is a constant
 * of the same file. esbuild cannot know that such an expression has no side effect, so it keeps all
 * operations of a service. With the text of the constant as the key, it drops the unused ones.
 *
 * The SDK also registers a class for each error of a service, whatever operation has it. The handler knows
 * errors by their names. For an error without a class the SDK makes one of the service's base class, with
 * name, text and metadata. So only the base class stays registered.
 *
 * Fails when the files of the SDK have another form than expected, because the bundle would grow unseen.
 */
export const onlyWhatIsUsed: Plugin = {
  name: 'only-what-is-used',
  setup({ onLoad, onEnd }) {
    let files: string[] = [];
    onLoad({ filter: SCHEMAS }, ({ path }) => {
      files.push(path);
      return { contents: removable(readFileSync(path, 'utf8'), path), loader: 'js' };
    });
    onEnd(({ metafile }) => {
      const inputs = Object.keys(metafile?.inputs ?? {});
      const clients = new Set(inputs.flatMap((file) => /[\\/](client-[^\\/]+)[\\/]/.exec(file)?.[1] ?? []));
      requireForm(files.length === clients.size, `${files.length} files of schemas of ${clients.size} clients`);
      const bundled = Object.values(metafile?.outputs ?? {}).flatMap((output) => Object.entries(output.inputs));
      const classes = bundled.filter(([file, { bytesInOutput }]) => /[\\/]errors\.js$/.test(file) && bytesInOutput > 0);
      requireForm(classes.length === 0, `classes of errors in the bundle, from ${classes.map(([file]) => file).join(', ')}`);
      files = [];
    });
  },
};

/** A file of schemas of which esbuild can drop what is not used. */
export function removable(source: string, path: string): string {
  return withoutErrors(withPlainKeys(source, path), path);
}

function withPlainKeys(source: string, path: string): string {
  const constants = new Map([...source.matchAll(/^const (_\w+) = ("[^"]*");$/gm)].map(([, name, text]) => [name, text]));
  return source.replace(/\[(_\w+)\]:/g, (_, name: string) => {
    requireForm(constants.has(name), `the key ${name} is no constant of ${path}`);
    return `${constants.get(name)}:`;
  });
}

function withoutErrors(source: string, path: string): string {
  const [, names = ''] = /^import \{ ([\w, ]+),? \} from "\.\.\/models\/errors";$/m.exec(source) ?? [];
  const errors = names.split(',').map((name) => name.trim()).filter(Boolean);
  const BASE = /^\w+\.registerError\(\w+ServiceException\$, \w+ServiceException\);$/gm;
  requireForm(source.match(BASE)?.length === 1, `not one base class of errors in ${path}`);
  let result = source;
  for (const error of errors) {
    const registration = new RegExp(`^\\w+\\.registerError\\(${error}\\$, ${error}\\);$`, 'm');
    requireForm(registration.test(result), `${error} is not registered in ${path}`);
    result = result.replace(registration, '');
  }
  requireForm(errors.length > 0 && result.match(/registerError/g)?.length === 1, `other errors than expected in ${path}`);
  return result;
}

function requireForm(holds: boolean, found: string): void {
  if (holds) return;
  throw new Error(`The SDK's files have another form than scripts/bundle.ts knows: ${found}. Look at the generated code `
    + 'of the new version, and teach the plugin');
}

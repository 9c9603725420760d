// The folder with the built handler, and the proof that it is ours: a digest that is compiled into the library.
import { existsSync } from 'fs';
import * as path from 'path';
import { digestOf } from './digest-of-folder';
import { HANDLER_DIGEST } from './handler-digest';

/**
 * The package has the built handler here, beside the compiled library. If a bundler has put the library
 * into a file of the app, another folder can be at this place, or none. An ES module has no `__dirname`.
 */
const FOLDER = path.resolve(typeof __dirname === 'string' ? __dirname : '.', '..', '..', 'assets', 'lambda');

/** The folder. Throws unless its files are those that were built with the library. */
export function handlerAsset(): string {
  if (digestOf(FOLDER) === HANDLER_DIGEST) return FOLDER;
  const found = existsSync(FOLDER) ? 'has other files than those of this version of cdk-ses-dkim' : 'is not there';
  throw new Error(`The folder with the code of the function, '${FOLDER}', ${found}. Probably a bundler has put `
    + "the library into a file of the app. Let the bundler leave it in node_modules: 'cdk-ses-dkim' as an external "
    + 'module (esbuild: --external:cdk-ses-dkim, webpack: externals). If it is there, install the package again');
}

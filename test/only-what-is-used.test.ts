// Tests of what the bundle leaves out of the SDK: files of another form than the plugin knows fail the build.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { removable } from '../scripts/only-what-is-used';

const CLIENTS = ['cloudformation', 'lambda', 'route-53', 'scheduler', 'secrets-manager', 'sesv2', 'sts'];

function schemasOf(client: string): string {
  const file = join(`client-${client}`, 'dist-es', 'schemas', 'schemas_0.js');
  return readFileSync(join(__dirname, '..', 'node_modules', '@aws-sdk', file), 'utf8');
}

test.each(CLIENTS)('the file of %s has the form: plain keys, and no error but the base class', (client) => {
  const result = removable(schemasOf(client), client);
  expect(result).not.toMatch(/\[_\w+\]:/);
  expect(result.match(/registerError\(.*/g)).toEqual([expect.stringMatching(/^registerError\((\w+ServiceException)\$, \1\);$/)]);
});

const SOURCE = schemasOf('sesv2');

test.each<[string, (source: string) => string]>([
  ['a constant', (source) => source.replace(/^const _hE = .*$/m, '')],
  ['the import of the errors', (source) => source.replace('"../models/errors"', '"../models/all-errors"')],
  ['the registration of an error', (source) => source.replace('registerError(NotFoundException$', 'add(NotFoundException$')],
  ['a registration of something else', (source) => `${source}\nn0_registry.registerError(Other$, Other);`],
  ['the base class', (source) => source.replace(/^_s_registry\.registerError.*$/m, '')],
])('%s that is not as it was fails the build', (_, change) => {
  const changed = change(SOURCE);
  expect(changed).not.toBe(SOURCE);
  expect(() => removable(changed, 'schemas_0.js')).toThrow(/The SDK's files have another form.*schemas_0\.js/);
});

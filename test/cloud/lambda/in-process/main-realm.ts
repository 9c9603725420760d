// Errors for functions in the test's own process.
//
// Jest gives each test file its own `Error` class. A function is compiled outside of it, and has that of the
// process. So an error of the test's class would not be `instanceof Error` for the function.
import { runInThisContext } from 'node:vm';

export const MainError: ErrorConstructor = runInThisContext('Error');
export const MainTypeError: TypeErrorConstructor = runInThisContext('TypeError');

/** An error as Node's own modules throw it. */
export function systemError(message: string, code: string): NodeJS.ErrnoException {
  return Object.assign(new MainError(message), { code });
}

// The built-in classes of the process itself. A test runner gives tests a realm of their own, whose
// errors are not `instanceof Error` for code that was compiled outside of it, as a function's is.
import { runInThisContext } from 'node:vm';

export const MainError: ErrorConstructor = runInThisContext('Error');
export const MainTypeError: TypeErrorConstructor = runInThisContext('TypeError');

/** An error as Node's own modules throw it. */
export function systemError(message: string, code: string): NodeJS.ErrnoException {
  return Object.assign(new MainError(message), { code });
}

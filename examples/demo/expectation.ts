// An expectation of the demo. If it is not met, the demo ends with an exit code other than zero.

export class UnmetExpectation extends Error {}

/** @param what a sentence that should be true @param found the value that was found, for the error */
export function expectThat(what: string, holds: boolean, found: unknown): void {
  if (!holds) {
    throw new UnmetExpectation(
      `Expected: ${what}. Found: ${typeof found === 'string' ? found : JSON.stringify(found)}`,
    );
  }
}

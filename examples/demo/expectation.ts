// What the demo has to show. One that is not met ends it, with an exit code other than zero.

export class UnmetExpectation extends Error {}

/** @param what a sentence that should be true @param found what is there instead */
export function expectThat(what: string, holds: boolean, found: unknown): void {
  if (!holds) throw new UnmetExpectation(`Expected: ${what}. Found: ${typeof found === 'string' ? found : JSON.stringify(found)}`);
}

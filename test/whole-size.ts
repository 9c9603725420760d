// How many identities and key changes a test has: fewer in `npm test`, and all of them in `npx projen test:whole`.

/** Whether a test is to have the size that it speaks for. */
export const WHOLE = process.env.TEST_SIZE === 'whole';

/** In the whole size each function is a process of its own, with real sockets. */
export const FUNCTIONS = { functions: WHOLE ? 'process' : 'in-process' } as const;

export function sized(quick: number, whole: number): number {
  return WHOLE ? whole : quick;
}

/** Some of many cases of one kind in `npm test`: each third one, from a first one on. */
export function part<T>(cases: readonly T[], first = 0): readonly T[] {
  return WHOLE ? cases : cases.filter((_, index) => index % 3 === first % 3);
}

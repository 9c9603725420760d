// Ratios of two things that were measured in turn, round by round: a busy machine slows both of a round.
export interface Ratio {
  readonly median: number;
  /** Half of the rounds are between these. */
  readonly quartiles: readonly [number, number];
}

/** @param one and `other` of each round, in the same order */
export function ratioOf(one: readonly number[], other: readonly number[]): Ratio {
  const ratios = one.map((value, round) => value / other[round]);
  return { median: at(ratios, 1 / 2), quartiles: [at(ratios, 1 / 4), at(ratios, 3 / 4)] };
}

export function medianOf(values: readonly number[]): number {
  return at(values, 1 / 2);
}

function at(values: readonly number[], part: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * part)];
}

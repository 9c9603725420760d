// How much one batch of Route 53 holds. Pure.
import { Change } from '../base/ports';

/** https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html */
export const MAX_CHARACTERS = 32_000;
const MAX_VALUES = 1_000;

export function charactersOf(values: readonly string[]): number {
  return values.reduce((sum, value) => sum + value.length, 0);
}

/** Whether Route 53 takes them at once. Whatever a record has counts, also where it is deleted. */
export function isOneBatch(changes: readonly Change[], room: number): boolean {
  const values = changes.flatMap(({ record }) => record.values);
  return values.length <= MAX_VALUES && charactersOf(values) <= room;
}

/** The changes for as many of the first items as one batch holds, and for one of them at least. */
export function changesForMost<T>(
  items: readonly T[], changesFor: (first: readonly T[]) => Change[], room: number,
): Change[] {
  for (let count = items.length; ; count = Math.floor(count * 3 / 4)) {
    const changes = changesFor(items.slice(0, Math.max(count, 1)));
    if (count <= 1 || isOneBatch(changes, room)) return changes;
  }
}

// The selector of a rotating key, which says on which day the key was made. Pure.
import { sha256 } from '../base/sha256';

const DATED = /-(\d{4})(\d{2})(\d{2})-[0-9a-f]{6}$/;

/** `token` is the id of the version that has the key. */
export function datedSelector(prefix: string, token: string, now: number): string {
  const day = new Date(now).toISOString().slice(0, 10).replaceAll('-', '');
  return `${prefix}-${day}-${sha256(token).slice(0, 6)}`;
}

/** When that day began, in ms since 1970. Undefined for a selector that says no day. */
export function dayOf(selector: string): number | undefined {
  const [, year, month, day] = DATED.exec(selector) ?? [];
  const began = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  return Number.isNaN(began) ? undefined : began;
}

// The findings of checkers that the guide on company rules explains, in two tables: what a company can set, and what
// stays. The check reads them from there, so that guide and check cannot differ.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const GUIDE = join(__dirname, '../../docs/company-rules.md');

export interface Explained {
  readonly settable: readonly string[];
  readonly staying: readonly string[];
}

export interface Found {
  /** In what the library makes by default. */
  readonly byDefault: ReadonlySet<string>;
  /** With all that a company can set. */
  readonly configured: ReadonlySet<string>;
}

/** The rules in the first columns of the two tables. */
export function explained(guide = readFileSync(GUIDE, 'utf8')): Explained {
  const section = /^## Other checkers$([^]*?)(?=^## |(?![^]))/m.exec(guide)?.[1] ?? '';
  const [, settable, staying] = section.split(/^### .*$/m);
  if (!settable || !staying) throw new Error('docs/company-rules.md has not the two tables of "Other checkers"');
  return { settable: rulesIn(settable), staying: rulesIn(staying) };
}

/** What differs between the guide and the findings of a checker, whose rules are those of that form. */
export function differences(
  { settable, staying }: Explained, { byDefault, configured }: Found, rules: RegExp,
): string[] {
  const own = (names: Iterable<string>) => [...new Set(names)].filter((rule) => rules.test(rule)).sort();
  const beyond = (some: Iterable<string>, others: Iterable<string>) =>
    own(some).filter((rule) => ![...others].includes(rule));
  const inGuide = [...settable, ...staying];
  return [
    ...beyond(byDefault, inGuide).map((rule) => `${rule} is found, and the guide has nothing about it`),
    ...beyond(inGuide, byDefault).map((rule) => `${rule} is in the guide, and nothing is found any more`),
    ...beyond(configured, staying).map((rule) => `${rule} stays, whatever a company sets, and the guide says otherwise`),
    ...beyond(staying, configured).map((rule) => `${rule} stays in the guide, and a company can settle it`),
  ];
}

function rulesIn(table: string): string[] {
  const cells = [...table.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell]) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, rule]) => rule));
}

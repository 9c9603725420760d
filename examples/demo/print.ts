// The output of the demo: plain text, which is readable in a terminal and in a log.
import Table from 'cli-table3';

/**
 * A long run of letters and digits is a token, a key or a digest. Its beginning is enough to tell it apart.
 */
const LONG_RUN = /[A-Za-z0-9+/=-]{22,}/g;
const RUN_SHOWN = 12;
const TEXT_SHOWN = 40;

const NO_LINES = Object.fromEntries([
  'top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right',
  'left-mid', 'mid', 'mid-mid', 'right', 'right-mid',
].map((part) => [part, '']));

export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

export function printHeading(text: string): void {
  print(`\n${text}\n${'-'.repeat(text.length)}`);
}

export function printProgress(time: Date, subject: string, text: string): void {
  print(`  ${time.toISOString().slice(11, 19)}  ${subject.padEnd(15)}  ${text}`);
}

export function printTable(head: string[], rows: readonly string[][]): void {
  const table = new Table({
    head,
    chars: { ...NO_LINES, left: ' ', middle: ' ' },
    style: { 'head': [], 'border': [], 'padding-left': 1, 'padding-right': 0 },
  });
  table.push(...rows);
  print(table.toString().replace(/ +$/gm, ''));
}

export function shortened(text: string): string {
  const short = text.replace(LONG_RUN, (run) => `${run.slice(0, RUN_SHOWN)}…`);
  return short.length > TEXT_SHOWN ? `${short.slice(0, TEXT_SHOWN - 1)}…` : short;
}

// The output of the demo: at most 80 columns, with colours in a terminal and without them in a log (`--plain`).
import { styleText } from 'node:util';
import Table from 'cli-table3';
import { marked } from './verdict-words';

const COLUMNS = 80;
const IS_PLAIN = process.argv.includes('--plain') || 'NO_COLOR' in process.env || !process.stdout.isTTY;

/** A long run of letters and digits is a token, a key or a digest. Its beginning is enough to tell it apart. */
const LONG_RUN = /[A-Za-z0-9+/=-]{22,}/g;
const RUN_SHOWN = 12;

const NO_LINES = Object.fromEntries([
  'top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right',
  'left-mid', 'mid', 'mid-mid', 'right', 'right-mid',
].map((part) => [part, '']));

export function print(line = ''): void {
  process.stdout.write(`${coloured(line)}\n`);
}

export function printHeading(text: string): void {
  print(`\n${styled('bold', text)}\n${'-'.repeat(text.length)}`);
}

/** Text of any length, in lines that fit. */
export function printText(text: string): void {
  for (const line of lines(text, COLUMNS)) print(line);
}

let shownDay = '';

/** With the day where it is another one: weeks pass between two lines. */
export function printProgress(time: Date, subject: string, text: string): void {
  const [day, clock] = time.toISOString().split(/[T.]/);
  if (day !== shownDay) print(`  ${day}`);
  shownDay = day;
  const before = `  ${clock}  ${subject.padEnd(15)}  `;
  const [first, ...others] = lines(text, COLUMNS - before.length);
  print(`${before}${first}`);
  for (const line of others) print(`${' '.repeat(before.length)}${line}`);
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

export function shortened(text: string, most: number): string {
  const short = text.replace(LONG_RUN, (run) => `${run.slice(0, RUN_SHOWN)}…`);
  return short.length > most ? `${short.slice(0, most - 1)}…` : short;
}

function lines(text: string, width: number): string[] {
  const all = [''];
  for (const whole of text.split(' ')) {
    const word = whole.length > width ? `${whole.slice(0, width - 1)}…` : whole;
    const line = all[all.length - 1];
    if (line && line.length + 1 + word.length > width) all.push(word);
    else all[all.length - 1] = line ? `${line} ${word}` : word;
  }
  return all;
}

function coloured(line: string): string {
  return marked(line, (kind, word) => styled(kind === 'good' ? 'green' : 'red', word));
}

function styled(style: 'bold' | 'green' | 'red', text: string): string {
  return IS_PLAIN ? text : styleText(style, text);
}

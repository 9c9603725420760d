// Makes each change to, of and from a rotating key on the local cloud while mail is sent, and writes the table in
// docs/rotation.md. Fails when mail could not be verified, or was not signed without need.
// Run by `npx projen migrations`.
import { CHANGES } from './changes';
import { Measured, measure } from './measure';
import { writeTable } from './page';

/** Seconds until SES looks in DNS. In public accounts it was seen to need from less than a minute up to an hour. */
const FIRST_LOOKS = [30, 300];

const HEAD = [
  'from', 'to', 'messages', 'unsigned', 'longest without a signature', "SES's own delay, in all", 'unverifiable', 'a day later',
];

async function main(): Promise<void> {
  const tables: string[] = [];
  for (const seconds of FIRST_LOOKS) {
    const rows: string[][] = [];
    for (const change of CHANGES) {
      const measured = await measure(change, seconds * 1000);
      rows.push([change.from, change.to, ...figures(measured)]);
      console.log(`SES looks after ${seconds} s: ${rows.at(-1)!.join(' | ')}`);
      for (const failure of measured.failures) console.log(`  FAILED: ${failure}`);
      if (measured.failures.length > 0) process.exitCode = 1;
    }
    tables.push(table(seconds, rows));
  }
  if (process.exitCode !== 1) writeTable(tables.join('\n'));
}

function figures({ longestUnsigned, delayOfSes, ...counts }: Measured): string[] {
  const { messages, unsigned, unverifiable, unverifiableADayLater } = counts;
  const times = [longestUnsigned, delayOfSes].map((ms) => `${Math.round(ms / 1000)} s`);
  return [messages, unsigned, ...times, unverifiable, unverifiableADayLater].map(String);
}

function table(seconds: number, rows: readonly string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const title = `SES looks ${seconds} seconds after it was told:`;
  return [title, '', line(HEAD), line(HEAD.map(() => '---')), ...rows.map(line), ''].join('\n');
}

void main();

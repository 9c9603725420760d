// Deploys stacks with 1 to 300 identities on the local cloud, and writes the table in docs/performance.md.
// Run by `npx projen load`.
import { Load, measure, Operation } from './measure';
import { writeLastSection } from '../performance-page';

const IDENTITIES = [1, 10, 50, 150, 300];

/** How harsh the world is. A new account may run ten functions at once, and Route 53 usually needs up to a minute. */
const WORLDS: readonly Omit<Load, 'identities'>[] = [
  { concurrency: 10, inSync: 30 },
  { concurrency: 10, inSync: 60 },
  { concurrency: 1000, inSync: 60 },
];

const HEAD = ['identities', 'operation', 'time', 'longest request', 'calls', 'throttled calls', 'failures'];

async function main(): Promise<void> {
  const tables: string[] = [];
  for (const world of WORLDS) {
    const rows: string[][] = [];
    for (const identities of IDENTITIES) {
      for (const operation of await measure({ identities, ...world })) {
        rows.push(row(identities, operation));
        console.log(`${world.concurrency} at once, in sync after ${world.inSync} s:`, rows.at(-1)!.join(' | '));
      }
    }
    tables.push(table(world, rows));
  }
  writeLastSection([
    'Written by `npx projen load`, in simulated time: one stack, BYODKIM, one zone. SES takes one call a second, '
      + 'Route 53 five, and Lambda throttles',
    'events and tries them again as it does in AWS. The update gives each identity another selector and key. '
      + 'CloudFormation waits for half an hour for each request.',
    '',
    ...tables,
  ].join('\n'));
}

function row(identities: number, { name, seconds, longestRequest, calls, throttled, failures }: Operation): string[] {
  const figures = [`${seconds} s`, `${longestRequest} s`, calls, throttled, failures];
  return [identities, name, ...figures].map(String);
}

function table({ concurrency, inSync }: Omit<Load, 'identities'>, rows: string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const title = `### ${concurrency} functions at once, changes of the zone in sync after ${inSync} seconds`;
  return [title, '', line(HEAD), line(HEAD.map(() => '---')), ...rows.map(line), ''].join('\n');
}

void main();

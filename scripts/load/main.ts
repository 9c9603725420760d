// Deploys stacks with 1 to 300 identities on the local cloud, and writes the tables in docs/performance.md.
// Run by `npx projen load`. `--most N` leaves out what has more identities, and writes nothing.
import { parseArgs } from 'node:util';
import { Load, measure, Method, METHODS, Operation } from './measure';
import { writeLastSection } from '../performance-page';

const IDENTITIES = [1, 10, 50, 150, 300];
/**
 * A rotating key has a secret and a schedule beside its custom resource, and a stack has at most 500 resources. The
 * permissions of 300 replicas need more policies than a role can have.
 */
const MOST: Partial<Record<Method, number>> = { 'Rotating key': 150, 'DEED': 150 };
/** Beside as many others. */
const MOST_BESIDE = 150;

interface Table {
  readonly title: string;
  readonly loads: readonly Load[];
}

/** How harsh the world is. A new account may run ten functions at once, and Route 53 usually needs up to a minute. */
const WORST = { concurrency: 10, inSync: 60 };
const WORLDS = [{ ...WORST, inSync: 30 }, WORST, { ...WORST, concurrency: 1000 }];

const TABLES: readonly Table[] = [
  ...WORLDS.map((world) => ({
    title: `BYODKIM, ${world.concurrency} functions at once, changes of the zone in sync after ${world.inSync} seconds`,
    loads: IDENTITIES.map((identities): Load => ({ ...world, method: 'BYODKIM', identities, beside: false })),
  })),
  ...METHODS.filter((method) => method !== 'BYODKIM').flatMap((method) => [10, 1000].map((concurrency) => ({
    title: `${method}, ${concurrency} functions at once, changes of the zone in sync after 60 seconds`,
    loads: IDENTITIES.filter((identities) => identities <= (MOST[method] ?? Infinity))
      .map((identities): Load => ({ ...WORST, concurrency, method, identities, beside: false })),
  }))),
  ...[10, 1000].map((concurrency) => ({
    title: `BYODKIM beside another stack with as many identities in the same zone, ${concurrency} functions at once`,
    loads: IDENTITIES.filter((identities) => identities <= MOST_BESIDE)
      .map((identities): Load => ({ ...WORST, concurrency, method: 'BYODKIM', identities, beside: true })),
  })),
];

const HEAD = ['identities', 'operation', 'time', 'quotas', 'longest request', 'calls', 'throttled calls', 'failures'];

async function main(): Promise<void> {
  const { most } = parseArgs({ options: { most: { type: 'string' } } }).values;
  const tables: string[] = [];
  for (const { title, loads } of TABLES) {
    const rows: string[][] = [];
    for (const load of loads.filter(({ identities }) => identities <= Number(most ?? Infinity))) {
      for (const operation of await measure(load)) {
        rows.push(row(load.identities, operation));
        console.log(`${title}:`, rows.at(-1)!.join(' | '));
        if (operation.failures > 0) process.exitCode = 1;
      }
    }
    tables.push(table(title, rows));
  }
  if (most !== undefined) return;
  writeLastSection([
    'Written by `npx projen load`, in simulated time: one stack, and one zone. SES takes one call a second, Route 53 five, '
      + 'and Lambda throttles',
    'events and tries them again as it does in AWS. CloudFormation waits for an hour for each request.',
    'The update gives each identity another selector and key, another length of the key, another parent or another TTL.',
    'The roll-back is of an update in which another resource fails when half of the time of a create is over.',
    'Its time begins with the update, and its longest request is one of the way back.',
    'The column "quotas" is the time that the calls need at these rates, if nothing else takes time.',
    'Route 53 also takes its time to bring a change in sync, and Lambda to start a function.',
    '',
    ...tables,
  ].join('\n'));
}

function row(
  identities: number, { name, seconds, quotas, longestRequest, calls, throttled, failures }: Operation,
): string[] {
  const figures = [`${seconds} s`, `${quotas} s`, `${longestRequest} s`, calls, throttled, failures];
  return [identities, name, ...figures].map(String);
}

function table(title: string, rows: string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [`### ${title}`, '', line(HEAD), line(HEAD.map(() => '---')), ...rows.map(line), ''].join('\n');
}

void main();

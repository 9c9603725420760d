// Measures this library beside what people use today, and writes docs/performance.md.
// Run by `npx projen bench`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import Table from 'cli-table3';
import { countCalls } from './calls';
import { medianOf, Ratio, ratioOf } from './paired';
import { BUNDLE, StartTimes, startTimes } from './start';
import { synthesisTimes } from './synthesis';
import { ProcessTimes, processTimes } from './synthesis-process';
import { BUILDS, templateSize } from './templates';
import { writePage } from '../performance-page';

/** One line of a table: a measurement, its goal, and whether this run met the goal. */
interface Row {
  readonly what: string;
  readonly measured: string;
  readonly goal?: string;
  readonly met?: boolean;
}

interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
  /** A remark on how to read the figures. */
  readonly note?: string;
}

async function main(): Promise<void> {
  const sections: Section[] = [templates(), bundle()];
  sections.push(starts(process.version, await startTimes(process.execPath)));
  const other = otherNode();
  if (other) {
    sections.push(starts(`v${other.version}`, await startTimes(other.binary)));
    rmSync(other.folder, { recursive: true });
  }
  sections.push(await synthesis(), warmSynthesis(), await calls());
  for (const { title, rows } of sections) console.log(`\n${title}\n${render(rows)}`);
  writePage(page(sections));
}

function templates(): Section {
  const rows = [1, 50, 150].flatMap((identities) => Object.entries(BUILDS).map(([name, build]): Row => {
    const { resources, bytes, indentedBytes } = templateSize(build, identities);
    const what = `${identities} ${identities === 1 ? 'identity' : 'identities'}, ${name}`;
    const excess = resources > 500 ? ', more than CloudFormation takes' : '';
    const measured = `${resources} resources${excess}, ${kilobytes(bytes)} (${kilobytes(indentedBytes)} indented)`;
    if (name !== 'cdk-ses-dkim') return { what, measured };
    if (identities === 1) return { what, measured, goal: '<= 6 resources', met: resources <= 6 };
    if (identities === 150) {
      return { what, measured, goal: '<= 159 resources, <= 84 kB', met: resources <= 159 && bytes <= 84_000 };
    }
    return { what, measured };
  }));
  return { title: 'Resources and template', rows };
}

function bundle(): Section {
  const files = readdirSync(dirname(dirname(BUNDLE)), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name)));
  const sum = (sizes: number[]) => sizes.reduce((total, size) => total + size, 0);
  const bytes = sum(files.map(({ length }) => length));
  const zipped = sum(files.map((file) => deflateRawSync(file, { level: 9 }).length));
  return {
    title: 'Bundle',
    rows: [
      { what: 'bytes', measured: kilobytes(bytes), goal: '<= 370 kB', met: bytes <= 370_000 },
      { what: 'zipped', measured: kilobytes(zipped), goal: '<= 112 kB', met: zipped <= 112_000 },
    ],
  };
}

function starts(
  version: string,
  { bundledReady, unbundledReady, bundledCreate, unbundledCreate, awsCustomResourceCall }: StartTimes,
): Section {
  return {
    title: `Start, Node ${version}`,
    note:
      'The first create reads the key, the identity and the zone, writes the record and tells SES. AwsCustomResource '
      + 'tells SES and makes no other call.',
    rows: [
      {
        what: 'process start to handler ready, bundled : SDK unbundled',
        ...compared(bundledReady, unbundledReady, 0.5),
      },
      {
        what: 'process start to the end of the first BYODKIM create, bundled : SDK unbundled',
        ...compared(bundledCreate, unbundledCreate),
      },
      {
        what: 'the same, bundled : the single call of AwsCustomResource',
        ...compared(bundledCreate, awsCustomResourceCall, 1),
      },
    ],
  };
}

async function synthesis(): Promise<Section> {
  return {
    title: 'Synthesis, from the start of the process',
    rows: synthesisRows(await processTimes()),
    note: 'It loads CDK and the library, as `cdk synth` does.',
  };
}

/** Shows what the constructs themselves cost: nothing is loaded any more, and the code has run before. */
function warmSynthesis(): Section {
  const { one: { empty, ...one }, many } = synthesisTimes();
  return {
    title: 'Synthesis, once more in a process that has done it before',
    rows: synthesisRows({ empty, one, many }),
    note: 'The bare function is the same code with the role and the log group that CDK makes for it, and nothing else '
      + 'of this library.',
  };
}

function synthesisRows({ empty, one, many }: ProcessTimes): Row[] {
  return [
    ...Object.entries(one).map(([name, took]): Row => ({
      what: `app with one ${name} : empty stack`, ...compared(took, empty, name === 'cdk-ses-dkim' ? 1.75 : undefined),
    })),
    {
      what: 'app with 150 identities, cdk-ses-dkim : AwsCustomResource',
      ...compared(many['cdk-ses-dkim'], many.AwsCustomResource, 0.8),
    },
  ];
}

async function calls(): Promise<Section> {
  const flows = await countCalls();
  const rows = flows.map(({ name, calls: made, writes }): Row => {
    const list = [...made].map(([call, times]) => times > 1 ? `${call} (${times})` : call).join(', ');
    const measured = `${list}; ${writes} of them write`;
    return name.includes('changes nothing')
      ? { what: name, measured, goal: 'nothing is written', met: writes === 0 }
      : { what: name, measured };
  });
  return { title: 'AWS calls, without throttling and polls', rows };
}

/**
 * Installs Node 24, on which the function runs, from the npm registry. If that fails, the run goes on without
 * it.
 */
function otherNode(): { binary: string; version: string; folder: string } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'node-'));
  try {
    execFileSync('npm', ['install', '--no-save', '--prefix', folder, 'node@24'], { stdio: 'ignore' });
    const binary = join(folder, 'node_modules/node/bin/node');
    return { binary, folder, version: execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim().slice(1) };
  } catch {
    console.error('Node 24 could not be installed from the npm registry: measured with this Node only');
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

function render(rows: readonly Row[]): string {
  const table = new Table({
    head: ['what', 'measured', 'goal', ''],
    style: { head: [], border: [] },
    colWidths: [48, 62, 20, 9],
    wordWrap: true,
  });
  for (const { what, measured, goal = '', met } of rows) table.push([what, measured, goal, verdict(met)]);
  return table.toString();
}

function page(sections: readonly Section[]): string {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} cores of ${cpus()[0].model.trim()}, Linux`.replace('Linux', process.platform);
  const tables = sections.map(({ title, rows, note }) => [
    `## ${title}`, '', ...note ? [note, ''] : [], '| what | measured | goal | |', '| --- | --- | --- | --- |',
    ...rows.map(({ what, measured, goal = '', met }) => `| ${what} | ${measured} | ${goal} | ${verdict(met)} |`),
  ].join('\n'));
  return [
    '# Performance',
    '',
    `Measured in one run by \`npx projen bench\` on ${date}: ${machine}. Written by that command; do not edit.`,
    '',
    'Times are processor time. The variants run in turn, and a ratio is that of one round. The first figure is the median '
    + 'of all rounds; half of them are between the two after it. Compare the ratios: the milliseconds depend on the machine.',
    'The start is measured on the local cloud, with Route 53 in sync at once.',
    'In AWS, a create also waits for Route 53, usually less than a minute. AwsCustomResource does not wait for it.',
    '',
    ...tables.flatMap((table) => [table, '']),
  ].join('\n');
}

function verdict(met: boolean | undefined): string {
  return met === undefined ? '' : met ? 'met' : 'not met';
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** The ratio of two times, with its spread, and both times. */
function compared(one: readonly number[], other: readonly number[], goal?: number): Omit<Row, 'what'> {
  const ratio = ratioOf(one, other);
  const measured = `${shownRatio(ratio)} (${milliseconds(medianOf(one))} : ${milliseconds(medianOf(other))})`;
  return goal === undefined ? { measured } : { measured, goal: `<= ${goal}`, met: ratio.median <= goal };
}

function shownRatio({ median, quartiles: [low, high] }: Ratio): string {
  return `${median.toFixed(2)}, ${low.toFixed(2)} to ${high.toFixed(2)}`;
}

function milliseconds(value: number): string {
  return `${value.toFixed(0)} ms`;
}

void main();

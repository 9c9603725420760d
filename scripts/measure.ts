// Measures what docs and ADRs claim: size of the bundle, start of the handler, resources of a stack. Run by `npx projen measure`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { App, Stack } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import Table from 'cli-table3';
import { build } from 'esbuild';
import { EmailIdentityDkim } from '../src';

const BUNDLE = 'assets/lambda/index/index.js';
const ROUNDS = 21;

async function main(): Promise<void> {
  const table = new Table({ head: ['what', 'measured', 'goal'], style: { head: [], border: [] } });
  const zipped = deflateRawSync(readFileSync(BUNDLE), { level: 9 }).length;
  const { ratio, bundled, unbundled } = await startRatio();
  table.push(
    ['bundle', kilobytes(statSync(BUNDLE).size), '<= 380 kB'],
    ['bundle, zipped', kilobytes(zipped), '<= 112 kB'],
    [`start to handler ready, bundled : unbundled (medians of ${ROUNDS}, in turn)`, `${ratio.toFixed(2)} (${bundled.toFixed(0)} : ${unbundled.toFixed(0)} ms)`, '<= 0.65'],
  );
  for (const [identities, goal] of [[1, '<= 6'], [50, ''], [150, '<= 159, <= 82 kB']] as const) {
    const template = synthesize(identities);
    const { Resources } = JSON.parse(template);
    table.push([`stack of ${identities}`, `${Object.keys(Resources).length} resources, template ${kilobytes(template.length)}`, goal]);
  }
  console.log(table.toString());
}

/** The same code, once as it ships and once with the SDK loaded from node_modules. In turn, so that noise hits both alike. */
async function startRatio() {
  const unbundledFile = resolve('assets/unbundled.js');
  await build({
    entryPoints: ['lambda/index.ts'], outfile: unbundledFile, bundle: true, platform: 'node', target: 'node24', minify: true, packages: 'external',
  });
  try {
    const times = { bundled: [] as number[], unbundled: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      times.bundled.push(start(resolve(BUNDLE)));
      times.unbundled.push(start(unbundledFile));
    }
    const [bundled, unbundled] = [median(times.bundled), median(times.unbundled)];
    return { bundled, unbundled, ratio: bundled / unbundled };
  } finally {
    rmSync(unbundledFile);
  }
}

/** Milliseconds from the start of the process until the handler can be called. */
function start(file: string): number {
  const script = `require(${JSON.stringify(file)}).handler; process.stdout.write(String(performance.now()))`;
  return Number(execFileSync(process.execPath, ['-e', script], { env: { AWS_REGION: 'us-east-1' } }));
}

/** A stack of that many imported identities with one zone, as it is written to the assembly. */
function synthesize(identities: number): string {
  const outdir = mkdtempSync(join(tmpdir(), 'measure-'));
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, 'Mail', { env: { account: '111111111111', region: 'us-east-1' } });
  const hostedZone = route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId: 'Z0123456789ABCDEFGHIJ', zoneName: 'example.com' });
  for (let number = 1; number <= identities; number++) {
    const identity = ses.EmailIdentity.fromEmailIdentityName(stack, `Identity${number}`, `customer-${number}.example.com`);
    new EmailIdentityDkim(stack, `Dkim${number}`, { identity, hostedZone });
  }
  const { templateFullPath } = app.synth().getStackByName('Mail');
  return readFileSync(templateFullPath, 'utf8');
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

void main();

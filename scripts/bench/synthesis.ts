// Measures the processor time that synthesis takes: of one construct beside an empty app, and of many identities.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { BUNDLE } from './start';
import { BUILDS } from './templates';

const ROUNDS = 101;
const WARM_UP = 3;
const MANY = 150;
const ROUNDS_OF_MANY = 9;

/** The function alone. Every construct with a function of its own needs this time. */
const bareFunction = (stack: Stack) =>
  void new lambda.Function(stack, 'Function', {
    code: lambda.Code.fromAsset(dirname(dirname(BUNDLE))),
    handler: 'deployment/index.handler',
    runtime: lambda.Runtime.NODEJS_24_X,
    logGroup: new logs.LogGroup(stack, 'Logs'),
  });

const APPS: Record<string, (stack: Stack) => void> = {
  'empty': () => {},
  'bare function': bareFunction,
  ...Object.fromEntries(
    Object.entries(BUILDS).map(([name, build]) => [name, (stack: Stack) => build(stack, 'mail.example.com', '1')]),
  ),
};

/** Many identities in one stack. */
const APPS_OF_MANY = Object.fromEntries(
  (['cdk-ses-dkim', 'AwsCustomResource'] as const).map((name) => [name, (stack: Stack) => {
    for (let number = 1; number <= MANY; number++) BUILDS[name](stack, `mail${number}.example.com`, String(number));
  }]),
);

/** Milliseconds of each round. */
type Rounds = Record<string, readonly number[]>;

export function synthesisTimes(): { one: Rounds; many: Rounds } {
  return { one: timesOf(APPS, ROUNDS), many: timesOf(APPS_OF_MANY, ROUNDS_OF_MANY) };
}

/** The apps run in turn in one warm process, so that loading and noise affect all of them. */
function timesOf(apps: Record<string, (stack: Stack) => void>, rounds: number): Rounds {
  const times = Object.fromEntries(Object.keys(apps).map((name): [string, number[]] => [name, []]));
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const [name, build] of Object.entries(apps)) {
      const took = synthesize(build);
      if (round >= 0) times[name].push(took);
    }
  }
  return times;
}

function synthesize(build: (stack: Stack) => void): number {
  const outdir = mkdtempSync(join(tmpdir(), 'bench-'));
  const began = process.cpuUsage();
  const app = new App({ outdir, analyticsReporting: false });
  build(new Stack(app, 'Mail', { env: { account: '111111111111', region: 'us-east-1' } }));
  app.synth();
  const took = cpuSince(began);
  rmSync(outdir, { recursive: true });
  return took;
}

/** Processor time that this process has taken since, in milliseconds. It is what `process.cpuUsage()` gave before. */
function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

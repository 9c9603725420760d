// Measures how much longer an app with one construct takes to synthesize than an empty app.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { medianOf } from './median';
import { BUNDLE } from './start';
import { BUILDS } from './templates';

const ROUNDS = 101;
const WARM_UP = 3;

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

/**
 * Medians in milliseconds. The apps run in turn in one warm process, so that loading and noise affect all of
 * them.
 */
export function synthesisTimes(): Record<string, number> {
  const times = Object.fromEntries(Object.keys(APPS).map((name): [string, number[]] => [name, []]));
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [name, build] of Object.entries(APPS)) {
      const took = synthesize(build);
      if (round >= 0) times[name].push(took);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, medianOf(values)]));
}

function synthesize(build: (stack: Stack) => void): number {
  const outdir = mkdtempSync(join(tmpdir(), 'bench-'));
  const began = performance.now();
  const app = new App({ outdir, analyticsReporting: false });
  build(new Stack(app, 'Mail', { env: { account: '111111111111', region: 'us-east-1' } }));
  app.synth();
  const took = performance.now() - began;
  rmSync(outdir, { recursive: true });
  return took;
}

// How much longer an app with one construct takes to synthesize than an empty one; ours, and what people use today.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { medianOf } from './median';
import { BUILDS } from './templates';

const ROUNDS = 31;

export type SynthesisTimes = Record<'empty' | keyof typeof BUILDS, number>;

/** In turn, in one process that is warm, so that noise and loading hit all alike. */
export function synthesisTimes(): SynthesisTimes {
  const names = Object.keys(BUILDS) as (keyof typeof BUILDS)[];
  const times: Record<keyof SynthesisTimes, number[]> = { 'empty': [], 'cdk-ses-dkim': [], 'ses.EmailIdentity': [], 'AwsCustomResource': [] };
  for (let round = -3; round < ROUNDS; round++) {
    const empty = synthesize(() => {});
    const built = names.map((name) => [name, synthesize((stack) => BUILDS[name](stack, 'mail.example.com', '1'))] as const);
    if (round < 0) continue; // warming up
    times.empty.push(empty);
    for (const [name, took] of built) times[name].push(took);
  }
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, medianOf(values)])) as SynthesisTimes;
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

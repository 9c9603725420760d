// How much longer an app with one construct takes to synthesize than an empty one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { medianOf } from './median';
import { BUILDS } from './templates';

const ROUNDS = 31;

/** In turn, in one process that is warm, so that noise and loading hit both alike. */
export function synthesisTimes(): { empty: number; withOne: number } {
  const times = { empty: [] as number[], withOne: [] as number[] };
  for (let round = -3; round < ROUNDS; round++) {
    const empty = synthesize(() => {});
    const withOne = synthesize((stack) => BUILDS['cdk-ses-dkim'](stack, 'mail.example.com', '1'));
    if (round < 0) continue; // warming up
    times.empty.push(empty);
    times.withOne.push(withOne);
  }
  return { empty: medianOf(times.empty), withOne: medianOf(times.withOne) };
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

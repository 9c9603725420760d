// What every entry finds around it: its Region, real time, and the output that Lambda takes for the log.
import { setTimeout as sleep } from 'node:timers/promises';
import { Surroundings } from '../base/ports';

const { AWS_REGION: region = '' } = process.env; // Lambda sets it

export const surroundings: Surroundings = {
  region,
  time: { now: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, { signal }) },
  write: (line) => void process.stdout.write(line),
};

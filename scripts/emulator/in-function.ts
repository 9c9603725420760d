// Loaded into each function before the handler: it sends all traffic to loopback and makes pauses shorter.
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { resolveThrough } from '../../test/cloud/behind-nat';

const { EMULATOR_RESOLVER: resolver, EMULATOR_NAT: nat } = process.env;
resolveThrough(resolver!, () => JSON.parse(nat!));

// After a failed update the handler waits minutes for requests that can still be at work. Pauses are a tenth
// as long here. The clock is that of the machine, so the time-out of a call that hangs is a tenth as long
// too.
const pause = timers.setTimeout;
timers.setTimeout = <T>(ms?: number, value?: T, options?: Parameters<typeof pause>[2]) =>
  pause((ms ?? 0) / 10, value, options) as Promise<T>;
syncBuiltinESMExports();

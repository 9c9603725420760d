// Loaded into each function's process before the handler: a network that is all on loopback, and pauses that are a tenth as long.
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { resolveThrough } from '../../test/cloud/behind-nat';

const { EMULATOR_RESOLVER: resolver, EMULATOR_NAT: nat } = process.env;
resolveThrough(resolver!, () => JSON.parse(nat!));

// After a failed update the handler waits minutes for requests that may still be at work. The clock stays the machine's, so
// the handler takes a call for hung after a minute and a half of the quarter of an hour that it has.
const pause = timers.setTimeout;
timers.setTimeout = <T>(ms?: number, value?: T, options?: Parameters<typeof pause>[2]) => pause((ms ?? 0) / 10, value, options) as Promise<T>;
syncBuiltinESMExports();

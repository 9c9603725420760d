// Loaded into each function's process before the handler: its network has one resolver, and name servers behind a NAT, all on loopback.
import { syncBuiltinESMExports } from 'node:module';
import { resolveThrough } from '../../test/cloud/behind-nat';

const { EMULATOR_RESOLVER: resolver, EMULATOR_NAT: nat } = process.env;
resolveThrough(resolver!, () => JSON.parse(nat!));
syncBuiltinESMExports();

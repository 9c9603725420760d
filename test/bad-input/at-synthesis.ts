// The messages of synthesis, which need no local cloud.
import { FUNCTION } from './function';
import { IDENTITIES } from './identities';
import { Refusal } from './refusal';
import { RETIREMENT_AT_SYNTHESIS } from './retirement';
import { ROTATING_KEYS } from './rotating-keys';
import { SIGNING } from './signing';
import { SLOTS_AT_SYNTHESIS } from './slots';
import { WATCHED } from './watched';
import { ZONES } from './zones';

export const AT_SYNTHESIS: readonly Refusal[] = [
  ...IDENTITIES, ...SIGNING, ...ROTATING_KEYS, ...SLOTS_AT_SYNTHESIS, ...ZONES, ...FUNCTION,
  ...WATCHED, ...RETIREMENT_AT_SYNTHESIS,
];

// The messages of synthesis, which need no local cloud.
import { FOLLOWED_KEYS } from './followed-keys';
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
  ...IDENTITIES, ...SIGNING, ...ROTATING_KEYS, ...SLOTS_AT_SYNTHESIS, ...FOLLOWED_KEYS, ...ZONES, ...FUNCTION,
  ...WATCHED, ...RETIREMENT_AT_SYNTHESIS,
];

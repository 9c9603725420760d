// The table of bad input: every message, with the cases that lead to it.
import { AT_SYNTHESIS } from './at-synthesis';
import { ELSEWHERE } from './elsewhere';
import { FOLLOWED } from './followed-keys';
import { HOSTED_ZONES } from './hosted-zones';
import { KEYS } from './keys';
import { PROPERTIES } from './properties';
import { PUBLIC_DNS } from './public-dns';
import { RECORDS } from './records';
import { Refusal } from './refusal';
import { RETIREMENT } from './retirement';
import { ROTATIONS } from './rotations';
import { SECRETS } from './secrets';
import { SLOTS } from './slots';
import { TOLD } from './told';
import { SEEN } from './watched';

export const REFUSALS: readonly Refusal[] = [
  ...AT_SYNTHESIS, ...PROPERTIES, ...SECRETS, ...KEYS, ...HOSTED_ZONES, ...RECORDS,
  ...PUBLIC_DNS, ...TOLD, ...ROTATIONS, ...FOLLOWED, ...RETIREMENT, ...SLOTS, ...ELSEWHERE, ...SEEN,
];

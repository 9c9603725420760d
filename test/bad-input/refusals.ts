// The table of bad input: every message, with the cases that lead to it.
import { ELSEWHERE } from './elsewhere';
import { FUNCTION } from './function';
import { HOSTED_ZONES } from './hosted-zones';
import { IDENTITIES } from './identities';
import { KEYS } from './keys';
import { PROPERTIES } from './properties';
import { PUBLIC_DNS } from './public-dns';
import { RECORDS } from './records';
import { Refusal } from './refusal';
import { SECRETS } from './secrets';
import { SIGNING } from './signing';
import { TOLD } from './told';
import { ZONES } from './zones';

export const REFUSALS: readonly Refusal[] = [
  ...IDENTITIES, ...SIGNING, ...ZONES, ...FUNCTION, ...PROPERTIES, ...SECRETS, ...KEYS, ...HOSTED_ZONES, ...RECORDS,
  ...PUBLIC_DNS, ...TOLD, ...ELSEWHERE,
];

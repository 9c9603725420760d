// The table of bad input: every message, with the cases that lead to it.
import { FUNCTION } from './function';
import { IDENTITIES } from './identities';
import { KEYS } from './keys';
import { PROPERTIES } from './properties';
import { Refusal } from './refusal';
import { SIGNING } from './signing';
import { ZONES } from './zones';

export const REFUSALS: readonly Refusal[] = [...IDENTITIES, ...SIGNING, ...ZONES, ...FUNCTION, ...PROPERTIES, ...KEYS];

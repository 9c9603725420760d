// How large a Route 53 change batch may be, and what Route 53 says when it is larger.
import type { Change } from '@aws-sdk/client-route-53';
import { ServiceError } from './service-error';

/** Infinity switches a limit off. */
export interface ChangeBatchLimits {
  /** ResourceRecord elements of a batch. */
  readonly resourceRecords: number;
  /** Characters of all Value elements of a batch together, quotes and spaces included. */
  readonly valueCharacters: number;
}

/** https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html */
export const AWS_LIMITS: ChangeBatchLimits = { resourceRecords: 1000, valueCharacters: 32_000 };

/** https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html */
const MAX_TTL = 2_147_483_647;

/**
 * Throws InvalidChangeBatch when the batch is too large.
 * The texts were seen in https://github.com/DNSControl/dnscontrol/issues/1114 and
 * https://github.com/DNSControl/dnscontrol/issues/908: such a batch is looked at no further.
 */
export function requireSmallEnough(changes: readonly Change[], limits: ChangeBatchLimits): void {
  const values = changes.flatMap(({ Action, ResourceRecordSet: set }) => {
    const inSet = (set?.ResourceRecords ?? []).map(({ Value = '' }) => Value);
    // Route 53 counts an UPSERT as what it is: the old set goes and a new one comes.
    return Action === 'UPSERT' ? [...inSet, ...inSet] : inSet;
  });
  const { resourceRecords, valueCharacters } = limits;
  if (values.length > resourceRecords) throw tooLarge(`Number of records limit of ${resourceRecords} exceeded.`);
  const characters = values.reduce((sum, value) => sum + value.length, 0);
  if (characters > valueCharacters) throw tooLarge(`RDATA character limit of ${valueCharacters} exceeded.`);
}

/** Route 53 checks the TTL with its XML schema, before it looks at the batch. */
export function requireValidTtl(ttl: number | undefined): void {
  if (ttl === undefined || (Number.isInteger(ttl) && ttl >= 0 && ttl <= MAX_TTL)) return;
  throw new ServiceError('InvalidInput', 400,
    `Invalid XML ; the TTL '${ttl}' is not valid: it has to be a whole number from 0 to ${MAX_TTL}`);
}

function tooLarge(problem: string): ServiceError {
  return new ServiceError('InvalidChangeBatch', 400, `[${problem}]`);
}

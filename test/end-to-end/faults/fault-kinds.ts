// The kinds of faults that the matrix tries, and which of them can happen to which call.
import type { Fault } from '../../cloud/faults';

/** A call of a flow: the n-th of its operation, from 1. */
export interface Point {
  readonly service: string;
  readonly operation: string;
  readonly nth: number;
  /** Of a DNS query: what is asked for. The same query is answered by the same code in every flow. */
  readonly query?: string;
}

export interface Kind {
  readonly name: string;
  readonly fault: Omit<Fault, 'service' | 'operation' | 'nth'>;
  /** It lasts longer than anybody waits. So the flow may fail, by an answer that says why. */
  readonly isLasting?: boolean;
  /** It passes, and the function tries again. Of these each call gets one, in turn: the seed says which is first. */
  readonly isInTurn?: boolean;
  readonly canHappenTo: (point: Point) => boolean;
}

const MINUTE = 60_000;

/** They change nothing. So whether they are cut off or killed before the effect or after it is all the same. */
const isRead = ({ service, operation }: Point) => service === 'dns' || /^(Get|List|Describe)/.test(operation);
const isWrite = (point: Point) => !isRead(point);
const isAnswer = ({ service }: Point) => service === 's3';
const isDns = ({ service }: Point) => service === 'dns';
const isAny = () => true;
const isCall = (point: Point) => !isDns(point);
/** These have what others may have changed a moment ago. */
const CAN_BE_STALE = new Set([
  'GetEmailIdentity', 'ListResourceRecordSets', 'GetChange', 'DescribeStackResource', 'DescribeStacks', 'TXT',
]);

export const KINDS: readonly Kind[] = [
  { name: 'throttled once', fault: { kind: 'throttle' }, isInTurn: true, canHappenTo: isCall },
  { name: 'throttled for a minute', fault: { kind: 'throttle', forMs: MINUTE }, isInTurn: true, canHappenTo: isCall },
  { name: 'refused for a minute', fault: { kind: 'throttle', forMs: MINUTE }, canHappenTo: isDns },
  { name: '500', fault: { kind: 'error' }, isInTurn: true, canHappenTo: isCall },
  { name: '503', fault: { kind: 'unavailable' }, isInTurn: true, canHappenTo: isCall },
  { name: 'denied at first', fault: { kind: 'access-denied', forMs: 10_000 }, isInTurn: true, canHappenTo: isCall },
  {
    name: 'denied for good',
    fault: { kind: 'access-denied', times: Infinity },
    isLasting: true,
    // Whoever may not answer CloudFormation cannot tell it so: nothing that the function does could help.
    canHappenTo: (point) => !isAnswer(point),
  },
  { name: 'cut before', fault: { kind: 'cut-before' }, isInTurn: true, canHappenTo: isCall },
  { name: 'cut after', fault: { kind: 'cut-after' }, canHappenTo: isWrite },
  { name: 'hang', fault: { kind: 'hang' }, isInTurn: true, canHappenTo: isCall },
  { name: 'lost', fault: { kind: 'hang' }, canHappenTo: isDns },
  { name: 'server failure', fault: { kind: 'error' }, canHappenTo: isDns },
  { name: 'killed before', fault: { kind: 'kill-before' }, canHappenTo: isAny },
  { name: 'killed after', fault: { kind: 'kill-after' }, canHappenTo: isWrite },
  { name: 'stale', fault: { kind: 'stale' }, canHappenTo: ({ operation }) => CAN_BE_STALE.has(operation) },
  // Longer than a run of the function may take. What it asks for is done.
  { name: 'slow past the end', fault: { kind: 'hang-after', forMs: 16 * MINUTE }, isLasting: true, canHappenTo: isAny },
];

export function nameOf({ service, operation, nth }: Point): string {
  return `${service} ${operation} #${nth}`;
}

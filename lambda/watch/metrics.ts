// What a look has seen, as one line of the log that CloudWatch reads metrics from (embedded metric format). Pure.
import { METRICS, WatchedIdentity } from '../../src/private/contract';

/** Absent is what nobody could see. */
export type Seen = Readonly<
  & Partial<Record<typeof METRICS.usual[number] | typeof METRICS.detailed[number], boolean>>
  & Partial<Record<typeof METRICS.rotating[number], number>>
>;

/** All that was seen is in the line. What is no metric costs nothing there, and can be queried too. */
export function metricsLine(
  { Identity, DetailedMetrics }: WatchedIdentity, region: string, seen: Seen, at: number,
): string {
  const values = Object.fromEntries(Object.entries(seen).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Number(value)] as const]));
  const asked = DetailedMetrics ? [...METRICS.detailed, ...METRICS.rotating] : [];
  const names = [...METRICS.usual, ...asked].filter((name) => name in values);
  return `${JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [{
        Namespace: METRICS.namespace,
        Dimensions: [METRICS.dimensions],
        Metrics: names.map((Name) => ({ Name, Unit: 'None' })),
      }],
    },
    Domain: Identity,
    Region: region,
    ...values,
  })}\n`;
}

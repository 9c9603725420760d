// An event as the services of AWS send it to EventBridge.
// https://docs.aws.amazon.com/eventbridge/latest/ref/overview-event-structure.html

/** What the sender says. */
export interface ServiceEvent {
  readonly source: string;
  readonly detailType: string;
  readonly account: string;
  readonly region: string;
  /** ARNs. */
  readonly resources: readonly string[];
  readonly detail: object;
}

/** Where services send their events. */
export type SendEvent = (event: ServiceEvent) => void;

/** As a rule compares it, and as a function gets it. */
export function wireEvent({ source, detailType, account, region, resources, detail }: ServiceEvent, at: Date) {
  return {
    'version': '0',
    'detail-type': detailType,
    source,
    account,
    'time': `${at.toISOString().slice(0, 19)}Z`,
    region,
    resources,
    detail,
  };
}

// Serves the hosted zones of MiniStack by DNS: it reads them again and again, and publishes what has changed.
import { isDeepStrictEqual } from 'node:util';
import { ListResourceRecordSetsCommand, ResourceRecordSet, Route53Client } from '@aws-sdk/client-route-53';
import type { DnsProvider } from '../../test/cloud/dns';

/** Pause between two reads. A real name server also knows a change a little later. */
const PAUSE_MS = 200;

export class ZoneBridge {
  private readonly published = new Map<string, ResourceRecordSet>();
  private timer?: NodeJS.Timeout;
  private stopped = false;

  constructor(
    private readonly route53: Route53Client,
    private readonly zoneIds: readonly string[],
    private readonly provider: DnsProvider,
  ) {}

  async start(): Promise<void> {
    await this.publish();
    this.again();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private again(): void {
    // An error now is no problem, because the next read comes soon. If a record stays away, a check fails.
    this.timer = setTimeout(
      () =>
        void this.publish()
          .catch(() => undefined)
          .finally(() => this.stopped || this.again()),
      PAUSE_MS,
    );
  }

  private async publish(): Promise<void> {
    const lists = await Promise.all(this.zoneIds.map((id) => recordSets(this.route53, id)));
    const current = new Map(lists.flat().map((record) => [`${record.Type} ${record.Name}`, record]));
    for (const [key, { Name, Type }] of this.published) {
      if (!current.has(key)) this.provider.remove(Name!, Type!);
    }
    for (const [key, record] of current) {
      if (isDeepStrictEqual(record, this.published.get(key))) continue;
      this.provider.set(
        record.Name!,
        record.Type!,
        (record.ResourceRecords ?? []).map(({ Value }) => Value!),
        record.TTL,
      );
    }
    this.published.clear();
    for (const [key, record] of current) this.published.set(key, record);
  }
}

/**
 * All records but NS and SOA of the zone, because they name the name servers of MiniStack and not of this
 * DNS.
 */
export async function recordSets(route53: Route53Client, zoneId: string): Promise<ResourceRecordSet[]> {
  const { ResourceRecordSets = [], IsTruncated } = await route53.send(
    new ListResourceRecordSetsCommand({ HostedZoneId: zoneId }),
  );
  if (IsTruncated) {
    throw new Error(`The zone ${zoneId} has more records than one answer holds, which no zone of this run should have`);
  }
  return ResourceRecordSets.filter(({ Type }) => Type !== 'NS' && Type !== 'SOA');
}

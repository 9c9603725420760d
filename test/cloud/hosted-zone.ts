// One hosted zone: its record sets now, and what its name servers answer until the last change is in sync.
import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { applyChangeBatch } from './change-batch';
import { ChangeBatchLimits } from './change-batch-limits';
import { ZoneRecord } from './dns/zone';
import { plainName } from './record-name';
import { ServiceError } from './service-error';

export interface HostedZoneInfo {
  /** `Z…`, without `/hostedzone/`. */
  readonly id: string;
  readonly account: string;
  /** Lower case, with trailing dot. */
  readonly name: string;
  readonly privateZone: boolean;
  /** Names without trailing dot; empty for a private zone. */
  readonly nameServers: string[];
}

/** What a change led to, from the time on at which the name servers know it. */
interface Edition {
  readonly visibleAt: number;
  readonly records: ZoneRecord[];
}

/** When a change counts, in ms of the cloud's clock. */
interface ChangeTimes {
  readonly now: number;
  /** No other change is taken before. */
  readonly busyUntil: number;
  /** From then on DNS has it. */
  readonly visibleAt: number;
}

/** What a private zone lists; nobody can ask them. */
const PRIVATE_NAME_SERVERS = ['ns-0.awsdns-00.com', 'ns-512.awsdns-00.net'];

export class HostedZone {
  private sets: ResourceRecordSet[];
  private editions: Edition[];
  private busyUntil = -Infinity;
  /** What was listed before a change, oldest first. */
  private past: { readonly sets: readonly ResourceRecordSet[]; readonly until: number }[] = [];

  constructor(readonly info: HostedZoneInfo) {
    const nameServers = (info.privateZone ? PRIVATE_NAME_SERVERS : info.nameServers).map((each) => `${each}.`);
    const soa = `${nameServers[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400`;
    this.sets = [
      { Name: info.name, Type: 'NS', TTL: 172800, ResourceRecords: nameServers.map((Value) => ({ Value })) },
      { Name: info.name, Type: 'SOA', TTL: 900, ResourceRecords: [{ Value: soa }] },
    ];
    this.editions = [{ visibleAt: -Infinity, records: toZoneRecords(this.sets) }];
  }

  /** In the order of ListResourceRecordSets. */
  get recordSets(): readonly ResourceRecordSet[] {
    return this.sets;
  }

  /** As they were then, which is now or a few seconds ago. */
  recordSetsAt(time: number): readonly ResourceRecordSet[] {
    this.past = this.past.filter(({ until }) => time < until);
    return this.past[0]?.sets ?? this.sets;
  }

  /** Applies a batch at once to the listing, and later to DNS. */
  change(changes: readonly Change[], times: ChangeTimes, limits?: ChangeBatchLimits): void {
    if (times.now < this.busyUntil) {
      throw new ServiceError('PriorRequestNotComplete', 400,
        'The request was rejected because Route 53 was still processing a prior request.');
    }
    const before = this.sets;
    this.sets = applyChangeBatch(this.info.name, this.sets, changes, limits);
    if (Number.isFinite(times.now)) this.past.push({ sets: before, until: times.now });
    this.busyUntil = Math.max(this.busyUntil, times.busyUntil);
    this.editions.push({ visibleAt: times.visibleAt, records: toZoneRecords(this.sets) });
  }

  /** What the name servers know then. An edition holds those before it, so the last one that is visible wins. */
  visibleRecords(now: number): readonly ZoneRecord[] {
    this.editions = this.editions.slice(this.editions.findLastIndex((each) => each.visibleAt <= now));
    return this.editions[0].records;
  }
}

/** Alias records are not served, and of weighted ones the first always wins: the local name servers measure nothing. */
function toZoneRecords(sets: readonly ResourceRecordSet[]): ZoneRecord[] {
  return sets.filter((each) => each.ResourceRecords).map((each) => ({
    name: plainName(each.Name!),
    type: each.Type!,
    ttl: each.TTL!,
    values: each.ResourceRecords!.map((record) => record.Value!),
  }));
}

// Route 53 of the local cloud: hosted zones over the REST-XML API, served by name servers of the DNS world.
import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { DnsWorld } from './dns/dns-world';
import { Call, CloudContext, HttpService, Reply, Request } from './http-service';
import { ServiceError } from './service-error';

/** Times in milliseconds of the cloud's clock. Tests may change them while the service runs. */
export interface Route53Settings {
  /** From a change to INSYNC. @default 30000 */
  insyncAfter: number;
  /** How long another change of the same zone gets PriorRequestNotComplete. @default 2000 */
  processingTime: number;
  /** Per account, for all callers and operations. @default 5 */
  requestsPerSecond: number;
}

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

export interface CreateHostedZone {
  readonly account: string;
  readonly name: string;
  /** @default false */
  readonly privateZone?: boolean;
  /** Whether the public DNS points to it. @default true unless private */
  readonly delegate?: boolean;
}

export class Route53 extends HttpService {
  readonly settings: Route53Settings;

  constructor(context: CloudContext, protected readonly dns: DnsWorld, options: Partial<Route53Settings> = {}) {
    super('route53', context);
    this.settings = { insyncAfter: 30_000, processingTime: 2_000, requestsPerSecond: 5, ...options };
  }

  async createHostedZone(_props: CreateHostedZone): Promise<HostedZoneInfo> {
    throw new Error('not there yet');
  }

  /** Refuses a zone that has more than its own NS and SOA, as Route 53 does. */
  async deleteHostedZone(_id: string): Promise<void> {}

  hostedZones(): HostedZoneInfo[] {
    return [];
  }

  /** All record sets as ListResourceRecordSets gives them. */
  recordSets(_zoneId: string): ResourceRecordSet[] {
    return [];
  }

  /** A change batch by the same rules as over HTTP, but never throttled and in sync at once. Names with or without trailing dot. */
  change(_zoneId: string, _changes: Change[]): void {}

  protected operationOf(_request: Request): string {
    return '';
  }

  protected handle(_call: Call): Reply {
    return { status: 500, body: '' };
  }

  protected renderError(error: ServiceError): Reply {
    return { status: error.status, body: '' };
  }

  protected throttled(): ServiceError {
    return new ServiceError('Throttling', 400, 'Rate exceeded');
  }
}

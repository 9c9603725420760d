// Route 53 of the local cloud: hosted zones over the REST-XML API, served by name servers of the DNS world.
import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { compareRecordSets } from './change-batch';
import { AWS_LIMITS, ChangeBatchLimits } from './change-batch-limits';
import { Principal } from './credentials';
import { DnsWorld } from './dns/dns-world';
import { Zone } from './dns/zone';
import { HostedZone, HostedZoneInfo } from './hosted-zone';
import { Call, CloudContext, HttpService, Reply, Request } from './http-service';
import { callerArn } from './iam';
import { canonicalName, normalizedName, plainName } from './record-name';
import {
  ChangeStatus, parseChangeBatch, renderChange, renderHostedZone, renderRecordSets, renderRoute53Error,
} from './route53-xml';
import { ServiceError } from './service-error';
import { randomText } from './time/random';

/** Times in milliseconds of the cloud's clock. Tests may change them while the service runs. */
export interface Route53Settings {
  /** From a change to INSYNC, when the name servers know it too. @default 30000 */
  insyncAfter: number;
  /** How long another change of the same zone gets PriorRequestNotComplete. @default 2000 */
  processingTime: number;
  /** Per account, for all callers and operations. @default 5 */
  requestsPerSecond: number;
  /** How large a change batch may be. @default what AWS allows */
  limits: ChangeBatchLimits;
}

interface CreateHostedZone {
  readonly account: string;
  readonly name: string;
  /** @default false */
  readonly privateZone?: boolean;
  /** Whether the public DNS points to it from now on. @default true unless private */
  readonly delegate?: boolean;
}

const MAX_ITEMS = 300;

/** Real zones have four name servers; two show as well what differs between them. */
const NAME_SERVERS_PER_ZONE = 2;

const ROUTES: [method: string, path: RegExp, operation: string][] = [
  ['GET', /^\/2013-04-01\/hostedzone\/([^/]+)\/rrset\/?$/, 'ListResourceRecordSets'],
  ['POST', /^\/2013-04-01\/hostedzone\/([^/]+)\/rrset\/?$/, 'ChangeResourceRecordSets'],
  ['GET', /^\/2013-04-01\/hostedzone\/([^/]+)$/, 'GetHostedZone'],
  ['GET', /^\/2013-04-01\/change\/([^/]+)$/, 'GetChange'],
];

export class Route53 extends HttpService {
  readonly settings: Route53Settings;
  private readonly zones = new Map<string, HostedZone>();
  private readonly changes = new Map<string, { account: string; submittedAt: number; insyncAt: number }>();
  private readonly recentRequests = new Map<string, number[]>();
  private nameServersGiven = 1;

  constructor(context: CloudContext, private readonly dns: DnsWorld, options: Partial<Route53Settings> = {}) {
    super('route53', context);
    const defaults = { insyncAfter: 30_000, processingTime: 2_000, requestsPerSecond: 5, limits: AWS_LIMITS };
    this.settings = { ...defaults, ...options };
  }

  async createHostedZone(props: CreateHostedZone): Promise<HostedZoneInfo> {
    const { account, privateZone = false, delegate = !privateZone } = props;
    const nameServers = privateZone ? [] : await this.dns.addNameServers(this.nextNameServers());
    const info = { id: this.newId('Z'), account, name: canonicalName(props.name), privateZone, nameServers };
    const zone = new HostedZone(info);
    this.zones.set(info.id, zone);
    this.dns.addZone(new Zone(plainName(info.name), () => zone.visibleRecords(this.context.clock.now())), nameServers);
    if (delegate) this.dns.delegate(info.name, nameServers);
    return info;
  }

  /** Refuses a zone that has more than its own NS and SOA, as Route 53 does. */
  async deleteHostedZone(id: string): Promise<void> {
    const zone = this.zone(id);
    const { name, nameServers } = zone.info;
    if (zone.recordSets.some((each) => each.Name !== name || !['NS', 'SOA'].includes(each.Type!))) {
      throw new ServiceError('HostedZoneNotEmpty', 400,
        'The specified hosted zone contains non-required resource record sets and so cannot be deleted.');
    }
    this.zones.delete(id);
    if (nameServers.length > 0 && this.dns.delegation(name)?.join() === nameServers.join()) this.dns.undelegate(name);
    await this.dns.removeNameServers(nameServers);
  }

  hostedZones(): HostedZoneInfo[] {
    return [...this.zones.values()].map((zone) => zone.info);
  }

  /** All record sets as ListResourceRecordSets gives them. */
  recordSets(zoneId: string): ResourceRecordSet[] {
    return [...this.zone(zoneId).recordSets];
  }

  /** A change batch by the same rules as over HTTP, but never throttled, and in sync at once. */
  change(zoneId: string, changes: Change[]): void {
    const times = { now: Infinity, busyUntil: -Infinity, visibleAt: -Infinity };
    this.zone(zoneId).change(changes, times, this.settings.limits);
  }

  protected operationOf(request: Request): string {
    return routeOf(request)?.operation ?? 'Unknown';
  }

  protected handle(call: Call): Reply {
    this.throttle(call.principal.account);
    const { operation, id } = routeOf(call) ?? {};
    switch (operation) {
      case 'ListResourceRecordSets': return this.listResourceRecordSets(call, id!);
      case 'ChangeResourceRecordSets': return this.changeResourceRecordSets(call, id!);
      case 'GetHostedZone': return this.getHostedZone(call, id!);
      case 'GetChange': return this.getChange(call, id!);
      default:
        throw new ServiceError('UnknownOperationException', 404,
          `The local Route 53 does not know ${call.method} ${call.path}`);
    }
  }

  protected renderError(error: ServiceError): Reply {
    return xml(renderRoute53Error(error), error.status);
  }

  protected throttled(): ServiceError {
    return new ServiceError('Throttling', 400, 'Rate exceeded');
  }

  private listResourceRecordSets(call: Call, zoneId: string): Reply {
    const all = this.authorizedZone(call, 'ListResourceRecordSets', zoneId).recordSetsAt(call.asOf);
    const [Name, Type, SetIdentifier] = ['name', 'type', 'identifier'].map((key) => call.query.get(key) ?? undefined);
    if (Type && !Name) {
      throw new ServiceError('InvalidInput', 400, 'The input is not valid: a record type needs a record name.');
    }
    const from = Name ? all.findIndex((each) => compareRecordSets(each, { Name, Type, SetIdentifier }) >= 0) : 0;
    const maxItems = Math.min(Number(call.query.get('maxitems') ?? MAX_ITEMS), MAX_ITEMS);
    const rest = from < 0 ? [] : all.slice(from);
    return xml(renderRecordSets({ recordSets: rest.slice(0, maxItems), maxItems, next: rest[maxItems] }));
  }

  private changeResourceRecordSets(call: Call, zoneId: string): Reply {
    const changes = parseChangeBatch(call.body.toString('utf8'));
    const names = changes.map((each) => normalizedName(each.ResourceRecordSet?.Name ?? ''));
    const zone = this.authorizedZone(call, 'ChangeResourceRecordSets', zoneId, {
      'route53:ChangeResourceRecordSetsNormalizedRecordNames': names,
      'route53:ChangeResourceRecordSetsRecordTypes': changes.map((each) => each.ResourceRecordSet?.Type ?? ''),
      'route53:ChangeResourceRecordSetsActions': changes.map((each) => each.Action ?? ''),
    });
    const now = this.context.clock.now();
    const insyncAt = now + this.settings.insyncAfter;
    const times = { now, busyUntil: now + this.settings.processingTime, visibleAt: insyncAt };
    zone.change(changes, times, this.settings.limits);
    const id = this.newId('C');
    this.changes.set(id, { account: zone.info.account, submittedAt: now, insyncAt });
    return xml(renderChange('ChangeResourceRecordSets', this.changeStatus(id, now)!));
  }

  private getHostedZone(call: Call, zoneId: string): Reply {
    const zone = this.authorizedZone(call, 'GetHostedZone', zoneId);
    return xml(renderHostedZone(zone.info, zone.recordSets.length));
  }

  private getChange(call: Call, id: string): Reply {
    this.context.authorize(call.principal, 'route53:GetChange', `arn:aws:route53:::change/${id}`);
    const status = this.changes.get(id)?.account === call.principal.account && this.changeStatus(id, call.asOf);
    if (!status) throw new ServiceError('NoSuchChange', 404, `Could not find resource with ID: /change/${id}`);
    return xml(renderChange('GetChange', status));
  }

  private changeStatus(id: string, at: number): ChangeStatus | undefined {
    const change = this.changes.get(id);
    if (!change) return undefined;
    const status = at >= change.insyncAt ? 'INSYNC' : 'PENDING';
    return { id, status, submittedAt: change.submittedAt };
  }

  /** The zone, if the caller's policies allow the action and its account owns the zone. */
  private authorizedZone(
    call: Call, action: string, id: string, conditions: Record<string, string[]> = {},
  ): HostedZone {
    this.context.authorize(call.principal, `route53:${action}`, `arn:aws:route53:::hostedzone/${id}`, conditions);
    const zone = this.zone(id);
    if (zone.info.account !== call.principal.account) throw notOwner(call.principal);
    return zone;
  }

  private zone(id: string): HostedZone {
    const zone = this.zones.get(id);
    if (!zone) throw new ServiceError('NoSuchHostedZone', 404, `No hosted zone found with ID: ${id}`);
    return zone;
  }

  private throttle(account: string): void {
    const now = this.context.clock.now();
    const recent = (this.recentRequests.get(account) ?? []).filter((at) => at > now - 1000);
    if (recent.length >= this.settings.requestsPerSecond) throw this.throttled();
    this.recentRequests.set(account, [...recent, now]);
  }

  private newId(kind: 'Z' | 'C'): string {
    return kind + randomText(this.context.random, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 20);
  }

  private nextNameServers(): string[] {
    return Array.from({ length: NAME_SERVERS_PER_ZONE }, () => {
      const number = this.nameServersGiven++;
      return `ns-${number}.awsdns-${String(number % 64).padStart(2, '0')}.com`;
    });
  }
}

function routeOf(request: Request): { operation: string; id: string } | undefined {
  for (const [method, path, operation] of ROUTES) {
    const match = request.method === method && path.exec(request.path);
    if (match) return { operation, id: decodeURIComponent(match[1]) };
  }
  return undefined;
}

/** Zones of other accounts are closed to everybody, whatever the caller's own policies say. */
function notOwner(principal: Principal): ServiceError {
  return new ServiceError('AccessDenied', 403,
    `User: ${callerArn(principal)} is not authorized to access this resource`);
}

function xml(body: string, status = 200): Reply {
  return { status, headers: { 'content-type': 'text/xml' }, body };
}

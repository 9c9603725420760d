// AWS::Route53::HostedZone and RecordSet.
import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { Physical, PreviousState, Properties, ResourceProvider, ResourceRequest } from './provider';
import { Route53 } from '../../route53';

export class HostedZoneProvider implements ResourceProvider {
  readonly replacedBy = ['Name'];

  constructor(private readonly route53: Route53) {}

  async create({ stack, properties }: ResourceRequest): Promise<Physical> {
    const { id, nameServers } = await this.route53.createHostedZone({
      account: stack.account, name: properties.Name, privateZone: (properties.VPCs ?? []).length > 0,
    });
    return { physicalId: id, attributes: { Id: id, NameServers: nameServers } };
  }

  /** Comment, tags and query logging: nothing that the local cloud knows. */
  update(_request: ResourceRequest, previous: PreviousState): Physical {
    return previous;
  }

  async delete(_request: ResourceRequest, { physicalId }: PreviousState): Promise<void> {
    const exists = this.route53.hostedZones().some(({ id }) => id === physicalId);
    if (exists) await this.route53.deleteHostedZone(physicalId);
  }
}

export class RecordSetProvider implements ResourceProvider {
  readonly replacedBy = ['Name', 'Type', 'HostedZoneId', 'HostedZoneName', 'SetIdentifier'];

  constructor(private readonly route53: Route53) {}

  create(request: ResourceRequest): Physical {
    this.change(request, 'CREATE');
    return { physicalId: plainName(request.properties), attributes: {} };
  }

  update(request: ResourceRequest, previous: PreviousState): Physical {
    this.change(request, 'UPSERT');
    return previous;
  }

  /** What is gone already is fine. What says something else is not: Route 53 deletes only what it is told exactly. */
  delete(request: ResourceRequest): void {
    const zoneId = this.zoneId(request);
    const { Type } = request.properties;
    const zoneExists = this.route53.hostedZones().some(({ id }) => id === zoneId);
    if (!zoneExists) return;
    const name = `${plainName(request.properties)}.`;
    const exists = this.route53.recordSets(zoneId).some((each) => each.Type === Type && each.Name === name);
    if (exists) this.change(request, 'DELETE');
  }

  private change(request: ResourceRequest, Action: Change['Action']): void {
    this.route53.change(this.zoneId(request), [{ Action, ResourceRecordSet: recordSet(request.properties) }]);
  }

  private zoneId({ stack, properties }: ResourceRequest): string {
    if (properties.HostedZoneId) return properties.HostedZoneId;
    const { HostedZoneName } = properties;
    const found = this.route53.hostedZones()
      .find(({ account, name }) => account === stack.account && name === HostedZoneName);
    if (!found) throw new Error(`No hosted zones named ${properties.HostedZoneName} found`);
    return found.id;
  }
}

function recordSet(properties: Properties): ResourceRecordSet {
  if (properties.AliasTarget) throw new Error('The local CloudFormation knows no alias records');
  return {
    Name: properties.Name,
    Type: properties.Type,
    TTL: Number(properties.TTL),
    ResourceRecords: properties.ResourceRecords.map((Value: string) => ({ Value })),
  };
}

function plainName({ Name }: Properties): string {
  return Name.toLowerCase().replace(/\.$/, '');
}

// What synthesis knows about a hosted zone: its name, and whether it is private.
import { CfnResource, Stack } from 'aws-cdk-lib';
import { CfnHostedZone, IHostedZone } from 'aws-cdk-lib/aws-route53';

/** The name of the zone. CDK throws if a zone that was imported by its id is asked for its name. */
export function zoneNameOf(zone: IHostedZone): string | undefined {
  try {
    return zone.zoneName.replace(/\.$/, '');
  } catch {
    return undefined;
  }
}

/** Whether it is the zone of the domain, or of a parent domain. */
export function holds(zoneName: string, domain: string): boolean {
  const zone = zoneName.toLowerCase().replace(/\.$/, '');
  return domain === zone || domain.endsWith(`.${zone}`);
}

/**
 * Whether the app creates the zone with a VPC, which makes it private. The handler checks an imported
 * zone.
 */
export function isPrivate(zone: IHostedZone): boolean {
  const resource = zone.node.defaultChild;
  const isHostedZone = CfnResource.isCfnResource(resource)
    && resource.cfnResourceType === CfnHostedZone.CFN_RESOURCE_TYPE_NAME;
  return isHostedZone && Stack.of(resource).resolve((resource as CfnHostedZone).vpcs)?.length > 0;
}

// What can be known at synthesis about a hosted zone that somebody else made or imported: its name, and that it is private.
import { CfnResource, Stack } from 'aws-cdk-lib';
import { CfnHostedZone, IHostedZone } from 'aws-cdk-lib/aws-route53';

/** A zone that was imported by its id alone throws when it is asked for its name. */
export function zoneNameOf(zone: IHostedZone): string | undefined {
  try {
    return zone.zoneName;
  } catch {
    return undefined;
  }
}

/** A zone with VPCs is private. Of an imported zone it cannot be known; the handler sees it. */
export function isPrivate(zone: IHostedZone): boolean {
  const resource = zone.node.defaultChild;
  if (!resource || !CfnResource.isCfnResource(resource) || resource.cfnResourceType !== CfnHostedZone.CFN_RESOURCE_TYPE_NAME) return false;
  return Stack.of(resource).resolve((resource as CfnHostedZone).vpcs)?.length > 0;
}

// What synthesis knows about a hosted zone: its id, its name, and whether it is private.
import { Stack } from 'aws-cdk-lib';
import { CfnHostedZone, IHostedZone, INamedHostedZoneRef } from 'aws-cdk-lib/aws-route53';
import { aws_route53 } from 'aws-cdk-lib/interfaces';
import { resourceOf } from './known-resource';

/**
 * The id of the zone. An L2 says it itself: in `PublicHostedZone.fromPublicHostedZoneAttributes()` of CDK, the
 * reference has the name in its place.
 */
export function zoneIdOf(zone: aws_route53.IHostedZoneRef): string {
  return (zone as Partial<IHostedZone>).hostedZoneId ?? zone.hostedZoneRef.hostedZoneId;
}

/**
 * The name of the zone. L1s and L2s have it, and what is only a reference need not. CDK throws if a zone that was
 * imported by its id is asked for its name.
 */
export function zoneNameOf(zone: aws_route53.IHostedZoneRef): string | undefined {
  try {
    const name = (zone as Partial<INamedHostedZoneRef>).name ?? zoneResource(zone)?.name;
    return name?.replace(/\.$/, '');
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
export function isPrivate(zone: aws_route53.IHostedZoneRef): boolean {
  const resource = zoneResource(zone);
  return resource !== undefined && Stack.of(resource).resolve(resource.vpcs)?.length > 0;
}

function zoneResource(zone: aws_route53.IHostedZoneRef): CfnHostedZone | undefined {
  const resource = resourceOf(zone);
  return CfnHostedZone.isCfnHostedZone(resource) ? resource : undefined;
}

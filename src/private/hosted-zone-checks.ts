// What synthesis refuses about the hosted zone of a construct: a wrong zone, a private zone, or a zone
// in another account.
import { ArnFormat } from 'aws-cdk-lib';
import { aws_iam, aws_route53 } from 'aws-cdk-lib/interfaces';
import { partsOfArn } from './known-arn';
import { partitionOf } from './known-region';
import { isPrivate, zoneIdOf, zoneNameOf } from './known-zone';
import { KnownTarget } from './late-value';
import { shown } from './shown';
import { SigningConfig } from './signing-config';
import { checkAccount, checkExternalId, checkPartition, checkReference, checkZoneId, checkZoneName } from './validation';
import type { EmailIdentityDkimProps } from '../email-identity-dkim-props';

interface ZoneProps {
  readonly hostedZone?: aws_route53.IHostedZoneRef;
  readonly hostedZoneRole?: aws_iam.IRoleRef;
  readonly hostedZoneRoleExternalId?: string;
}

/** The hosted zone that the function writes into, if it is to write. */
export function zoneToWrite(
  domain: string, { delegation, properties, rotatingKey }: SigningConfig,
  { hostedZone, retireBetweenDeployments }: Pick<EmailIdentityDkimProps, 'hostedZone' | 'retireBetweenDeployments'>,
): aws_route53.IHostedZoneRef | undefined {
  if (delegation && hostedZone) {
    throw new Error(`hostedZone and delegatedTo are both given for ${shown(domain)}. Where hostedZone holds the domain, leave `
      + 'delegatedTo out; where its DNS is elsewhere, leave hostedZone out');
  }
  const zone = delegation?.zone ?? hostedZone;
  if (zone) return zone;
  if (properties.Method === 'ROTATING_BYODKIM' && properties.Follows) {
    throw new Error(`followSecret of ${shown(domain)} needs a hostedZone: the function writes its records without a deployment. Pass `
      + 'the hosted zone of the domain, or leave it out');
  }
  if (rotatingKey) {
    throw new Error(`A rotating key of ${shown(domain)} needs a hostedZone: each new key is published there, without a `
      + 'deployment. Pass the hosted zone of the domain. Where DNS is elsewhere, use DkimSigning.easyDkim(): SES rotates '
      + 'its keys behind the same three records. Or pass any zone of yours as delegatedTo of the key');
  }
  if (retireBetweenDeployments) {
    throw new Error(`retireBetweenDeployments of ${shown(domain)} needs a hostedZone: `
      + 'the function writes its records without a deployment. Pass the hosted zone of the domain, or leave it out');
  }
  return undefined;
}

/** @param hasRecords whether the signing method has records of its own; a replica has none */
export function checkHostedZone({ stack, domain, known }: KnownTarget, hasRecords: boolean, props: ZoneProps): void {
  checkExternalIdOfRole(props);
  const zone = props.hostedZone;
  if (!zone) {
    if (!props.hostedZoneRole) return;
    throw new Error('hostedZoneRole is given without hostedZone. Give the zone that the role may change, or leave '
      + 'hostedZoneRole out');
  }
  if (!hasRecords) {
    throw new Error(`hostedZone is given for ${shown(domain)}, a replica, whose records are its parent's. Leave hostedZone `
      + 'out, and give it to the EmailIdentityDkim of the parent');
  }
  checkReference('hostedZone', zone, ['hostedZoneRef', 'hostedZoneId'],
    'Pass a hosted zone, for example of HostedZone.fromHostedZoneAttributes()');
  const zoneName = zoneNameOf(zone);
  checkZoneId(domain, known(zoneIdOf(zone)));
  checkZoneName(domain, zoneName && known(zoneName));
  if (props.hostedZoneRole) {
    checkReference('hostedZoneRole', props.hostedZoneRole, ['roleRef', 'roleArn'],
      'Pass a role, for example of Role.fromRoleArn()');
    const { partition } = partsOfArn(stack, known(props.hostedZoneRole.roleRef.roleArn), ArnFormat.SLASH_RESOURCE_NAME);
    checkPartition('hostedZoneRole', partition, partitionOf(stack.region));
  } else {
    const advice = 'Give a hostedZoneRole of that account';
    checkAccount('hostedZone', zone.env.account, stack.account, advice);
  }
  if (isPrivate(zone)) throw new Error(privateZoneMessage(zone));
}

function checkExternalIdOfRole({ hostedZoneRole, hostedZoneRoleExternalId: id }: ZoneProps): void {
  if (id === undefined) return;
  if (!hostedZoneRole) {
    throw new Error('hostedZoneRoleExternalId is given without hostedZoneRole. Give the role that asks for it, or leave '
      + 'it out');
  }
  checkExternalId('hostedZoneRoleExternalId', id);
}

function privateZoneMessage(zone: aws_route53.IHostedZoneRef): string {
  return `hostedZone '${zone.node.path}' is private, but SES and the receivers of mail look in the public DNS. Pass `
    + 'the public zone of the domain';
}

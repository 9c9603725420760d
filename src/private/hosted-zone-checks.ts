// What synthesis refuses about the hosted zone of a construct: a wrong zone, a private zone, or a zone
// in another account.
import { Stack } from 'aws-cdk-lib';
import { IRole } from 'aws-cdk-lib/aws-iam';
import { IHostedZone } from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import { isPrivate, zoneNameOf } from './known-zone';
import { checkAccount, checkZoneId, checkZoneName } from './validation';

interface ZoneProps {
  readonly hostedZone?: IHostedZone;
  readonly hostedZoneRole?: IRole;
}

/** @param hasRecords whether the signing method has records of its own; a replica has none */
export function checkHostedZone(scope: Construct, domain: string, hasRecords: boolean, props: ZoneProps): void {
  const zone = props.hostedZone;
  if (!zone) {
    if (!props.hostedZoneRole) return;
    throw new Error('hostedZoneRole is given without hostedZone. Give the zone that the role may change, or leave '
      + 'hostedZoneRole out');
  }
  if (!hasRecords) {
    throw new Error(`hostedZone is given for '${domain}', a replica, whose records are its parent's. Leave hostedZone `
      + 'out, and give it to the EmailIdentityDkim of the parent');
  }
  checkZoneId(domain, zone.hostedZoneId);
  checkZoneName(domain, zoneNameOf(zone));
  if (!props.hostedZoneRole) {
    const advice = 'Give a hostedZoneRole of that account';
    checkAccount('hostedZone', zone.env.account, Stack.of(scope).account, advice);
  }
  if (isPrivate(zone)) throw new Error(privateZoneMessage(zone));
  // The app can add a VPC later, which makes the zone private. So the same check runs again at the end
  // of synthesis.
  scope.node.addValidation({ validate: () => isPrivate(zone) ? [privateZoneMessage(zone)] : [] });
}

function privateZoneMessage(zone: IHostedZone): string {
  return `hostedZone '${zone.node.path}' is private, but SES and the receivers of mail look in the public DNS. Pass `
    + 'the public zone of the domain';
}

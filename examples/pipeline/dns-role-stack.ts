// The role in the DNS account with which the mail account can publish DKIM records, and nothing else.
// The owners of the DNS account deploy it once.
import { Stack, StackProps } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import { DNS_ROLE_NAME, DOMAIN, MAIL_ACCOUNT } from './settings';
import { DkimHostedZoneRole } from '../../src'; // in an app of your own: 'cdk-ses-dkim'

interface DnsRoleStackProps extends StackProps {
  readonly hostedZoneId: string;
}

export class DnsRoleStack extends Stack {
  constructor(scope: Construct, id: string, { hostedZoneId, ...props }: DnsRoleStackProps) {
    super(scope, id, props);
    new DkimHostedZoneRole(this, 'Role', {
      hostedZone: route53.HostedZone.fromHostedZoneId(this, 'Zone', hostedZoneId),
      domains: [DOMAIN],
      mailAccount: MAIL_ACCOUNT,
      roleName: DNS_ROLE_NAME,
    });
  }
}

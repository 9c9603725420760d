// In the DNS account, deployed once by its owners: the role that lets the mail account publish DKIM records, and nothing else.
import { Stack, StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import { DNS_ROLE_NAME, DOMAIN, MAIL_ACCOUNT } from './settings';

export interface DnsRoleStackProps extends StackProps {
  readonly hostedZoneId: string;
}

export class DnsRoleStack extends Stack {
  constructor(scope: Construct, id: string, { hostedZoneId, ...props }: DnsRoleStackProps) {
    super(scope, id, props);
    const zone = route53.HostedZone.fromHostedZoneId(this, 'Zone', hostedZoneId);

    const role = new iam.Role(this, 'Role', { roleName: DNS_ROLE_NAME, assumedBy: new iam.AccountPrincipal(MAIL_ACCOUNT) });
    role.addToPolicy(new iam.PolicyStatement({
      actions: ['route53:GetHostedZone', 'route53:ListResourceRecordSets'],
      resources: [zone.hostedZoneArn],
    }));
    role.addToPolicy(new iam.PolicyStatement({
      actions: ['route53:ChangeResourceRecordSets'],
      resources: [zone.hostedZoneArn],
      conditions: {
        'ForAllValues:StringLike': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': [`*._domainkey.${DOMAIN}`] },
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME', 'TXT'],
          'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
        },
      },
    }));
    role.addToPolicy(new iam.PolicyStatement({
      actions: ['route53:GetChange'],
      resources: ['arn:aws:route53:::change/*'], // Route 53 knows changes only after they are made
    }));
  }
}

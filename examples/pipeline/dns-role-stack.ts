// In the DNS account, deployed once by its owners: the role that lets the mail account publish DKIM records, and nothing else.
import { Stack, StackProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import { DNS_ROLE_NAME, DOMAIN, MAIL_ACCOUNT } from './settings';

interface DnsRoleStackProps extends StackProps {
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
        // ForAllValues is also true for a request that does not have the key at all.
        'Null': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['false'] },
      },
    }));
    role.addToPolicy(new iam.PolicyStatement({
      actions: ['route53:GetChange'],
      resources: [this.formatArn({ service: 'route53', region: '', account: '', resource: 'change', resourceName: '*' })],
    }));
    // The one wildcard, acknowledged for cdk-nag, which need not be installed for it.
    (role.node.findChild('DefaultPolicy').node.defaultChild as iam.CfnPolicy).addMetadata('cdk_nag', {
      rules_to_suppress: [{
        id: 'AwsSolutions-IAM5',
        applies_to: ['Resource::arn:<AWS::Partition>:route53:::change/*'],
        reason: 'route53:GetChange knows no other resource than the change, and its id is not known before it is made.',
      }],
    });
  }
}

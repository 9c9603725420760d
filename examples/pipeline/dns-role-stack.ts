// The role in the DNS account with which the mail account can publish DKIM records, and nothing else.
// The owners of the DNS account deploy it once.
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

    const role = new iam.Role(this, 'Role', {
      roleName: DNS_ROLE_NAME,
      assumedBy: new iam.AccountPrincipal(MAIL_ACCOUNT),
    });
    role.addToPolicy(new iam.PolicyStatement({
      actions: ['route53:GetHostedZone', 'route53:ListResourceRecordSets'],
      resources: [zone.hostedZoneArn],
    }));
    role.addToPolicy(new iam.PolicyStatement({
      actions: ['route53:ChangeResourceRecordSets'],
      resources: [zone.hostedZoneArn],
      conditions: {
        'ForAllValues:StringLike': {
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': [`*._domainkey.${DOMAIN}`],
        },
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsRecordTypes': ['CNAME', 'TXT'],
          'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
        },
        // ForAllValues is also true for a request without the key, so the request must have the key.
        'Null': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['false'] },
      },
    }));
    const anyChange = this.formatArn({
      service: 'route53', region: '', account: '', resource: 'change', resourceName: '*',
    });
    role.addToPolicy(new iam.PolicyStatement({ actions: ['route53:GetChange'], resources: [anyChange] }));
    // Acknowledges the one wildcard for cdk-nag. cdk-nag need not be installed.
    (role.node.findChild('DefaultPolicy').node.defaultChild as iam.CfnPolicy).addMetadata('cdk_nag', {
      rules_to_suppress: [{
        id: 'AwsSolutions-IAM5',
        applies_to: ['Resource::arn:<AWS::Partition>:route53:::change/*'],
        reason: 'route53:GetChange knows no other resource than the change, and its id is not known before it is made.',
      }],
    });
  }
}

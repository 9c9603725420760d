// What the pipeline deploys: the domain in its primary Region, and then its replica in another Region.
import { Duration, Stack, Stage, StageProps } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';
import { DNS_ROLE_ARN, DOMAIN, PRIMARY_REGION } from './settings';
import { DkimSigning, EmailIdentityDkim } from '../../src'; // in an app of your own: 'cdk-ses-dkim'

/**
 * The first stage must not end before SES has verified the domain, because a replica needs a verified parent.
 */
const waitForVerification = Duration.minutes(30);

interface PrimaryStageProps extends StageProps {
  readonly hostedZoneId: string;
}

/** Easy DKIM, with the records in the zone of the DNS account. */
export class PrimaryStage extends Stage {
  constructor(scope: Construct, id: string, { hostedZoneId, ...props }: PrimaryStageProps) {
    super(scope, id, props);
    const stack = new Stack(this, 'Mail');
    new EmailIdentityDkim(stack, 'Dkim', {
      identity: new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain(DOMAIN) }),
      hostedZone: route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId, zoneName: DOMAIN }),
      hostedZoneRole: iam.Role.fromRoleArn(stack, 'DnsRole', DNS_ROLE_ARN),
      waitForVerification,
    });
  }
}

/** DEED: the replica uses the keys and the records of the primary Region. */
export class ReplicaStage extends Stage {
  constructor(scope: Construct, id: string, props: StageProps) {
    super(scope, id, props);
    const stack = new Stack(this, 'Mail');
    new EmailIdentityDkim(stack, 'Dkim', {
      identity: new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain(DOMAIN) }),
      signing: DkimSigning.deterministicEasyDkim({ parentRegion: PRIMARY_REGION }),
      waitForVerification,
    });
  }
}

// One app, three ways to sign: Easy DKIM, a key of your own, and a replica in a second Region.
import { App, CfnOutput, Duration, Stack, StackProps } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim } from 'cdk-ses-dkim';
import { Construct } from 'constructs';

const PRIMARY_REGION = 'eu-west-1';
const REPLICA_REGION = 'us-east-1';

class MailStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, props);

    // SES makes the keys; the records go to the hosted zone.
    new EmailIdentityDkim(this, 'EasyDkim', {
      identity: new ses.EmailIdentity(this, 'Identity', { identity: ses.Identity.domain('example.com') }),
      signing: DkimSigning.easyDkim(),
      hostedZone: route53.HostedZone.fromHostedZoneAttributes(this, 'Zone', {
        hostedZoneId: 'Z0123456789ABC',
        zoneName: 'example.com',
      }),
      waitForVerification: Duration.minutes(15),
    });

    // The key is yours; this domain's DNS is elsewhere, so the record to publish there is an output.
    const secret = secretsmanager.Secret.fromSecretNameV2(this, 'Key', 'mail/dkim');
    const byoDkim = new EmailIdentityDkim(this, 'ByoDkim', {
      identity: new ses.EmailIdentity(this, 'OtherIdentity', { identity: ses.Identity.domain('example.org') }),
      signing: DkimSigning.byoDkim({
        selector: 'mail-2026',
        privateKey: DkimPrivateKey.fromSecret(secret, { jsonField: 'privateKey' }),
      }),
    });
    const [record] = byoDkim.dkimRecords;
    new CfnOutput(this, 'DkimRecord', { value: `${record.name} ${record.type} ${record.data}` });
  }
}

class ReplicaStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, props);

    // Signs with the keys and the records of the primary Region.
    new EmailIdentityDkim(this, 'ReplicaDkim', {
      identity: new ses.EmailIdentity(this, 'Identity', { identity: ses.Identity.domain('example.com') }),
      signing: DkimSigning.deterministicEasyDkim({ parentRegion: PRIMARY_REGION }),
    });
  }
}

const app = new App();
const mail = new MailStack(app, 'Mail', { env: { region: PRIMARY_REGION } });
const replica = new ReplicaStack(app, 'Replica', { env: { region: REPLICA_REGION } });
replica.addDependency(mail);
app.synth();

package com.example;

import io.github.cdksesdkim.ByoDkimSigningOptions;
import io.github.cdksesdkim.DeterministicEasyDkimSigningOptions;
import io.github.cdksesdkim.DkimPrivateKey;
import io.github.cdksesdkim.DkimPrivateKeySecretOptions;
import io.github.cdksesdkim.DkimRecord;
import io.github.cdksesdkim.DkimSigning;
import io.github.cdksesdkim.EmailIdentityDkim;
import software.amazon.awscdk.App;
import software.amazon.awscdk.CfnOutput;
import software.amazon.awscdk.Duration;
import software.amazon.awscdk.Environment;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.StackProps;
import software.amazon.awscdk.services.route53.HostedZone;
import software.amazon.awscdk.services.route53.HostedZoneAttributes;
import software.amazon.awscdk.services.secretsmanager.ISecret;
import software.amazon.awscdk.services.secretsmanager.Secret;
import software.amazon.awscdk.services.ses.EmailIdentity;
import software.amazon.awscdk.services.ses.Identity;
import software.constructs.Construct;

/** One app, three ways to sign: Easy DKIM, a key of your own from Secrets Manager, and a replica in a second Region. */
public final class MailApp {
    private static final String PRIMARY_REGION = "eu-west-1";
    private static final String REPLICA_REGION = "us-east-1";

    public static void main(final String[] args) {
        App app = new App();
        MailStack mail = new MailStack(app, "Mail", in(PRIMARY_REGION));
        ReplicaStack replica = new ReplicaStack(app, "Replica", in(REPLICA_REGION));
        replica.addDependency(mail);
        app.synth();
    }

    private static StackProps in(final String region) {
        return StackProps.builder().env(Environment.builder().region(region).build()).build();
    }

    static final class MailStack extends Stack {
        MailStack(final Construct scope, final String id, final StackProps props) {
            super(scope, id, props);

            // SES makes the keys; the records go to the hosted zone.
            EmailIdentityDkim.Builder.create(this, "EasyDkim")
                    .identity(EmailIdentity.Builder.create(this, "Identity")
                            .identity(Identity.domain("example.com"))
                            .build())
                    .signing(DkimSigning.easyDkim())
                    .hostedZone(HostedZone.fromHostedZoneAttributes(this, "Zone", HostedZoneAttributes.builder()
                            .hostedZoneId("Z0123456789ABC")
                            .zoneName("example.com")
                            .build()))
                    .waitForVerification(Duration.minutes(15))
                    .build();

            // The key is yours; this domain's DNS is elsewhere, so the record to publish there is an output.
            ISecret secret = Secret.fromSecretNameV2(this, "Key", "mail/dkim");
            EmailIdentityDkim byoDkim = EmailIdentityDkim.Builder.create(this, "ByoDkim")
                    .identity(EmailIdentity.Builder.create(this, "OtherIdentity")
                            .identity(Identity.domain("example.org"))
                            .build())
                    .signing(DkimSigning.byoDkim(ByoDkimSigningOptions.builder()
                            .selector("mail-2026")
                            .privateKey(DkimPrivateKey.fromSecret(secret, DkimPrivateKeySecretOptions.builder()
                                    .jsonField("privateKey")
                                    .build()))
                            .build()))
                    .build();
            DkimRecord record = byoDkim.getDkimRecords().get(0);
            CfnOutput.Builder.create(this, "DkimRecord")
                    .value(record.getName() + " " + record.getType() + " " + record.getData())
                    .build();
        }
    }

    static final class ReplicaStack extends Stack {
        ReplicaStack(final Construct scope, final String id, final StackProps props) {
            super(scope, id, props);

            // Signs with the keys and the records of the primary Region.
            EmailIdentityDkim.Builder.create(this, "ReplicaDkim")
                    .identity(EmailIdentity.Builder.create(this, "Identity")
                            .identity(Identity.domain("example.com"))
                            .build())
                    .signing(DkimSigning.deterministicEasyDkim(DeterministicEasyDkimSigningOptions.builder()
                            .parentRegion(PRIMARY_REGION)
                            .build()))
                    .build();
        }
    }
}

"""One app, three ways to sign: Easy DKIM, a key of your own from Secrets Manager, and a replica in a second Region."""
from aws_cdk import App, CfnOutput, Duration, Environment, Stack
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ses as ses
from cdk_ses_dkim import DkimPrivateKey, DkimSigning, EmailIdentityDkim
from constructs import Construct

PRIMARY_REGION = "eu-west-1"
REPLICA_REGION = "us-east-1"


class MailStack(Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)

        # SES makes the keys; the records go to the hosted zone.
        EmailIdentityDkim(
            self,
            "EasyDkim",
            identity=ses.EmailIdentity(self, "Identity", identity=ses.Identity.domain("example.com")),
            signing=DkimSigning.easy_dkim(),
            hosted_zone=route53.HostedZone.from_hosted_zone_attributes(
                self, "Zone", hosted_zone_id="Z0123456789ABC", zone_name="example.com"
            ),
            wait_for_verification=Duration.minutes(15),
        )

        # The key is yours; this domain's DNS is elsewhere, so the record to publish there is an output.
        secret = secretsmanager.Secret.from_secret_name_v2(self, "Key", "mail/dkim")
        byo_dkim = EmailIdentityDkim(
            self,
            "ByoDkim",
            identity=ses.EmailIdentity(self, "OtherIdentity", identity=ses.Identity.domain("example.org")),
            signing=DkimSigning.byo_dkim(
                selector="mail-2026",
                private_key=DkimPrivateKey.from_secret(secret, json_field="privateKey"),
            ),
        )
        record = byo_dkim.dkim_records[0]
        CfnOutput(self, "DkimRecord", value=f"{record.name} {record.type.value} {record.data}")


class ReplicaStack(Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)

        # Signs with the keys and the records of the primary Region.
        EmailIdentityDkim(
            self,
            "ReplicaDkim",
            identity=ses.EmailIdentity(self, "Identity", identity=ses.Identity.domain("example.com")),
            signing=DkimSigning.deterministic_easy_dkim(parent_region=PRIMARY_REGION),
        )


app = App()
mail = MailStack(app, "Mail", env=Environment(region=PRIMARY_REGION))
replica = ReplicaStack(app, "Replica", env=Environment(region=REPLICA_REGION))
replica.add_dependency(mail)
app.synth()

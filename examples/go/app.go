// One app, three ways to sign: Easy DKIM, a key of your own from Secrets Manager, and a replica in a second Region.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk-ses-dkim/cdk-ses-dkim-go/cdksesdkim"
)

const (
	primaryRegion = "eu-west-1"
	replicaRegion = "us-east-1"
)

func newMailStack(scope constructs.Construct, id string, props *awscdk.StackProps) awscdk.Stack {
	stack := awscdk.NewStack(scope, jsii.String(id), props)

	zone := awsroute53.HostedZone_FromHostedZoneAttributes(stack, jsii.String("Zone"), &awsroute53.HostedZoneAttributes{
		HostedZoneId: jsii.String("Z0123456789ABC"),
		ZoneName:     jsii.String("example.com"),
	})

	// SES makes the keys; the records go to the hosted zone.
	cdksesdkim.NewEmailIdentityDkim(stack, jsii.String("EasyDkim"), &cdksesdkim.EmailIdentityDkimProps{
		Identity: awsses.NewEmailIdentity(stack, jsii.String("Identity"), &awsses.EmailIdentityProps{
			Identity: awsses.Identity_Domain(jsii.String("example.com")),
		}),
		Signing:             cdksesdkim.DkimSigning_EasyDkim(nil),
		HostedZone:          zone,
		WaitForVerification: awscdk.Duration_Minutes(jsii.Number(15)),
	})

	// The key is yours; this domain's DNS is elsewhere, so the record to publish there is an output.
	secret := awssecretsmanager.Secret_FromSecretNameV2(stack, jsii.String("Key"), jsii.String("mail/dkim"))
	byoDkim := cdksesdkim.NewEmailIdentityDkim(stack, jsii.String("ByoDkim"), &cdksesdkim.EmailIdentityDkimProps{
		Identity: awsses.NewEmailIdentity(stack, jsii.String("OtherIdentity"), &awsses.EmailIdentityProps{
			Identity: awsses.Identity_Domain(jsii.String("example.org")),
		}),
		Signing: cdksesdkim.DkimSigning_ByoDkim(&cdksesdkim.ByoDkimSigningOptions{
			Selector: jsii.String("mail-2026"),
			PrivateKey: cdksesdkim.DkimPrivateKey_FromSecret(secret, &cdksesdkim.DkimPrivateKeySecretOptions{
				JsonField: jsii.String("privateKey"),
			}),
		}),
	})
	record := (*byoDkim.DkimRecords())[0]
	awscdk.NewCfnOutput(stack, jsii.String("DkimRecord"), &awscdk.CfnOutputProps{
		Value: jsii.Sprintf("%s %s %s", *record.Name, record.Type, *record.Data),
	})

	return stack
}

func newReplicaStack(scope constructs.Construct, id string, props *awscdk.StackProps) awscdk.Stack {
	stack := awscdk.NewStack(scope, jsii.String(id), props)

	// Signs with the keys and the records of the primary Region.
	cdksesdkim.NewEmailIdentityDkim(stack, jsii.String("ReplicaDkim"), &cdksesdkim.EmailIdentityDkimProps{
		Identity: awsses.NewEmailIdentity(stack, jsii.String("Identity"), &awsses.EmailIdentityProps{
			Identity: awsses.Identity_Domain(jsii.String("example.com")),
		}),
		Signing: cdksesdkim.DkimSigning_DeterministicEasyDkim(&cdksesdkim.DeterministicEasyDkimSigningOptions{
			ParentRegion: jsii.String(primaryRegion),
		}),
	})

	return stack
}

func in(region string) *awscdk.StackProps {
	return &awscdk.StackProps{Env: &awscdk.Environment{Region: jsii.String(region)}}
}

func main() {
	defer jsii.Close()

	app := awscdk.NewApp(nil)
	mail := newMailStack(app, "Mail", in(primaryRegion))
	replica := newReplicaStack(app, "Replica", in(replicaRegion))
	replica.AddDependency(mail, nil)
	app.Synth(nil)
}

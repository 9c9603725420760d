// Templates with everything that the library makes, for checkers of a company: as it makes it by default, and with all
// that a company can set, as the guide shows it.
import { Aspects, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { DkimFunction, DkimHostedZoneRole, DkimSigning, EmailIdentityDkim } from '../../src';
import { withEveryKind } from '../../test/email-identity-dkim/every-kind';
import { ACCOUNT, imported, mailStack, zone } from '../../test/mail-stack';

/** What is found in them must be in the guide. */
export function defaultTemplates(): object[] {
  return [everything(mailStack()), everything(mailStack({})), inVpc(everything(mailStack()))].map(templateOf);
}

/** Here only those findings stay that no company can settle. */
export function configuredTemplates(): object[] {
  return [asInGuide(everything(mailStack()))].map(templateOf);
}

function everything(stack: Stack): Stack {
  withEveryKind(stack);
  const hostedZone = zone(stack, 'example.org', 'Z0ORG');
  const topic = Topic.fromTopicArn(stack, 'Topic', `arn:aws:sns:us-east-1:${ACCOUNT}:mail`);
  const watched = new EmailIdentityDkim(stack, 'Watched', {
    identity: imported(stack, 'example.org'), hostedZone, watch: true, retireBetweenDeployments: true,
  });
  watched.addProblemAlarm('Alarm').addAlarmAction(new SnsAction(topic));
  watched.onProblem('OnProblem', { target: new SnsTopic(topic) });
  new EmailIdentityDkim(stack, 'Reported', { identity: imported(stack, 'reported.example.org'), hostedZone, watch: true })
    .onProblem('Problem', { target: new SnsTopic(topic) });
  new EmailIdentityDkim(stack, 'Further', {
    identity: imported(stack, 'further.example.org'),
    hostedZone,
    signing: DkimSigning.rotatingByoDkim({ furtherRegions: ['eu-west-1'] }),
  });
  new DkimHostedZoneRole(stack, 'RoleForZone', { hostedZone, domains: ['example.org'], mailAccount: '222222222222' });
  return stack;
}

function inVpc(stack: Stack): Stack {
  DkimFunction.configure(stack, { vpc: network(stack) });
  return stack;
}

function asInGuide(stack: Stack): Stack {
  const vpc = network(stack);
  const key = Key.fromKeyArn(stack, 'CompanyKey', `arn:aws:kms:us-east-1:${ACCOUNT}:key/company`);
  DkimFunction.configure(stack, {
    vpc,
    securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Outgoing', 'sg-0123456789abcdef0')],
    logRetention: RetentionDays.ONE_YEAR,
    logEncryptionKey: key,
    reservedConcurrentExecutions: 10,
  });
  Aspects.of(stack).add({
    visit: (node) => {
      if (!(node instanceof CfnFunction)) return;
      node.kmsKeyArn ??= key.keyArn;
      node.reservedConcurrentExecutions ??= 5;
    },
  });
  return stack;
}

/** It exists already, so that the template has nothing of it. */
function network(stack: Stack): ec2.IVpc {
  return ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-0123456789abcdef0', availabilityZones: ['us-east-1a'], privateSubnetIds: ['subnet-0123456789abcdef0'],
  });
}

function templateOf(stack: Stack): object {
  return Template.fromStack(stack).toJSON();
}

// The settings of the integ tests for a real account, from environment variables: see docs/testing.md.
import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';

export interface ZoneSettings {
  readonly hostedZoneId: string;
  readonly zoneName: string;
}

/**
 * A public hosted zone of the account in which the tests run. For snapshots, integ-runner uses these default
 * values.
 */
export const ZONE: ZoneSettings = {
  hostedZoneId: setting('CDK_INTEG_HOSTED_ZONE_ID', 'Z23ABC4XYZL05B'),
  zoneName: setting('CDK_INTEG_HOSTED_ZONE_NAME', 'example.com'),
};

/** A public hosted zone of another account, and the role there that can change it. */
export const DNS_ACCOUNT = {
  zone: {
    hostedZoneId: setting('CDK_INTEG_DNS_HOSTED_ZONE_ID', 'Z0DNSACCOUNT'),
    zoneName: setting('CDK_INTEG_DNS_HOSTED_ZONE_NAME', 'example.org'),
  } satisfies ZoneSettings,
  roleArn: setting('CDK_INTEG_DNS_ROLE_ARN', 'arn:aws:iam::222222222222:role/cdk-ses-dkim-integ-dns'),
};

/** The Region of the parent of the replica. It is not the Region in which the tests run. */
export const PARENT_REGION = setting('CDK_INTEG_PARENT_REGION', 'eu-west-1');

/** The name of the secret with the private key for BYODKIM. */
export const KEY_SECRET = 'cdk-ses-dkim/integ';

export function zoneOf(stack: Stack, zone: ZoneSettings = ZONE): route53.IHostedZone {
  return route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', zone);
}

export function dnsRole(stack: Stack): iam.IRole {
  return iam.Role.fromRoleArn(stack, 'DnsRole', DNS_ACCOUNT.roleArn);
}

/**
 * The value of a variable, but its default for a snapshot. A snapshot must not depend on who makes it, and a
 * developer who has tested in an account still has the variables set. For a snapshot, integ-runner sets an
 * account that nobody has.
 */
function setting(variable: string, defaultValue: string): string {
  const forSnapshot = process.env.CDK_INTEG_ACCOUNT === '12345678';
  return (!forSnapshot && process.env[variable]) || defaultValue;
}

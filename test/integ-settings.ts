// What the integ tests need to know of a real account, from environment variables; docs/testing.md says how to set them.
import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as route53 from 'aws-cdk-lib/aws-route53';

export interface ZoneSettings {
  readonly hostedZoneId: string;
  readonly zoneName: string;
}

/** A public hosted zone of the account that the tests are run in. integ-runner has these values of its own when it makes snapshots. */
export const ZONE: ZoneSettings = {
  hostedZoneId: setting('CDK_INTEG_HOSTED_ZONE_ID', 'Z23ABC4XYZL05B'),
  zoneName: setting('CDK_INTEG_HOSTED_ZONE_NAME', 'example.com'),
};

/** A public hosted zone of another account, and the role there that may change it. */
export const DNS_ACCOUNT = {
  zone: {
    hostedZoneId: setting('CDK_INTEG_DNS_HOSTED_ZONE_ID', 'Z0DNSACCOUNT'),
    zoneName: setting('CDK_INTEG_DNS_HOSTED_ZONE_NAME', 'example.org'),
  } satisfies ZoneSettings,
  roleArn: setting('CDK_INTEG_DNS_ROLE_ARN', 'arn:aws:iam::222222222222:role/cdk-ses-dkim-integ-dns'),
};

/** Where the replica's parent is: another Region than the one that the tests are run in. */
export const PARENT_REGION = setting('CDK_INTEG_PARENT_REGION', 'eu-west-1');

/** Secret with the private key for BYODKIM. */
export const KEY_SECRET = 'cdk-ses-dkim/integ';

export function zoneOf(stack: Stack, zone: ZoneSettings = ZONE): route53.IHostedZone {
  return route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', zone);
}

export function dnsRole(stack: Stack): iam.IRole {
  return iam.Role.fromRoleArn(stack, 'DnsRole', DNS_ACCOUNT.roleArn);
}

/**
 * Whoever has run the tests in an account and then saves or checks snapshots has the variables still set. For a snapshot, integ-runner sets this
 * account, which nobody has, so that it does not depend on who makes it.
 */
function setting(variable: string, standIn: string): string {
  const forSnapshot = process.env.CDK_INTEG_ACCOUNT === '12345678';
  return (!forSnapshot && process.env[variable]) || standIn;
}

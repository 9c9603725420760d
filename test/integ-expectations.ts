// The checks of an integ test: what SES and Route 53 say after the deployment, and after the removal.
import { ExpectedResult, IntegTest } from '@aws-cdk/integ-tests-alpha';
import { Hooks } from 'aws-cdk-lib/cloud-assembly-schema';
import { ZoneSettings } from './integ-settings';
import { DkimRecord } from '../src';

/** Expects that SES signs. One call is enough, because the stacks wait for verification. */
export function expectSigned(integ: IntegTest, domain: string, origin: string): void {
  integ.assertions.awsApiCall('@aws-sdk/client-sesv2', 'GetEmailIdentity', { EmailIdentity: domain }).expect(
    ExpectedResult.objectLike({
      VerifiedForSendingStatus: true,
      DkimAttributes: { SigningEnabled: true, Status: 'SUCCESS', SigningAttributesOrigin: origin },
    }),
  );
}

export function expectRecord(integ: IntegTest, { hostedZoneId }: ZoneSettings, { name, type }: DkimRecord): void {
  integ.assertions.awsApiCall('@aws-sdk/client-route-53', 'ListResourceRecordSets', {
    HostedZoneId: hostedZoneId,
    StartRecordName: name,
    StartRecordType: type,
    MaxItems: 1,
  }).assertAtPath('ResourceRecordSets.0.Name', ExpectedResult.exact(name));
}

/** Fails the test run if the removed stack has left a record. `hosted` is the account of the zone. */
export function nothingLeftAfterRemoval(domain: string, hosted: 'here' | 'dns-account'): Hooks {
  return { postDestroy: [`npx tsx integ-after-removal.ts ${domain} ${hosted}`] };
}

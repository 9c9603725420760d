// What an integ test asks SES and Route 53 themselves after the deployment, and after the removal.
import { ExpectedResult, IntegTest } from '@aws-cdk/integ-tests-alpha';
import { Hooks } from 'aws-cdk-lib/cloud-assembly-schema';
import { ZoneSettings } from './integ-settings';
import { DkimRecord } from '../src';

/** The stacks wait for verification, so one look is enough. */
export function expectSigned(integ: IntegTest, domain: string, origin: string): void {
  integ.assertions.awsApiCall('@aws-sdk/client-sesv2', 'GetEmailIdentity', { EmailIdentity: domain }).expect(ExpectedResult.objectLike({
    VerifiedForSendingStatus: true,
    DkimAttributes: { SigningEnabled: true, Status: 'SUCCESS', SigningAttributesOrigin: origin },
  }));
}

export function expectRecord(integ: IntegTest, { hostedZoneId }: ZoneSettings, { name, type }: DkimRecord): void {
  integ.assertions.awsApiCall('@aws-sdk/client-route-53', 'ListResourceRecordSets', {
    HostedZoneId: hostedZoneId,
    StartRecordName: name,
    StartRecordType: type,
    MaxItems: 1,
  }).assertAtPath('ResourceRecordSets.0.Name', ExpectedResult.exact(`${name}.`));
}

/** Fails the test run when the removed stack has left a record. `hosted` says in which account the zone is. */
export function nothingLeftAfterRemoval(domain: string, hosted: 'here' | 'dns-account'): Hooks {
  return { postDestroy: [`npx tsx integ-after-removal.ts ${domain} ${hosted}`] };
}

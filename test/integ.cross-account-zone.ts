// A zone in another account, changed with a role there: SES verifies, so the records are in public DNS.
import { IntegTest } from '@aws-cdk/integ-tests-alpha';
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { expectSigned, nothingLeftAfterRemoval } from './integ-expectations';
import { DNS_ACCOUNT, dnsRole, zoneOf } from './integ-settings';
import { EmailIdentityDkim } from '../src';

const domain = `mail.${DNS_ACCOUNT.zone.zoneName}`;

const app = new App({ treeMetadata: false });
const stack = new Stack(app, 'cdk-ses-dkim-integ-cross-account');
new EmailIdentityDkim(stack, 'Dkim', {
  identity: new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain(domain) }),
  hostedZone: zoneOf(stack, DNS_ACCOUNT.zone),
  hostedZoneRole: dnsRole(stack),
  waitForVerification: Duration.minutes(30),
});

const integ = new IntegTest(app, 'CrossAccountZone', {
  testCases: [stack],
  stackUpdateWorkflow: false,
  hooks: nothingLeftAfterRemoval(domain, 'dns-account'),
});
expectSigned(integ, domain, 'AWS_SES');

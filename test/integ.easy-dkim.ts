// Easy DKIM in a real account: SES signs, and the zone has the three CNAME records.
import { IntegTest } from '@aws-cdk/integ-tests-alpha';
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { expectRecord, expectSigned, nothingLeftAfterRemoval } from './integ-expectations';
import { ZONE, zoneOf } from './integ-settings';
import { EmailIdentityDkim } from '../src';

const domain = `easy.${ZONE.zoneName}`;

const app = new App({ treeMetadata: false });
const stack = new Stack(app, 'cdk-ses-dkim-integ-easy');
const dkim = new EmailIdentityDkim(stack, 'Dkim', {
  identity: new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain(domain) }),
  hostedZone: zoneOf(stack),
  waitForVerification: Duration.minutes(30),
});

const integ = new IntegTest(app, 'EasyDkim', {
  testCases: [stack],
  stackUpdateWorkflow: false,
  hooks: nothingLeftAfterRemoval(domain, 'here'),
});
expectSigned(integ, domain, 'AWS_SES');
for (const record of dkim.dkimRecords) expectRecord(integ, ZONE, record);

// BYODKIM in a real account: SES signs with the key from the secret, and the zone has the TXT record.
import { IntegTest } from '@aws-cdk/integ-tests-alpha';
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { expectRecord, expectSigned, nothingLeftAfterRemoval } from './integ-expectations';
import { KEY_SECRET, ZONE, zoneOf } from './integ-settings';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim } from '../src';

const domain = `byo.${ZONE.zoneName}`;

const app = new App({ treeMetadata: false });
const stack = new Stack(app, 'cdk-ses-dkim-integ-byo');
const secret = secretsmanager.Secret.fromSecretNameV2(stack, 'Key', KEY_SECRET);
const dkim = new EmailIdentityDkim(stack, 'Dkim', {
  identity: new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain(domain) }),
  signing: DkimSigning.byoDkim({ selector: 'integ', privateKey: DkimPrivateKey.fromSecret(secret) }),
  hostedZone: zoneOf(stack),
  waitForVerification: Duration.minutes(30),
});

const integ = new IntegTest(app, 'ByoDkim', {
  testCases: [stack],
  stackUpdateWorkflow: false,
  hooks: nothingLeftAfterRemoval(domain, 'here'),
});
expectSigned(integ, domain, 'EXTERNAL');
for (const record of dkim.dkimRecords) expectRecord(integ, ZONE, record);

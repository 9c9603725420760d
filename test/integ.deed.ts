// DEED in a real account: a replica signs with the keys of its parent, without records of its own.
import { IntegTest } from '@aws-cdk/integ-tests-alpha';
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { expectSigned, nothingLeftAfterRemoval } from './integ-expectations';
import { PARENT_REGION, ZONE, zoneOf } from './integ-settings';
import { DkimSigning, EmailIdentityDkim } from '../src';

const domain = `deed.${ZONE.zoneName}`;
const waitForVerification = Duration.minutes(30);

const app = new App({ treeMetadata: false });
const parent = new Stack(app, 'cdk-ses-dkim-integ-deed-parent', { env: { region: PARENT_REGION } });
new EmailIdentityDkim(parent, 'Dkim', {
  identity: new ses.EmailIdentity(parent, 'Identity', { identity: ses.Identity.domain(domain) }),
  hostedZone: zoneOf(parent),
  waitForVerification,
});

const replica = new Stack(app, 'cdk-ses-dkim-integ-deed-replica');
replica.addDependency(parent);
new EmailIdentityDkim(replica, 'Dkim', {
  identity: new ses.EmailIdentity(replica, 'Identity', { identity: ses.Identity.domain(domain) }),
  signing: DkimSigning.deterministicEasyDkim({ parentRegion: PARENT_REGION }),
  waitForVerification,
});

const integ = new IntegTest(app, 'Deed', {
  testCases: [parent, replica],
  stackUpdateWorkflow: false,
  hooks: nothingLeftAfterRemoval(domain, 'here'),
});
expectSigned(integ, domain, `AWS_SES_${PARENT_REGION.toUpperCase().replaceAll('-', '_')}`);

// A rotating key in a real account: SES signs with the key of the deployment, and with the next one after a rotation.
import { ExpectedResult, IntegTest, Match } from '@aws-cdk/integ-tests-alpha';
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { expectRecord, expectSigned, nothingLeftAfterRemoval } from './integ-expectations';
import { ZONE, zoneOf } from './integ-settings';
import { DkimSigning, EmailIdentityDkim } from '../src';

const domain = `rotation.${ZONE.zoneName}`;

const app = new App({ treeMetadata: false });
const stack = new Stack(app, 'cdk-ses-dkim-integ-rotation');
const dkim = new EmailIdentityDkim(stack, 'Dkim', {
  identity: new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain(domain) }),
  signing: DkimSigning.rotatingByoDkim(),
  hostedZone: zoneOf(stack),
  waitForVerification: Duration.minutes(30),
});

const integ = new IntegTest(app, 'Rotation', {
  testCases: [stack],
  stackUpdateWorkflow: false,
  hooks: nothingLeftAfterRemoval(domain, 'here'),
});
expectSigned(integ, domain, 'EXTERNAL');
for (const record of dkim.dkimRecords) expectRecord(integ, ZONE, record);

const { secretArn: SecretId } = dkim.secret!;
const rotate = integ.assertions.awsApiCall('@aws-sdk/client-secrets-manager', 'RotateSecret', { SecretId });
rotate.provider.addToRolePolicy({ Effect: 'Allow', Action: ['lambda:InvokeFunction'], Resource: ['*'] });
rotate
  // It has a date when the first rotation is complete: SES has verified the next key by then.
  .next(integ.assertions.awsApiCall('@aws-sdk/client-secrets-manager', 'DescribeSecret', { SecretId }).expect(
    ExpectedResult.objectLike({ LastRotatedDate: Match.stringLikeRegexp('^20') }),
  ).waitForAssertions({ totalTimeout: Duration.minutes(90), interval: Duration.minutes(1) }))
  .next(integ.assertions.awsApiCall('@aws-sdk/client-sesv2', 'GetEmailIdentity', { EmailIdentity: domain }).expect(
    ExpectedResult.objectLike({ DkimAttributes: { Status: 'SUCCESS', SigningAttributesOrigin: 'EXTERNAL' } }),
  ));

// A stack with every kind of EmailIdentityDkim: all signing methods, and every property at least once.
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { created, ZONE_ROLE } from './example-com';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim, RecordConflict } from '../../src';
import { imported, zone } from '../mail-stack';

export const VERSION_ID = '11112222-3333-4444-5555-666677778888';
export const SECRET_ARN = 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:dkim';

export function withEveryKind(stack: Stack): Stack {
  const hostedZone = zone(stack, 'example.com');
  const encryptionKey = new kms.Key(stack, 'Key', { enableKeyRotation: true });
  const secret = secretsmanager.Secret.fromSecretAttributes(stack, 'Imported', {
    secretPartialArn: SECRET_ARN, encryptionKey,
  });
  new EmailIdentityDkim(stack, 'Easy', { identity: created(stack, 'example.com'), hostedZone });
  new EmailIdentityDkim(stack, 'Byo', {
    identity: imported(stack, 'byo.example.com'),
    hostedZone,
    signing: DkimSigning.byoDkim({
      selector: 's', privateKey: DkimPrivateKey.fromSecret(secret, { jsonField: 'key', versionId: VERSION_ID }),
    }),
    waitForVerification: Duration.minutes(30),
  });
  new EmailIdentityDkim(stack, 'Short', {
    identity: imported(stack, 'short.example.com'),
    signing: DkimSigning.easyDkim({ keyLength: ses.EasyDkimSigningKeyLength.RSA_1024_BIT }),
  });
  new EmailIdentityDkim(stack, 'Staged', {
    identity: imported(stack, 'staged.example.com'),
    signing: DkimSigning.byoDkim({
      selector: 't', privateKey: DkimPrivateKey.fromSecret(secret, { versionStage: 'AWSPENDING' }),
    }),
  });
  new EmailIdentityDkim(stack, 'Deed', {
    identity: imported(stack, 'deed.example.com'),
    signing: DkimSigning.deterministicEasyDkim({ parentRegion: 'eu-west-1' }),
  });
  new EmailIdentityDkim(stack, 'Role', {
    identity: imported(stack, 'role.example.com'),
    region: 'eu-central-1',
    hostedZone,
    hostedZoneRole: iam.Role.fromRoleArn(stack, 'ZoneRole', ZONE_ROLE),
    recordTtl: Duration.hours(1),
    recordConflict: RecordConflict.OVERWRITE,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  new EmailIdentityDkim(stack, 'Rotating', {
    identity: imported(stack, 'rotating.example.com'), hostedZone, signing: DkimSigning.rotatingByoDkim(),
  });
  new EmailIdentityDkim(stack, 'Encrypted', {
    identity: imported(stack, 'encrypted.example.com'),
    hostedZone,
    signing: DkimSigning.rotatingByoDkim({
      encryptionKey, interval: Duration.days(30), overlap: Duration.days(7), keyLength: 1024, selectorPrefix: 'mail',
    }),
  });
  new EmailIdentityDkim(stack, 'Followed', {
    identity: imported(stack, 'followed.example.com'),
    hostedZone,
    signing: DkimSigning.byoDkim({
      privateKey: DkimPrivateKey.fromSecret(secret, { jsonField: 'key' }), followSecret: true, selectorField: 'name',
    }),
  });
  return stack;
}

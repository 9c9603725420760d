// The KMS key of a secret that an Aspect gives it: nobody has permission for it, and synthesis says so.
import { App, Aspects, Stack, Tags } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { byoDkim, exampleCom } from './example-com';
import { rotating } from './rotating';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim } from '../../src';
import { ACCOUNT, imported, zone } from '../mail-stack';

const COMPANY_KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/company`;

const followed = (of: Stack) => DkimSigning.byoDkim({
  privateKey: DkimPrivateKey.fromSecret(secretsmanager.Secret.fromSecretNameV2(of, 'Key', 'mail/dkim'), { jsonField: 'key' }),
  followSecret: true,
});

/** As a company has it for all its secrets. */
function encryptAll(stack: Stack, keyArn = COMPANY_KEY): void {
  Aspects.of(stack).add({
    visit: node => { if (node instanceof secretsmanager.CfnSecret) node.kmsKeyId ??= keyArn; },
  });
}

/** The warnings about the key of a secret. */
function warningsOf(stack: Stack): unknown[] {
  return Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('encrypts secret')).map(({ entry }) => entry.data);
}

test.each<[string, () => { stack: Stack }, string]>([
  ['a rotating key', () => rotating(), "'Mail/Dkim/Keys' with another key, and the functions get no permission for that key. Give the key to"],
  ['what is noted of a followed key', () => exampleCom(of => ({ hostedZone: zone(of, 'example.com'), signing: followed(of) })), 'let the Aspect leave it out'],
  ['a key of the user', () => exampleCom(of => ({ signing: byoDkim(of) })), 'Give the secret its encryptionKey where it is created'],
])('the secret of %s gets one by an Aspect', (_, build, says) => {
  const { stack } = build();
  encryptAll(stack);

  expect(warningsOf(stack)).toEqual([expect.stringContaining(says)]);
});

test('no word if it is the one that the construct knows, or that of the account', () => {
  const known = rotating(of => ({ encryptionKey: kms.Key.fromKeyArn(of, 'Company', COMPANY_KEY) })).stack;
  encryptAll(known);
  const ofAccount = rotating().stack;
  encryptAll(ofAccount, 'alias/aws/secretsmanager');

  expect([known, ofAccount].flatMap(warningsOf)).toEqual([]);
});

// With that feature flag, CDK looks for new Aspects again, and refuses one that would come before one that has run.
test('an Aspect can add Aspects to the stack of the secret', () => {
  const app = new App({ context: { '@aws-cdk/core:aspectStabilization': true } });
  const stack = new Stack(app, 'Mail', { env: { account: ACCOUNT, region: 'us-east-1' } });
  const secret = new secretsmanager.Secret(stack, 'Secret');
  const dkim = new EmailIdentityDkim(stack, 'Dkim', {
    identity: imported(stack, 'example.com'),
    signing: DkimSigning.byoDkim({ selector: 's1', privateKey: DkimPrivateKey.fromSecret(secret) }),
  });
  Aspects.of(app).add({ visit: node => { if (node === dkim) Tags.of(stack).add('team', 'mail'); } });

  expect(() => app.synth()).not.toThrow();
});

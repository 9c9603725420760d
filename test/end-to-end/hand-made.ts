// What tests set up beside the library: a signing or a policy that somebody made by hand, and resources that fail.
import { Duration, Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { ACCOUNT, DOMAIN, REGION, Scene } from './scene';
import { EmailIdentityDkim } from '../../src';

/** SES signs example.com with this key, under this selector. It looks for the record by and by. */
export function signsByHand(scene: Scene, selector: string, pem: string): void {
  const identity = { account: ACCOUNT, region: REGION, name: DOMAIN };
  scene.cloud.ses.deleteIdentity(identity);
  scene.cloud.ses.createIdentity({ ...identity, dkim: { selector, privateKey: bareKey(pem) } });
}

/**
 * A stack of its own has the identity of example.com. When it is changed, CloudFormation writes the tags of the
 * identity anew, and those of the library are gone.
 */
export async function identityDeployed(scene: Scene, feedbackForwarding: boolean): Promise<void> {
  await scene.deployed('Identity', (stack) =>
    new ses.EmailIdentity(stack, 'Identity', { identity: ses.Identity.domain(DOMAIN), feedbackForwarding }));
}

/** The form in which SES takes a key: PEM without its first and last line, and without line breaks. */
export function bareKey(pem: string): string {
  return pem.replace(/-----[^-]+-----|\s/g, '');
}

/** The policy of a secret in another account that lets ours read it. */
export const READABLE = {
  Statement: {
    Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'secretsmanager:GetSecretValue', Resource: '*',
  },
} as const;

/** Fails, as its identity does not exist. */
export function failing(stack: Stack): EmailIdentityDkim {
  const identity = ses.EmailIdentity.fromEmailIdentityName(stack, 'Missing', 'missing.example');
  return new EmailIdentityDkim(stack, 'Failing', { identity });
}

/** Fails after that time: nobody publishes the records of its identity, so SES does not verify it. */
export function failingAfter(time: Duration, scene: Scene, stack: Stack): EmailIdentityDkim {
  const name = 'never.example';
  if (!scene.identity(REGION, name)) scene.identityExists(REGION, name);
  const identity = ses.EmailIdentity.fromEmailIdentityName(stack, 'Never', name);
  return new EmailIdentityDkim(stack, 'FailingLater', { identity, waitForVerification: time });
}

/** The same stack with a resource that fails when ours is done. */
export function thenFails(build: (stack: Stack) => EmailIdentityDkim): (stack: Stack) => void {
  return (stack) => failing(stack).node.addDependency(build(stack));
}

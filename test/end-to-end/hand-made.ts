// What tests set up beside the library: a signing that somebody made by hand, and a resource that fails a deployment.
import { Stack } from 'aws-cdk-lib';
import * as ses from 'aws-cdk-lib/aws-ses';
import { ACCOUNT, DOMAIN, REGION, Scene } from './scene';
import { EmailIdentityDkim } from '../../src';

/** SES signs example.com with this key, under this selector. It looks for the record by and by. */
export function signsByHand(scene: Scene, selector: string, pem: string): void {
  const identity = { account: ACCOUNT, region: REGION, name: DOMAIN };
  scene.cloud.ses.deleteIdentity(identity);
  scene.cloud.ses.createIdentity({ ...identity, dkim: { selector, privateKey: bareKey(pem) } });
}

/** The form in which SES takes a key: PEM without its first and last line, and without line breaks. */
export function bareKey(pem: string): string {
  return pem.replace(/-----[^-]+-----|\s/g, '');
}

/** Fails, as its identity does not exist. */
export function failing(stack: Stack): EmailIdentityDkim {
  const identity = ses.EmailIdentity.fromEmailIdentityName(stack, 'Missing', 'missing.example');
  return new EmailIdentityDkim(stack, 'Failing', { identity });
}

/** The same stack with a resource that fails when ours is done. */
export function thenFails(build: (stack: Stack) => EmailIdentityDkim): (stack: Stack) => void {
  return (stack) => failing(stack).node.addDependency(build(stack));
}

// The construct for example.com in a stack of its own, and the identities and keys that its tests need.
import { Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps } from '../../src';
import { imported, mailStack } from '../mail-stack';

/** A role of another account, which can change a hosted zone there. */
export const ZONE_ROLE = 'arn:aws:iam::222222222222:role/dns';

/** An identity that the stack creates. */
export function created(stack: Stack, domain: string, id = 'Identity'): ses.EmailIdentity {
  return new ses.EmailIdentity(stack, id, { identity: ses.Identity.domain(domain) });
}

/** BYODKIM with a secret that the stack creates. */
export function byoDkim(stack: Stack, selector = 'mail-2026'): DkimSigning {
  const secret = new secretsmanager.Secret(stack, `Secret of ${selector}`);
  return DkimSigning.byoDkim({ selector, privateKey: DkimPrivateKey.fromSecret(secret) });
}

/** The construct for example.com. The identity is imported, unless the props have another one. */
export function exampleCom(
  propsIn: (stack: Stack) => Partial<EmailIdentityDkimProps> = () => ({}), stack = mailStack(),
): { stack: Stack; dkim: EmailIdentityDkim } {
  const props = propsIn(stack);
  const identity = props.identity ?? imported(stack, 'example.com');
  return { stack, dkim: new EmailIdentityDkim(stack, 'Dkim', { ...props, identity }) };
}

// The app of cases at synthesis: the construct for example.com, with one thing wrong.
import { Stack } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ses from 'aws-cdk-lib/aws-ses';
import { DkimPrivateKey, DkimSigning, EmailIdentityDkim } from '../../src';

export const KEY_TEXT = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----';
/** What a terminal would obey. */
export const HOSTILE = 'a\u001b[31m\nb\u202e';
export const HOSTILE_SHOWN = "'a [31m b '";

/** The construct with these props, of whatever type: JavaScript checks none. */
export function dkim(props: (stack: Stack) => Record<string, unknown> = () => ({})) {
  return (stack: Stack): EmailIdentityDkim => {
    const given = props(stack);
    const identity = 'identity' in given ? given.identity : imported(stack, 'example.com');
    return new EmailIdentityDkim(stack, 'Dkim', { ...given, identity } as any);
  };
}

/** The construct for an imported identity of that name. */
export const dkimOf = (name: string, props: Record<string, unknown> = {}) =>
  dkim((stack) => ({ identity: imported(stack, name), ...props }));

export const imported = (stack: Stack, name: string) =>
  ses.EmailIdentity.fromEmailIdentityName(stack, `Identity of ${name.replace(/\W+/g, '-').slice(0, 99)}`, name);

export const importedByArn = (stack: Stack, arn: string) =>
  ses.EmailIdentity.fromEmailIdentityArn(stack, 'ByArn', arn);

/** An identity that the app creates. */
export const created = (stack: Stack, domain = 'example.com', props: Partial<ses.EmailIdentityProps> = {}) =>
  new ses.EmailIdentity(stack, 'Created', { identity: ses.Identity.domain(domain), ...props });

export const zone = (stack: Stack, zoneName = 'example.com', hostedZoneId = 'Z0EXAMPLE') =>
  route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId, zoneName });

export const secret = (stack: Stack) => secretsmanager.Secret.fromSecretNameV2(stack, 'Secret', 'mail/dkim');

/** BYODKIM with this selector, and with these options of the key, of whatever type. */
export const byo = (selector: unknown, options?: unknown) => dkim((stack) => ({
  signing: DkimSigning.byoDkim({
    selector: selector as string, privateKey: DkimPrivateKey.fromSecret(secret(stack), options as {}),
  }),
}));

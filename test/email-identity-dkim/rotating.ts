// A stack whose example.com signs with a rotating key, and what its template says of it.
import { Stack } from 'aws-cdk-lib';
import { exampleCom } from './example-com';
import { DkimSigning, EmailIdentityDkim, EmailIdentityDkimProps, RotatingByoDkimSigningOptions } from '../../src';
import { imported, mailStack, resourcesOf, TemplateResource, zone } from '../mail-stack';

type Options = RotatingByoDkimSigningOptions;

/** The construct for example.com, with a zone of the account. */
export function rotating(
  options: Options | ((stack: Stack) => Options) = {},
  props: (stack: Stack) => Partial<EmailIdentityDkimProps> = () => ({}),
  stack = mailStack(),
): { stack: Stack; dkim: EmailIdentityDkim } {
  return exampleCom(of => ({
    hostedZone: zone(of, 'example.com'),
    ...props(of),
    signing: DkimSigning.rotatingByoDkim(typeof options === 'function' ? options(of) : options),
  }), stack);
}

/** One more, for a domain below example.com. */
export function rotatingBelow(stack: Stack, label: string): EmailIdentityDkim {
  return new EmailIdentityDkim(stack, label, {
    identity: imported(stack, `${label}.example.com`),
    hostedZone: zone(stack, `${label}.example.com`),
    signing: DkimSigning.rotatingByoDkim(),
  });
}

/** The only resource of the type, with its logical id. */
export function only(stack: Stack, type: string): TemplateResource & { readonly id: string } {
  const found = Object.entries(resourcesOf(stack, type));
  expect(found).toHaveLength(1);
  const [[id, resource]] = found;
  return { id, ...resource };
}

export const secretOf = (stack: Stack) => only(stack, 'AWS::SecretsManager::Secret');
export const scheduleOf = (stack: Stack) => only(stack, 'AWS::SecretsManager::RotationSchedule');
export const cronOf = (stack: Stack) => scheduleOf(stack).Properties.RotationRules.ScheduleExpression;

/** What the tags of the secret tell its rotation. */
export function settingsOf(stack: Stack): Record<string, unknown> {
  const tags: { Key: string; Value: unknown }[] = secretOf(stack).Properties.Tags;
  return Object.fromEntries(tags.filter(({ Key }) => Key.startsWith('cdk-ses-dkim:'))
    .map(({ Key, Value }) => [Key.replace('cdk-ses-dkim:', ''), Value]));
}

/** The rights of the function whose resources are below `cdk-ses-dkim/Rotation`, or of the other one. */
export function statementsOfFunction(stack: Stack, which: 'deployment' | 'rotation'): any[] {
  return Object.entries(resourcesOf(stack, 'AWS::IAM::ManagedPolicy'))
    .filter(([id]) => id.startsWith('cdksesdkimRotation') === (which === 'rotation'))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
}
